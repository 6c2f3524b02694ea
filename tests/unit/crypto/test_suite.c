/* lib/crypto/suite: the rows against the RFCs, and finding them. */
#include "../test.h"
#include "crypto/suite.h"
#include "crypto/weak.h"

TEST(every_row_is_found)
{
    size_t count;
    const struct encr_suite *encr = suite_encr_all(&count);
    CHECK_EQ(count, 26);
    for (size_t i = 0; i < count; i++)
        CHECK(suite_encr(encr[i].id, encr[i].key_bits) == &encr[i]);
    const struct prf_suite *prf = suite_prf_all(&count);
    CHECK_EQ(count, 6);
    for (size_t i = 0; i < count; i++)
        CHECK(suite_prf(prf[i].id) == &prf[i]);
    const struct integ_suite *integ = suite_integ_all(&count);
    CHECK_EQ(count, 6);
    for (size_t i = 0; i < count; i++)
        CHECK(suite_integ(integ[i].id) == &integ[i]);
    const struct ke_suite *ke = suite_ke_all(&count);
    CHECK_EQ(count, 16);
    for (size_t i = 0; i < count; i++)
        CHECK(suite_ke(ke[i].id) == &ke[i]);
}

/* RFC 7296 3 (1), 3.14 (2): Of all numbers there are, only those of the rows. */
TEST(nothing_else_is_found)
{
    size_t found = 0;
    for (u32 id = 0; id <= UINT16_MAX; id++) {
        for (u32 bits = 0; bits <= 1024; bits++) {
            const struct encr_suite *encr = suite_encr((u16)id, (u16)bits);
            CHECK(!encr || (encr->id == id && encr->key_bits == bits));
            found += encr != NULL;
            if (id > 40 && bits > 300)
                break;
        }
        CHECK(suite_encr((u16)id, UINT16_MAX) == NULL);
        CHECK(!suite_prf((u16)id) || suite_prf((u16)id)->id == id);
        CHECK(!suite_integ((u16)id) || suite_integ((u16)id)->id == id);
        CHECK(!suite_ke((u16)id) || suite_ke((u16)id)->id == id);
        found += suite_prf((u16)id) != NULL;
        found += suite_integ((u16)id) != NULL;
        found += suite_ke((u16)id) != NULL;
    }
    CHECK_EQ(found, 26 + 6 + 6 + 16);
}

/* RFC 7296 3.3.5: some ciphers need a key length, some must not have one. */
TEST(key_length_belongs_to_the_cipher)
{
    CHECK(suite_encr(ENCR_AES_GCM_16, 0) == NULL);
    CHECK(suite_encr(ENCR_AES_CBC, 0) == NULL);
    CHECK(suite_encr(ENCR_AES_CBC, 64) == NULL);
    CHECK(suite_encr(ENCR_AES_CBC, 160) == NULL);
    CHECK(suite_encr(ENCR_AES_CBC, 320) == NULL);
    CHECK(suite_encr(ENCR_CHACHA20_POLY1305, 256) == NULL);
    CHECK(suite_encr(ENCR_CHACHA20_POLY1305, 0) != NULL);
    CHECK(suite_encr(ENCR_NULL, 128) == NULL);
    CHECK(suite_encr(ENCR_3DES, 0) == NULL);
    CHECK(suite_integ(INTEG_NONE) == NULL);
    CHECK(suite_ke(KE_NONE) == NULL);
}

/* Salt and explicit IV of each family: RFC 4106, 4309, 5282, 7634, 3602, 3686. */
TEST(ciphers_have_the_sizes_of_their_rfcs)
{
    static const struct {
        u16 id, icv, salt, iv, block;
    } want[] = {
        {ENCR_AES_GCM_8, 8, 4, 8, 1},   {ENCR_AES_GCM_12, 12, 4, 8, 1},
        {ENCR_AES_GCM_16, 16, 4, 8, 1}, {ENCR_AES_CCM_8, 8, 3, 8, 1},
        {ENCR_AES_CCM_12, 12, 3, 8, 1}, {ENCR_AES_CCM_16, 16, 3, 8, 1},
        {ENCR_AES_CBC, 0, 0, 16, 16},   {ENCR_AES_CTR, 0, 4, 8, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        for (u16 bits = 128; bits <= 256; bits += 64) {
            const struct encr_suite *e = suite_encr(want[i].id, bits);
            CHECK(e != NULL);
            CHECK_EQ(e->key_len, bits / 8);
            CHECK_EQ(e->icv_len, want[i].icv);
            CHECK_EQ(e->aead, want[i].icv > 0);
            CHECK_EQ(e->salt_len, want[i].salt);
            CHECK_EQ(e->iv_len, want[i].iv);
            CHECK_EQ(e->block, want[i].block);
        }
    }
    const struct encr_suite *chacha = suite_encr(ENCR_CHACHA20_POLY1305, 0);
    CHECK(chacha->aead);
    CHECK_EQ(chacha->key_len, 32);
    CHECK_EQ(chacha->salt_len, 4);
    CHECK_EQ(chacha->iv_len, 8);
    CHECK_EQ(chacha->icv_len, 16);
    const struct encr_suite *null = suite_encr(ENCR_NULL, 0);
    CHECK_EQ(null->key_len + null->salt_len + null->iv_len + null->icv_len, 0);
    CHECK_EQ(null->block, 1);
    CHECK(!null->aead);
}

/* RFC 7296 5 (1) */
TEST(prfs_and_macs_have_the_sizes_of_their_rfcs)
{
    static const struct {
        u16 prf, len, fixed, integ, key, icv;
    } want[] = {
        {PRF_HMAC_SHA1, 20, 0, INTEG_HMAC_SHA1_96, 20, 12},
        {PRF_HMAC_SHA2_256, 32, 0, INTEG_HMAC_SHA2_256_128, 32, 16},
        {PRF_HMAC_SHA2_384, 48, 0, INTEG_HMAC_SHA2_384_192, 48, 24},
        {PRF_HMAC_SHA2_512, 64, 0, INTEG_HMAC_SHA2_512_256, 64, 32},
        {PRF_AES128_XCBC, 16, 16, INTEG_AES_XCBC_96, 16, 12},
        {PRF_AES128_CMAC, 16, 16, INTEG_AES_CMAC_96, 16, 12},
    };
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        const struct prf_suite *prf = suite_prf(want[i].prf);
        const struct integ_suite *integ = suite_integ(want[i].integ);
        CHECK(prf && integ);
        CHECK_EQ(prf->len, want[i].len);
        CHECK_EQ(prf->key_len, want[i].len);
        CHECK_EQ(prf->key_fixed, want[i].fixed);
        CHECK_EQ(integ->key_len, want[i].key);
        CHECK_EQ(integ->icv_len, want[i].icv);
    }
}

TEST(groups_have_the_sizes_of_their_rfcs)
{
    static const struct {
        u16 id, bits, weak;
    } modp[] = {
        {KE_MODP1024, 1024, 1}, {KE_MODP1536, 1536, 1}, {KE_MODP2048, 2048, 0},
        {KE_MODP3072, 3072, 0}, {KE_MODP4096, 4096, 0}, {KE_MODP6144, 6144, 0},
        {KE_MODP8192, 8192, 0},
    };
    /* RFC 7919 A: the shortest exponents it allows; RFC 3526 8 for 1536, the lower estimate. */
    static const u16 exponent_bits[] = {160, 180, 225, 275, 325, 375, 400};
    for (size_t i = 0; i < ARRAY_LEN(modp); i++) {
        const struct ke_suite *ke = suite_ke(modp[i].id);
        CHECK_EQ(ke->public_len, modp[i].bits / 8);
        CHECK_EQ(ke->secret_len, modp[i].bits / 8);
        CHECK_EQ(ke->slow, modp[i].bits >= 3072);
        CHECK_EQ(weak_transform(TRANSFORM_KE, ke->id), modp[i].weak);
        CHECK(ke->private_len * 8 >= exponent_bits[i]);
    }
    static const struct {
        u16 id, public_len, secret_len;
    } curves[] = {
        {KE_ECP256, 64, 32},
        {KE_ECP384, 96, 48},
        {KE_ECP521, 132, 66},
        {KE_BRAINPOOL_P224R1, 56, 28},
        {KE_BRAINPOOL_P256R1, 64, 32},
        {KE_BRAINPOOL_P384R1, 96, 48},
        {KE_BRAINPOOL_P512R1, 128, 64},
        {KE_CURVE25519, 32, 32},
        {KE_CURVE448, 56, 56},
    };
    for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
        const struct ke_suite *ke = suite_ke(curves[i].id);
        CHECK_EQ(ke->public_len, curves[i].public_len);
        CHECK_EQ(ke->secret_len, curves[i].secret_len);
        CHECK_EQ(ke->private_len, curves[i].secret_len);
        CHECK(!ke->slow && !weak_transform(TRANSFORM_KE, ke->id));
    }
}

int main(void)
{
    return RUN(every_row_is_found) | RUN(nothing_else_is_found) |
           RUN(key_length_belongs_to_the_cipher) | RUN(ciphers_have_the_sizes_of_their_rfcs) |
           RUN(prfs_and_macs_have_the_sizes_of_their_rfcs) |
           RUN(groups_have_the_sizes_of_their_rfcs);
}
