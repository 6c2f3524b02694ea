/* What a handshake costs the responder by the way in which both prove who they are. */
#include "bench.h"
#include "proofs.h"
#include "report.h"
#include "round.h"
#include <stdio.h>

enum { ROUNDS_MAX = 20 };

/* RFC 7427 for all: RSASSA-PSS, and ECDSA with SHA-256. */
static const struct {
    const char *cpu, *octets;
} names[PROOFS_COUNT] = {
    [PROOFS_PSK] = {"shared key: CPU", "its messages"},
    [PROOFS_ECDSA_256] = {"ECDSA P-256: CPU", "its messages"},
    [PROOFS_RSA_2048] = {"RSA 2048: CPU", "its messages"},
    [PROOFS_RSA_3072] = {"RSA 3072: CPU", "its messages"},
    [PROOFS_MSCHAPV2] = {"EAP-MSCHAPv2 and ECDSA: CPU", "its messages"},
};

static const struct server_setup usual = {1024, 256, COOKIES_NEVER};

static double floor_us(const struct tape *t)
{
    struct meter m = {0};
    metered_play(t, BATCH, &m);
    double began = meter_cpu_us();
    proofs_play(BATCH);
    return m.cpu_us + meter_cpu_us() - began;
}

static void report(enum proofs kind, double *work, double *ratio, unsigned rounds, double octets)
{
    struct row row = {.name = names[kind].cpu, .unit = "us", .limit = LIMIT_RATIO, .target = 1.5};
    row.figure = median(work, rounds);
    row.floor = row.figure / median(ratio, rounds);
    report_row(&row);
    report_row(&(struct row){.name = names[kind].octets, .unit = "octets", .figure = octets});
}

static void tapes_free(struct tape tapes[ENDS][PHASES])
{
    for (unsigned end = 0; end < ENDS; end++)
        for (unsigned i = 0; i < PHASES; i++)
            tape_free(&tapes[end][i]);
}

static void measure(const struct bench *b, enum proofs kind)
{
    static struct tape tapes[ENDS][PHASES];
    static struct round r;
    double work[ROUNDS_MAX], ratio[ROUNDS_MAX];
    const unsigned rounds = b->quick ? 3 : ROUNDS_MAX;
    u64 octets = 0;
    struct host server;
    proofs_use(kind);
    round_record(tapes, b->openssl);
    server_init(&server, b->openssl, &usual);
    for (unsigned n = 0; n <= rounds; n++) {
        struct meter m = {0}, *meters[ENDS] = {[RESPONDER] = &m};
        round_begin(&r, &server, b->openssl, BATCH);
        u64 before = server.octets + r.crowd.host.octets;
        round_phase(&r, PHASE_HANDSHAKE, meters);
        octets = server.octets + r.crowd.host.octets - before;
        round_end(&r);
        if (n == 0)
            continue; /* to warm up */
        work[n - 1] = m.cpu_us / BATCH;
        ratio[n - 1] = m.cpu_us / floor_us(&tapes[RESPONDER][PHASE_HANDSHAKE]);
    }
    report(kind, work, ratio, rounds, (double)octets / BATCH);
    host_free(&server);
    tapes_free(tapes);
}

void bench_proofs(const struct bench *b)
{
    report_heading("Responder's handshake by proofs, the signatures among them; floor: the same "
                   "cryptography alone");
    for (unsigned i = 0; i < PROOFS_COUNT; i++)
        measure(b, (enum proofs)i);
    proofs_use(PROOFS_PSK);
}
