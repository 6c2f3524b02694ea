/* Signatures by private keys, as AUTH payloads carry them (RFC 7427, RFC 8420, RFC 4754). */
#ifndef KEYS_SIGNER_H
#define KEYS_SIGNER_H

#include "certs/signature.h"

/* Octets of AUTH data: the longest AlgorithmIdentifier with its length, and a signature of
 * ML-DSA-87 (4627 octets), which is longer than that of any RSA key. */
#define SIGNER_VALUE_MAX 4800

/* A private key that can sign. */
struct signer {
    EVP_PKEY *key;
    struct ability ability;
};

/* Answer PROVE with this key. The AUTH data is written to `value`, which the answer points to.
 * AUTH_SCHEME: no way to sign is allowed, fits the key and is taken by the peer; or the key is too
 * short for what is allowed. */
struct shrike_answer signer_answer(const struct signer *s, const struct shrike_auth_op *op,
                                   u8 value[SIGNER_VALUE_MAX]);

#endif
