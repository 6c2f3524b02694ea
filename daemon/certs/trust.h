/* Whom this host trusts: authorities, single certificates and keys, what is revoked; and which of
 * it counts for which connection. Made whole from files, then never changed. */
#ifndef CERTS_TRUST_H
#define CERTS_TRUST_H

#include "certs/certificate.h"
#include "certs/where.h"
#include "ops/trustfile.h"

#define TRUST_FILES_MAX  4096u                  /* files */
#define TRUST_ITEMS_MAX  4096u                  /* certificates, CRLs and keys in them */
#define TRUST_WHERES_MAX 1024u                  /* places to look revocation up */
#define TRUST_BASES_MAX  256u                   /* places to look certificates up */
#define TRUST_RULES_MAX  65536u                 /* connections that have rules of their own */
#define TRUST_NAMES_MAX  (4u * TRUST_RULES_MAX) /* files that they name */

/* What counts for a connection. Files are numbers that trust_file() has given; none: */
struct trust_rule {
    const char *conn;
    enum trust_revocation revocation;
    u16 authority_count, peer_count;
    const u32 *authorities; /* all authorities; else one of these must stand behind the peer's */
    const u32 *peers;       /* with no authorities either, all of TRUST_PEER; of TRUST_KEY none */
    struct trust_demands demands;
};

struct trust;

/* How CRLs and responses of OCSP that are not in files are come by. */
struct trust_fetch {
    bool on;             /* [yes] */
    bool allows_private; /* from this host, and private networks [no] */
    bool by_hash;        /* certificates, too, that peers name by hash and URL [no] */
};

/* The certificates are kept in this cache, which must outlive it. Serials differ, and none is 0.
 * NULL: no memory. */
struct trust *trust_new(struct certificates *cache, u64 serial) must_use;
void trust_free(struct trust *t); /* NULL is fine */

void trust_set_fetch(struct trust *t, const struct trust_fetch *fetch);
const struct trust_fetch *trust_fetch(const struct trust *t);

#define TRUST_NO_NUMBER UINT32_MAX

/* Take what is in a file, PEM or DER; one may hold several. `number` is what rules call it: from 0
 * on, in this order, also of a file with a fault; TRUST_NO_NUMBER: there are too many files. NULL:
 * done. Else what is wrong with it, as static text that fits behind a file's name; what was good in
 * front of that stays. */
const char *trust_file(struct trust *t, enum trust_kind kind, struct bytes octets, u32 *number);
/* Where revocation can be looked up of what an authority of that file has signed. */
const char *trust_where_add(struct trust *t, const struct trust_where *where, struct bytes url);
/* How URLs begin that may be asked for certificates: http://host/ and whatever follows. */
const char *trust_base_add(struct trust *t, struct bytes url);
/* A rule is copied. NULL: done. Else what is wrong with it. */
const char *trust_rule_add(struct trust *t, const struct trust_rule *rule);
/* All is there: rules can be found. false: two of one connection, or no memory. */
bool trust_seal(struct trust *t) must_use;

/* ---- for those who check ---- */

struct trust_item {
    enum trust_kind kind;
    u32 file;
    bool anchor;              /* an authority that has signed itself: where chains may end */
    bool link;                /* of an authority, but not an anchor */
    struct certificate *cert; /* AUTHORITY, PEER */
    EVP_PKEY *pkey;           /* KEY; and its DER: */
    struct bytes spki;
};

u64 trust_serial(const struct trust *t);
struct certificates *trust_cache(const struct trust *t);
u32 trust_count(const struct trust *t); /* of items; CRLs are none */
const struct trust_item *trust_at(const struct trust *t, u32 i);
const STACK_OF(X509_CRL) * trust_crls(const struct trust *t);
const STACK_OF(X509) * trust_anchors(const struct trust *t);
const STACK_OF(X509) * trust_links(const struct trust *t);

/* What trust_where_add() has said of this authority is added. */
void trust_where_of(const struct trust *t, const X509 *issuer, struct where *out);

/* May this URL of a peer be asked for a certificate? It is one of trust_base_add(), and behind that
 * a name alone, which leads nowhere else. */
bool trust_may_look_up(const struct trust *t, const char *url);

/* The number of the rule of this connection, for trust_rule_at(); one that has none has the last,
 * which names nothing and is relaxed. */
u32 trust_rule_of(const struct trust *t, const char *conn);
const struct trust_rule *trust_rule_at(const struct trust *t, u32 number);
bool trust_names(const u32 *files, u16 count, u32 file);

#endif
