/* Every cipher of ESP with keys, for tests. */
#ifndef UNIT_ESP_SUITES_H
#define UNIT_ESP_SUITES_H

#include "esp/cipher.h"

struct esp_suite {
    u16 encr, bits, integ;
};

static const struct esp_suite esp_suites[] = {
    {ENCR_AES_GCM_8, 128, INTEG_NONE},
    {ENCR_AES_GCM_12, 192, INTEG_NONE},
    {ENCR_AES_GCM_16, 128, INTEG_NONE},
    {ENCR_AES_GCM_16, 256, INTEG_NONE},
    {ENCR_CHACHA20_POLY1305, 0, INTEG_NONE},
    {ENCR_AES_CBC, 128, INTEG_HMAC_SHA1_96},
    {ENCR_AES_CBC, 192, INTEG_HMAC_SHA2_384_192},
    {ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_256_128},
    {ENCR_AES_CTR, 128, INTEG_HMAC_SHA2_256_128},
    {ENCR_AES_CTR, 256, INTEG_HMAC_SHA2_512_256},
    {ENCR_NULL, 0, INTEG_HMAC_SHA1_96},
    {ENCR_NULL, 0, INTEG_HMAC_SHA2_256_128},
};

static inline struct cipher_spec esp_suite_spec(const struct esp_suite *s, bool esn, bool sealing)
{
    static u8 keys[ENCR_KEY_MAX + KEY_MAX];
    const struct encr_suite *encr = suite_encr(s->encr, s->bits);
    const struct integ_suite *integ = suite_integ(s->integ);
    for (size_t i = 0; i < sizeof(keys); i++)
        keys[i] = (u8)(i * 7 + 1);
    struct cipher_spec spec = {
        .encr = s->encr, .encr_bits = s->bits, .integ = s->integ, .esn = esn, .sealing = sealing};
    spec.encr_key = bytes_of(keys, (size_t)encr->key_len + encr->salt_len);
    spec.integ_key = bytes_of(keys + ENCR_KEY_MAX, integ ? integ->key_len : 0);
    return spec;
}

static inline struct cipher *esp_suite_new(const struct esp_suite *s, bool esn, bool sealing)
{
    struct cipher_spec spec = esp_suite_spec(s, esn, sealing);
    return cipher_new(&spec);
}

#endif
