/* The table of functions behind which the cryptographic library stands. One provider per shard: it
 * fetches its algorithms once and re-uses its contexts, so it must not be shared by threads. Every
 * function says false only when the library fails; wrong input from the network is told apart where
 * it says so. */
#ifndef CRYPTO_PROVIDER_H
#define CRYPTO_PROVIDER_H

#include "crypto/suite.h"

#define PRF_PARTS_MAX 8

struct shrike_provider {
    void *ctx; /* first argument of every function */

    bool (*random)(void *ctx, u8 *out, size_t len);

    /* SHA-1 for NAT_DETECTION (RFC 7296 2.23); no security rests on it. */
    bool (*sha1)(void *ctx, struct bytes data, u8 out[20]);

    /* prf(key, parts[0] | parts[1] | ...), prf->len octets. Keys of any size: the provider reduces
     * or pads them as the PRF's RFC says (RFC 2104, 4434, 4615). */
    bool (*prf)(void *ctx, const struct prf_suite *prf, struct bytes key, const struct bytes *parts,
                size_t count, u8 *out);

    /* Integrity of CBC and CTR suites: integ->icv_len octets over the parts (at most
     * PRF_PARTS_MAX). */
    bool (*mac)(void *ctx, const struct integ_suite *integ, const u8 *key,
                const struct bytes *parts, size_t count, u8 *out);

    /* CBC and CTR, in place. key: key_len + salt_len octets; iv: iv_len octets. len is a multiple
     * of the block size for CBC. The counter block of CTR is nonce | iv | 1 (RFC 3686 4). */
    bool (*encrypt)(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv, u8 *data,
                    size_t len);
    bool (*decrypt)(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv, u8 *data,
                    size_t len);

    /* AEAD, in place; the nonce is salt | iv. open: false also when the ICV is wrong. */
    bool (*seal)(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                 struct bytes aad, u8 *data, size_t len, u8 *icv);
    bool (*open)(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                 struct bytes aad, u8 *data, size_t len, const u8 *icv);

    /* Key exchange. generate: private_len octets of randomness become a private key, kept by the
     * caller as bytes, and public_len octets for the KE payload. derive: the shared secret,
     * secret_len octets, padded (MODP) or x only (ECP, RFC 5903 7); *valid false when the peer's
     * value is not one of its group (RFC 6989; X25519 giving zero, RFC 8031) or has the wrong size.
     */
    bool (*ke_generate)(void *ctx, const struct ke_suite *ke, u8 *private_key, u8 *public_value);
    bool (*ke_derive)(void *ctx, const struct ke_suite *ke, const u8 *private_key,
                      struct bytes peer, u8 *secret, bool *valid);
};

/* Providers. Both return NULL when they cannot be made; free with the function beside it. */
struct shrike_provider *provider_openssl_new(void);
void provider_openssl_free(struct shrike_provider *p);
/* Deterministic and worthless as cryptography; fast, for the simulator and the fuzzers. Same seed,
 * same octets. Keys still matter: a wrong key or a changed octet fails the ICV. */
struct shrike_provider *provider_toy_new(u64 seed);
void provider_toy_free(struct shrike_provider *p);

#endif
