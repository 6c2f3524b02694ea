/* What the files of the OpenSSL provider share: everything fetched and keyed once, and the entries
 * of the provider's table. */
#ifndef PROVIDER_OPENSSL_H
#define PROVIDER_OPENSSL_H

#include "crypto/provider.h"
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#define AES_BLOCK      16
#define ENCR_IDS       (ENCR_CHACHA20_POLY1305 + 1)
#define KEY_UNIT       64 /* bits; ciphers are kept by id and key length in these units */
#define KEY_UNITS      (256 / KEY_UNIT + 1)
#define HASH_IDS       (HASH_SHA2_512 + 1)
#define XDH_COUNT      2
#define ECP_COUNT      7
#define MODP_COUNT     7
#define DIGEST_MAX     64
#define HASH_BLOCK_MAX 128

/* A hash with a context to work in; both NULL when the library does not have it. */
struct hash {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

struct xdh {
    u16 id;
    bool ready;           /* the library has it */
    EVP_PKEY_CTX *make;   /* makes new keys */
    EVP_PKEY_CTX *import; /* makes keys out of octets */
};

struct ecp {
    u16 id;
    EC_GROUP *group;
    const BIGNUM *order, *prime; /* of the group */
};

struct modp {
    u16 id;
    BIGNUM *prime, *prime_less_one;
    BN_MONT_CTX *mont;
};

struct openssl {
    struct shrike_provider table;
    EVP_CIPHER_CTX *ciphers[ENCR_IDS][KEY_UNITS]; /* NULL: not in the library */
    EVP_CIPHER_CTX *aes;                          /* AES-128, block by block, for XCBC and CMAC */
    struct hash hashes[HASH_IDS];
    struct xdh xdh[XDH_COUNT];
    struct ecp ecp[ECP_COUNT];
    struct modp modp[MODP_COUNT];
    BN_CTX *bn;
    BIGNUM *secret, *a, *b, *generator; /* to compute with; secret and a are wiped after use */
};

/* Each fetches its part; what the library lacks stays NULL, so only a lack of memory is a failure.
 */
void openssl_cipher_new(struct openssl *o);
bool openssl_mac_new(struct openssl *o);
void openssl_xdh_new(struct openssl *o);
bool openssl_ecp_new(struct openssl *o);
bool openssl_modp_new(struct openssl *o);
void openssl_cipher_free(struct openssl *o);
void openssl_mac_free(struct openssl *o);
void openssl_xdh_free(struct openssl *o);
void openssl_ecp_free(struct openssl *o);
void openssl_modp_free(struct openssl *o);

/* Entries of the table. */
bool openssl_encrypt(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                     u8 *data, size_t len);
bool openssl_decrypt(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                     u8 *data, size_t len);
bool openssl_seal(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                  struct bytes aad, u8 *data, size_t len, u8 *icv);
bool openssl_open(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                  struct bytes aad, u8 *data, size_t len, const u8 *icv);
bool openssl_sha1(void *ctx, struct bytes data, u8 out[20]);
bool openssl_prf(void *ctx, const struct prf_suite *prf, struct bytes key,
                 const struct bytes *parts, size_t count, u8 *out);
bool openssl_mac(void *ctx, const struct integ_suite *integ, const u8 *key,
                 const struct bytes *parts, size_t count, u8 *out);
bool openssl_ke_generate(void *ctx, const struct ke_suite *ke, u8 *private_key, u8 *public_value);
bool openssl_ke_derive(void *ctx, const struct ke_suite *ke, const u8 *private_key,
                       struct bytes peer, u8 *secret, bool *valid);

/* The three families of groups. ..._of: the group, or NULL when it is not of this family or the
 * library does not have it. The peer's value has the group's size when derive is called. */
struct xdh *openssl_xdh_of(struct openssl *o, u16 id);
struct ecp *openssl_ecp_of(struct openssl *o, u16 id);
struct modp *openssl_modp_of(struct openssl *o, u16 id);
bool openssl_xdh_generate(struct xdh *x, const struct ke_suite *ke, u8 *private_key,
                          u8 *public_value);
bool openssl_ecp_generate(struct openssl *o, const struct ecp *e, const struct ke_suite *ke,
                          u8 *private_key, u8 *public_value);
bool openssl_modp_generate(struct openssl *o, const struct modp *m, const struct ke_suite *ke,
                           u8 *private_key, u8 *public_value);

/* What a derivation takes and gives. */
struct agreement {
    const struct ke_suite *ke;
    const u8 *private_key;
    const u8 *peer;
    u8 *secret;
    bool valid; /* the peer's value is one of its group */
};
bool openssl_xdh_derive(struct xdh *x, struct agreement *g);
bool openssl_ecp_derive(struct openssl *o, const struct ecp *e, struct agreement *g);
bool openssl_modp_derive(struct openssl *o, const struct modp *m, struct agreement *g);

#endif
