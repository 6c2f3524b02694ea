/* What Shrike costs, beside what the cryptography alone costs in the same run. */
#include "bench.h"
#include "host.h"
#include "meter.h"
#include "report.h"
#include <stdio.h>
#include <stdlib.h>

static int usage(void)
{
    printf("bench [--quick] [--json FILE]\n"
           "Every figure stands beside a floor of the same run. A ratio over its target is said\n"
           "to be so, but is no failure: times on a busy machine vary.\n");
    return 2;
}

static void run_all(const struct bench *b)
{
    bench_handshake(b);
    bench_proofs(b);
    bench_cookie(b);
    bench_memory(b);
    bench_scale(b);
    bench_config(b);
    bench_simulator(b);
}

/* --count PART END PHASE ROUNDS: this process is one that is counted. */
static void run_count(const struct bench *b, char **words)
{
    struct count c = {(enum part)atoi(words[0]), (unsigned)atoi(words[1]), (unsigned)atoi(words[2]),
                      (unsigned)atoi(words[3])};
    if (c.part == PART_COOKIE)
        bench_count_cookie(b, &c);
    else
        bench_count_handshake(b, &c);
}

struct arguments {
    const char *json;
    char **count; /* words of --count, or NULL */
    bool quick;
};

static bool parse(struct arguments *a, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            a->quick = true;
        } else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
            a->json = argv[++i];
        } else if (strcmp(argv[i], "--count") == 0 && i + 4 < argc) {
            a->count = argv + i + 1;
            i += 4;
        } else {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct arguments a = {0};
    char self[4096];
    if (!parse(&a, argc, argv))
        return usage();
    meter_init();
    struct bench b = {provider_openssl_new(), provider_toy_new(1), self, a.quick};
    if (!b.openssl || !b.toy || !realpath("/proc/self/exe", self))
        bench_fail("no provider");
    if (a.count)
        run_count(&b, a.count);
    else
        run_all(&b);
    if (a.json && !report_json(a.json))
        bench_fail("the JSON file cannot be written");
    provider_openssl_free(b.openssl);
    provider_toy_free(b.toy);
    return 0;
}
