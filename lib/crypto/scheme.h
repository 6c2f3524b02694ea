/* Ways to sign AUTH payloads (RFC 7427, RFC 8420, RFC 4754), as numbers and octets: signing and
 * verifying are others' affair. */
#ifndef CRYPTO_SCHEME_H
#define CRYPTO_SCHEME_H

#include "base/bytes.h"

enum key_kind {
    KEY_RSA,
    KEY_EC,
    KEY_ED25519,
    KEY_ED448,
    KEY_ML_DSA_44,
    KEY_ML_DSA_65,
    KEY_ML_DSA_87,
};

enum scheme_id {
#define SCHEME(name, key, hash, method, oid, other) SCHEME_##name,
#include "crypto/scheme.def"
#undef SCHEME
    SCHEME_COUNT
};

struct scheme {
    enum scheme_id id;
    const char *name; /* "RSA_PSS_SHA256" */
    enum key_kind key;
    u8 hash;            /* IANA number of SIGNATURE_HASH_ALGORITHMS */
    u8 method;          /* enum auth_method */
    struct bytes oid;   /* AlgorithmIdentifier; empty without one */
    struct bytes other; /* the same, otherwise encoded; empty: there is no other way */
};

/* Sets of schemes and of hashes: bits by number. */
#define SCHEME_BIT(id) (UINT32_C(1) << (id))
#define HASH_BIT(hash) (1u << (hash))
/* In a set of schemes that are allowed: by RSA keys of 1024 bits and more, too, which have to be
 * named; else by those of 2048 bits and more (RFC 8247 3.1.1). */
#define SCHEME_SHORT_KEYS (UINT32_C(1) << 31)

/* Those that need not be named (RFC 8247 3): all but SHA-1. */
u32 scheme_defaults(void);

const struct scheme *scheme_at(enum scheme_id id);
/* Of an AUTH payload of this method: the scheme, and the signature behind its AlgorithmIdentifier
 * (RFC 7427 3). NULL: it is none that we know, or malformed. */
const struct scheme *scheme_read(u8 method, struct bytes data, struct bytes *signature);
/* The first of the set for a key of this kind that the peer can verify: it takes these hashes
 * (HASH_BIT; 0: it has not said, so RFC 7427 is not for it), and for the methods of RFC 4754, whose
 * curve decides, the key is of so many bits. NULL: there is none. */
const struct scheme *scheme_choose(u32 set, enum key_kind key, unsigned key_bits, unsigned hashes);

#endif
