/* Ciphers and AEADs of the OpenSSL provider against published results and against each other. */
#include "../test.h"
#include "crypto/provider.h"
#include <openssl/err.h>
#include <openssl/evp.h>

#define DATA_MAX 4096

static struct shrike_provider *p;

struct cipher_vector {
    const char *source;
    u16 id, key_bits;
    const char *key, *iv, *plain, *cipher;
};

struct aead_vector {
    const char *source;
    u16 id, key_bits;
    const char *key, *iv, *aad, *plain, *cipher, *icv;
};

static const struct cipher_vector ciphers[] = {
#define CIPHER(...) {__VA_ARGS__},
#define AEAD(...)
#include "vectors/ciphers.def"
};

static const struct aead_vector aeads[] = {
#define CIPHER(...)
#define AEAD(...) {__VA_ARGS__},
#include "vectors/ciphers.def"
};

/* Reproducible filling. */
static void fill(u8 *at, size_t len, u32 seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        at[i] = (u8)(seed >> 24);
    }
}

TEST(ciphers_give_what_was_published)
{
    for (size_t i = 0; i < ARRAY_LEN(ciphers); i++) {
        const struct cipher_vector *v = &ciphers[i];
        u8 key[ENCR_KEY_MAX], iv[IV_MAX], data[128], plain[128], cipher[128];
        const struct encr_suite *encr = suite_encr(v->id, v->key_bits);
        CHECK(encr);
        CHECK_EQ(hex(v->key, key, sizeof(key)), encr->key_len + encr->salt_len);
        CHECK_EQ(hex(v->iv, iv, sizeof(iv)), encr->iv_len);
        size_t len = hex(v->plain, plain, sizeof(plain));
        CHECK_EQ(hex(v->cipher, cipher, sizeof(cipher)), len);
        printf("# %s\n", v->source);
        memcpy(data, plain, len);
        CHECK(p->encrypt(p->ctx, encr, key, iv, data, len));
        CHECK_BYTES(data, cipher, len);
        CHECK(p->decrypt(p->ctx, encr, key, iv, data, len));
        CHECK_BYTES(data, plain, len);
    }
}

TEST(aeads_give_what_was_published)
{
    for (size_t i = 0; i < ARRAY_LEN(aeads); i++) {
        const struct aead_vector *v = &aeads[i];
        u8 key[ENCR_KEY_MAX], iv[IV_MAX], aad[64], data[128], plain[128], cipher[128];
        u8 icv[ICV_MAX], expected[ICV_MAX];
        const struct encr_suite *encr = suite_encr(v->id, v->key_bits);
        CHECK(encr);
        CHECK_EQ(hex(v->key, key, sizeof(key)), encr->key_len + encr->salt_len);
        CHECK_EQ(hex(v->iv, iv, sizeof(iv)), encr->iv_len);
        CHECK_EQ(hex(v->icv, expected, sizeof(expected)), encr->icv_len);
        struct bytes more = bytes_of(aad, hex(v->aad, aad, sizeof(aad)));
        size_t len = hex(v->plain, plain, sizeof(plain));
        CHECK_EQ(hex(v->cipher, cipher, sizeof(cipher)), len);
        printf("# %s\n", v->source);
        memcpy(data, plain, len);
        CHECK(p->seal(p->ctx, encr, key, iv, more, data, len, icv));
        CHECK_BYTES(data, cipher, len);
        CHECK_BYTES(icv, expected, encr->icv_len);
        CHECK(p->open(p->ctx, encr, key, iv, more, data, len, icv));
        CHECK_BYTES(data, plain, len);
    }
}

/* AES in its plainest form, by the library's one-shot way. */
static void aes(const u8 *key, size_t key_len, const u8 *in, u8 *out)
{
    const EVP_CIPHER *cipher = key_len == 16   ? EVP_aes_128_ecb()
                               : key_len == 24 ? EVP_aes_192_ecb()
                                               : EVP_aes_256_ecb();
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int len;
    ensure(c && EVP_EncryptInit_ex(c, cipher, NULL, key, NULL) == 1 &&
           EVP_EncryptUpdate(c, out, &len, in, 16) == 1);
    EVP_CIPHER_CTX_free(c);
}

struct message {
    const struct encr_suite *encr;
    u8 key[ENCR_KEY_MAX], iv[IV_MAX], aad[14], plain[100];
    size_t aad_len, len;
};

/* The authentication field of CCM (RFC 3610 2.2 and 2.3), written down from its definition with the
 * sizes of RFC 4309: a nonce of 11 octets, a length of 4. One block of additional data at most. */
static void ccm_icv(const struct message *m, u8 *icv)
{
    size_t key_len = m->encr->key_len;
    u8 x[16] = {0}, a[16] = {3};
    memcpy(a + 1, m->key + key_len, 3);
    memcpy(a + 4, m->iv, 8);
    memcpy(x + 1, a + 1, 11);
    x[0] = (u8)((m->aad_len ? 0x40 : 0) | (m->encr->icv_len - 2) / 2 << 3 | 3);
    x[15] = (u8)m->len;
    aes(m->key, key_len, x, x);
    x[1] ^= (u8)m->aad_len;
    for (size_t i = 0; i < m->aad_len; i++)
        x[2 + i] ^= m->aad[i];
    if (m->aad_len)
        aes(m->key, key_len, x, x);
    for (size_t at = 0; at < m->len; at += 16) {
        for (size_t i = 0; i < 16 && at + i < m->len; i++)
            x[i] ^= m->plain[at + i];
        aes(m->key, key_len, x, x);
    }
    aes(m->key, key_len, a, a);
    for (size_t i = 0; i < m->encr->icv_len; i++)
        icv[i] = x[i] ^ a[i];
}

TEST(ccm_of_every_size_is_as_defined)
{
    size_t count, seen = 0;
    const struct encr_suite *rows = suite_encr_all(&count);
    for (size_t i = 0; i < count; i++) {
        struct message m = {.encr = &rows[i]};
        u8 data[100], icv[ICV_MAX], expected[ICV_MAX];
        if (m.encr->salt_len != 3)
            continue;
        seen++;
        for (m.len = 0; m.len <= sizeof(m.plain); m.len += 7) {
            m.aad_len = m.len % 15;
            fill(m.key, sizeof(m.key), (u32)(i * 1000 + m.len));
            fill(m.iv, sizeof(m.iv), (u32)(i * 1000 + m.len + 1));
            fill(m.aad, sizeof(m.aad), (u32)(i * 1000 + m.len + 2));
            fill(m.plain, sizeof(m.plain), (u32)(i * 1000 + m.len + 3));
            memcpy(data, m.plain, m.len);
            struct bytes aad = bytes_of(m.aad, m.aad_len);
            ccm_icv(&m, expected);
            CHECK(p->seal(p->ctx, m.encr, m.key, m.iv, aad, data, m.len, icv));
            CHECK_BYTES(icv, expected, m.encr->icv_len);
            CHECK(p->open(p->ctx, m.encr, m.key, m.iv, aad, data, m.len, icv));
            CHECK_BYTES(data, m.plain, m.len);
        }
    }
    CHECK_EQ(seen, 9);
}

/* Every length, and the contexts of all suites interleaved: what one message leaves behind must not
 * reach the next. */
TEST(every_suite_opens_what_it_seals)
{
    size_t count;
    const struct encr_suite *rows = suite_encr_all(&count);
    for (size_t blocks = 0; blocks <= DATA_MAX / 16;
         blocks = blocks < 4 ? blocks + 1 : blocks * 2) {
        for (size_t i = 0; i < count; i++) {
            const struct encr_suite *encr = &rows[i];
            u8 key[ENCR_KEY_MAX], iv[IV_MAX], plain[DATA_MAX], data[DATA_MAX], icv[ICV_MAX];
            size_t len = 16 * blocks - (encr->block == 1 && blocks ? i % 16 : 0);
            fill(key, sizeof(key), (u32)(len + i));
            fill(iv, sizeof(iv), (u32)(len + i + 1));
            fill(plain, len, (u32)(len + i + 2));
            memcpy(data, plain, len);
            struct bytes aad = bytes_of(key, 32);
            bool hidden = len > 0 && encr->id != ENCR_NULL;
            if (encr->aead)
                CHECK(p->seal(p->ctx, encr, key, iv, aad, data, len, icv));
            else
                CHECK(p->encrypt(p->ctx, encr, key, iv, data, len));
            CHECK_EQ(memcmp(data, plain, len) != 0, hidden);
            if (encr->aead)
                CHECK(p->open(p->ctx, encr, key, iv, aad, data, len, icv));
            else
                CHECK(p->decrypt(p->ctx, encr, key, iv, data, len));
            CHECK_BYTES(data, plain, len);
        }
    }
}

/* A message of one suite, sealed; then one thing of it is changed before it is opened. */
struct sealed {
    u8 key[ENCR_KEY_MAX], iv[IV_MAX], aad[32], data[64], icv[ICV_MAX];
    size_t len;
};

static bool opens(const struct encr_suite *encr, const struct sealed *s)
{
    u8 data[64];
    memcpy(data, s->data, s->len);
    bool done = p->open(p->ctx, encr, s->key, s->iv, bytes_of(s->aad, sizeof(s->aad)), data, s->len,
                        s->icv);
    for (size_t i = 0; !done && i < s->len; i++)
        ensure(data[i] == 0); /* nothing unverified is left in sight */
    return done;
}

TEST(a_changed_message_does_not_open)
{
    size_t count;
    const struct encr_suite *rows = suite_encr_all(&count);
    for (size_t i = 0; i < count; i++) {
        const struct encr_suite *encr = &rows[i];
        for (size_t len = 0; encr->aead && len <= 64; len += 16) {
            struct sealed s = {.len = len};
            fill(s.key, sizeof(s.key), (u32)i);
            fill(s.iv, sizeof(s.iv), (u32)i + 1);
            fill(s.aad, sizeof(s.aad), (u32)i + 2);
            fill(s.data, len, (u32)i + 3);
            CHECK(p->seal(p->ctx, encr, s.key, s.iv, bytes_of(s.aad, sizeof(s.aad)), s.data, len,
                          s.icv));
            CHECK(opens(encr, &s));
            struct {
                u8 *at;
                size_t len;
            } parts[] = {{s.key, encr->key_len + encr->salt_len},
                         {s.iv, encr->iv_len},
                         {s.aad, sizeof(s.aad)},
                         {s.data, len},
                         {s.icv, encr->icv_len}};
            for (size_t part = 0; part < ARRAY_LEN(parts); part++)
                for (size_t bit = 0; bit < 8 * parts[part].len; bit += bit % 8 == 7 ? 1 : 7) {
                    parts[part].at[bit / 8] ^= (u8)(1 << bit % 8);
                    CHECK(!opens(encr, &s));
                    parts[part].at[bit / 8] ^= (u8)(1 << bit % 8);
                }
            CHECK(opens(encr, &s));
            CHECK_EQ(ERR_peek_error(), 0);
        }
    }
}

TEST(wrong_sizes_and_unknown_ciphers_are_refused)
{
    u8 key[ENCR_KEY_MAX] = {0}, iv[IV_MAX] = {0}, data[32], icv[ICV_MAX] = {0};
    memset(data, 0x11, sizeof(data));
    const struct encr_suite *cbc = suite_encr(ENCR_AES_CBC, 128);
    CHECK(!p->decrypt(p->ctx, cbc, key, iv, data, 1));
    CHECK(!p->encrypt(p->ctx, cbc, key, iv, data, 17));
    CHECK(!p->encrypt(p->ctx, cbc, key, iv, data, 31));
    for (size_t i = 0; i < sizeof(data); i++)
        CHECK_EQ(data[i], 0x11); /* nothing was begun */
    CHECK(!p->decrypt(p->ctx, cbc, key, iv, data, 17));
    CHECK(p->decrypt(p->ctx, cbc, key, iv, data, 32));
    struct encr_suite camellia = *cbc;
    camellia.id = ENCR_CAMELLIA_CBC;
    CHECK(!p->encrypt(p->ctx, &camellia, key, iv, data, 32));
    struct encr_suite far = {.id = 1000, .key_bits = 128, .block = 1, .aead = true};
    CHECK(!p->seal(p->ctx, &far, key, iv, bytes_of(data, 0), data, 32, icv));
    CHECK(!p->open(p->ctx, &far, key, iv, bytes_of(data, 0), data, 32, icv));
    CHECK_EQ(ERR_peek_error(), 0);
}

int main(void)
{
    p = provider_openssl_new();
    ensure(p);
    int failed = RUN(ciphers_give_what_was_published) | RUN(aeads_give_what_was_published) |
                 RUN(ccm_of_every_size_is_as_defined) | RUN(every_suite_opens_what_it_seals) |
                 RUN(a_changed_message_does_not_open) |
                 RUN(wrong_sizes_and_unknown_ciphers_are_refused);
    provider_openssl_free(p);
    return failed;
}
