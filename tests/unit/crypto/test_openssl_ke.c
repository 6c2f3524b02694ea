/* Key exchange of the OpenSSL provider: published results, both roles, and peers who cheat. */
#include "../test.h"
#include "crypto/provider.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define RUNS      50
#define RUNS_SLOW 4 /* groups of more than 3072 bits */

static struct shrike_provider *p;

static const struct exchange {
    const char *source;
    u16 id;
    const char *private_a, *public_a, *private_b, *public_b, *secret;
} exchanges[] = {
#define EXCHANGE(...) {__VA_ARGS__},
#define SCALAR(...)
#define MODP(...)
#include "vectors/groups.def"
};

static const struct scalar {
    const char *source;
    u16 id;
    const char *private_key, *public_value, *secret;
} scalars[] = {
#define EXCHANGE(...)
#define SCALAR(...) {__VA_ARGS__},
#define MODP(...)
#include "vectors/groups.def"
};

static const struct modp {
    u16 id;
    unsigned public_value;
    const char *secret_hash;
} modps[] = {
#define EXCHANGE(...)
#define SCALAR(...)
#define MODP(...) {__VA_ARGS__},
#include "vectors/groups.def"
};

/* One side of an exchange. */
struct side {
    u8 private_key[KE_PRIVATE_MAX], public_value[KE_PUBLIC_MAX], secret[KE_SECRET_MAX];
};

/* 1: a secret; 0: refused; -1: the library failed. */
static int derive(const struct ke_suite *ke, const u8 *private_key, struct bytes peer, u8 *secret)
{
    bool valid = true;
    if (!p->ke_derive(p->ctx, ke, private_key, peer, secret, &valid))
        return -1;
    return valid;
}

static int derive_from(const struct ke_suite *ke, const u8 *private_key, const u8 *peer, u8 *secret)
{
    return derive(ke, private_key, bytes_of(peer, ke->public_len), secret);
}

static bool is_ecp(const struct ke_suite *ke)
{
    return ke->public_len == 2 * ke->secret_len;
}

TEST(exchanges_give_what_was_published)
{
    for (size_t i = 0; i < ARRAY_LEN(exchanges); i++) {
        const struct exchange *v = &exchanges[i];
        struct side a, b;
        u8 expected[KE_SECRET_MAX];
        const struct ke_suite *ke = suite_ke(v->id);
        CHECK(ke);
        printf("# %s\n", v->source);
        CHECK_EQ(hex(v->private_a, a.private_key, KE_PRIVATE_MAX), ke->private_len);
        CHECK_EQ(hex(v->private_b, b.private_key, KE_PRIVATE_MAX), ke->private_len);
        CHECK_EQ(hex(v->public_a, a.public_value, KE_PUBLIC_MAX), ke->public_len);
        CHECK_EQ(hex(v->public_b, b.public_value, KE_PUBLIC_MAX), ke->public_len);
        CHECK_EQ(hex(v->secret, expected, sizeof(expected)), ke->secret_len);
        CHECK_EQ(derive_from(ke, a.private_key, b.public_value, a.secret), 1);
        CHECK_EQ(derive_from(ke, b.private_key, a.public_value, b.secret), 1);
        CHECK_BYTES(a.secret, expected, ke->secret_len);
        CHECK_BYTES(b.secret, expected, ke->secret_len);
    }
}

TEST(scalars_give_what_was_published)
{
    for (size_t i = 0; i < ARRAY_LEN(scalars); i++) {
        const struct scalar *v = &scalars[i];
        struct side a;
        u8 expected[KE_SECRET_MAX];
        const struct ke_suite *ke = suite_ke(v->id);
        CHECK(ke);
        printf("# %s\n", v->source);
        CHECK_EQ(hex(v->private_key, a.private_key, KE_PRIVATE_MAX), ke->private_len);
        CHECK_EQ(hex(v->public_value, a.public_value, KE_PUBLIC_MAX), ke->public_len);
        CHECK_EQ(hex(v->secret, expected, sizeof(expected)), ke->secret_len);
        CHECK_EQ(derive_from(ke, a.private_key, a.public_value, a.secret), 1);
        CHECK_BYTES(a.secret, expected, ke->secret_len);
    }
}

/* RFC 7296 2.14. Each of these secrets is shorter than its group by an octet or more. */
TEST(a_short_modp_secret_is_padded_in_front)
{
    for (size_t i = 0; i < ARRAY_LEN(modps); i++) {
        const struct modp *v = &modps[i];
        struct side a = {{0}, {0}, {0}};
        u8 expected[32], hash[32];
        const struct ke_suite *ke = suite_ke(v->id);
        CHECK(ke);
        for (u8 at = 0; at < ke->private_len; at++)
            a.private_key[at] = at + 1;
        a.public_value[ke->public_len - 2] = (u8)(v->public_value >> 8);
        a.public_value[ke->public_len - 1] = (u8)v->public_value;
        CHECK_EQ(hex(v->secret_hash, expected, sizeof(expected)), sizeof(expected));
        CHECK_EQ(derive_from(ke, a.private_key, a.public_value, a.secret), 1);
        CHECK_EQ(a.secret[0], 0);
        CHECK(EVP_Digest(a.secret, ke->secret_len, hash, NULL, EVP_sha256(), NULL) == 1);
        CHECK_BYTES(hash, expected, sizeof(hash));
    }
}

TEST(both_roles_agree)
{
    size_t count;
    const struct ke_suite *rows = suite_ke_all(&count);
    for (size_t i = 0; i < count; i++) {
        const struct ke_suite *ke = &rows[i];
        int runs = ke->public_len > 384 ? RUNS_SLOW : RUNS;
        for (int run = 0; run < runs; run++) {
            struct side a, b;
            CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
            CHECK(p->ke_generate(p->ctx, ke, b.private_key, b.public_value));
            CHECK(memcmp(a.private_key, b.private_key, ke->private_len) != 0);
            CHECK_EQ(derive_from(ke, a.private_key, b.public_value, a.secret), 1);
            CHECK_EQ(derive_from(ke, b.private_key, a.public_value, b.secret), 1);
            CHECK_BYTES(a.secret, b.secret, ke->secret_len);
        }
    }
}

/* RFC 7296 3.4 (1): one value in 256 is shorter than the prime by an octet. */
TEST(a_short_modp_value_is_padded_in_front)
{
    const struct ke_suite *ke = suite_ke(KE_MODP1536);
    struct side a, b;
    a.public_value[0] = 1;
    for (unsigned i = 0; i < 6000 && a.public_value[0]; i++)
        CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
    CHECK_EQ(a.public_value[0], 0);
    CHECK(p->ke_generate(p->ctx, ke, b.private_key, b.public_value));
    CHECK_EQ(derive_from(ke, a.private_key, b.public_value, a.secret), 1);
    CHECK_EQ(derive_from(ke, b.private_key, a.public_value, b.secret), 1);
    CHECK_BYTES(a.secret, b.secret, ke->secret_len);
}

/* A public value is the generator to the power of the private key, so a derivation from the
 * generator gives it back (of a point: x). */
TEST(public_values_belong_to_their_private_keys)
{
    static const struct {
        u16 id;
        const char *generator;
    } rows[] = {
        /* RFC 5903 3.1 */
        {KE_ECP256, "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"},
        /* RFC 6932 2.2 */
        {KE_BRAINPOOL_P256R1, "8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262"
                              "547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997"},
        /* RFC 7748 4.1, 4.2 */
        {KE_CURVE25519, "0900000000000000000000000000000000000000000000000000000000000000"},
        {KE_CURVE448, "05000000000000000000000000000000000000000000000000000000"
                      "00000000000000000000000000000000000000000000000000000000"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct side a;
        u8 generator[KE_PUBLIC_MAX];
        const struct ke_suite *ke = suite_ke(rows[i].id);
        CHECK_EQ(hex(rows[i].generator, generator, sizeof(generator)), ke->public_len);
        CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
        CHECK_EQ(derive_from(ke, a.private_key, generator, a.secret), 1);
        CHECK_BYTES(a.secret, a.public_value, ke->secret_len);
    }
    for (size_t i = 0; i < ARRAY_LEN(modps); i++) {
        struct side a;
        u8 two[KE_PUBLIC_MAX] = {0};
        const struct ke_suite *ke = suite_ke(modps[i].id);
        two[ke->public_len - 1] = 2;
        CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
        CHECK_EQ(derive_from(ke, a.private_key, two, a.secret), 1);
        CHECK_BYTES(a.secret, a.public_value, ke->secret_len);
    }
}

/* The library's own Diffie-Hellman, over the group it has by name, padded as RFC 7296 2.14 says. */
static EVP_PKEY *dh_key(const char *group, const struct ke_suite *ke, const struct side *s,
                        bool with_private)
{
    u8 private_key[KE_PRIVATE_MAX], public_value[KE_PUBLIC_MAX];
    for (size_t i = 0; i < ke->private_len; i++) /* integers go in in the order of this machine */
        private_key[i] = s->private_key[ke->private_len - 1 - i];
    for (size_t i = 0; i < ke->public_len; i++)
        public_value[i] = s->public_value[ke->public_len - 1 - i];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)group, 0),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PUB_KEY, public_value, ke->public_len),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, private_key, ke->private_len),
        OSSL_PARAM_construct_end(),
    };
    if (!with_private)
        params[2] = OSSL_PARAM_construct_end();
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
    ensure(c && EVP_PKEY_fromdata_init(c) == 1 &&
           EVP_PKEY_fromdata(c, &key, with_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                             params) == 1);
    EVP_PKEY_CTX_free(c);
    return key;
}

TEST(modp_agrees_with_the_library)
{
    static const struct {
        u16 id;
        const char *name;
    } rows[] = {{KE_MODP1536, "modp_1536"}, {KE_MODP2048, "modp_2048"}, {KE_MODP3072, "modp_3072"},
                {KE_MODP4096, "modp_4096"}, {KE_MODP6144, "modp_6144"}, {KE_MODP8192, "modp_8192"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct side a, b;
        u8 expected[KE_SECRET_MAX];
        size_t len = sizeof(expected);
        const struct ke_suite *ke = suite_ke(rows[i].id);
        CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
        CHECK(p->ke_generate(p->ctx, ke, b.private_key, b.public_value));
        CHECK_EQ(derive_from(ke, a.private_key, b.public_value, a.secret), 1);
        EVP_PKEY *ours = dh_key(rows[i].name, ke, &a, true);
        EVP_PKEY *theirs = dh_key(rows[i].name, ke, &b, false);
        EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
        unsigned pad = 1;
        OSSL_PARAM padded[] = {OSSL_PARAM_construct_uint(OSSL_EXCHANGE_PARAM_PAD, &pad),
                               OSSL_PARAM_construct_end()};
        bool done = c && EVP_PKEY_derive_init_ex(c, padded) == 1 &&
                    EVP_PKEY_derive_set_peer(c, theirs) == 1 &&
                    EVP_PKEY_derive(c, expected, &len) == 1;
        EVP_PKEY_CTX_free(c);
        EVP_PKEY_free(ours);
        EVP_PKEY_free(theirs);
        CHECK(done);
        CHECK_EQ(len, ke->secret_len);
        CHECK_BYTES(a.secret, expected, len);
    }
}

TEST(values_of_the_wrong_size_are_refused)
{
    size_t count;
    const struct ke_suite *rows = suite_ke_all(&count);
    for (size_t i = 0; i < count; i++) {
        const struct ke_suite *ke = &rows[i];
        struct side a;
        u8 peer[KE_PUBLIC_MAX + 1] = {0};
        CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
        memcpy(peer, a.public_value, ke->public_len);
        CHECK_EQ(derive(ke, a.private_key, bytes_of(peer, ke->public_len), a.secret), 1);
        CHECK_EQ(derive(ke, a.private_key, bytes_of(peer, ke->public_len + 1u), a.secret), 0);
        CHECK_EQ(derive(ke, a.private_key, bytes_of(peer, ke->public_len - 1u), a.secret), 0);
        CHECK_EQ(derive(ke, a.private_key, bytes_of(peer, 0), a.secret), 0);
        CHECK_EQ(derive(ke, a.private_key, bytes_of(NULL, 0), a.secret), 0);
    }
}

static BIGNUM *prime_of(u16 id)
{
    switch (id) {
    case KE_MODP1024:
        return BN_get_rfc2409_prime_1024(NULL);
    case KE_MODP1536:
        return BN_get_rfc3526_prime_1536(NULL);
    case KE_MODP2048:
        return BN_get_rfc3526_prime_2048(NULL);
    case KE_MODP3072:
        return BN_get_rfc3526_prime_3072(NULL);
    case KE_MODP4096:
        return BN_get_rfc3526_prime_4096(NULL);
    case KE_MODP6144:
        return BN_get_rfc3526_prime_6144(NULL);
    }
    return BN_get_rfc3526_prime_8192(NULL);
}

/* RFC 6989 2.1: 0, 1, p - 1, p, p + 1 and all ones are no public values; 2 and p - 2 are. */
TEST(modp_values_outside_of_the_group_are_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(modps); i++) {
        const struct ke_suite *ke = suite_ke(modps[i].id);
        int len = ke->public_len;
        struct side a, b;
        CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
        BIGNUM *prime = prime_of(ke->id);
        int verdicts[8];
        memset(b.public_value, 0, sizeof(b.public_value));
        for (u8 y = 0; y < 3; y++) {
            b.public_value[len - 1] = y;
            verdicts[y] = derive_from(ke, a.private_key, b.public_value, a.secret);
        }
        BN_sub_word(prime, 2);
        for (int y = 3; y < 7; y++) {
            ensure(BN_bn2binpad(prime, b.public_value, len) == len);
            verdicts[y] = derive_from(ke, a.private_key, b.public_value, a.secret);
            BN_add_word(prime, 1);
        }
        BN_free(prime);
        memset(b.public_value, 0xff, sizeof(b.public_value));
        verdicts[7] = derive_from(ke, a.private_key, b.public_value, a.secret);
        static const int expected[8] = {0, 0, 1, 1, 0, 0, 0, 0};
        for (int y = 0; y < 8; y++)
            CHECK_EQ(verdicts[y], expected[y]);
    }
}

/* RFC 6989 2.3: no octet of a point may change; and coordinates are below the prime, also where the
 * same point could be written with a greater one. */
TEST(points_off_the_curve_are_refused)
{
    size_t count;
    const struct ke_suite *rows = suite_ke_all(&count);
    for (size_t i = 0; i < count; i++) {
        const struct ke_suite *ke = &rows[i];
        struct side a, b;
        if (!is_ecp(ke))
            continue;
        CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
        CHECK(p->ke_generate(p->ctx, ke, b.private_key, b.public_value));
        for (size_t at = 0; at < ke->public_len; at += 5) {
            memset(a.secret, 0xa5, sizeof(a.secret));
            b.public_value[at] ^= 0x01;
            CHECK_EQ(derive_from(ke, a.private_key, b.public_value, a.secret), 0);
            b.public_value[at] ^= 0x01;
            for (size_t octet = 0; octet < ke->secret_len; octet++)
                CHECK_EQ(a.secret[octet], 0); /* nothing is left behind */
        }
        CHECK_EQ(derive_from(ke, a.private_key, b.public_value, a.secret), 1);
        memset(b.public_value, 0, sizeof(b.public_value));
        CHECK_EQ(derive_from(ke, a.private_key, b.public_value, a.secret), 0);
        memset(b.public_value, 0xff, sizeof(b.public_value));
        CHECK_EQ(derive_from(ke, a.private_key, b.public_value, a.secret), 0);
        CHECK_EQ(ERR_peek_error(), 0);
    }
}

/* On P-521 there is room above the prime: x + p fits, names the same point, and is refused. */
TEST(coordinates_not_reduced_are_refused)
{
    const struct ke_suite *ke = suite_ke(KE_ECP521);
    struct side a, b;
    CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
    CHECK(p->ke_generate(p->ctx, ke, b.private_key, b.public_value));
    CHECK_EQ(derive_from(ke, a.private_key, b.public_value, a.secret), 1);
    for (int half = 0; half < 2; half++) {
        u8 *at = b.public_value + half * 66, before[66];
        memcpy(before, at, 66);
        BIGNUM *prime = BN_new(), *n = BN_bin2bn(at, 66, NULL);
        BN_set_bit(prime, 521);
        BN_sub_word(prime, 1);
        ensure(BN_add(n, n, prime) == 1 && BN_bn2binpad(n, at, 66) == 66);
        BN_free(prime);
        BN_free(n);
        CHECK_EQ(derive_from(ke, a.private_key, b.public_value, a.secret), 0);
        memcpy(at, before, 66);
    }
}

/* RFC 7748 6.1: points of small order give zero. Those of Curve25519, with and without the bit that
 * is masked, and the values that are no reduced coordinates of them. */
TEST(points_of_small_order_are_refused)
{
    static const char *const of_25519[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    const struct ke_suite *ke = suite_ke(KE_CURVE25519);
    struct side a;
    u8 peer[KE_PUBLIC_MAX] = {0};
    CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
    for (size_t i = 0; i < ARRAY_LEN(of_25519); i++) {
        CHECK_EQ(hex(of_25519[i], peer, 32), 32);
        CHECK_EQ(derive_from(ke, a.private_key, peer, a.secret), 0);
        peer[31] |= 0x80;
        CHECK_EQ(derive_from(ke, a.private_key, peer, a.secret), 0);
    }
    /* RFC 8031 3.2: a value that is not reduced but of large order is accepted: p + 9 as 9. */
    u8 base[32] = {9}, secret[KE_SECRET_MAX];
    CHECK_EQ(hex("f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", peer, 32), 32);
    CHECK_EQ(derive_from(ke, a.private_key, peer, a.secret), 1);
    CHECK_EQ(derive_from(ke, a.private_key, base, secret), 1);
    CHECK_BYTES(a.secret, secret, 32);

    ke = suite_ke(KE_CURVE448);
    CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
    memset(peer, 0, sizeof(peer));
    CHECK_EQ(derive_from(ke, a.private_key, peer, a.secret), 0);
    peer[0] = 1;
    CHECK_EQ(derive_from(ke, a.private_key, peer, a.secret), 0);
    CHECK_EQ(ERR_peek_error(), 0);
}

/* Every private key of a curve is a scalar in [1, order - 1], and its highest octet is used whole.
 */
TEST(private_keys_are_scalars)
{
    const struct ke_suite *ke = suite_ke(KE_ECP521);
    struct side a;
    bool high[2] = {false, false};
    for (int run = 0; run < RUNS; run++) {
        CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
        CHECK(a.private_key[0] <= 1);
        high[a.private_key[0]] = true;
    }
    CHECK(high[0] && high[1]);
    /* brainpool P-384: an order of 8cb9..., nearly half of all draws do not fit */
    ke = suite_ke(KE_BRAINPOOL_P384R1);
    for (int run = 0; run < RUNS; run++) {
        CHECK(p->ke_generate(p->ctx, ke, a.private_key, a.public_value));
        CHECK(a.private_key[0] <= 0x8c);
    }
}

TEST(unknown_groups_fail)
{
    struct ke_suite gost = {KE_GOST3410_2012_256, 64, 64, 32, false};
    struct side a = {{0}, {0}, {0}};
    CHECK(!p->ke_generate(p->ctx, &gost, a.private_key, a.public_value));
    CHECK_EQ(derive_from(&gost, a.private_key, a.public_value, a.secret), -1);
    CHECK_EQ(ERR_peek_error(), 0);
}

int main(void)
{
    p = provider_openssl_new();
    ensure(p);
    int failed =
        RUN(exchanges_give_what_was_published) | RUN(scalars_give_what_was_published) |
        RUN(a_short_modp_secret_is_padded_in_front) | RUN(a_short_modp_value_is_padded_in_front) |
        RUN(both_roles_agree) | RUN(public_values_belong_to_their_private_keys) |
        RUN(modp_agrees_with_the_library) | RUN(values_of_the_wrong_size_are_refused) |
        RUN(modp_values_outside_of_the_group_are_refused) | RUN(points_off_the_curve_are_refused) |
        RUN(coordinates_not_reduced_are_refused) | RUN(points_of_small_order_are_refused) |
        RUN(private_keys_are_scalars) | RUN(unknown_groups_fail);
    provider_openssl_free(p);
    return failed;
}
