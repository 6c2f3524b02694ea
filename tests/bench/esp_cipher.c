/* What sealing and opening one ESP packet costs, by suite, size and library: CPU time in ns, the
 * least of many rounds. A packet opened is one that was sealed, so nothing is refused. */
#include "esp/cipher.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS       40
#define PACKETS      500 /* a round */
#define HEAD_MAX     (ESP_HEADER_LEN + IV_MAX)
#define TEXT_MAX     1400
#define NS_PER_S     1e9
#define NAME_COLUMNS 28

struct suite {
    const char *name;
    u16 encr, bits, integ;
};

static const struct suite suites[] = {
    {"AES-128-GCM", ENCR_AES_GCM_16, 128, INTEG_NONE},
    {"AES-256-GCM", ENCR_AES_GCM_16, 256, INTEG_NONE},
    {"ChaCha20-Poly1305", ENCR_CHACHA20_POLY1305, 0, INTEG_NONE},
    {"AES-128-CBC, HMAC-SHA-256", ENCR_AES_CBC, 128, INTEG_HMAC_SHA2_256_128},
};

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * NS_PER_S + (double)t.tv_nsec;
}

static struct cipher *cipher_of(const struct suite *s, bool sealing)
{
    static const u8 key[ENCR_KEY_MAX + KEY_MAX] = {1, 2, 3};
    const struct encr_suite *encr = suite_encr(s->encr, s->bits);
    const struct integ_suite *integ = suite_integ(s->integ);
    struct cipher_spec spec = {.encr = s->encr,
                               .encr_bits = s->bits,
                               .integ = s->integ,
                               .sealing = sealing,
                               .encr_key = {key, (size_t)encr->key_len + encr->salt_len},
                               .integ_key = {key + ENCR_KEY_MAX, integ ? integ->key_len : 0}};
    struct cipher *c = cipher_new(&spec);
    if (!c)
        exit(1);
    return c;
}

struct pair {
    struct cipher *seal, *open;
};

/* One round over packets of this text length: ns a packet to seal and to open. */
static void round_of(const struct pair *p, size_t text_len, double ns[2])
{
    static u8 packets[PACKETS][HEAD_MAX + TEXT_MAX + ICV_MAX];
    double begin = cpu_ns();
    for (u32 i = 0; i < PACKETS; i++) {
        const struct cipher_job job = {packets[i], text_len, i + 1};
        if (!cipher_seal(p->seal, &job))
            exit(1);
    }
    double middle = cpu_ns();
    for (u32 i = 0; i < PACKETS; i++) {
        const struct cipher_job job = {packets[i], text_len, i + 1};
        if (!cipher_open(p->open, &job))
            exit(1);
    }
    ns[0] = (middle - begin) / PACKETS;
    ns[1] = (cpu_ns() - middle) / PACKETS;
}

static void measure(const struct suite *s, size_t size)
{
    const struct pair p = {cipher_of(s, true), cipher_of(s, false)};
    size_t text_len = size / p.seal->align * p.seal->align;
    double least[2] = {0, 0}, ns[2];
    for (int i = 0; i < ROUNDS; i++) {
        round_of(&p, text_len, ns);
        for (int way = 0; way < 2; way++)
            least[way] = i == 0 ? ns[way] : MIN(least[way], ns[way]);
    }
    printf("%-*s %5zu  %-12s %8.0f %8.0f\n", NAME_COLUMNS, s->name, text_len,
           cipher_library(p.seal), least[0], least[1]);
    cipher_free(p.seal);
    cipher_free(p.open);
}

int main(void)
{
    static const size_t sizes[] = {64, 1400};
    printf("%-*s %5s  %-12s %8s %8s\n", NAME_COLUMNS, "suite", "text", "library", "seal ns",
           "open ns");
    for (size_t i = 0; i < ARRAY_LEN(suites); i++)
        for (size_t size = 0; size < ARRAY_LEN(sizes); size++) {
            cipher_prefer(CIPHER_FASTEST);
            measure(&suites[i], sizes[size]);
            cipher_prefer(CIPHER_OPENSSL);
            measure(&suites[i], sizes[size]);
        }
    return 0;
}
