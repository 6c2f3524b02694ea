/* Does a handshake cost the same beside many SAs as beside few? */
#include "bench.h"
#include "report.h"
#include "round.h"
#include <stdio.h>

enum { ROUNDS_MAX = 64, FEW = 3 * BATCH };

/* Both servers serve the same number of callers by turns. */
static double compare(struct host servers[2], struct shrike_provider *p, double *few,
                      unsigned rounds)
{
    static struct round r;
    double work[2][ROUNDS_MAX], ratio[ROUNDS_MAX];
    for (unsigned n = 0; n <= rounds; n++) {
        for (unsigned i = 0; i < 2; i++) {
            struct meter m = {0}, *meters[ENDS] = {&m, NULL};
            round_begin(&r, &servers[i], p, BATCH);
            round_phase(&r, PHASE_HANDSHAKE, meters);
            round_end(&r);
            work[i][n ? n - 1 : 0] = m.cpu_us / BATCH; /* the first is to warm up */
        }
    }
    for (unsigned n = 0; n < rounds; n++)
        ratio[n] = work[1][n] / work[0][n];
    *few = median(work[0], rounds);
    return median(ratio, rounds);
}

void bench_scale(const struct bench *b)
{
    static char heading[120];
    struct host servers[2];
    struct shrike_provider front = *b->toy;
    unsigned many = b->quick ? 5000 : 50000, rounds = b->quick ? 10 : 40;
    double few;
    for (unsigned i = 0; i < 2; i++) {
        unsigned count = i ? many : FEW;
        struct server_setup setup = {count + 2 * BATCH, 2 * BATCH, COOKIES_NEVER};
        server_init(&servers[i], &front, &setup);
        round_fill(&servers[i], b->toy, count, false);
    }
    snprintf(heading, sizeof(heading),
             "A handshake at the responder beside %u SAs; floor: beside %u", many, FEW);
    report_heading(heading);
    struct row row = {.name = "toy cryptography: CPU", .unit = "us"};
    double ratio = compare(servers, b->toy, &few, rounds);
    row.figure = ratio * few;
    row.floor = few;
    row.note = "what it grows by are cache misses";
    report_row(&row);
    front = *b->openssl;
    ratio = compare(servers, b->openssl, &few, rounds);
    row = (struct row){.name = "real cryptography: CPU", .unit = "us", .limit = LIMIT_RATIO};
    row.figure = ratio * few;
    row.floor = few;
    row.target = 1.1;
    report_row(&row);
    for (unsigned i = 0; i < 2; i++)
        host_free(&servers[i]);
}
