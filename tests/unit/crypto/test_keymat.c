/* lib/crypto/keymat: against published results (tests/vectors) and, where there are none, against
 * the formulas written down a second time over libcrypto's one-shot MACs. */
#include "../test.h"
#include "crypto/keymat.h"

#include <openssl/evp.h>

static struct shrike_provider *real;

struct vector {
    u16 prf;
    const char *source;
    const char *ni, *nr, *spi_i, *spi_r, *shared, *shared_new;
    const char *skeyseed, *dkm, *child, *child_dh, *skeyseed_rekey;
};

static const struct vector vectors[] = {
#define KDF(...) {__VA_ARGS__},
#include "vectors/ikev2_kdf.def"
#undef KDF
};

/* A vector in octets; text stays where it was published as nothing. */
struct octets {
    u8 at[1100];
    size_t len;
};

static struct octets octets_of(const char *text)
{
    struct octets o;
    o.len = hex(text, o.at, sizeof(o.at));
    return o;
}

static struct bytes b(const struct octets *o)
{
    return bytes_of(o->at, o->len);
}

static u64 number(const char *text)
{
    return strtoull(text, NULL, 16);
}

/* What a vector is made from. */
struct given {
    const struct prf_suite *prf;
    struct octets ni, nr, shared, shared_new;
    struct key_seed seed, seed_new;
};

static void give(const struct vector *v, struct given *g)
{
    g->prf = suite_prf(v->prf);
    g->ni = octets_of(v->ni);
    g->nr = octets_of(v->nr);
    g->shared = octets_of(v->shared);
    g->shared_new = octets_of(v->shared_new);
    g->seed =
        (struct key_seed){b(&g->ni), b(&g->nr), b(&g->shared), number(v->spi_i), number(v->spi_r)};
    g->seed_new = g->seed;
    g->seed_new.shared = b(&g->shared_new);
}

/* prf once more, over one piece, by another way into the library; XCBC has no other. */
static bool prf_again(const struct prf_suite *prf, struct bytes key, struct bytes data, u8 *out)
{
    const char *digest = prf->len == 20   ? "SHA1"
                         : prf->len == 32 ? "SHA2-256"
                         : prf->len == 48 ? "SHA2-384"
                                          : "SHA2-512";
    bool cmac = prf->id == PRF_AES128_CMAC;
    size_t len;
    if (prf->id == PRF_AES128_XCBC)
        return real->prf(real->ctx, prf, key, &data, 1, out);
    return EVP_Q_mac(NULL, cmac ? "CMAC" : "HMAC", NULL, cmac ? "AES-128-CBC" : digest, NULL,
                     key.at, key.len, data.at, data.len, out, PRF_MAX, &len) &&
           len == prf->len;
}

/* prf+ once more, spelled out: S stays behind Tn-1 in one buffer. */
static bool prf_plus_again(const struct prf_suite *prf, struct bytes key, struct bytes seed,
                           u8 *out, size_t len)
{
    u8 input[PRF_MAX + 1200], t[PRF_MAX];
    size_t before = 0;
    for (u8 n = 1; len > 0; n++) {
        memcpy(input, t, before);
        memcpy(input + before, seed.at, seed.len);
        input[before + seed.len] = n;
        if (!prf_again(prf, key, bytes_of(input, before + seed.len + 1), t))
            return false;
        size_t take = MIN(len, (size_t)prf->len);
        memcpy(out, t, take);
        out += take;
        len -= take;
        before = prf->len;
    }
    return true;
}

static size_t join(u8 *out, const struct key_seed *seed, bool with_spis)
{
    u8 *at = out;
    memcpy(at, seed->ni.at, seed->ni.len);
    at += seed->ni.len;
    memcpy(at, seed->nr.at, seed->nr.len);
    at += seed->nr.len;
    for (int i = 0; with_spis && i < 16; i++)
        *at++ = (u8)((i < 8 ? seed->spi_i : seed->spi_r) >> (56 - 8 * (i % 8)));
    return (size_t)(at - out);
}

/* RFC 7296 2.14 writes the order of the seven keys; sk_p NULL when there are only five. */
static bool keys_are(const struct ike_suite *s, const struct ike_keys *k, u8 (*sk_p)[KEY_MAX],
                     const u8 *all)
{
    size_t d = s->prf->key_len, a = s->integ ? s->integ->key_len : 0;
    size_t e = (size_t)s->encr->key_len + s->encr->salt_len;
    const u8 *at = all;
    bool same = memcmp(k->d, at, d) == 0;
    same = same && memcmp(k->a[0], at += d, a) == 0;
    same = same && memcmp(k->a[1], at += a, a) == 0;
    same = same && memcmp(k->e[0], at += a, e) == 0;
    same = same && memcmp(k->e[1], at += e, e) == 0;
    same = same && (!sk_p || memcmp(sk_p[0], at += e, d) == 0);
    return same && (!sk_p || memcmp(sk_p[1], at += d, d) == 0);
}

/* Suites with and without INTEG, with salts of each size. */
static void suites_for(const struct prf_suite *prf, struct ike_suite out[4])
{
    out[0] = (struct ike_suite){.encr = suite_encr(ENCR_AES_CBC, 256),
                                .prf = prf,
                                .integ = suite_integ(INTEG_HMAC_SHA2_512_256)};
    out[1] = (struct ike_suite){.encr = suite_encr(ENCR_AES_GCM_16, 256), .prf = prf};
    out[2] = (struct ike_suite){.encr = suite_encr(ENCR_AES_CCM_8, 128), .prf = prf};
    out[3] = (struct ike_suite){
        .encr = suite_encr(ENCR_AES_CTR, 192), .prf = prf, .integ = suite_integ(INTEG_AES_XCBC_96)};
}

#define ALL_KEYS (5 * KEY_MAX + 2 * ENCR_KEY_MAX)

/* keymat_ike or, with an old SK_d, keymat_rekey: the keys that follow from SKEYSEED. */
static bool keys_follow(const struct prf_suite *prf, const struct key_seed *seed,
                        struct bytes skeyseed, const struct keyed_prf *old)
{
    struct ike_suite suites[4];
    u8 all[ALL_KEYS], input[600], sk_p[2][KEY_MAX];
    struct ike_keys keys;
    size_t len = join(input, seed, true);
    if (!prf_plus_again(prf, skeyseed, bytes_of(input, len), all, sizeof(all)))
        return false;
    suites_for(prf, suites);
    for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
        bool ok = old ? keymat_rekey(old, &suites[i], seed, &keys)
                      : keymat_ike(real, &suites[i], seed, &keys, sk_p);
        if (!ok || !keys_are(&suites[i], &keys, old ? NULL : sk_p, all))
            return false;
    }
    return true;
}

/* RFC 7296 2.14 (1) */
TEST(ike_keys_follow_the_published_skeyseed)
{
    size_t seen = 0;
    for (const struct vector *v = vectors; v < vectors + ARRAY_LEN(vectors); v++) {
        struct given g;
        give(v, &g);
        struct octets skeyseed = octets_of(v->skeyseed);
        CHECK_EQ(skeyseed.len, g.prf->len);
        if (g.shared.len == 0)
            continue;
        seen++;
        CHECK(keys_follow(g.prf, &g.seed, b(&skeyseed), NULL));
    }
    CHECK_EQ(seen, 7);
}

TEST(rekeyed_keys_follow_the_published_skeyseed)
{
    size_t seen = 0;
    for (const struct vector *v = vectors; v < vectors + ARRAY_LEN(vectors); v++) {
        struct given g;
        give(v, &g);
        struct octets skeyseed = octets_of(v->skeyseed_rekey), dkm = octets_of(v->dkm);
        if (skeyseed.len == 0)
            continue;
        seen++;
        struct keyed_prf old = {real, g.prf, bytes_of(dkm.at, g.prf->key_len)};
        CHECK(keys_follow(g.prf, &g.seed_new, b(&skeyseed), &old));
    }
    CHECK_EQ(seen, 3);
}

TEST(prf_plus_gives_the_published_dkm)
{
    size_t seen = 0;
    for (const struct vector *v = vectors; v < vectors + ARRAY_LEN(vectors); v++) {
        struct given g;
        u8 input[600], out[1024];
        give(v, &g);
        struct octets skeyseed = octets_of(v->skeyseed), dkm = octets_of(v->dkm);
        if (dkm.len == 0)
            continue;
        seen++;
        struct keyed_prf k = {real, g.prf, b(&skeyseed)};
        struct bytes seed[] = {{input, 3}, {input + 3, join(input, &g.seed, true) - 3}};
        CHECK(prf_plus(&k, seed, 2, out, dkm.len));
        CHECK_BYTES(out, dkm.at, dkm.len);
    }
    CHECK_EQ(seen, 5);
}

TEST(child_keys_are_the_published_ones)
{
    size_t seen = 0;
    for (const struct vector *v = vectors; v < vectors + ARRAY_LEN(vectors); v++) {
        struct given g;
        u8 out[1024];
        give(v, &g);
        struct octets dkm = octets_of(v->dkm);
        struct octets child = octets_of(v->child), child_dh = octets_of(v->child_dh);
        struct keyed_prf sk_d = {real, g.prf, bytes_of(dkm.at, g.prf->key_len)};
        if (child.len > 0) {
            struct key_seed without = g.seed;
            without.shared = bytes_of(NULL, 0);
            seen++;
            CHECK(keymat_child(&sk_d, &without, out, child.len));
            CHECK_BYTES(out, child.at, child.len);
        }
        if (child_dh.len > 0) {
            seen++;
            CHECK(keymat_child(&sk_d, &g.seed_new, out, child_dh.len));
            CHECK_BYTES(out, child_dh.at, child_dh.len);
        }
    }
    CHECK_EQ(seen, 7);
}

static void count_up(u8 *at, size_t len, u8 from)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (u8)(from + i);
}

/* RFC 7296 2.14: of nonces longer than that, a fixed-key PRF takes 8 octets of each for SKEYSEED
 * and everything for prf+. RFC 7296 2.18: for a rekeyed SA everything for both. */
TEST(fixed_key_prf_takes_the_first_half_of_each_nonce)
{
    static const u16 prfs[] = {PRF_AES128_CMAC, PRF_AES128_XCBC};
    for (size_t i = 0; i < ARRAY_LEN(prfs); i++) {
        const struct prf_suite *prf = suite_prf(prfs[i]);
        u8 ni[32], nr[24], shared[40], key[16], skeyseed[PRF_MAX], input[200];
        count_up(ni, sizeof(ni), 0);
        count_up(nr, sizeof(nr), 100);
        count_up(shared, sizeof(shared), 200);
        struct key_seed seed = {bytes_of(ni, sizeof(ni)), bytes_of(nr, sizeof(nr)),
                                bytes_of(shared, sizeof(shared)), 0x0123456789abcdef, 42};
        memcpy(key, ni, 8);
        memcpy(key + 8, nr, 8);
        CHECK(prf_again(prf, bytes_of(key, 16), seed.shared, skeyseed));
        CHECK(keys_follow(prf, &seed, bytes_of(skeyseed, 16), NULL));

        memcpy(input, shared, sizeof(shared));
        size_t len = sizeof(shared) + join(input + sizeof(shared), &seed, false);
        struct keyed_prf old = {real, prf, bytes_of(key, 16)};
        CHECK(prf_again(prf, old.key, bytes_of(input, len), skeyseed));
        CHECK(keys_follow(prf, &seed, bytes_of(skeyseed, 16), &old));
    }
}

/* RFC 7296 2.18: a new PRF makes the keys, but SKEYSEED comes from the old one. */
TEST(rekey_may_change_the_prf)
{
    const struct prf_suite *old_prf = suite_prf(PRF_HMAC_SHA1);
    const struct prf_suite *new_prf = suite_prf(PRF_HMAC_SHA2_384);
    u8 sk_d[20] = "a key of 20 octets..", input[200], skeyseed[PRF_MAX];
    struct key_seed seed = {bytes_of("nonce of I", 10), bytes_of("and of R", 8),
                            bytes_of("secret", 6), 1, 2};
    struct keyed_prf old = {real, old_prf, bytes_of(sk_d, sizeof(sk_d))};
    memcpy(input, "secret", 6);
    size_t len = 6 + join(input + 6, &seed, false);
    CHECK(prf_again(old_prf, old.key, bytes_of(input, len), skeyseed));
    CHECK(keys_follow(new_prf, &seed, bytes_of(skeyseed, old_prf->len), &old));
}

/* Every length starts alike, and not one octet is written behind it. */
TEST(prf_plus_ends_where_it_should)
{
    const struct prf_suite *prf = suite_prf(PRF_HMAC_SHA1);
    static u8 longest[PRF_PLUS_BLOCKS * 20], again[PRF_PLUS_BLOCKS * 20];
    struct keyed_prf k = {real, prf, bytes_of("key", 3)};
    struct bytes seed = {(const u8 *)"seed", 4};
    CHECK(prf_plus(&k, &seed, 1, longest, sizeof(longest)));
    CHECK(prf_plus_again(prf, k.key, seed, again, sizeof(again)));
    CHECK_BYTES(longest, again, sizeof(longest));
    for (size_t len = 0; len <= 64; len++) {
        u8 *out = malloc(len + 1);
        out[len] = 0xa5;
        bool ok = prf_plus(&k, &seed, 1, out, len);
        bool same = memcmp(out, longest, len) == 0 && out[len] == 0xa5;
        free(out);
        CHECK(ok && same);
    }
}

/* Without INTEG its keys stay zero: nothing of a former life shines through. */
TEST(aead_leaves_no_integrity_keys)
{
    struct ike_suite suites[4];
    struct ike_keys keys;
    u8 sk_p[2][KEY_MAX];
    struct key_seed seed = {bytes_of("I", 1), bytes_of("R", 1), bytes_of("secret", 6), 1, 2};
    suites_for(suite_prf(PRF_HMAC_SHA2_256), suites);
    memset(&keys, 0xff, sizeof(keys));
    CHECK(keymat_ike(real, &suites[1], &seed, &keys, sk_p));
    for (size_t i = 0; i < KEY_MAX; i++)
        CHECK(keys.a[0][i] == 0 && keys.a[1][i] == 0);
    for (size_t i = 32; i < KEY_MAX; i++)
        CHECK_EQ(keys.d[i], 0);
}

TEST(nonces_beyond_the_limit_are_refused)
{
    struct ike_suite suites[4];
    struct ike_keys keys;
    u8 sk_p[2][KEY_MAX], nonce[513] = {0};
    struct key_seed seed = {bytes_of(nonce, 256), bytes_of(nonce, 256), bytes_of("s", 1), 1, 2};
    suites_for(suite_prf(PRF_HMAC_SHA2_256), suites);
    CHECK(keymat_ike(real, &suites[0], &seed, &keys, sk_p));
    seed.nr.len = 257;
    CHECK(!keymat_ike(real, &suites[0], &seed, &keys, sk_p));
}

/* RFC 7296 2.15. The label is spelled in ASCII numbers here. */
TEST(psk_auth_is_padded)
{
    static const u8 label[] = {0x4b, 0x65, 0x79, 0x20, 0x50, 0x61, 0x64, 0x20, 0x66,
                               0x6f, 0x72, 0x20, 0x49, 0x4b, 0x45, 0x76, 0x32};
    static const u16 prfs[] = {PRF_HMAC_SHA1, PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384,
                               PRF_HMAC_SHA2_512, PRF_AES128_CMAC};
    struct bytes secret = {(const u8 *)"sixteen octets!!", 16};
    struct bytes octets = {(const u8 *)"RealMessage | Nonce | MACedID", 29};
    for (size_t i = 0; i < ARRAY_LEN(prfs); i++) {
        const struct prf_suite *prf = suite_prf(prfs[i]);
        u8 padded[PRF_MAX], want[PRF_MAX], got[PRF_MAX];
        CHECK(prf_again(prf, secret, bytes_of(label, sizeof(label)), padded));
        CHECK(prf_again(prf, bytes_of(padded, prf->len), octets, want));
        CHECK(keymat_psk_auth(real, prf, secret, octets, got));
        CHECK_BYTES(want, got, prf->len);
    }
}

/* RFC 8784 3: with a PRF whose key has the length of its output it is one step of prf+. */
TEST(mixed_keys_are_prf_plus_of_each)
{
    static const u16 prfs[] = {PRF_HMAC_SHA1, PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384,
                               PRF_HMAC_SHA2_512, PRF_AES128_CMAC};
    u8 keys[KEYMAT_MIXED * KEY_MAX], got[KEYMAT_MIXED * KEY_MAX];
    for (size_t i = 0; i < sizeof(keys); i++)
        keys[i] = (u8)(3 * i);
    for (size_t i = 0; i < ARRAY_LEN(prfs); i++) {
        const struct prf_suite *prf = suite_prf(prfs[i]);
        size_t len = prf->key_len;
        struct bytes ppk = bytes_of("thirty-two octets that both have", prf->key_fixed ? 16 : 32);
        CHECK(keymat_mix(real, prf, ppk, bytes_of(keys, KEYMAT_MIXED * len), got));
        for (size_t k = 0; k < KEYMAT_MIXED; k++) {
            u8 seed[KEY_MAX + 1], want[PRF_MAX];
            memcpy(seed, keys + k * len, len);
            seed[len] = 1;
            CHECK(prf_again(prf, ppk, bytes_of(seed, len + 1), want));
            CHECK_BYTES(want, got + k * len, len);
        }
        CHECK(!keymat_mix(real, prf, ppk, bytes_of(keys, KEYMAT_MIXED * len - 1), got));
    }
}

TEST(maced_id_is_prf_of_the_body)
{
    const struct prf_suite *prf = suite_prf(PRF_HMAC_SHA2_256);
    struct bytes key = {(const u8 *)"thirty-two octets of SK_pi......", 32};
    struct bytes rest = {(const u8 *)"\2\0\0\0east.example", 16};
    u8 want[PRF_MAX], got[PRF_MAX];
    CHECK(prf_again(prf, key, rest, want));
    CHECK(keymat_maced_id(real, prf, key, rest, got));
    CHECK_BYTES(want, got, prf->len);
}

int main(void)
{
    real = provider_openssl_new();
    if (!real)
        return 1;
    int failed = RUN(ike_keys_follow_the_published_skeyseed) |
                 RUN(rekeyed_keys_follow_the_published_skeyseed) |
                 RUN(prf_plus_gives_the_published_dkm) | RUN(child_keys_are_the_published_ones) |
                 RUN(fixed_key_prf_takes_the_first_half_of_each_nonce) |
                 RUN(rekey_may_change_the_prf) | RUN(prf_plus_ends_where_it_should) |
                 RUN(aead_leaves_no_integrity_keys) | RUN(nonces_beyond_the_limit_are_refused) |
                 RUN(psk_auth_is_padded) | RUN(mixed_keys_are_prf_plus_of_each) |
                 RUN(maced_id_is_prf_of_the_body);
    provider_openssl_free(real);
    return failed;
}
