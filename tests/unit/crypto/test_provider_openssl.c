/* Making and unmaking the OpenSSL provider, its randomness, and that two of them are independent.
 */
#include "../test.h"
#include "crypto/provider.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <unistd.h>

TEST(it_says_nothing_and_leaves_nothing_behind)
{
    int saved = dup(STDERR_FILENO), ends[2];
    char text[64];
    CHECK(saved >= 0 && pipe(ends) == 0);
    dup2(ends[1], STDERR_FILENO);
    struct shrike_provider *p = provider_openssl_new();
    u8 peer[64] = {0}, private_key[KE_PRIVATE_MAX] = {1}, secret[KE_SECRET_MAX];
    bool valid = true, done = p && p->ke_derive(p->ctx, suite_ke(KE_ECP256), private_key,
                                                bytes_of(peer, 64), secret, &valid);
    provider_openssl_free(p);
    provider_openssl_free(NULL);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t said = read(ends[0], text, sizeof(text));
    close(ends[0]);
    CHECK(done && !valid);
    CHECK_EQ(said, 0);
    CHECK_EQ(ERR_peek_error(), 0);
}

TEST(randomness_is_not_constant)
{
    struct shrike_provider *p = provider_openssl_new();
    u8 a[1000] = {0}, b[1000] = {0};
    size_t counts[256] = {0};
    bool done = p && p->random(p->ctx, a, sizeof(a)) && p->random(p->ctx, b, sizeof(b)) &&
                p->random(p->ctx, a, 0);
    provider_openssl_free(p);
    CHECK(done);
    CHECK(memcmp(a, b, sizeof(a)) != 0);
    for (size_t i = 0; i < sizeof(a); i++)
        counts[a[i]]++;
    for (size_t i = 0; i < 256; i++)
        CHECK(counts[i] < 40); /* about four; forty has a chance of 10^-26 */
}

/* What one provider does between two halves of another's work does not reach it. */
TEST(two_providers_are_independent)
{
    struct shrike_provider *p = provider_openssl_new(), *q = provider_openssl_new();
    const struct encr_suite *encr = suite_encr(ENCR_AES_GCM_16, 256);
    u8 key[ENCR_KEY_MAX] = {1}, other[ENCR_KEY_MAX] = {2}, iv[IV_MAX] = {3};
    u8 data[40] = {4}, noise[40] = {5}, icv[ICV_MAX], noise_icv[ICV_MAX];
    struct bytes aad = bytes_of(iv, 8);
    CHECK(p && q);
    bool done = p->seal(p->ctx, encr, key, iv, aad, data, sizeof(data), icv) &&
                q->seal(q->ctx, encr, other, iv, aad, noise, sizeof(noise), noise_icv) &&
                q->open(q->ctx, encr, key, iv, aad, data, sizeof(data), icv) &&
                p->open(p->ctx, encr, other, iv, aad, noise, sizeof(noise), noise_icv);
    provider_openssl_free(p);
    provider_openssl_free(q);
    CHECK(done);
    CHECK_EQ(data[0], 4);
    CHECK_EQ(noise[0], 5);
}

/* A library without an algorithm, played by asking for properties that none has: the provider is
 * made all the same, and what is missing fails without a word. */
TEST(what_the_library_lacks_fails_alone)
{
    CHECK(EVP_set_default_properties(NULL, "provider=nowhere") == 1);
    struct shrike_provider *p = provider_openssl_new();
    CHECK(EVP_set_default_properties(NULL, "") == 1);
    CHECK(p);
    u8 key[KE_PRIVATE_MAX] = {1}, iv[IV_MAX] = {0}, data[64] = {0}, out[KE_PUBLIC_MAX];
    struct bytes text = bytes_of(data, 16);
    bool valid = true;
    bool any = p->sha1(p->ctx, text, out) ||
               p->prf(p->ctx, suite_prf(PRF_HMAC_SHA2_256), text, &text, 1, out) ||
               p->prf(p->ctx, suite_prf(PRF_AES128_XCBC), text, &text, 1, out) ||
               p->mac(p->ctx, suite_integ(INTEG_AES_CMAC_96), key, &text, 1, out) ||
               p->encrypt(p->ctx, suite_encr(ENCR_AES_CBC, 128), key, iv, data, 16) ||
               p->seal(p->ctx, suite_encr(ENCR_AES_GCM_16, 256), key, iv, text, data, 16, out) ||
               p->open(p->ctx, suite_encr(ENCR_AES_GCM_16, 256), key, iv, text, data, 16, out) ||
               p->ke_generate(p->ctx, suite_ke(KE_CURVE25519), key, out) ||
               p->ke_derive(p->ctx, suite_ke(KE_CURVE25519), key, bytes_of(data, 32), out, &valid);
    bool others = p->ke_generate(p->ctx, suite_ke(KE_ECP256), key, out) &&
                  p->ke_derive(p->ctx, suite_ke(KE_ECP256), key, bytes_of(out, 64), data, &valid) &&
                  valid;
    provider_openssl_free(p);
    CHECK(!any);
    CHECK(others);
    CHECK_EQ(ERR_peek_error(), 0);
}

int main(void)
{
    return RUN(it_says_nothing_and_leaves_nothing_behind) | RUN(randomness_is_not_constant) |
           RUN(two_providers_are_independent) | RUN(what_the_library_lacks_fails_alone);
}
