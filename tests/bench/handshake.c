/* What a handshake, a liveness check and a further Child SA cost the responder, beside the same
 * cryptography done alone. */
#include "bench.h"
#include "report.h"
#include "round.h"
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS_MAX = 200 };

/* What the cryptography of a phase may be multiplied by (0: so little of it that the ratio says
 * nothing), and how many X25519 derivations all of it may cost. */
static const struct {
    const char *cpu, *instructions;
    double ratio_max, derivations_max;
} phases[PHASES] = {
    [PHASE_HANDSHAKE] = {"handshake: CPU", "handshake: instructions", 1.4, 4.3},
    [PHASE_LIVENESS] = {"liveness check: CPU", "liveness check: instructions", 0, 0.29},
    [PHASE_CHILD] = {"further Child SA: CPU", "further Child SA: instructions", 0, 1.43},
    [PHASE_CHILD_PFS] = {"the same with PFS: CPU", "the same with PFS: instructions", 1.4, 3.6},
};

struct series {
    double work[ROUNDS_MAX], ratio[ROUNDS_MAX]; /* us each; to the cryptography alone */
    double derivations[ROUNDS_MAX];
    char calls[TAPE_TEXT_MAX]; /* of the provider, for each peer */
};

static const struct server_setup usual = {1024, 256, COOKIES_NEVER};

/* One derivation, the unit in which figures of different machines compare. */
static double derivation_us(struct shrike_provider *p)
{
    const struct ke_suite *ke = suite_ke(KE_CURVE25519);
    u8 private_key[KE_PRIVATE_MAX], public_value[KE_PUBLIC_MAX], shared[KE_SECRET_MAX];
    bool valid = p->ke_generate(p->ctx, ke, private_key, public_value);
    double began = meter_cpu_us();
    for (unsigned i = 0; valid && i < BATCH; i++) {
        struct bytes peer = bytes_of(public_value, ke->public_len);
        if (!p->ke_derive(p->ctx, ke, private_key, peer, shared, &valid))
            bench_fail("no derivation");
    }
    return (meter_cpu_us() - began) / BATCH;
}

/* One round of everything: the server's part and the cryptography alone, by turns. */
static void measure(struct host *server, const struct bench *b, const struct tape *tapes,
                    struct meter work[PHASES], struct meter floor[PHASES])
{
    static struct round r;
    round_begin(&r, server, b->openssl, BATCH);
    for (unsigned i = 0; i < PHASES; i++) {
        round_phase(&r, (enum phase)i, &work[i]);
        metered_play(&tapes[i], BATCH, &floor[i]);
    }
    round_end(&r);
}

static void report_phase(const struct bench *b, enum phase phase, struct series *s, unsigned rounds)
{
    static char own[PHASES][40];
    struct row row = {.name = phases[phase].cpu, .unit = "us", .target = phases[phase].ratio_max};
    row.limit = row.target > 0 ? LIMIT_RATIO : LIMIT_NONE;
    /* The ratio is the median of those of neighbours; the floor is shown to agree with it. */
    row.figure = median(s->work, rounds);
    row.floor = row.figure / median(s->ratio, rounds);
    row.note = s->calls;
    report_row(&row);

    struct count c = {PART_WORK, phase, b->quick ? 1 : 4};
    row.name = phases[phase].instructions;
    row.unit = "";
    row.figure = bench_instructions(b, &c) / (c.rounds * BATCH);
    c.part = PART_FLOOR;
    row.floor = bench_instructions(b, &c) / (c.rounds * BATCH);
    if (row.figure > 0 && row.floor > 0) {
        snprintf(own[phase], sizeof(own[0]), "Shrike's own: %.0f", row.figure - row.floor);
        row.note = own[phase];
        report_row(&row);
    } else {
        report_missing(row.name, "callgrind did not count them");
    }
}

/* Does the archive of the library know what a lock is? */
static bool is_lock_free(void)
{
    return system("nm -u '" LIBSHRIKE "' | grep -Eq 'pthread|mtx_|__atomic'") != 0 &&
           system("nm -u '" LIBSHRIKE "' | grep -q memcpy") == 0;
}

static void report_calls(const struct bench *b, const struct meter *work, const struct meter *floor,
                         double handshakes)
{
    static char mallocs[80], locks[80];
    snprintf(mallocs, sizeof(mallocs), "OpenSSL's own mallocs: %.0f, alone %.0f",
             (double)work->mallocs / handshakes, (double)floor->mallocs / handshakes);
    report_row(&(struct row){.name = "allocations in Shrike's code",
                             .unit = "",
                             .figure = (double)work->allocations / handshakes,
                             .limit = LIMIT_FIGURE,
                             .target = 12,
                             .note = mallocs});
    struct count c = {PART_LOCKS, PHASE_HANDSHAKE, 1};
    double with, alone;
    if (bench_locks(b, &c, &with, &alone))
        snprintf(locks, sizeof(locks), "OpenSSL's own locks: %.0f, alone %.0f", with, alone);
    report_row(&(struct row){.name = "lock operations in Shrike's code",
                             .unit = "",
                             .figure = is_lock_free() ? 0 : 1,
                             .limit = LIMIT_FIGURE,
                             .note = locks});
}

static void report_derivations(struct series series[PHASES], unsigned rounds)
{
    report_heading("The same CPU; floor: one X25519 derivation");
    for (unsigned i = 0; i < PHASES; i++) {
        struct row row = {.name = phases[i].cpu, .unit = "us", .limit = LIMIT_RATIO};
        row.figure = median(series[i].work, rounds);
        row.floor = row.figure / median(series[i].derivations, rounds);
        row.target = phases[i].derivations_max;
        report_row(&row);
    }
}

void bench_handshake(const struct bench *b)
{
    static struct series series[PHASES];
    static struct tape tapes[PHASES];
    struct meter all_work = {0}, all_floor = {0};
    struct host server;
    unsigned rounds = b->quick ? 10 : 100;
    double derivation[ROUNDS_MAX];
    round_record(tapes, b->openssl);
    server_init(&server, b->openssl, &usual);
    for (unsigned n = 0; n <= rounds; n++) {
        struct meter work[PHASES] = {{0}}, floor[PHASES] = {{0}};
        measure(&server, b, tapes, work, floor);
        if (n == 0)
            continue; /* to warm up */
        derivation[n - 1] = derivation_us(b->openssl);
        for (unsigned i = 0; i < PHASES; i++) {
            series[i].work[n - 1] = work[i].cpu_us / BATCH;
            series[i].ratio[n - 1] = work[i].cpu_us / floor[i].cpu_us;
            series[i].derivations[n - 1] = series[i].work[n - 1] / derivation[n - 1];
        }
        all_work.mallocs += work[PHASE_HANDSHAKE].mallocs;
        all_work.allocations += work[PHASE_HANDSHAKE].allocations;
        all_floor.mallocs += floor[PHASE_HANDSHAKE].mallocs;
    }
    host_free(&server);
    for (unsigned i = 0; i < PHASES; i++)
        tape_text(&tapes[i], series[i].calls);
    report_heading("Responder, PSK, X25519, AES-256-GCM; floor: the same cryptography alone");
    report_phase(b, PHASE_HANDSHAKE, &series[PHASE_HANDSHAKE], rounds);
    report_calls(b, &all_work, &all_floor, rounds * BATCH);
    report_heading("Responder, once up; floor: the same cryptography alone");
    for (unsigned i = PHASE_LIVENESS; i < PHASES; i++)
        report_phase(b, (enum phase)i, &series[i], rounds);
    report_derivations(series, rounds);
    for (unsigned i = 0; i < PHASES; i++)
        tape_free(&tapes[i]);
}

void bench_count_handshake(const struct bench *b, const struct count *c)
{
    static struct tape tapes[PHASES];
    static struct round r;
    struct meter work = {0}, floor = {0};
    struct host server;
    round_record(tapes, b->openssl);
    server_init(&server, b->openssl, &usual);
    for (unsigned n = 0; n <= c->rounds; n++) {
        bool warm = n > 0;
        round_begin(&r, &server, b->openssl, BATCH);
        for (unsigned i = 0; i < PHASES; i++)
            round_phase(&r, (enum phase)i,
                        warm && i == c->phase && c->part != PART_FLOOR ? &work : NULL);
        round_end(&r);
        if (warm && c->part != PART_WORK)
            metered_play(&tapes[c->phase], BATCH, &floor);
        else
            tape_play(&tapes[c->phase]);
    }
    if (meter_counts_locks())
        printf("%.6g %.6g\n", (double)work.locks / (c->rounds * BATCH),
               (double)floor.locks / (c->rounds * BATCH));
    host_free(&server);
    for (unsigned i = 0; i < PHASES; i++)
        tape_free(&tapes[i]);
}
