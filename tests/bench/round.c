/* A crowd calls a server: see round.h. */
#include "round.h"
#include "proofs.h"

#define GONE_TIME (70 * SHRIKE_SECOND) /* after it the server knows nothing of closed SAs */

void round_begin(struct round *r, struct host *server, struct shrike_provider *p, unsigned count)
{
    r->server = server;
    crowd_init(&r->crowd, p, count);
}

/* To and fro until nothing is to be said. */
static void exchange(struct round *r, struct meter *meters[ENDS])
{
    while (r->up.count > 0) {
        metered_take(r->server, &r->up, &r->down, meters[RESPONDER]);
        metered_take(&r->crowd.host, &r->down, &r->up, meters[INITIATOR]);
    }
}

static struct meter *unmeasured[ENDS];

/* Has an end heard this since, so many times, and nothing else? */
static bool heard_more(const struct heard *now, const struct heard *before,
                       const struct heard *each, u64 count)
{
    return now->ike_up == before->ike_up + each->ike_up * count &&
           now->child_up == before->child_up + each->child_up * count &&
           now->ike_rekeyed == before->ike_rekeyed + each->ike_rekeyed * count &&
           now->child_rekeyed == before->child_rekeyed + each->child_rekeyed * count &&
           now->failed == before->failed;
}

void round_phase(struct round *r, enum phase phase, struct meter *meters[ENDS])
{
    static const struct {
        enum shrike_command_kind command;
        const char *child;
        struct heard each; /* what either end then tells of, for each host of the crowd */
        unsigned messages; /* that each of them sends; of a handshake proofs.h says it */
    } phases[PHASES] = {
        [PHASE_HANDSHAKE] = {SHRIKE_UP, CHILD_FIRST, {.ike_up = 1, .child_up = 1}, 0},
        [PHASE_LIVENESS] = {SHRIKE_LIVENESS, NULL, {0}, 1},
        [PHASE_CHILD] = {SHRIKE_UP, CHILD_FURTHER, {.child_up = 1}, 1},
        [PHASE_CHILD_PFS] = {SHRIKE_UP, CHILD_PFS, {.child_up = 1}, 1},
        [PHASE_CHILD_REKEY] = {SHRIKE_REKEY, CHILD_FURTHER, {.child_rekeyed = 1}, 2},
        [PHASE_CHILD_REKEY_PFS] = {SHRIKE_REKEY, CHILD_PFS, {.child_rekeyed = 1}, 2},
        [PHASE_IKE_REKEY] = {SHRIKE_REKEY, NULL, {.ike_rekeyed = 1}, 2},
    };
    struct host *ends[ENDS] = {r->server, &r->crowd.host};
    struct heard before[ENDS] = {ends[RESPONDER]->heard, ends[INITIATOR]->heard};
    u64 received = host_stats(r->server).received, count = r->crowd.count;
    const unsigned messages = phase == PHASE_HANDSHAKE ? proofs_messages() : phases[phase].messages;
    metered_command(&r->crowd, phases[phase].command, phases[phase].child, &r->up,
                    meters[INITIATOR]);
    exchange(r, meters);
    bool good = host_stats(r->server).received == received + messages * count;
    for (unsigned i = 0; i < ENDS; i++)
        good = good && heard_more(&ends[i]->heard, &before[i], &phases[phase].each, count);
    if (!good)
        bench_fail("a phase did not go as it should");
}

void round_end(struct round *r)
{
    crowd_command(&r->crowd, SHRIKE_DOWN, NULL, &r->up);
    exchange(r, unmeasured);
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
            round_phase(&r, PHASE_HANDSHAKE, unmeasured);
        }
        crowd_free(&r.crowd);
    }
}

void round_record(struct tape tapes[ENDS][PHASES], struct shrike_provider *p)
{
    static struct round r;
    struct shrike_provider fronts[ENDS] = {*p, *p};
    struct server_setup setup = {4, 4, COOKIES_NEVER};
    struct host server;
    server_init(&server, &fronts[RESPONDER], &setup);
    round_begin(&r, &server, &fronts[INITIATOR], 1);
    for (unsigned i = 0; i < PHASES; i++) {
        for (unsigned end = 0; end < ENDS; end++) {
            tape_init(&tapes[end][i], p);
            fronts[end] = tapes[end][i].provider;
            tape_record(&tapes[end][i]);
        }
        round_phase(&r, (enum phase)i, unmeasured);
        for (unsigned end = 0; end < ENDS; end++) {
            tape_stop(&tapes[end][i]);
            fronts[end] = *p;
        }
    }
    round_end(&r);
    host_free(&server);
}
