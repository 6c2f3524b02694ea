/* lib/provider/provider_toy: worthless as cryptography, but nothing may go unnoticed. */
#include "../test.h"
#include "crypto/provider.h"

static struct shrike_provider *toy;

TEST(same_seed_same_octets)
{
    struct shrike_provider *a = provider_toy_new(7), *b = provider_toy_new(7);
    struct shrike_provider *other = provider_toy_new(8);
    u8 x[3][100];
    CHECK(a && b && other);
    for (int round = 0; round < 3; round++) {
        CHECK(a->random(a->ctx, x[0], sizeof(x[0])) && b->random(b->ctx, x[1], sizeof(x[1])));
        CHECK_BYTES(x[0], x[1], sizeof(x[0]));
        CHECK(other->random(other->ctx, x[1], sizeof(x[1])));
        CHECK(memcmp(x[0], x[1], sizeof(x[0])) != 0);
    }
    CHECK(a->random(a->ctx, x[1], sizeof(x[1])));
    CHECK(memcmp(x[0], x[1], sizeof(x[0])) != 0);
    provider_toy_free(a);
    provider_toy_free(b);
    provider_toy_free(other);
    provider_toy_free(NULL);
}

/* The same octets however they are cut, and other octets for each change of one. */
TEST(prf_is_of_the_octets_not_of_their_cut)
{
    u8 data[41], whole[PRF_MAX], cut[PRF_MAX];
    size_t count;
    const struct prf_suite *prf = suite_prf_all(&count);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (u8)(i * 7);
    for (size_t n = 0; n < count; n++, prf++) {
        struct bytes key = bytes_of("key", 3), all = bytes_of(data, sizeof(data));
        CHECK(toy->prf(toy->ctx, prf, key, &all, 1, whole));
        for (size_t i = 0; i <= sizeof(data); i++) {
            struct bytes two[] = {{data, i}, {data + i, sizeof(data) - i}};
            CHECK(toy->prf(toy->ctx, prf, key, two, 2, cut));
            CHECK_BYTES(whole, cut, prf->len);
        }
        for (size_t i = 0; i < sizeof(data); i++) {
            data[i] ^= 1;
            CHECK(toy->prf(toy->ctx, prf, key, &all, 1, cut));
            data[i] ^= 1;
            CHECK(memcmp(whole, cut, prf->len) != 0);
        }
        struct bytes shorter = bytes_of(data, sizeof(data) - 1);
        CHECK(toy->prf(toy->ctx, prf, key, &shorter, 1, cut));
        CHECK(memcmp(whole, cut, prf->len) != 0);
        CHECK(toy->prf(toy->ctx, prf, bytes_of("kez", 3), &all, 1, cut));
        CHECK(memcmp(whole, cut, prf->len) != 0);
    }
}

TEST(mac_knows_key_and_octets)
{
    u8 data[50] = {0}, key[KEY_MAX] = {0}, want[ICV_MAX], got[ICV_MAX];
    size_t count;
    const struct integ_suite *integ = suite_integ_all(&count);
    for (size_t n = 0; n < count; n++, integ++) {
        struct bytes parts[] = {{data, 10}, {data + 10, 40}};
        CHECK(toy->mac(toy->ctx, integ, key, parts, 2, want));
        for (size_t i = 0; i < sizeof(data) + integ->key_len; i++) {
            u8 *octet = i < sizeof(data) ? data + i : key + (i - sizeof(data));
            *octet ^= 0x80;
            CHECK(toy->mac(toy->ctx, integ, key, parts, 2, got));
            *octet ^= 0x80;
            CHECK(memcmp(want, got, integ->icv_len) != 0);
        }
    }
}

struct sealed {
    u8 key[ENCR_KEY_MAX], iv[IV_MAX], aad[32], data[48], icv[ICV_MAX];
};

static bool opens(const struct encr_suite *encr, struct sealed s)
{
    return toy->open(toy->ctx, encr, s.key, s.iv, bytes_of(s.aad, sizeof(s.aad)), s.data,
                     sizeof(s.data), s.icv);
}

static bool each_octet_counts(const struct encr_suite *encr, struct sealed *s, u8 *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        at[i] ^= 1;
        bool opened = opens(encr, *s);
        at[i] ^= 1;
        if (opened)
            return false;
    }
    return true;
}

TEST(sealed_data_opens_only_unchanged)
{
    size_t count, seen = 0;
    const struct encr_suite *encr = suite_encr_all(&count);
    for (size_t n = 0; n < count; n++, encr++) {
        struct sealed s = {.key = {1}, .iv = {2}, .aad = {3}, .data = {4}};
        u8 plain[sizeof(s.data)];
        struct bytes aad = {s.aad, sizeof(s.aad)};
        if (!encr->aead)
            continue;
        seen++;
        memcpy(plain, s.data, sizeof(plain));
        CHECK(toy->seal(toy->ctx, encr, s.key, s.iv, aad, s.data, sizeof(s.data), s.icv));
        CHECK(memcmp(plain, s.data, sizeof(plain)) != 0);
        CHECK(opens(encr, s));
        CHECK(each_octet_counts(encr, &s, s.key, (size_t)encr->key_len + encr->salt_len));
        CHECK(each_octet_counts(encr, &s, s.iv, encr->iv_len));
        CHECK(each_octet_counts(encr, &s, s.aad, sizeof(s.aad)));
        CHECK(each_octet_counts(encr, &s, s.data, sizeof(s.data)));
        CHECK(each_octet_counts(encr, &s, s.icv, encr->icv_len));
        CHECK(toy->open(toy->ctx, encr, s.key, s.iv, aad, s.data, sizeof(s.data), s.icv));
        CHECK_BYTES(plain, s.data, sizeof(plain));
    }
    CHECK_EQ(seen, 19);
}

TEST(ciphers_go_both_ways)
{
    size_t count;
    const struct encr_suite *encr = suite_encr_all(&count);
    for (size_t n = 0; n < count; n++, encr++) {
        u8 key[ENCR_KEY_MAX] = {1}, iv[IV_MAX] = {2}, plain[48] = {3}, data[48] = {3};
        if (encr->aead)
            continue;
        CHECK(toy->encrypt(toy->ctx, encr, key, iv, data, sizeof(data)));
        CHECK_EQ(memcmp(plain, data, sizeof(data)) == 0, encr->id == ENCR_NULL);
        CHECK(toy->decrypt(toy->ctx, encr, key, iv, data, sizeof(data)));
        CHECK_BYTES(plain, data, sizeof(data));
        CHECK_EQ(toy->encrypt(toy->ctx, encr, key, iv, data, 47), encr->block == 1);
    }
}

TEST(two_sides_share_a_secret)
{
    size_t count;
    const struct ke_suite *ke = suite_ke_all(&count);
    for (size_t n = 0; n < count; n++, ke++) {
        static u8 private_key[2][KE_PRIVATE_MAX], value[2][KE_PUBLIC_MAX], secret[2][KE_SECRET_MAX];
        bool valid;
        for (int i = 0; i < 2; i++)
            CHECK(toy->ke_generate(toy->ctx, ke, private_key[i], value[i]));
        CHECK(memcmp(value[0], value[1], ke->public_len) != 0);
        for (int i = 0; i < 2; i++) {
            struct bytes peer = {value[1 - i], ke->public_len};
            CHECK(toy->ke_derive(toy->ctx, ke, private_key[i], peer, secret[i], &valid));
            CHECK(valid);
        }
        CHECK_BYTES(secret[0], secret[1], ke->secret_len);
        struct bytes own = {value[0], ke->public_len};
        CHECK(toy->ke_derive(toy->ctx, ke, private_key[0], own, secret[1], &valid) && valid);
        CHECK(memcmp(secret[0], secret[1], ke->secret_len) != 0);
    }
}

/* Input from the network: told apart, not failed. */
TEST(malformed_public_values_are_told)
{
    size_t count;
    const struct ke_suite *ke = suite_ke_all(&count);
    for (size_t n = 0; n < count; n++, ke++) {
        static u8 private_key[KE_PRIVATE_MAX], value[KE_PUBLIC_MAX + 1], secret[KE_SECRET_MAX];
        bool valid;
        CHECK(toy->ke_generate(toy->ctx, ke, private_key, value));
        for (size_t i = 0; i < ke->public_len; i++) {
            struct bytes peer = {value, ke->public_len};
            value[i] ^= 0x10;
            CHECK(toy->ke_derive(toy->ctx, ke, private_key, peer, secret, &valid) && !valid);
            value[i] ^= 0x10;
        }
        size_t lens[] = {0, 7, (size_t)ke->public_len - 1, (size_t)ke->public_len + 1};
        for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
            struct bytes peer = {value, lens[i]};
            CHECK(toy->ke_derive(toy->ctx, ke, private_key, peer, secret, &valid) && !valid);
        }
        memset(value, 0, sizeof(value));
        CHECK(toy->ke_derive(toy->ctx, ke, private_key, bytes_of(value, ke->public_len), secret,
                             &valid) &&
              !valid);
    }
}

TEST(sha1_has_twenty_octets_of_everything)
{
    u8 a[21] = {0}, b[21] = {0};
    CHECK(toy->sha1(toy->ctx, bytes_of("one", 3), a) && toy->sha1(toy->ctx, bytes_of("two", 3), b));
    CHECK(memcmp(a, b, 20) != 0 && a[20] == 0);
    CHECK(toy->sha1(toy->ctx, bytes_of("one\0", 4), b));
    CHECK(memcmp(a, b, 20) != 0);
    CHECK(toy->sha1(toy->ctx, bytes_of("one", 3), b));
    CHECK_BYTES(a, b, 20);
}

int main(void)
{
    toy = provider_toy_new(1);
    if (!toy)
        return 1;
    int failed = RUN(same_seed_same_octets) | RUN(prf_is_of_the_octets_not_of_their_cut) |
                 RUN(mac_knows_key_and_octets) | RUN(sealed_data_opens_only_unchanged) |
                 RUN(ciphers_go_both_ways) | RUN(two_sides_share_a_secret) |
                 RUN(malformed_public_values_are_told) | RUN(sha1_has_twenty_octets_of_everything);
    provider_toy_free(toy);
    return failed;
}
