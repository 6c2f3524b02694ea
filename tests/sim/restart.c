/* Engines that end at any moment, in a storm of rekeys, and go on from their records: the peer does
 * not notice, and nobody who sends through them does. */
#include "restart.h"
#include "brief.h"
#include "host_keep.h"
#include "host_log.h"
#include "scenario.h"

#define CHILDREN 2
#define PLAYED   (900 * SHRIKE_SECOND)
#define RESTARTS 40

static void set_up(struct net *n)
{
    n->setup.keeps = true;
    brief_set_up(n, CHILDREN);
    for (unsigned side = 0; side < 2; side++) {
        struct conf_knobs *k = &n->setup.knobs[side];
        k->dpd_delay = 20 * SHRIKE_SECOND;
        k->ike_rekey = brief_draw_seconds(n, 40, 120);
        k->child_rekey = brief_draw_seconds(n, 20, 60);
        k->child_rand = k->ike_rand = 20 * SHRIKE_SECOND;
        k->child_life = k->child_rekey + 600 * SHRIKE_SECOND;
    }
}

/* With a data plane that is late, what it was told in vain shows for a moment. */
static void storm(struct net *n)
{
    brief_storm(n);
    n->oracle.unbroken = prng_percent(&n->world.prng, 50);
    for (unsigned i = 0; i < 2 && !n->oracle.unbroken; i++)
        n->host[i].model.latency_max = prng_below(&n->world.prng, 300 * SHRIKE_MS);
}

/* Soon after something began: in the middle of an exchange, more often than not. */
static void restart(struct net *n)
{
    struct prng *p = &n->world.prng;
    struct shrike_command c = {.kind = SHRIKE_REKEY, .conn = CONF_CONN};
    struct host *h = &n->host[prng_below(p, 2)];

    if (prng_percent(p, 50))
        c.child = brief_names[prng_below(p, CHILDREN)];
    if (prng_percent(p, 70))
        host_command(&n->host[prng_below(p, 2)], c);
    net_run(n, prng_below(p, 1500) * SHRIKE_MS);
    host_restart(h);
}

void play_restart(struct net *n)
{
    set_up(n);
    net_build(n);
    scenario_up(n);
    storm(n);
    for (unsigned i = 0; i < RESTARTS && !n->world.failed; i++) {
        restart(n);
        net_run(n, prng_below(&n->world.prng, 2 * PLAYED / RESTARTS));
    }
    brief_calm(n);
    for (unsigned side = 0; side < 2; side++) {
        expect(n, host_count(&n->host[side], SHRIKE_EVENT_IKE_DOWN) == 0);
        expect(n, host_count(&n->host[side], SHRIKE_EVENT_IKE_UP) == 1);
        expect(n, host_count(&n->host[side], SHRIKE_EVENT_IKE_REKEYED) >= 4);
    }
    n->oracle.unbroken = false;
    net_close(n);
}
