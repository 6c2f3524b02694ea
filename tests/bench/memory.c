/* Octets per SA: what its objects take, its part of the tables, and what the process grows by. */
#include "base/map.h"
#include "bench.h"
#include "proofs.h"
#include "report.h"
#include "round.h"
#include <stdio.h>

#define FORGOTTEN (200 * SHRIKE_SECOND) /* remembered replies are gone by then */

/* Two entries in maps that are two thirds full, one in the heap of timers; and five octets for each
 * object in the tables of its pool. */
static double tables(double objects)
{
    return 2 * sizeof(struct map_slot) * 1.5 + sizeof(void *) + 5 * objects;
}

struct weight {
    double objects, octets; /* of the pools, per SA */
    double resident;        /* what the process grew by */
};

static double live_objects(const struct shrike_stats *s)
{
    return (double)s->ike_sas + s->child_sas + s->handshakes + s->packets + s->works;
}

/* The slope between a tenth of the SAs and all of them. */
static struct weight weigh(struct host *server, const struct bench *b, unsigned count,
                           bool half_open)
{
    round_fill(server, b->toy, count / 10, half_open);
    struct shrike_stats few = host_stats(server);
    u64 resident = meter_resident();
    round_fill(server, b->toy, count - count / 10, half_open);
    struct shrike_stats all = host_stats(server);
    double more = (double)(all.ike_sas - few.ike_sas);
    return (struct weight){
        .objects = (live_objects(&all) - live_objects(&few)) / more,
        .octets = (double)(all.bytes_live - few.bytes_live) / more,
        .resident = (double)(meter_resident() - resident) / more,
    };
}

static void report_weight(const char *name, const struct weight *w, double target)
{
    static char notes[6][120];
    static unsigned used;
    char *note = notes[used++];
    snprintf(note, sizeof(notes[0]), "%.1f objects of %.0f, tables %.0f", w->objects, w->octets,
             tables(w->objects));
    if (w->resident > 0)
        snprintf(note + strlen(note), sizeof(notes[0]) - strlen(note), "; the process grew by %.0f",
                 w->resident);
    report_row(&(struct row){.name = name,
                             .unit = "octets",
                             .figure = w->octets + tables(w->objects),
                             .limit = LIMIT_FIGURE,
                             .target = target,
                             .note = note});
}

static struct weight weigh_steady(struct host *server)
{
    host_wait(server, server->now + FORGOTTEN);
    struct shrike_stats s = host_stats(server);
    return (struct weight){
        .objects = live_objects(&s) / s.ike_sas,
        .octets = (double)s.bytes_live / s.ike_sas,
    };
}

/* Certificates and what EAP has made do not stay. */
static void bench_proved(const struct bench *b, enum proofs kind, const char *name)
{
    const unsigned count = b->quick ? 500 : 2000;
    struct server_setup setup = {count, count, COOKIES_NEVER};
    struct host server;
    proofs_use(kind);
    server_init(&server, b->toy, &setup);
    round_fill(&server, b->toy, count, false);
    struct weight steady = weigh_steady(&server);
    report_weight(name, &steady, 1536);
    host_free(&server);
    proofs_use(PROOFS_PSK);
}

void bench_memory(const struct bench *b)
{
    unsigned count = b->quick ? 2000 : 10000;
    struct server_setup setup = {count, count, COOKIES_NEVER};
    struct host server;
    report_heading("Memory per IKE SA at the responder, with its Child SA");
    server_init(&server, b->toy, &setup);
    struct weight half = weigh(&server, b, count, true);
    report_weight("half-open", &half, 2560);
    host_free(&server);

    server_init(&server, b->toy, &setup);
    struct weight fresh = weigh(&server, b, count, false);
    report_weight("up, last reply remembered", &fresh, 1536);
    struct weight steady = weigh_steady(&server);
    report_weight("up, after three minutes", &steady, 1536);
    host_free(&server);
    bench_proved(b, PROOFS_RSA_2048, "the same by RSA 2048");
    bench_proved(b, PROOFS_MSCHAPV2, "the same by EAP-MSCHAPv2");
}
