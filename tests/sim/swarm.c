/* Storm, calm and close of a swarm. */
#include "swarm.h"
#include "host_keep.h"
#include "host_log.h"
#include "oracle_end.h"
#include "swarm_move.h"

#define LOOK_EVERY   (5 * SHRIKE_SECOND)
#define ASK_EVERY    3 /* looks */
#define CALM_WITHIN  (40 * 60 * SHRIKE_SECOND)
#define CLOSE_WITHIN (15 * 60 * SHRIKE_SECOND)
#define CONFS_LEFT   6 /* configurations that a host keeps for the calm */

static struct prng *dice(struct swarm *s)
{
    return &s->net->world.prng;
}

static struct host *any_host(struct swarm *s)
{
    return &s->hosts[prng_below(dice(s), s->host_count)].host;
}

/* ---- the storm ---- */

static void draw_model(struct prng *p, struct host_model *m)
{
    m->latency_max = prng_below(p, 200 * SHRIKE_MS);
    m->stuck = prng_between(p, 1, 60) * SHRIKE_SECOND;
    m->stuck_percent = (u8)prng_below(p, 3);
    m->install_fails = (u8)(prng_percent(p, 30) ? prng_below(p, 10) : 0);
    m->prove_fails = (u8)(prng_percent(p, 20) ? prng_below(p, 10) : 0);
    m->answers_twice = (u8)(prng_percent(p, 30) ? 10 : 0);
    m->tick_late_max = prng_below(p, 5 * SHRIKE_MS);
    m->batch_max = (u8)(prng_percent(p, 50) ? 1 : prng_between(p, 2, SHRIKE_BATCH));
}

static void draw_faults(struct swarm *s)
{
    struct prng *p = dice(s);
    int loss = s->net->options.loss;

    s->cloud.faults = (struct link_faults){
        .delay = prng_between(p, 1, 100) * SHRIKE_MS,
        .jitter = prng_below(p, 50 * SHRIKE_MS),
        .reorder_delay = prng_below(p, 3 * SHRIKE_SECOND),
        .loss = (u8)(loss >= 0 ? (u64)loss : prng_between(p, 0, 20)),
        .duplicate = (u8)prng_below(p, 11),
        .reorder = (u8)prng_below(p, 21),
        .corrupt = (u8)prng_below(p, 4),
    };
    for (unsigned i = 0; i < s->host_count; i++) {
        draw_model(p, &s->hosts[i].host.model);
        s->hosts[i].evil.percent = (u8)prng_between(p, 1, 30);
    }
}

/* An engine ends: it goes on from its newest records, from those that reached the disk, or from
 * nothing. */
static void end_one(struct swarm *s, struct host *h)
{
    struct world_counts *c = &s->net->world.counts;

    if (h->conf_count + CONFS_LEFT > HOST_CONFS_MAX)
        return;
    switch (prng_below(dice(s), 5)) {
    case 0:
        c->reboots++;
        host_reboot(h);
        break;
    case 1:
    case 2:
        c->stale++;
        host_restart_stale(h);
        break;
    default:
        c->restarts++;
        host_restart(h);
        break;
    }
    swarm_move_told(s, h->number);
}

/* What the data plane may tell. */
static void tell(struct swarm *s, struct host *h)
{
    struct prng *p = dice(s);
    struct shrike_kernel_event k = {.kind = SHRIKE_EXPIRE_HARD};

    if (prng_percent(p, 15)) {
        host_lose_plane(h);
        return;
    }
    if (prng_percent(p, 50))
        k.kind = SHRIKE_EXPIRE_SOFT;
    if (h->kernel.count > 0)
        k.child_serial = h->kernel.pairs[prng_below(p, h->kernel.count)]->child_serial;
    if (prng_percent(p, 40))
        k = (struct shrike_kernel_event){.kind = SHRIKE_ACQUIRE,
                                         .reqid = (u32)prng_between(p, 1, 12)};
    host_kernel(h, k);
}

static void command(struct swarm *s, struct host *h)
{
    struct prng *p = dice(s);
    unsigned conn = (unsigned)prng_below(p, h->knob_count);
    const struct conf_knobs *k = &h->knobs[conn];
    struct shrike_command c = {.kind = SHRIKE_UP, .conn = k->conn};

    if (prng_percent(p, 40))
        c.child = k->children[prng_below(p, k->child_count)].name;
    switch (prng_below(p, 10)) {
    case 0:
        c.kind = SHRIKE_DOWN;
        break;
    case 1:
        c = (struct shrike_command){.kind = SHRIKE_DOWN};
        break;
    case 2:
    case 3:
    case 4:
        c.kind = SHRIKE_REKEY;
        c.reauth = s->reauths && c.child == NULL && prng_percent(p, 30);
        break;
    case 5:
        c.kind = SHRIKE_LIVENESS;
        c.child = NULL;
        break;
    default:
        break;
    }
    host_command(h, c);
}

static void happen(struct swarm *s)
{
    struct prng *p = dice(s);
    u64 what = prng_below(p, 100);

    if (s->roams && prng_percent(p, 25))
        swarm_move_one(s);
    else if (what < 45)
        command(s, any_host(s));
    else if (what < 60)
        tell(s, any_host(s));
    else if (what < 75)
        end_one(s, any_host(s));
    else if (what < 85)
        host_flush(any_host(s));
    else if (what < 88)
        (void)host_reload(any_host(s));
    else if (what < 96 && s->nat_count > 0)
        nat_rebind(&s->nats[prng_below(p, s->nat_count)].nat);
    else if (what < 98)
        s->cloud.faults.down = !s->cloud.faults.down;
}

static void call_all(struct swarm *s)
{
    for (unsigned i = 0; i < s->host_count; i++)
        for (unsigned k = 0; k < s->hosts[i].peers; k++)
            if (swarm_calls(s, i, k) && prng_percent(dice(s), 70))
                host_command(&s->hosts[i].host, (struct shrike_command){
                                                    .kind = SHRIKE_UP,
                                                    .conn = s->hosts[i].conns[k],
                                                });
}

static void storm(struct swarm *s)
{
    struct world *w = &s->net->world;
    u64 events = prng_between(dice(s), 5, 15) + 4 * s->host_count;
    shrike_time pause = prng_between(dice(s), 30, 200) * SHRIKE_SECOND / events;

    draw_faults(s);
    call_all(s);
    for (; events > 0 && !w->failed; events--) {
        world_run(w, w->now + prng_below(dice(s), 2 * pause));
        if (!w->failed)
            happen(s);
    }
}

/* ---- the calm ---- */

/* One IKE SA at each end of a connection, and each child once. */
static bool is_whole(struct swarm *s, unsigned host, unsigned conn)
{
    const struct host *h = &s->hosts[host].host;
    const struct conf_knobs *k = &h->knobs[conn];
    size_t cursor = 0;
    const struct esp_pair *pair;
    unsigned times[CONF_CHILDREN_MAX] = {0};
    unsigned ikes = 0;

    for (size_t i = 0; i < h->ike_count; i++)
        ikes += h->ikes[i].up && h->ikes[i].conn == conn;
    while ((pair = kernel_next(&h->kernel, &cursor)) != NULL)
        if (host_knobs(h, pair->reqid) == k)
            times[pair->reqid - k->reqids - 1]++;
    for (unsigned i = 0; i < k->child_count; i++)
        if (times[i] != 1)
            return false;
    return ikes == 1;
}

static bool both_whole(struct swarm *s, unsigned host, unsigned conn)
{
    unsigned peer = s->hosts[host].knobs[conn].peer;
    if (s->hosts[host].is_evil || s->hosts[peer].is_evil)
        return true; /* what was lied about stays as it is */
    return is_whole(s, host, conn) && is_whole(s, peer, swarm_back(s, host, conn));
}

/* What one end seals gets to the other, and is opened there. NULL: all of it. */
static const char *strays(struct swarm *s)
{
    return s->roams ? swarm_move_strays(s) : oracle_carries(&s->net->oracle);
}

/* What is not whole; NULL: nothing. */
static const char *all_whole(struct swarm *s)
{
    for (unsigned i = 0; i < s->host_count; i++)
        for (unsigned k = 0; k < s->hosts[i].peers; k++)
            if (!both_whole(s, i, k))
                return s->hosts[i].name;
    return NULL;
}

/* Nothing is rekeyed any more once what is up has been: else there might never be a quiet moment.
 */
static void quieten(struct swarm *s)
{
    for (unsigned i = 0; i < s->host_count; i++) {
        struct swarm_host *h = &s->hosts[i];
        for (unsigned k = 0; k < h->peers; k++) {
            struct conf_knobs *knobs = &h->knobs[k];
            knobs->child_rekey = knobs->child_life = knobs->ike_rekey = knobs->ike_reauth = 0;
        }
        h->host.model.stuck_percent = h->host.model.install_fails = h->host.model.prove_fails = 0;
        h->evil.percent = 0;
        (void)host_reload(&h->host);
    }
    s->cloud.faults = (struct link_faults){.delay = s->cloud.faults.delay};
}

/* Who can call asks for what is missing. */
static void ask(struct swarm *s)
{
    for (unsigned i = 0; i < s->host_count; i++) {
        struct swarm_host *h = &s->hosts[i];
        if (host_commands_open(&h->host) > 0)
            continue;
        for (unsigned k = 0; k < h->peers; k++)
            if (swarm_calls(s, i, k) && i > h->knobs[k].peer && !both_whole(s, i, k))
                host_command(&h->host,
                             (struct shrike_command){.kind = SHRIKE_UP, .conn = h->conns[k]});
    }
}

static void calm(struct swarm *s)
{
    struct world *w = &s->net->world;
    shrike_time end = w->now + CALM_WITHIN;
    const char *why = NULL;

    world_say(w, "calm");
    swarm_move_home(s);
    quieten(s);
    for (unsigned looks = 0; !w->failed && w->now < end; looks++) {
        if (!all_whole(s) && !oracle_settled(&s->net->oracle) && !(s->roams && strays(s)))
            break;
        if (looks % ASK_EVERY == 0)
            ask(s);
        world_run(w, MIN(end, w->now + LOOK_EVERY));
    }
    why = oracle_settled(&s->net->oracle);
    if (why)
        world_fail(w, "not settled in the calm: %s", why);
    why = all_whole(s);
    if (why)
        world_fail(w, "%s has not one SA of each kind in the calm", why);
    why = strays(s);
    if (why)
        world_fail(w, "%s", why);
}

/* ---- the end ---- */

static const char *all_empty(const struct swarm *s)
{
    const char *why = NULL;

    for (unsigned i = 0; i < s->host_count && !why; i++)
        why = oracle_empty(&s->hosts[i].host);
    return why;
}

static void close_all(struct swarm *s)
{
    struct world *w = &s->net->world;
    shrike_time end = w->now + CLOSE_WITHIN;
    const char *why;

    world_say(w, "close");
    for (unsigned i = 0; i < s->host_count; i++)
        host_command(&s->hosts[i].host, (struct shrike_command){.kind = SHRIKE_DOWN});
    while (!w->failed && all_empty(s) && w->now < end)
        world_run(w, MIN(end, w->now + LOOK_EVERY));
    why = all_empty(s);
    if (why)
        world_fail(w, "after close: %s", why);
    for (unsigned i = 0; i < s->host_count && !w->failed; i++)
        net_end_host(s->net, &s->hosts[i].host);
}

void play_swarm(struct net *n)
{
    struct swarm *s = swarm_new(n);

    storm(s);
    if (!n->world.failed)
        calm(s);
    if (!n->world.failed)
        close_all(s);
    swarm_free(s);
}
