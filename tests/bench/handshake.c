/* What a handshake costs the responder, and liveness checks, further Child SAs and rekeys either
 * end, beside the same cryptography done alone. */
#include "bench.h"
#include "report.h"
#include "round.h"
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS_MAX = 100 };

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
    [PHASE_CHILD_REKEY] = {"Child SA's rekey: CPU", "Child SA's rekey: instructions", 0, 0.8},
    [PHASE_CHILD_REKEY_PFS] = {"the same with PFS: CPU", "the same with PFS: instructions", 1.4,
                               3.6},
    [PHASE_IKE_REKEY] = {"IKE SA's rekey: CPU", "IKE SA's rekey: instructions", 1.4, 3.6},
};

struct series {
    double work[ROUNDS_MAX], ratio[ROUNDS_MAX]; /* us each; to the cryptography alone */
    double derivations[ROUNDS_MAX];
    unsigned count;
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

struct measured {
    struct meter work, floor;
};

/* One round of everything: the part of either end and the cryptography alone, by turns. */
static void measure(struct host *server, const struct bench *b, struct tape tapes[ENDS][PHASES],
                    struct measured all[ENDS][PHASES])
{
    static struct round r;
    round_begin(&r, server, b->openssl, BATCH);
    for (unsigned i = 0; i < PHASES; i++) {
        struct meter *meters[ENDS] = {&all[RESPONDER][i].work, &all[INITIATOR][i].work};
        round_phase(&r, (enum phase)i, meters);
        for (unsigned end = 0; end < ENDS; end++)
            metered_play(&tapes[end][i], BATCH, &all[end][i].floor);
    }
    round_end(&r);
}

static void report_phase(const struct bench *b, enum end end, enum phase phase, struct series *s)
{
    static char own[ENDS][PHASES][40];
    struct row row = {.name = phases[phase].cpu, .unit = "us", .target = phases[phase].ratio_max};
    row.limit = row.target > 0 ? LIMIT_RATIO : LIMIT_NONE;
    /* The ratio is the median of those of neighbours; the floor is shown to agree with it. */
    row.figure = median(s->work, s->count);
    row.floor = row.figure / median(s->ratio, s->count);
    row.note = s->calls;
    report_row(&row);

    struct count c = {PART_WORK, end, phase, b->quick ? 1 : 4};
    row.name = phases[phase].instructions;
    row.unit = "";
    row.figure = bench_instructions(b, &c) / (c.rounds * BATCH);
    c.part = PART_FLOOR;
    row.floor = bench_instructions(b, &c) / (c.rounds * BATCH);
    if (row.figure > 0 && row.floor > 0) {
        char *note = own[end][phase];
        snprintf(note, sizeof(own[0][0]), "Shrike's own: %.0f", row.figure - row.floor);
        row.note = note;
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
    struct count c = {PART_LOCKS, RESPONDER, PHASE_HANDSHAKE, 1};
    double with, alone;
    if (bench_locks(b, &c, &with, &alone))
        snprintf(locks, sizeof(locks), "OpenSSL's own locks: %.0f, alone %.0f", with, alone);
    report_row(&(struct row){.name = "lock operations in Shrike's code",
                             .unit = "",
                             .figure = is_lock_free() ? 0 : 1,
                             .limit = LIMIT_FIGURE,
                             .note = locks});
}

static void report_derivations(struct series series[PHASES])
{
    report_heading("The same CPU; floor: one X25519 derivation");
    for (unsigned i = 0; i < PHASES; i++) {
        struct row row = {.name = phases[i].cpu, .unit = "us", .limit = LIMIT_RATIO};
        row.figure = median(series[i].work, series[i].count);
        row.floor = row.figure / median(series[i].derivations, series[i].count);
        row.target = phases[i].derivations_max;
        report_row(&row);
    }
}

static void add(struct series *s, const struct measured *m, double derivation)
{
    s->work[s->count] = m->work.cpu_us / BATCH;
    s->ratio[s->count] = m->work.cpu_us / m->floor.cpu_us;
    s->derivations[s->count] = s->work[s->count] / derivation;
    s->count++;
}

static void report(const struct bench *b, struct series series[ENDS][PHASES],
                   const struct measured *handshakes, double count)
{
    report_heading("Responder, PSK, X25519, AES-256-GCM; floor: the same cryptography alone");
    report_phase(b, RESPONDER, PHASE_HANDSHAKE, &series[RESPONDER][PHASE_HANDSHAKE]);
    report_calls(b, &handshakes->work, &handshakes->floor, count);
    report_heading("Responder, once up; floor: the same cryptography alone");
    for (unsigned i = PHASE_LIVENESS; i < PHASES; i++)
        report_phase(b, RESPONDER, (enum phase)i, &series[RESPONDER][i]);
    report_heading("Initiator, once up; floor: the same cryptography alone");
    for (unsigned i = PHASE_LIVENESS; i < PHASES; i++)
        report_phase(b, INITIATOR, (enum phase)i, &series[INITIATOR][i]);
    report_derivations(series[RESPONDER]);
}

static void tapes_free(struct tape tapes[ENDS][PHASES])
{
    for (unsigned end = 0; end < ENDS; end++)
        for (unsigned i = 0; i < PHASES; i++)
            tape_free(&tapes[end][i]);
}

void bench_handshake(const struct bench *b)
{
    static struct series series[ENDS][PHASES];
    static struct tape tapes[ENDS][PHASES];
    struct measured handshakes = {0};
    struct host server;
    unsigned rounds = b->quick ? 10 : ROUNDS_MAX;
    round_record(tapes, b->openssl);
    server_init(&server, b->openssl, &usual);
    for (unsigned n = 0; n <= rounds; n++) {
        static struct measured all[ENDS][PHASES];
        const struct measured *h = &all[RESPONDER][PHASE_HANDSHAKE];
        memset(all, 0, sizeof(all));
        measure(&server, b, tapes, all);
        if (n == 0)
            continue; /* to warm up */
        double derivation = derivation_us(b->openssl);
        for (unsigned end = 0; end < ENDS; end++)
            for (unsigned i = 0; i < PHASES; i++)
                add(&series[end][i], &all[end][i], derivation);
        handshakes.work.mallocs += h->work.mallocs;
        handshakes.work.allocations += h->work.allocations;
        handshakes.floor.mallocs += h->floor.mallocs;
    }
    host_free(&server);
    for (unsigned end = 0; end < ENDS; end++)
        for (unsigned i = 0; i < PHASES; i++)
            tape_text(&tapes[end][i], series[end][i].calls);
    report(b, series, &handshakes, rounds * BATCH);
    tapes_free(tapes);
}

void bench_count_handshake(const struct bench *b, const struct count *c)
{
    static struct tape tapes[ENDS][PHASES];
    static struct round r;
    struct meter work = {0}, floor = {0};
    struct host server;
    round_record(tapes, b->openssl);
    server_init(&server, b->openssl, &usual);
    for (unsigned n = 0; n <= c->rounds; n++) {
        bool warm = n > 0;
        round_begin(&r, &server, b->openssl, BATCH);
        for (unsigned i = 0; i < PHASES; i++) {
            struct meter *meters[ENDS] = {NULL};
            if (warm && i == c->phase && c->part != PART_FLOOR)
                meters[c->end] = &work;
            round_phase(&r, (enum phase)i, meters);
        }
        round_end(&r);
        if (warm && c->part != PART_WORK)
            metered_play(&tapes[c->end][c->phase], BATCH, &floor);
        else
            tape_play(&tapes[c->end][c->phase]);
    }
    if (meter_counts_locks())
        printf("%.6g %.6g\n", (double)work.locks / (c->rounds * BATCH),
               (double)floor.locks / (c->rounds * BATCH));
    host_free(&server);
    tapes_free(tapes);
}
