/* Public keys of tokens are read by others as what they are. */
#include "certs/signature.h"
#include "key.h"
#include "keys/spki.h"
#include "test.h"
#include <openssl/core_names.h>
#include <openssl/ec.h>

/* The same key comes out. */
static bool is_same(const struct writer *w, const EVP_PKEY *key)
{
    EVP_PKEY *read = w->full ? NULL : signature_key(written_bytes(w));
    bool same = read && EVP_PKEY_eq(read, key) == 1;
    EVP_PKEY_free(read);
    return same;
}

static struct bytes number_of(const EVP_PKEY *key, const char *name, u8 room[1024])
{
    BIGNUM *n = NULL;
    if (EVP_PKEY_get_bn_param(key, name, &n) != 1)
        abort();
    int len = BN_bn2bin(n, room);
    BN_free(n);
    return bytes_of(room, (size_t)len);
}

TEST(rsa)
{
    static const int bits[] = {1024, 2048, 3072};
    for (size_t i = 0; i < ARRAY_LEN(bits); i++) {
        u8 out[4096], n[1024], e[1024], zeros[1025] = {0};
        struct writer w = writer_of(out, sizeof out);
        EVP_PKEY *key = key_make("RSA", NULL, bits[i]);
        struct bytes modulus = number_of(key, OSSL_PKEY_PARAM_RSA_N, n);
        struct bytes exponent = number_of(key, OSSL_PKEY_PARAM_RSA_E, e);
        spki_write_rsa(&w, modulus, exponent);
        CHECK(is_same(&w, key));
        memcpy(zeros + 1, modulus.at, modulus.len); /* as some tokens have it */
        w = writer_of(out, sizeof out);
        spki_write_rsa(&w, bytes_of(zeros, modulus.len + 1), exponent);
        CHECK(is_same(&w, key));
        w = writer_of(out, sizeof out);
        spki_write_rsa(&w, bytes_of(NULL, 0), exponent);
        CHECK(w.full);
        EVP_PKEY_free(key);
    }
}

static const u8 p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const u8 p521[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};

/* In an OCTET STRING, and bare. */
static void check_ec(const char *curve, struct bytes params)
{
    u8 out[4096], point[256], wrapped[256];
    size_t len = 0;
    EVP_PKEY *key = key_make("EC", curve, 0);
    CHECK(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                          &len) == 1);
    struct writer w = writer_of(out, sizeof out), wrap = writer_of(wrapped, sizeof wrapped);
    spki_write_ec(&w, params, bytes_of(point, len));
    CHECK(is_same(&w, key));
    write_u8(&wrap, 4);
    if (len > 127)
        write_u8(&wrap, 0x81);
    write_u8(&wrap, (u8)len);
    write_bytes(&wrap, bytes_of(point, len));
    w = writer_of(out, sizeof out);
    spki_write_ec(&w, params, written_bytes(&wrap));
    CHECK(is_same(&w, key));
    w = writer_of(out, sizeof out);
    spki_write_ec(&w, params, bytes_of(NULL, 0));
    CHECK(w.full);
    EVP_PKEY_free(key);
}

TEST(ec)
{
    check_ec("P-256", bytes_of(p256, sizeof p256));
    check_ec("P-521", bytes_of(p521, sizeof p521));
}

TEST(of_a_certificate)
{
    u8 out[4096], *der = NULL;
    EVP_PKEY *key = key_make("EC", "P-384", 0);
    X509 *cert = key_cert(key);
    int len = i2d_X509(cert, &der);
    struct writer w = writer_of(out, sizeof out);
    spki_write_of_cert(&w, bytes_of(der, (size_t)len));
    CHECK(is_same(&w, key));
    w = writer_of(out, sizeof out);
    spki_write_of_cert(&w, bytes_of(der, (size_t)len / 2));
    CHECK(w.full);
    OPENSSL_free(der);
    X509_free(cert);
    EVP_PKEY_free(key);
}

TEST(what_is_too_long_is_none)
{
    u8 out[64], big[5000] = {1};
    struct writer w = writer_of(out, sizeof out);
    spki_write_rsa(&w, bytes_of(big, sizeof big), bytes_of(big, 3));
    CHECK(w.full);
    w = writer_of(out, sizeof out);
    spki_write_ec(&w, bytes_of(big, sizeof big), bytes_of(big, 65));
    CHECK(w.full);
}

int main(void)
{
    return RUN(rsa) | RUN(ec) | RUN(of_a_certificate) | RUN(what_is_too_long_is_none);
}
