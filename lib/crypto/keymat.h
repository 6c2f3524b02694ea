/* Keying material (RFC 7296 2.13 to 2.18). */
#ifndef CRYPTO_KEYMAT_H
#define CRYPTO_KEYMAT_H

#include "crypto/provider.h"

/* Keys of an IKE SA; sizes follow from the suite. Index 0: of the initiator, 1: of the responder. */
struct ike_keys {
    u8 d[KEY_MAX];
    u8 a[2][KEY_MAX];
    u8 e[2][ENCR_KEY_MAX];
};

/* prf+ (RFC 7296 2.13): len octets, at most 255 times the PRF's output. The seed is the parts. */
bool prf_plus(const struct shrike_provider *p, const struct prf_suite *prf, struct bytes key,
              const struct bytes *seed, size_t seed_parts, u8 *out, size_t len) must_use;

struct ike_seed {
    struct bytes ni, nr; /* nonces, without payload headers */
    u64 spi_i, spi_r;
};

/* SKEYSEED = prf(Ni | Nr, g^ir) and from it all seven keys (RFC 7296 2.14). pi and pr get
 * prf->key_len octets each. PRFs with a key of fixed size take the first half of Ni and of Nr. */
bool keymat_ike(const struct shrike_provider *p, const struct ike_suite *suite,
                const struct ike_seed *seed, struct bytes shared, struct ike_keys *out, u8 *pi,
                u8 *pr) must_use;

/* The same for a rekeyed IKE SA: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the old
 * SA's PRF (RFC 7296 2.18). */
bool keymat_rekey(const struct shrike_provider *p, const struct prf_suite *old_prf,
                  struct bytes old_d, const struct ike_suite *suite, const struct ike_seed *seed,
                  struct bytes shared, struct ike_keys *out) must_use;

/* KEYMAT of a Child SA = prf+(SK_d, [g^ir |] Ni | Nr) (RFC 7296 2.17); shared is empty without PFS. */
bool keymat_child(const struct shrike_provider *p, const struct prf_suite *prf, struct bytes d,
                  struct bytes shared, struct bytes ni, struct bytes nr, u8 *out,
                  size_t len) must_use;

/* The last part of the signed octets: prf(SK_p, RestOfID) (RFC 7296 2.15); rest is the ID payload's
 * body: type, three reserved octets, data. */
bool keymat_maced_id(const struct shrike_provider *p, const struct prf_suite *prf, struct bytes sk_p,
                     struct bytes rest, u8 *out) must_use;

/* AUTH of a shared key = prf(prf(secret, "Key Pad for IKEv2"), octets) (RFC 7296 2.15). For the holder
 * of the secret, not for the engine. */
bool keymat_psk_auth(const struct shrike_provider *p, const struct prf_suite *prf,
                     struct bytes secret, struct bytes octets, u8 *out) must_use;

#endif
