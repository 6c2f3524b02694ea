/* Keying material (RFC 7296 2.13 to 2.18). */
#include "crypto/keymat.h"

#include "base/ct.h"
#include "base/cursor.h"

/* RFC 7296 3.9: a nonce has at most 256 octets. */
#define NONCE_LEN_MAX 256

bool prf_plus(const struct keyed_prf *k, const struct bytes *seed, size_t seed_parts, u8 *out,
              size_t len)
{
    const struct shrike_provider *p = k->provider;
    struct bytes parts[PRF_PARTS_MAX];
    u8 counter = 1, block[PRF_MAX];
    bool ok = true;
    ensure(seed_parts <= PRF_SEED_PARTS_MAX && len <= (size_t)PRF_PLUS_BLOCKS * k->prf->len);

    /* RFC 7296 2.13: T1 = prf(K, S | 0x01), Tn = prf(K, Tn-1 | S | n). parts[0] is for Tn-1. */
    memcpy(parts + 1, seed, seed_parts * sizeof(*seed));
    parts[1 + seed_parts] = bytes_of(&counter, fault(13) ? 0 : 1);
    for (size_t at = 0; ok && at < len; at += k->prf->len, counter++) {
        size_t skip = counter == 1;
        ok = p->prf(p->ctx, k->prf, k->key, parts + skip, seed_parts + 2 - skip, block);
        memcpy(out + at, block, MIN(len - at, k->prf->len));
        parts[0] = bytes_of(out + at, k->prf->len);
    }
    wipe(block, sizeof(block));
    return ok;
}

/* RFC 7296 2.14: the seven keys, in order, from prf+(SKEYSEED, Ni | Nr | SPIi | SPIr); without sk_p
 * the first five. */
static bool expand(const struct keyed_prf *skeyseed, const struct ike_suite *suite,
                   const struct key_seed *seed, struct ike_keys *out, u8 (*sk_p)[KEY_MAX])
{
    size_t d_len = suite->prf->key_len; /* RFC 7296 2.14 (1) */
    size_t a_len = suite->integ ? suite->integ->key_len : 0;
    size_t e_len = (size_t)suite->encr->key_len + suite->encr->salt_len;
    size_t p_len = sk_p ? suite->prf->key_len : 0;
    u8 all[5 * KEY_MAX + 2 * ENCR_KEY_MAX], spi_octets[16];

    struct writer spis = writer_of(spi_octets, sizeof(spi_octets));
    write_u64(&spis, seed->spi_i);
    write_u64(&spis, seed->spi_r);
    struct bytes parts[] = {seed->ni, seed->nr, written_bytes(&spis)};
    size_t len = d_len + 2 * (a_len + e_len + p_len);
    bool ok = prf_plus(skeyseed, parts, ARRAY_LEN(parts), all, len);

    struct reader r = reader_of(bytes_of(all, ok ? len : 0));
    memset(out, 0, sizeof(*out));
    read_copy(&r, out->d, d_len);
    read_copy(&r, out->a[0], a_len);
    read_copy(&r, out->a[1], a_len);
    read_copy(&r, out->e[fault(11) ? 1 : 0], e_len);
    read_copy(&r, out->e[fault(11) ? 0 : 1], e_len);
    for (int i = 0; sk_p && i < 2; i++)
        read_copy(&r, sk_p[i], p_len);
    wipe(all, sizeof(all));
    return ok;
}

bool keymat_ike(const struct shrike_provider *p, const struct ike_suite *suite,
                const struct key_seed *seed, struct ike_keys *out, u8 sk_p[2][KEY_MAX])
{
    u8 nonces[2 * NONCE_LEN_MAX], skeyseed[PRF_MAX];
    struct bytes ni = seed->ni, nr = seed->nr;
    /* RFC 7296 2.14: with AES-XCBC and AES-CMAC half of the key comes from the start of each nonce;
     * prf+ still gets all of both. */
    if (suite->prf->key_fixed) {
        ni.len = MIN(ni.len, (size_t)suite->prf->key_fixed / 2);
        nr.len = MIN(nr.len, (size_t)suite->prf->key_fixed / 2);
    }
    struct writer w = writer_of(nonces, sizeof(nonces));
    write_bytes(&w, fault(12) ? nr : ni);
    write_bytes(&w, fault(12) ? ni : nr);
    bool ok = !w.full && p->prf(p->ctx, suite->prf, written_bytes(&w), &seed->shared, 1, skeyseed);
    struct keyed_prf k = {p, suite->prf, bytes_of(skeyseed, suite->prf->len)};
    ok = ok && expand(&k, suite, seed, out, sk_p);
    wipe(skeyseed, sizeof(skeyseed));
    return ok;
}

bool keymat_rekey(const struct keyed_prf *old, const struct ike_suite *suite,
                  const struct key_seed *seed, struct ike_keys *out)
{
    const struct shrike_provider *p = old->provider;
    struct bytes parts[] = {seed->shared, seed->ni, seed->nr};
    u8 skeyseed[PRF_MAX];
    bool ok = p->prf(p->ctx, old->prf, old->key, parts, ARRAY_LEN(parts), skeyseed);
    /* RFC 7296 2.18: SKEYSEED is made with the old PRF, the keys with the new one. */
    struct keyed_prf k = {p, suite->prf, bytes_of(skeyseed, old->prf->len)};
    ok = ok && expand(&k, suite, seed, out, NULL);
    wipe(skeyseed, sizeof(skeyseed));
    return ok;
}

bool keymat_child(const struct keyed_prf *sk_d, const struct key_seed *seed, u8 *out, size_t len)
{
    struct bytes parts[] = {seed->shared, seed->ni, seed->nr};
    size_t skip = seed->shared.len == 0;
    return prf_plus(sk_d, parts + skip, ARRAY_LEN(parts) - skip, out, len);
}

bool keymat_maced_id(const struct shrike_provider *p, const struct prf_suite *prf,
                     struct bytes sk_p, struct bytes rest, u8 *out)
{
    return p->prf(p->ctx, prf, sk_p, &rest, 1, out);
}

bool keymat_psk_auth(const struct shrike_provider *p, const struct prf_suite *prf,
                     struct bytes secret, struct bytes octets, u8 *out)
{
    /* RFC 7296 2.15: seventeen ASCII characters, without a zero at the end. */
    static const char pad[] = "Key Pad for IKEv2";
    struct bytes label = bytes_of(pad, sizeof(pad) - 1);
    u8 padded[PRF_MAX];
    if (fault(14))
        return p->prf(p->ctx, prf, secret, &octets, 1, out);
    bool ok = p->prf(p->ctx, prf, secret, &label, 1, padded) &&
              p->prf(p->ctx, prf, bytes_of(padded, prf->len), &octets, 1, out);
    wipe(padded, sizeof(padded));
    return ok;
}

bool keymat_mix(const struct shrike_provider *p, const struct prf_suite *prf, struct bytes ppk,
                struct bytes keys, u8 *out)
{
    const struct keyed_prf k = {p, prf, ppk};
    size_t len = prf->key_len;
    bool ok = keys.len == KEYMAT_MIXED * len;
    for (size_t i = 0; i < KEYMAT_MIXED && ok; i++) {
        struct bytes key = bytes_of(keys.at + i * len, len);
        ok = prf_plus(&k, &key, 1, out + i * len, len);
    }
    return ok;
}
