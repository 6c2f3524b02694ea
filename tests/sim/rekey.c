/* SAs that live for seconds only, at both ends, in a storm: nobody who sends through them notices.
 */
#include "rekey.h"
#include "host_log.h"
#include "oracle_end.h"
#include "scenario.h"

#define CHILDREN 3
#define PLAYED   (1800 * SHRIKE_SECOND)

static const char *const names[CHILDREN] = {"one", "two", "three"};

static void set_up(struct net *n)
{
    n->setup.nat = false; /* both ends call */
    for (unsigned side = 0; side < 2; side++) {
        struct conf_knobs *k = &n->setup.knobs[side];
        k->child_count = CHILDREN;
        k->jitter = 10;
        k->dpd_delay = 30 * SHRIKE_SECOND;
        k->window = (u8)prng_between(&n->world.prng, 1, SHRIKE_WINDOW_MAX);
        for (unsigned i = 0; i < CHILDREN; i++) {
            k->children[i] = k->children[0];
            k->children[i].name = names[i];
            k->children[i].local.y = k->children[i].remote.y = (u8)(i + 1);
            k->children[i].esp.groups[0] = i % 2 ? KE_ECP256 : 0;
        }
    }
}

static shrike_time draw_seconds(struct net *n, u64 least, u64 most)
{
    return prng_between(&n->world.prng, least, most) * SHRIKE_SECOND;
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
}

static bool one_of_each(struct net *n)
{
    for (unsigned i = 0; i < CHILDREN; i++)
        if (kernel_count_child(&n->host[0].kernel, names[i]) != 1)
            return false;
    return net_settled(n) && n->host[0].kernel.installed == CHILDREN;
}

static void calm(struct net *n)
{
    struct link_faults none = {.delay = 10 * SHRIKE_MS};

    net_faults(n, &none);
    net_run(n, 240 * SHRIKE_SECOND); /* what the storm has left behind is forgotten */
    net_until(n, one_of_each, 120 * SHRIKE_SECOND, "there is to be one of each");
    expect(n, host_ikes_up(&n->host[0]) == 1 && host_ikes_up(&n->host[1]) == 1);
}

/* Nothing ever went down, and everything was rekeyed. */
static void check_log(struct net *n, unsigned ikes, unsigned children)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct host *h = &n->host[side];
        expect(n, host_count(h, SHRIKE_EVENT_IKE_DOWN) == 0);
        expect(n, host_count(h, SHRIKE_EVENT_CHILD_DOWN) == 0);
        expect(n, host_count(h, SHRIKE_EVENT_IKE_UP) == 1);
        expect(n, host_count(h, SHRIKE_EVENT_CHILD_UP) == CHILDREN);
        expect(n, host_count(h, SHRIKE_EVENT_IKE_REKEYED) >= ikes);
        expect(n, host_count(h, SHRIKE_EVENT_CHILD_REKEYED) >= children);
    }
}

static void command(struct net *n)
{
    struct prng *p = &n->world.prng;
    struct shrike_command c = {.kind = SHRIKE_REKEY, .conn = CONF_CONN};

    if (prng_percent(p, 70))
        c.child = names[prng_below(p, CHILDREN)];
    for (unsigned side = 0; side < 2; side++)
        if (prng_percent(p, 60))
            host_command(&n->host[side], c);
}

/* Lifetimes of all kinds and commands at either end, often at the same moment. */
void play_rekey(struct net *n)
{
    shrike_time end;

    set_up(n);
    for (unsigned side = 0; side < 2; side++) {
        struct conf_knobs *k = &n->setup.knobs[side];
        k->ike_rekey = draw_seconds(n, 40, 120);
        k->child_rekey = draw_seconds(n, 20, 60);
        k->child_rand = k->ike_rand = 20 * SHRIKE_SECOND;
        k->ike_over = 600 * SHRIKE_SECOND;
        k->child_life = k->child_rekey + 600 * SHRIKE_SECOND;
    }
    net_build(n);
    scenario_up(n);
    n->oracle.unbroken = true;
    storm(n);
    end = n->world.now + PLAYED;
    while (!n->world.failed && n->world.now < end) {
        command(n);
        net_run(n, draw_seconds(n, 1, 60));
    }
    calm(n);
    check_log(n, 10, 60);
    n->oracle.unbroken = false;
    net_close(n);
}

/* RFC 7296 2.8.3: first the new one, then the old one goes. */
void play_reauth(struct net *n)
{
    unsigned ups;

    set_up(n);
    n->setup.knobs[0].ike_reauth = 60 * SHRIKE_SECOND;
    n->setup.knobs[0].ike_over = 300 * SHRIKE_SECOND;
    n->setup.knobs[1].ike_rekey = 45 * SHRIKE_SECOND;
    net_build(n);
    scenario_up(n);
    n->oracle.unbroken = true;
    storm(n);
    net_run(n, PLAYED);
    calm(n);
    ups = host_count(&n->host[0], SHRIKE_EVENT_IKE_UP);
    expect(n, ups >= 10);
    expect(n,
           host_count_reason(&n->host[0], SHRIKE_EVENT_IKE_DOWN, SHRIKE_REASON_REKEYED) == ups - 1);
    n->oracle.unbroken = false;
    net_close(n);
}
