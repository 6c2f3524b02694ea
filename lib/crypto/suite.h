/* Algorithms as rows (suite.def): what the engine must know of each to size keys and messages. */
#ifndef CRYPTO_SUITE_H
#define CRYPTO_SUITE_H

#include "base/bytes.h"
#include "wire/codes.h"

#define KEY_MAX        64 /* octets of a PRF, INTEG or SK_d key that we derive */
#define ENCR_KEY_MAX   40 /* octets of an encryption key with its salt */
#define PRF_MAX        64 /* octets of a PRF's output */
#define ICV_MAX        32
#define IV_MAX         16
#define KE_PUBLIC_MAX  1024 /* MODP 8192 */
#define KE_SECRET_MAX  1024
#define KE_PRIVATE_MAX 72 /* private keys are kept as bytes of this size at most */

/* Cipher of the SK payload or of ESP. Sizes in octets. */
struct encr_suite {
    u16 id;       /* ENCR_... */
    u16 key_bits; /* as in the key length attribute; 0 for ChaCha20-Poly1305, whose size is fixed */
    u8 key_len;   /* key without salt */
    u8 salt_len;  /* RFC 4106, 5282, 7634: behind the key in KEYMAT; CTR: the nonce (RFC 3686, 5930)
                   */
    u8 iv_len;    /* explicit IV on the wire */
    u8 block;     /* padding: plaintext and pad length are a multiple of it; 1 for AEAD and CTR */
    u8 icv_len;   /* of an AEAD; 0 otherwise */
    bool aead;
};

struct prf_suite {
    u16 id;       /* PRF_... */
    u8 len;       /* output */
    u8 key_len;   /* preferred key size (RFC 7296 2.13) */
    u8 key_fixed; /* PRFs with a key of fixed size: AES-XCBC and AES-CMAC, 16; else 0 */
};

struct integ_suite {
    u16 id; /* INTEG_... */
    u8 key_len;
    u8 icv_len;
};

struct ke_suite {
    u16 id; /* KE_... */
    u16 public_len;
    u16 secret_len;
    u8 private_len; /* octets of randomness that make a private key */
    bool slow;      /* MODP >= 3072 */
};

/* The row of an algorithm, or NULL when we do not have it. */
const struct encr_suite *suite_encr(u16 id, u16 key_bits);
const struct prf_suite *suite_prf(u16 id);
const struct integ_suite *suite_integ(u16 id);
const struct ke_suite *suite_ke(u16 id);
/* All rows, for tests and listings. */
const struct encr_suite *suite_encr_all(size_t *count);
const struct prf_suite *suite_prf_all(size_t *count);
const struct integ_suite *suite_integ_all(size_t *count);
const struct ke_suite *suite_ke_all(size_t *count);

/* What an IKE SA uses. integ is NULL with an AEAD. */
struct ike_suite {
    const struct encr_suite *encr;
    const struct prf_suite *prf;
    const struct integ_suite *integ;
    const struct ke_suite *ke;
};

#endif
