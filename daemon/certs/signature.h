/* Signatures of AUTH payloads by public keys (RFC 7427, RFC 8420, RFC 4754), with OpenSSL. What
 * the keys are trusted for, others decide; who holds the private ones uses the same preparations.
 */
#ifndef CERTS_SIGNATURE_H
#define CERTS_SIGNATURE_H

#include "crypto/scheme.h"
#include "shrike/action.h"
#include <openssl/types.h>

/* What a key can sign. */
struct ability {
    enum key_kind kind;
    unsigned bits;
    u32 schemes; /* the ways that it can be used in, the method of its curve among them */
};

/* The public key of a SubjectPublicKeyInfo in DER, which nothing follows. NULL: it cannot be read.
 * Free it with EVP_PKEY_free(). */
EVP_PKEY *signature_key(struct bytes spki) must_use;

/* false: it cannot be used for any: another kind, a curve that is not one of those of RFC 4754 and
 * RFC 5639, one that is written out instead of named (RFC 5480 2.1.1). */
bool signature_ability(const EVP_PKEY *key, struct ability *out) must_use;

/* Too short for what is allowed: a set of schemes, with SCHEME_SHORT_KEYS or without. */
bool signature_too_short(const struct ability *a, u32 allowed) must_use;

/* Prepare a context to sign, or to verify, with this key by this scheme: hash and padding. The
 * scheme is one of the key's. */
bool signature_begin(EVP_MD_CTX *ctx, EVP_PKEY *key, const struct scheme *s, bool sign) must_use;

/* Octets of each of r and s in a signature of RFC 4754; 0: of this scheme they stand in DER. */
size_t signature_half(const struct scheme *s);

/* Does this signature hold, of these octets? NONE: it does. AUTH_SIGNATURE: it does not, or the key
 * is of another kind. */
enum shrike_reason_code signature_verify(EVP_PKEY *key, const struct scheme *s, struct bytes octets,
                                         struct bytes signature) must_use;

/* The same of a whole AUTH payload: the op's method and value, with what it allows. AUTH_SCHEME:
 * its way to sign is unknown, malformed or not allowed. CERT_WEAK: the key is too short. */
enum shrike_reason_code signature_check(EVP_PKEY *key, const struct shrike_auth_op *op) must_use;

#endif
