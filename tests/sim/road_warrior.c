/* A asks for internal addresses and B gives them, in a storm of everything that can happen to both:
 * no address is ever used that is not leased, and all of them are given back. */
#include "road_warrior.h"
#include "host_keep.h"
#include "host_log.h"
#include "scenario.h"
#include "shrike/view.h"

#define ROUNDS 30

static const char *const names[] = {"one", "two"};

static void set_up(struct net *n)
{
    struct prng *p = &n->world.prng;
    struct conf_knobs *a = &n->setup.knobs[0], *b = &n->setup.knobs[1];

    n->setup.keeps = prng_percent(p, 50);
    n->setup.nat = prng_percent(p, 50);
    a->vip_count = (unsigned)prng_between(p, 1, 2);
    b->gives = b->from_anybody = true;
    for (unsigned side = 0; side < 2; side++) {
        struct conf_knobs *k = &n->setup.knobs[side];
        k->jitter = 10;
        k->dpd_delay = 20 * SHRIKE_SECOND;
        k->child_count = ARRAY_LEN(names);
        k->ike_rekey = prng_percent(p, 30) ? 60 * SHRIKE_SECOND : 0;
        for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
            struct conf_child *c = &k->children[i];
            *c = k->children[0];
            c->name = names[i];
            c->dpd_action = side == 0 && prng_percent(p, 50) ? SHRIKE_START_NOW : c->dpd_action;
            c->local = side ? (struct conf_block){.x = 2, .y = (u8)(i + 1), .prefix = 24}
                            : (struct conf_block){0};
            c->remote = side ? (struct conf_block){0}
                             : (struct conf_block){.x = 2, .y = (u8)(i + 1), .prefix = 24};
        }
    }
    a->ike_reauth = prng_percent(p, 30) ? 90 * SHRIKE_SECOND : 0;
}

static void storm(struct net *n)
{
    struct prng *p = &n->world.prng;
    struct link_faults f = {
        .delay = prng_between(p, 1, 100) * SHRIKE_MS,
        .jitter = 50 * SHRIKE_MS,
        .reorder_delay = SHRIKE_SECOND,
        .loss = (u8)(n->options.loss >= 0 ? n->options.loss : (int)prng_below(p, 20)),
        .duplicate = 5,
        .reorder = 10,
    };

    net_faults(n, &f);
    for (unsigned side = 0; side < 2; side++) {
        struct host_model *m = &n->host[side].model;
        m->latency_max = prng_below(p, 500 * SHRIKE_MS);
        m->stuck = prng_between(p, 1, 60) * SHRIKE_SECOND;
        m->stuck_percent = (u8)prng_below(p, 4);
        m->address_fails = (u8)prng_below(p, 20);
        m->install_fails = (u8)prng_below(p, 10);
        m->answers_twice = (u8)prng_below(p, 10);
    }
}

static void cut(struct net *n)
{
    net_cut(n, true);
    net_run(n, prng_between(&n->world.prng, 1, 200) * SHRIKE_SECOND);
    net_cut(n, false);
}

static void disturb(struct net *n)
{
    struct prng *p = &n->world.prng;
    struct host *h = &n->host[prng_below(p, 2)];
    const char *child = prng_percent(p, 50) ? names[prng_below(p, ARRAY_LEN(names))] : NULL;
    struct shrike_command rekey = {.kind = SHRIKE_REKEY, .conn = CONF_CONN, .child = child};

    switch (prng_below(p, 10)) {
    case 0:
        host_down(h, child);
        break;
    case 1:
    case 2:
        host_command(h, rekey);
        break;
    case 3:
        rekey.child = NULL;
        rekey.reauth = true;
        host_command(h, rekey);
        break;
    case 4:
        if (n->setup.keeps)
            host_restart(h);
        break;
    case 5:
        host_reboot(h);
        break;
    case 6:
        host_lose_plane(h);
        break;
    case 7:
        cut(n);
        break;
    case 8:
        (void)host_reload(h);
        break;
    default:
        break;
    }
    net_run(n, prng_below(p, 2000) * SHRIKE_MS);
    if (prng_percent(p, 70))
        host_up(&n->host[0], child);
}

static void calm(struct net *n)
{
    net_faults(n, &(struct link_faults){.delay = 10 * SHRIKE_MS});
    for (unsigned side = 0; side < 2; side++) {
        struct host_model *m = &n->host[side].model;
        m->stuck_percent = m->install_fails = m->address_fails = 0;
    }
    net_run(n, 400 * SHRIKE_SECOND); /* who knows of nobody any more is given up */
    scenario_settle(n, 1200 * SHRIKE_SECOND);
}

/* The same IKE SA at B. */
static bool find_there(struct net *n, const struct shrike_ike_view *a, struct shrike_ike_view *b)
{
    for (u32 place = 0; shrike_view_ike(n->host[1].engine, &place, b);)
        if (a->spi_i == b->spi_i && a->spi_r == b->spi_r)
            return b->local_vip_count == 0 && a->remote_vip_count == 0;
    return false;
}

/* What A has is leased to A by B, and nothing else is. One to whom no address could be given, or
 * who could not use it, stays without a Child SA (RFC 7296 3.15.4). */
static bool leases_agree(struct net *n)
{
    const struct pool *used = &n->host[0].used, *leased = &n->host[1].leased;
    struct shrike_ike_view a, b;
    unsigned uses = 0, leases = 0;

    for (u32 at = 0; shrike_view_ike(n->host[0].engine, &at, &a);) {
        if (!find_there(n, &a, &b) || (a.local_vip_count == 0 && a.children > 0))
            return false;
        leases += b.remote_vip_count > 0;
        if (a.local_vip_count == 0)
            continue;
        if (a.local_vip_count != n->setup.knobs[0].vip_count ||
            a.local_vip_count != b.remote_vip_count ||
            memcmp(a.local_vips, b.remote_vips, a.local_vip_count * sizeof *a.local_vips) != 0 ||
            !pool_has(used, a.local_vips, a.local_vip_count) ||
            !pool_has(leased, a.local_vips, a.local_vip_count))
            return false;
        uses++;
    }
    return uses > 0 && uses == used->count && leases == leased->count;
}

static void check_leases(struct net *n)
{
    net_until(n, leases_agree, 300 * SHRIKE_SECOND, "both ends are to agree about addresses");
    expect(n, n->host[0].leased.given == 0 && n->host[1].used.given == 0);
}

void play_road_warrior(struct net *n)
{
    set_up(n);
    net_build(n);
    scenario_up(n);
    check_leases(n);
    storm(n);
    for (unsigned i = 0; i < ROUNDS && !n->world.failed; i++) {
        disturb(n);
        net_run(n, prng_below(&n->world.prng, 40 * SHRIKE_SECOND));
    }
    if (!n->world.failed)
        calm(n);
    if (!n->world.failed)
        check_leases(n);
    net_close(n);
}
