/* Whom this host trusts, as a memory file from control, which reads files and understands none of
 * them, to certs: these records one behind the other, files first. */
#ifndef OPS_TRUSTFILE_H
#define OPS_TRUSTFILE_H

#include "base/cursor.h"
#include "shrike/conf.h"

#define TRUST_FILE_MAX       (64u << 20) /* octets of one file: a large CRL */
#define TRUST_NAME_MAX       4096        /* octets of its path, or of the name of a connection */
#define TRUST_RULE_FILES_MAX 64          /* files of one sort that a connection names */
#define TRUST_POLICIES_MAX   8           /* policies that a connection demands */
#define TRUST_POLICY_MAX     128         /* characters of one, as numbers with dots between */

/* What a file is for. */
enum trust_kind {
    TRUST_AUTHORITY, /* folder x509ca: who may sign certificates */
    TRUST_PEER, /* folder x509: certificates of peers; of an authority: it only links a chain */
    TRUST_CRL,  /* folder x509crl */
    TRUST_KEY,  /* folder pubkey: public keys without a certificate (RFC 7670) */
    /* No file, and without a number: of these bits one octet. Without this record: TRUST_FETCH_ON.
     */
    TRUST_FETCH,
    /* No file either: `name` is a URL, `octets` are those of struct trust_where. */
    TRUST_WHERE,
    TRUST_BASE, /* nor this: `name` is how URLs begin that may be asked for certificates */
};

/* Where revocation of what an authority has signed can be looked up, whatever its certificates say.
 */
struct trust_where {
    u32 authority; /* number of its file, which stands before */
    bool crl;      /* a CRL, else a responder of OCSP */
};
#define TRUST_WHERE_SIZE 5

#define TRUST_FETCH_ON      1 /* CRL servers and responders are asked */
#define TRUST_FETCH_PRIVATE 2 /* also those of this host and of private networks */
#define TRUST_FETCH_BY_HASH 4 /* certificates that peers name by hash and URL are fetched */

/* When it cannot be found out whether a certificate is revoked: */
enum trust_revocation {
    TRUST_RELAXED, /* it is not */
    TRUST_IFURI,   /* it is good only if it does not say where to find out */
    TRUST_STRICT,  /* it is not good */
};

/* What a connection demands of the peer's certificate and of those behind it, beyond what holds for
 * all; zero: nothing. */
struct trust_demands {
    u32 schemes;            /* by one of these (crypto/scheme.h) each of them is signed */
    u16 rsa_bits, ec_bits;  /* that keys of this kind have at least */
    struct shrike_id ca_id; /* that an authority among them has, by its subject or another name */
    u16 policy_count;       /* RFC 5280 4.2.1.4: those of the peer's certificate itself */
    struct bytes policies[TRUST_POLICIES_MAX];
};

struct trust_record {
    bool is_rule;
    struct bytes name; /* of a file, for people; of the rule's connection */
    /* a file: */
    enum trust_kind kind;
    struct bytes octets;
    /* a rule; files are numbers, in the order of their records from 0 on: */
    enum trust_revocation revocation;
    u16 authority_count, peer_count;
    u32 authorities[TRUST_RULE_FILES_MAX], peers[TRUST_RULE_FILES_MAX];
    struct trust_demands demands;
};

void trust_where_write(struct writer *w, const struct trust_where *t);
bool trust_where_read(struct bytes octets, struct trust_where *t) must_use;
void trust_record_write(struct writer *w, const struct trust_record *t);
/* Slices into r's octets; leaves what follows. */
bool trust_record_read(struct reader *r, struct trust_record *t) must_use;

#endif
