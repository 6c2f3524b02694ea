/* A crowd calls a server: see round.h. */
#include "round.h"

#define GONE_TIME (70 * SHRIKE_SECOND) /* after it the server knows nothing of closed SAs */

void round_begin(struct round *r, struct host *server, struct shrike_provider *p, unsigned count)
{
    r->server = server;
    crowd_init(&r->crowd, p, count);
}

/* To and fro until nothing is to be said. */
static void exchange(struct round *r, struct meter *m)
{
    while (r->up.count > 0) {
        metered_take(r->server, &r->up, &r->down, m);
        host_take(&r->crowd.host, &r->down, &r->up);
    }
}

void round_phase(struct round *r, enum phase phase, struct meter *m)
{
    static const struct {
        enum shrike_command_kind command;
        const char *child;
        unsigned ike, children; /* then there are more so many for each host */
    } phases[PHASES] = {
        [PHASE_HANDSHAKE] = {SHRIKE_UP, CHILD_FIRST, 1, 1},
        [PHASE_LIVENESS] = {SHRIKE_LIVENESS, NULL, 0, 0},
        [PHASE_CHILD] = {SHRIKE_UP, CHILD_FURTHER, 0, 1},
        [PHASE_CHILD_PFS] = {SHRIKE_UP, CHILD_PFS, 0, 1},
    };
    struct host before = *r->server, *h = &r->crowd.host;
    u64 received = host_stats(r->server).received;
    crowd_command(&r->crowd, phases[phase].command, phases[phase].child, &r->up);
    exchange(r, m);
    u64 count = r->crowd.count;
    if (h->failed || r->server->ike_up != before.ike_up + phases[phase].ike * count ||
        r->server->child_up != before.child_up + phases[phase].children * count ||
        host_stats(r->server).received < received + count)
        bench_fail("a phase did not go as it should");
}

void round_end(struct round *r)
{
    crowd_command(&r->crowd, SHRIKE_DOWN, NULL, &r->up);
    exchange(r, NULL);
    crowd_free(&r->crowd);
    host_wait(r->server, r->server->now + GONE_TIME);
}

void round_fill(struct host *server, struct shrike_provider *p, unsigned count, bool half_open)
{
    static struct round r;
    for (unsigned done = 0; done < count; done += r.crowd.count) {
        round_begin(&r, server, p, MIN(BATCH, count - done));
        if (half_open) {
            crowd_command(&r.crowd, SHRIKE_UP, CHILD_FIRST, &r.up);
            host_take(server, &r.up, &r.down);
        } else {
            round_phase(&r, PHASE_HANDSHAKE, NULL);
        }
        crowd_free(&r.crowd);
    }
}

void round_record(struct tape tapes[PHASES], struct shrike_provider *p)
{
    static struct round r;
    struct shrike_provider front = *p;
    struct server_setup setup = {4, 4, COOKIES_NEVER};
    struct host server;
    server_init(&server, &front, &setup);
    round_begin(&r, &server, p, 1);
    for (unsigned i = 0; i < PHASES; i++) {
        tape_init(&tapes[i], p);
        front = tapes[i].provider;
        tape_record(&tapes[i]);
        round_phase(&r, (enum phase)i, NULL);
        tape_stop(&tapes[i]);
        front = *p;
    }
    round_end(&r);
    host_free(&server);
}
