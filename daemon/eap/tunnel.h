/* TLS without sockets, as EAP carries it: octets in, octets out, and signatures that others make.
 * What the other side's certificate is worth is not judged here. */
#ifndef EAP_TUNNEL_H
#define EAP_TUNNEL_H

#include "eap/farkey.h"
#include "shrike/action.h"
#include "shrike/conf.h"

#define TUNNEL_CERT_MAX 16384 /* octets of one certificate: certs refuses longer ones */
#define TUNNEL_MSK      64    /* octets of the key that comes of it */

/* What this process has of a key pair of ours: no private key. */
struct tunnel_own {
    struct shrike_key_id key;
    u16 count;
    u16 lens[SHRIKE_CERTS_MAX]; /* of the certificates, that stand one behind the other: */
    u8 octets[];
};
/* NULL: no memory, or a certificate is missing or too long. */
struct tunnel_own *tunnel_own_copy(const struct shrike_credential *c);

enum tunnel_step {
    TUNNEL_MORE, /* the other side has to say more */
    TUNNEL_SIGN, /* a signature is needed: tunnel_wanted() */
    TUNNEL_OPEN, /* the handshake is over */
    TUNNEL_BROKEN,
};

/* Why it is broken, as either side has said in an alert. */
enum tunnel_fault {
    TUNNEL_FAULT,     /* something else, or nothing */
    TUNNEL_UNTRUSTED, /* the other side does not take our certificate */
    TUNNEL_UNLIKE,    /* no version, suite or way to sign that both have */
};

struct tunnel;

/* Whatever the library loads or opens, it does now. false: it cannot be used. */
bool tunnel_prepare(void) must_use;
/* For tests: nothing newer than 1.2 (12), or all (0). */
void tunnel_limit(unsigned version);
/* own may be NULL of a client, and must outlive it. proves: the client shows a certificate. NULL:
 * no memory, no library, or the certificate cannot be used. */
struct tunnel *tunnel_new(bool server, bool proves, const struct tunnel_own *own) must_use;
void tunnel_free(struct tunnel *t); /* NULL is fine */

/* What the other side says, and what is to be said: how much there is, and up to `size` of it. */
bool tunnel_give(struct tunnel *t, struct bytes octets) must_use;
size_t tunnel_waits(const struct tunnel *t);
size_t tunnel_take(struct tunnel *t, u8 *out, size_t size);

/* Go on with the handshake as far as possible. */
enum tunnel_step tunnel_shake(struct tunnel *t);
const struct farkey *tunnel_wanted(const struct tunnel *t);
/* The signature; empty: there is none. */
void tunnel_signed(struct tunnel *t, struct bytes signature);

/* The other side's certificates, its own first; 0: it has shown none. Valid as long as the tunnel,
 * asked once. */
u16 tunnel_certs(struct tunnel *t, struct shrike_cert certs[SHRIKE_CERTS_MAX]);
bool tunnel_is_newer(const struct tunnel *t); /* 1.3 */
/* The key for this type of EAP (RFC 5216 2.3, RFC 9190 2.3, RFC 5281 8, RFC 9427 2.1). */
bool tunnel_key(struct tunnel *t, u8 type, u8 key[TUNNEL_MSK]) must_use;

enum tunnel_fault tunnel_why(const struct tunnel *t);

/* What goes through it. hear: octets, 0 for none yet, or -1: it is broken or shut. */
bool tunnel_say(struct tunnel *t, struct bytes octets) must_use;
int tunnel_hear(struct tunnel *t, u8 *out, size_t size) must_use;

#endif
