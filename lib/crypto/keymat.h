/* Keying material (RFC 7296 2.13 to 2.18). */
#ifndef CRYPTO_KEYMAT_H
#define CRYPTO_KEYMAT_H

#include "crypto/provider.h"

/* A PRF with its key: SK_d, SK_p, SKEYSEED. */
struct keyed_prf {
    const struct shrike_provider *provider;
    const struct prf_suite *prf;
    struct bytes key;
};

/* Keys of an IKE SA; sizes follow from the suite. Index 0: the initiator's, 1: the responder's. */
struct ike_keys {
    u8 d[KEY_MAX];
    u8 a[2][KEY_MAX];
    u8 e[2][ENCR_KEY_MAX];
};

#define PRF_SEED_PARTS_MAX (PRF_PARTS_MAX - 2) /* prf+ puts a block before and a counter behind */
#define PRF_PLUS_BLOCKS    255                 /* its counter is one octet */

/* prf+ (RFC 7296 2.13): len octets, at most PRF_PLUS_BLOCKS times the PRF's output. The seed is the
 * parts, at most PRF_SEED_PARTS_MAX. */
bool prf_plus(const struct keyed_prf *k, const struct bytes *seed, size_t seed_parts, u8 *out,
              size_t len) must_use;

/* What two sides exchanged to make keys. */
struct key_seed {
    struct bytes ni, nr; /* nonces, without payload headers */
    struct bytes shared; /* g^ir; empty for a Child SA without PFS */
    u64 spi_i, spi_r;    /* of the new IKE SA; of no use for a Child SA */
};

/* SKEYSEED = prf(Ni | Nr, g^ir) and from it all seven keys (RFC 7296 2.14). SK_pi and SK_pr go to
 * sk_p, prf->key_len octets each. PRFs with a key of fixed size take the first half of it from Ni
 * and the other from Nr. */
bool keymat_ike(const struct shrike_provider *p, const struct ike_suite *suite,
                const struct key_seed *seed, struct ike_keys *out, u8 sk_p[2][KEY_MAX]) must_use;

/* The same for a rekeyed IKE SA: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the old
 * SA's PRF and SK_d (RFC 7296 2.18). It is authenticated already: no SK_pi, SK_pr. */
bool keymat_rekey(const struct keyed_prf *old, const struct ike_suite *suite,
                  const struct key_seed *seed, struct ike_keys *out) must_use;

/* KEYMAT of a Child SA = prf+(SK_d, [g^ir |] Ni | Nr) (RFC 7296 2.17). Who slices it takes the keys
 * of the direction from initiator to responder first, in each encryption before integrity. */
bool keymat_child(const struct keyed_prf *sk_d, const struct key_seed *seed, u8 *out,
                  size_t len) must_use;

/* The last part of the signed octets: prf(SK_p, RestOfID) (RFC 7296 2.15); rest is the ID payload's
 * body: type, three reserved octets, data. */
bool keymat_maced_id(const struct shrike_provider *p, const struct prf_suite *prf,
                     struct bytes sk_p, struct bytes rest, u8 *out) must_use;

#define KEYMAT_MIXED 3
/* SK_d, SK_pi and SK_pr, one behind the other, stirred with a PPK: prf+(PPK, SK) of each (RFC 8784
 * 3). `out` is as long. For the holder of the PPK, not for the engine. false: also when the keys
 * have no such length. */
bool keymat_mix(const struct shrike_provider *p, const struct prf_suite *prf, struct bytes ppk,
                struct bytes keys, u8 *out) must_use;

/* AUTH of a shared key = prf(prf(secret, "Key Pad for IKEv2"), octets) (RFC 7296 2.15). For the
 * holder of the secret; the engine knows none but those that EAP has made (RFC 7296 2.16). */
bool keymat_psk_auth(const struct shrike_provider *p, const struct prf_suite *prf,
                     struct bytes secret, struct bytes octets, u8 *out) must_use;

#endif
