/* SAs that live for seconds only, at both ends, in a storm: nobody who sends through them notices.
 */
#include "rekey.h"
#include "brief.h"
#include "host_log.h"
#include "scenario.h"

#define CHILDREN 3
#define PLAYED   (1800 * SHRIKE_SECOND)

static void set_up(struct net *n)
{
    brief_set_up(n, CHILDREN);
    for (unsigned side = 0; side < 2; side++)
        n->setup.knobs[side].dpd_delay = 30 * SHRIKE_SECOND;
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
        c.child = brief_names[prng_below(p, CHILDREN)];
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
        k->ike_rekey = brief_draw_seconds(n, 40, 120);
        k->child_rekey = brief_draw_seconds(n, 20, 60);
        k->child_rand = k->ike_rand = 20 * SHRIKE_SECOND;
        k->ike_over = 600 * SHRIKE_SECOND;
        k->child_life = k->child_rekey + 600 * SHRIKE_SECOND;
    }
    net_build(n);
    scenario_up(n);
    n->oracle.unbroken = true;
    brief_storm(n);
    end = n->world.now + PLAYED;
    while (!n->world.failed && n->world.now < end) {
        command(n);
        net_run(n, brief_draw_seconds(n, 1, 60));
    }
    brief_calm(n);
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
    brief_storm(n);
    net_run(n, PLAYED);
    brief_calm(n);
    ups = host_count(&n->host[0], SHRIKE_EVENT_IKE_UP);
    expect(n, ups >= 10);
    expect(n,
           host_count_reason(&n->host[0], SHRIKE_EVENT_IKE_DOWN, SHRIKE_REASON_REKEYED) == ups - 1);
    n->oracle.unbroken = false;
    net_close(n);
}
