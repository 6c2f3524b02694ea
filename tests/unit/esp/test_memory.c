/* What a Child SA costs this process in memory, with each cipher. */
#include "sas.h"
#include "suites.h"
#include "test.h"
#include <malloc.h>

#define PAIRS    200
#define PAIR_MAX (5 * 1024) /* octets */

static struct esp_sa *sas[PAIRS * 2];

static size_t in_use(void)
{
    return mallinfo2().uordblks;
}

static struct esp_sa *make(const struct esp_suite *s, bool inbound)
{
    static u8 keys[ENCR_KEY_MAX + KEY_MAX];
    const struct encr_suite *encr = suite_encr(s->encr, s->bits);
    const struct integ_suite *integ = suite_integ(s->integ);
    struct shrike_ts ts = ts4(0x0a000000, 8);
    struct esp_sa_spec spec = sa_spec(0x1000, &ts, &ts);
    spec.inbound = inbound;
    spec.replay_window = 1024;
    spec.cipher = (struct cipher_spec){.encr = s->encr, .encr_bits = s->bits, .integ = s->integ};
    spec.cipher.encr_key = bytes_of(keys, (size_t)encr->key_len + encr->salt_len);
    spec.cipher.integ_key = bytes_of(keys, integ ? integ->key_len : 0);
    return esp_sa_new(&spec);
}

static size_t measure(const struct esp_suite *s)
{
    size_t before = in_use();
    for (int i = 0; i < PAIRS * 2; i++) {
        sas[i] = make(s, i % 2);
        ensure(sas[i]);
    }
    size_t each = (in_use() - before) / PAIRS;
    for (int i = 0; i < PAIRS * 2; i++)
        esp_sa_free(sas[i]);
    return each;
}

TEST(a_pair_of_sas_is_small)
{
    for (int library = 0; library < 2; library++) {
        cipher_prefer(library ? CIPHER_OPENSSL : CIPHER_FASTEST);
        for (size_t i = 0; i < ARRAY_LEN(esp_suites); i++) {
            esp_sa_free(make(&esp_suites[i], true)); /* what the library keeps for good */
            struct esp_sa *sa = make(&esp_suites[i], true);
            const char *name = cipher_library(sa->cipher);
            esp_sa_free(sa);
            size_t each = measure(&esp_suites[i]);
            printf("# ENCR %u/%u INTEG %u, %s: %zu octets\n", esp_suites[i].encr,
                   esp_suites[i].bits, esp_suites[i].integ, name, each);
            CHECK(each <= PAIR_MAX); /* with a sanitizer's allocator it is always 0 */
        }
    }
}

int main(void)
{
    return RUN(a_pair_of_sas_is_small);
}
