/* Engines that end at any moment, in a storm of rekeys, and go on from their records: the peer does
 * not notice, and nobody who sends through them does. */
#include "restart.h"
#include "host_keep.h"
#include "host_log.h"
#include "scenario.h"

#define CHILDREN 2
#define PLAYED   (900 * SHRIKE_SECOND)
#define RESTARTS 40

static const char *const names[CHILDREN] = {"one", "two"};

static void set_up(struct net *n)
{
    struct prng *p = &n->world.prng;

    n->setup.keeps = true;
    n->setup.nat = false; /* both ends call */
    for (unsigned side = 0; side < 2; side++) {
        struct conf_knobs *k = &n->setup.knobs[side];
        k->child_count = CHILDREN;
        k->jitter = 10;
        k->dpd_delay = 20 * SHRIKE_SECOND;
        k->window = (u8)prng_between(p, 1, SHRIKE_WINDOW_MAX);
        k->ike_rekey = prng_between(p, 40, 120) * SHRIKE_SECOND;
        k->child_rekey = prng_between(p, 20, 60) * SHRIKE_SECOND;
        k->child_rand = k->ike_rand = 20 * SHRIKE_SECOND;
        k->child_life = k->child_rekey + 600 * SHRIKE_SECOND;
        for (unsigned i = 0; i < CHILDREN; i++) {
            k->children[i] = k->children[0];
            k->children[i].name = names[i];
            k->children[i].local.y = k->children[i].remote.y = (u8)(i + 1);
            k->children[i].esp.groups[0] = i % 2 ? KE_ECP256 : 0;
        }
    }
}

static void storm(struct net *n)
{
    struct link_faults f = {
        .delay = prng_between(&n->world.prng, 1, 200) * SHRIKE_MS,
        .jitter = 50 * SHRIKE_MS,
        .reorder_delay = SHRIKE_SECOND,
        .loss = (u8)(n->options.loss >= 0 ? MIN(n->options.loss, 10) : 5),
        .duplicate = 5,
        .reorder = 10,
    };
    net_faults(n, &f);
    /* With a data plane that is late, what it was told in vain shows for a moment. */
    n->oracle.unbroken = prng_percent(&n->world.prng, 50);
    for (unsigned i = 0; i < 2 && !n->oracle.unbroken; i++)
        n->host[i].model.latency_max = prng_below(&n->world.prng, 300 * SHRIKE_MS);
}

static bool one_of_each(struct net *n)
{
    for (unsigned i = 0; i < CHILDREN; i++)
        if (kernel_count_child(&n->host[0].kernel, names[i]) != 1)
            return false;
    return net_settled(n) && n->host[0].kernel.installed == CHILDREN;
}

/* Soon after something began: in the middle of an exchange, more often than not. */
static void restart(struct net *n)
{
    struct prng *p = &n->world.prng;
    struct shrike_command c = {.kind = SHRIKE_REKEY, .conn = CONF_CONN};
    struct host *h = &n->host[prng_below(p, 2)];

    if (prng_percent(p, 50))
        c.child = names[prng_below(p, CHILDREN)];
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
    net_faults(n, &(struct link_faults){.delay = 10 * SHRIKE_MS});
    net_run(n, 240 * SHRIKE_SECOND); /* what the storm has left behind is forgotten */
    net_until(n, one_of_each, 120 * SHRIKE_SECOND, "there is to be one of each");
    for (unsigned side = 0; side < 2; side++) {
        expect(n, host_count(&n->host[side], SHRIKE_EVENT_IKE_DOWN) == 0);
        expect(n, host_count(&n->host[side], SHRIKE_EVENT_IKE_UP) == 1);
        expect(n, host_count(&n->host[side], SHRIKE_EVENT_IKE_REKEYED) >= 4);
    }
    n->oracle.unbroken = false;
    net_close(n);
}
