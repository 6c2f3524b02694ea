/* `auth`: how one side proves itself, and by which signatures. */
#ifndef DAEMON_CONFIG_METHOD_H
#define DAEMON_CONFIG_METHOD_H

#include "shrike/conf.h"

/* Written for ourselves, `rsa` with a hash behind it is PKCS #1 v1.5, and rsa/pss is the other way;
 * a peer may sign by either. */
struct method {
    enum shrike_auth_kind kind;
    uint32_t schemes;           /* of PUBKEY: set of crypto/scheme.h; a peer's */
    uint32_t own_schemes;       /* the same for this side */
    uint16_t rsa_bits, ec_bits; /* that keys must have at least, where that is named */
    bool chain; /* the hashes that are named hold for signatures of certificates, too, as the bits
                 * do for their keys */
};

enum method_verdict {
    METHOD_GOOD,
    METHOD_LATER, /* there is such a method, which is not built */
    METHOD_BAD,
};

/* psk; null (RFC 7619); pubkey, rsa, rsa/pss, ecdsa, ed25519 or ed448, each with the least number
 * of bits and with hashes behind it, of several joined by "-"; and all this behind "ike:". */
enum method_verdict method_read(const char *text, struct method *out);

#endif
