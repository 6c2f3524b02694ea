/* Signatures by private keys, as AUTH payloads carry them (RFC 7427, RFC 8420, RFC 4754). */
#ifndef KEYS_SIGNER_H
#define KEYS_SIGNER_H

#include "certs/signature.h"
#include "keys/letter.h"

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

/* The same with a private key that is elsewhere; `key` is the public one. First what is to be
 * signed there, and how; NONE, or why not. */
#define SIGNER_PART_MAX 128
struct signer_part {
    const struct scheme *scheme;
    unsigned half; /* octets of r and of s */
    enum letter_way way;
    u8 octets[SIGNER_PART_MAX];
    size_t len;
};
enum shrike_reason_code signer_begin(const struct signer *s, const struct shrike_auth_op *op,
                                     struct signer_part *out) must_use;
/* Then the answer, of the signature that came back. */
struct shrike_answer signer_end(const struct signer_part *part, struct bytes signature,
                                u8 value[SIGNER_VALUE_MAX]);
/* Those of the schemes that a token can do: `ways` are bits by enum letter_way. */
u32 signer_schemes(u32 schemes, unsigned ways);

#endif
