/* Private keys for TLS that others hold: what is to be signed is laid down, and the handshake stops
 * in the middle (a job of the library, with a stack of its own) until the signature is there. */
#ifndef EAP_FARKEY_H
#define EAP_FARKEY_H

#include "base/bytes.h"
#include <openssl/types.h>

#define FARKEY_SIGNATURE_MAX 1024 /* octets: of RSA with 8192 bits */

struct farkey {
    bool wanted;         /* the handshake has stopped for a signature */
    u8 scheme;           /* enum scheme_id: by which */
    struct bytes octets; /* of what; the library's, until it goes on */
    size_t len;          /* of the signature; 0: there will be none */
    u8 signature[FARKEY_SIGNATURE_MAX];
};

/* Such keys are known in this context from then on, beside those of the library. */
bool farkey_open(OSSL_LIB_CTX *lib) must_use;
/* One that belongs to this certificate and uses `far`, which must outlive it. NULL: no memory, or
 * it is of a kind that cannot be used. Free it with EVP_PKEY_free(). */
EVP_PKEY *farkey_new(OSSL_LIB_CTX *lib, X509 *cert, struct farkey *far) must_use;

#endif
