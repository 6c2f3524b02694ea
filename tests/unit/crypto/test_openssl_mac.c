/* PRFs and integrity of the OpenSSL provider against published results. */
#include "../test.h"
#include "crypto/provider.h"
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define DATA_MAX 1024

static struct shrike_provider *p;

struct vector {
    const char *source;
    u16 id;
    const char *key, *data, *result;
};

static const struct vector prfs[] = {
#define PRF(...) {__VA_ARGS__},
#define INTEG(...)
#include "vectors/macs.def"
};

static const struct vector integs[] = {
#define PRF(...)
#define INTEG(...) {__VA_ARGS__},
#include "vectors/macs.def"
};

/* Hex, or "N*XX": the octet XX, N times. */
static struct bytes octets(const char *text, u8 *out, size_t size)
{
    const char *star = strchr(text, '*');
    if (!star)
        return bytes_of(out, hex(text, out, size));
    size_t len = (size_t)atoi(text);
    ensure(len <= size && hex(star + 1, out, 1) == 1);
    memset(out, out[0], len);
    return bytes_of(out, len);
}

/* data in parts of every kind: whole, cut in two at every place, octet by octet up to the limit. */
TEST(prfs_give_what_was_published)
{
    for (size_t i = 0; i < ARRAY_LEN(prfs); i++) {
        const struct vector *v = &prfs[i];
        u8 key_at[DATA_MAX], data_at[DATA_MAX], expected[PRF_MAX], out[PRF_MAX];
        const struct prf_suite *prf = suite_prf(v->id);
        struct bytes key = octets(v->key, key_at, sizeof(key_at));
        struct bytes data = octets(v->data, data_at, sizeof(data_at));
        CHECK(prf);
        CHECK_EQ(octets(v->result, expected, sizeof(expected)).len, prf->len);
        printf("# %s\n", v->source);
        CHECK(p->prf(p->ctx, prf, key, &data, 1, out));
        CHECK_BYTES(out, expected, prf->len);
        for (size_t cut = 0; cut <= data.len; cut++) {
            struct bytes parts[] = {{data.at, cut}, {data.at + cut, data.len - cut}};
            CHECK(p->prf(p->ctx, prf, key, parts, 2, out));
            CHECK_BYTES(out, expected, prf->len);
        }
    }
}

TEST(integrity_is_as_published)
{
    for (size_t i = 0; i < ARRAY_LEN(integs); i++) {
        const struct vector *v = &integs[i];
        u8 key[DATA_MAX], data_at[DATA_MAX], expected[ICV_MAX], out[ICV_MAX + 1];
        const struct integ_suite *integ = suite_integ(v->id);
        struct bytes data = octets(v->data, data_at, sizeof(data_at));
        CHECK(integ);
        CHECK_EQ(octets(v->key, key, sizeof(key)).len, integ->key_len);
        CHECK_EQ(octets(v->result, expected, sizeof(expected)).len, integ->icv_len);
        printf("# %s\n", v->source);
        out[integ->icv_len] = 0xa5;
        CHECK(p->mac(p->ctx, integ, key, &data, 1, out));
        CHECK_BYTES(out, expected, integ->icv_len);
        CHECK_EQ(out[integ->icv_len], 0xa5); /* not an octet too many */
        size_t third = data.len / 3;
        struct bytes parts[PRF_PARTS_MAX] = {
            {NULL, 0},
            {data.at, third},
            {data.at + third, third},
            {NULL, 0},
            {data.at + 2 * third, data.len - 2 * third},
        };
        CHECK(p->mac(p->ctx, integ, key, parts, PRF_PARTS_MAX, out));
        CHECK_BYTES(out, expected, integ->icv_len);
    }
}

/* The library's own MAC, one-shot. */
static void library_mac(const char *mac, const char *under, struct bytes key, struct bytes data,
                        u8 *out)
{
    const char *parameter =
        strcmp(mac, "HMAC") == 0 ? OSSL_MAC_PARAM_DIGEST : OSSL_MAC_PARAM_CIPHER;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(parameter, (char *)under, 0),
                           OSSL_PARAM_construct_end()};
    size_t len;
    ensure(EVP_Q_mac(NULL, mac, NULL, NULL, params, key.at, key.len, data.at, data.len, out,
                     PRF_MAX, &len));
}

/* RFC 7296 1.7 (8) */
TEST(keys_and_data_of_every_length_agree_with_the_library)
{
    static const struct {
        u16 id;
        const char *mac, *under;
    } rows[] = {{PRF_HMAC_SHA1, "HMAC", "SHA1"},
                {PRF_HMAC_SHA2_256, "HMAC", "SHA256"},
                {PRF_HMAC_SHA2_384, "HMAC", "SHA384"},
                {PRF_HMAC_SHA2_512, "HMAC", "SHA512"},
                {PRF_AES128_CMAC, "CMAC", "AES-128-CBC"}};
    u8 key[300], data[300], out[PRF_MAX], expected[PRF_MAX];
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (u8)(i * 7 + 1);
        data[i] = (u8)(i * 13 + 5);
    }
    for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
        bool cmac = rows[row].id == PRF_AES128_CMAC;
        const struct prf_suite *prf = suite_prf(rows[row].id);
        for (size_t len = 0; len < sizeof(key); len++) {
            struct bytes k = bytes_of(key, cmac ? 16 : len), d = bytes_of(data, len);
            library_mac(rows[row].mac, rows[row].under, k, d, expected);
            CHECK(p->prf(p->ctx, prf, k, &d, 1, out));
            CHECK_BYTES(out, expected, prf->len);
        }
    }
}

TEST(sha1_gives_what_was_published)
{
    /* FIPS 180, the example "abc", and the empty message. */
    u8 out[20], expected[20];
    CHECK(p->sha1(p->ctx, bytes_of("abc", 3), out));
    hex("a9993e364706816aba3e25717850c26c9cd0d89d", expected, sizeof(expected));
    CHECK_BYTES(out, expected, 20);
    CHECK(p->sha1(p->ctx, bytes_of(NULL, 0), out));
    hex("da39a3ee5e6b4b0d3255bfef95601890afd80709", expected, sizeof(expected));
    CHECK_BYTES(out, expected, 20);
}

TEST(every_suite_is_there_and_unknown_ones_are_not)
{
    size_t count;
    u8 key[KEY_MAX] = {1}, out[PRF_MAX];
    struct bytes data = bytes_of("data", 4), none = bytes_of(NULL, 0);
    const struct prf_suite *prf_rows = suite_prf_all(&count);
    for (size_t i = 0; i < count; i++) {
        CHECK(p->prf(p->ctx, &prf_rows[i], bytes_of(key, prf_rows[i].key_len), &data, 1, out));
        CHECK(p->prf(p->ctx, &prf_rows[i], none, &none, 1, out));
        CHECK(p->prf(p->ctx, &prf_rows[i], none, NULL, 0, out));
    }
    const struct integ_suite *integ_rows = suite_integ_all(&count);
    for (size_t i = 0; i < count; i++)
        CHECK(p->mac(p->ctx, &integ_rows[i], key, &data, 1, out));
    struct prf_suite md5 = {PRF_HMAC_MD5, 16, 16, 0};
    struct integ_suite md5_96 = {INTEG_HMAC_MD5_96, 16, 12};
    CHECK(!p->prf(p->ctx, &md5, bytes_of(key, 16), &data, 1, out));
    CHECK(!p->mac(p->ctx, &md5_96, key, &data, 1, out));
    struct bytes many[PRF_PARTS_MAX + 1] = {{NULL, 0}};
    CHECK(!p->prf(p->ctx, suite_prf(PRF_HMAC_SHA2_256), none, many, ARRAY_LEN(many), out));
    CHECK_EQ(ERR_peek_error(), 0);
}

int main(void)
{
    p = provider_openssl_new();
    ensure(p);
    int failed = RUN(prfs_give_what_was_published) | RUN(integrity_is_as_published) |
                 RUN(keys_and_data_of_every_length_agree_with_the_library) |
                 RUN(sha1_gives_what_was_published) |
                 RUN(every_suite_is_there_and_unknown_ones_are_not);
    provider_openssl_free(p);
    return failed;
}
