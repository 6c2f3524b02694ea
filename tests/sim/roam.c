/* A has three networks: one of its own, one behind a NAT, one of IPv6. B has two of IPv4 and one of
 * IPv6, and both know RFC 4555 unless a scenario says otherwise. */
#include "roam.h"
#include "host_keep.h"
#include "host_log.h"
#include "oracle_end.h"
#include "scenario.h"
#include "wire/header.h"

enum { A_PLAIN = 1, A_NAT = 2, A_SIX = 4, B_PLAIN = 1, B_SECOND = 2, B_SIX = 4, ALL = 7 };

static const char *const names[] = {"one", "two"};

static void set_up(struct net *n, bool mobike)
{
    for (unsigned side = 0; side < 2; side++) {
        struct conf_knobs *k = &n->setup.knobs[side];
        k->mobike = mobike;
        k->roams = k->from_anybody = true;
        k->child_count = ARRAY_LEN(names);
        for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
            k->children[i] = k->children[0];
            k->children[i].name = names[i];
            k->children[i].local.y = k->children[i].remote.y = (u8)(i + 1);
        }
        k->jitter = 10;
        k->dpd_delay = 30 * SHRIKE_SECOND;
    }
    n->setup.nat = false;
}

static void add_uplink(struct host *h, struct shrike_endpoint address, struct node *out)
{
    h->uplinks[h->uplink_count++] = (struct host_uplink){.address = address, .out = out};
}

static void build(struct net *n)
{
    struct shrike_endpoint nat = endpoint_v4(198, 51, 100, 1, 0);
    struct shrike_endpoint second = endpoint_v4(203, 0, 113, 2, 0);
    struct shrike_endpoint six[2] = {endpoint_v6(1, 0), endpoint_v6(2, 0)};
    struct host *a = &n->host[0], *b = &n->host[1];

    net_build(n);
    n->oracle.roams = true;
    n->nat.address = nat;
    add_uplink(a, net_address(0, false), &n->link[0].node);
    add_uplink(a, net_address(0, true), &n->nat.inside);
    add_uplink(a, six[0], &n->link[0].node);
    add_uplink(b, net_address(1, false), &n->link[1].node);
    add_uplink(b, second, &n->link[1].node);
    add_uplink(b, six[1], &n->link[1].node);
    router_add(&n->router, &nat, &n->nat.outside);
    router_add(&n->router, &six[0], &a->node);
    router_add(&n->router, &second, &b->node);
    router_add(&n->router, &six[1], &b->node);
}

static void move(struct net *n, unsigned side, unsigned networks)
{
    if (n->world.failed)
        return;
    host_move(&n->host[side], networks);
    host_tell_addresses(&n->host[side]);
}

static bool is_private(const struct shrike_endpoint *e)
{
    return e->family == 4 && e->octets[0] == 10;
}

/* Where these datagrams come out: at an address that the other end has now. */
static bool leads(const struct net *n, const struct esp_pair *pair, const struct host *to)
{
    struct shrike_endpoint near = nat_inner(&n->nat, &pair->remote);
    struct shrike_endpoint end = nat_inner(&n->far_nat, &near);
    bool through = is_private(&end) || is_private(&pair->local);

    if (through && !pair->encap)
        return false;
    for (unsigned i = 0; i < to->uplink_count; i++)
        if (to->uplinks[i].up && address_equal(&to->uplinks[i].address, &end))
            return !pair->encap || end.port == 4500;
    return false;
}

static bool has_address(const struct host *h, const struct shrike_endpoint *end)
{
    for (unsigned i = 0; i < h->uplink_count; i++)
        if (h->uplinks[i].up && address_equal(&h->uplinks[i].address, end))
            return true;
    return false;
}

/* Each end sends what the other one can open, from an address that it has to one that the other one
 * has. */
static bool carries(struct net *n)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct host *here = &n->host[side], *there = &n->host[1 - side];
        size_t cursor = 0;
        const struct esp_pair *pair;
        while ((pair = kernel_next(&here->kernel, &cursor)) != NULL) {
            const struct esp_pair *other = kernel_by_spi_in(&there->kernel, pair->spi_out);
            if (!other || esp_difference(pair, other, true) || !has_address(here, &pair->local) ||
                !leads(n, pair, there))
                return false;
        }
    }
    return net_settled(n) && scenario_children_up(n);
}

static bool uses(const struct host *h, unsigned networks)
{
    size_t cursor = 0;
    const struct esp_pair *pair;

    while ((pair = kernel_next(&h->kernel, &cursor)) != NULL)
        for (unsigned i = 0; i < h->uplink_count; i++)
            if (address_equal(&h->uplinks[i].address, &pair->local) && !(networks >> i & 1))
                return false;
    return true;
}

static void come_up(struct net *n, unsigned a, unsigned b)
{
    host_move(&n->host[0], a);
    host_move(&n->host[1], b);
    host_tell_addresses(&n->host[0]);
    host_tell_addresses(&n->host[1]);
    host_up(&n->host[0], NULL);
    net_until(n, net_answered, 60 * SHRIKE_SECOND, "the connection is to come up");
    net_until(n, carries, 60 * SHRIKE_SECOND, "both ends are to agree");
}

static void none_is_new(struct net *n)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct host *h = &n->host[side];
        expect(n, host_count(h, SHRIKE_EVENT_IKE_UP) == 1);
        expect(n, host_count(h, SHRIKE_EVENT_IKE_DOWN) == 0);
        expect(n, host_count(h, SHRIKE_EVENT_CHILD_DOWN) == 0);
        expect(n, h->kernel.installed == ARRAY_LEN(names));
    }
}

static void delay(struct net *n)
{
    net_faults(n, &(struct link_faults){.delay = 20 * SHRIKE_MS});
}

/* From network to network, with one path or a choice, a NAT that appears and is gone again, other
 * families, and for a while no network at all. Without loss each move takes three round trips at
 * most: the right path, telling it, being asked there. */
void play_roam(struct net *n)
{
    static const unsigned way[] = {A_NAT,           A_SIX, A_PLAIN, A_NAT | A_SIX, A_SIX,
                                   A_PLAIN | A_NAT, A_NAT, ALL,     A_NAT,         A_PLAIN};

    set_up(n, true);
    build(n);
    delay(n);
    come_up(n, A_PLAIN, ALL);
    expect(n, host_count_sent(&n->host[0], EXCHANGE_INFORMATIONAL, false) == 0);
    for (unsigned i = 0; i < ARRAY_LEN(way) && !n->world.failed; i++) {
        if (prng_percent(&n->world.prng, 30)) {
            move(n, 0, 0);
            net_run(n, prng_between(&n->world.prng, 1, 60) * SHRIKE_SECOND);
        }
        move(n, 0, way[i]);
        net_until(n, carries, 3 * 80 * SHRIKE_MS, "A is to be back");
        expect(n, uses(&n->host[0], way[i]));
        net_run(n, prng_between(&n->world.prng, 0, 100) * SHRIKE_SECOND);
    }
    none_is_new(n);
    net_close(n);
}

/* RFC 4555 3.6: the responder says where it is; A chooses. */
void play_roam_responder(struct net *n)
{
    static const unsigned way[] = {B_SECOND | B_SIX, B_SIX, B_PLAIN | B_SIX,
                                   B_PLAIN,          ALL,   B_SECOND};

    set_up(n, true);
    build(n);
    delay(n);
    come_up(n, A_PLAIN | A_SIX, ALL);
    for (unsigned i = 0; i < ARRAY_LEN(way) && !n->world.failed; i++) {
        move(n, 1, way[i]);
        net_until(n, carries, 10 * SHRIKE_SECOND, "B is to be found");
        expect(n, uses(&n->host[1], way[i]));
        net_run(n, prng_between(&n->world.prng, 0, 100) * SHRIKE_SECOND);
    }
    none_is_new(n);
    net_close(n);
}

/* ---- everything at once ---- */

static void restart(struct host *h)
{
    host_restart(h);
    host_tell_addresses(h);
}

/* Ask for what is not there until all is well. */
static void settle(struct net *n)
{
    shrike_time end = n->world.now + 20 * 60 * SHRIKE_SECOND;

    while (!n->world.failed && !carries(n) && n->world.now < end) {
        if (!scenario_children_up(n) && host_commands_open(&n->host[0]) == 0)
            host_up(&n->host[0], NULL);
        net_run(n, 10 * SHRIKE_SECOND);
    }
    net_until(n, carries, SHRIKE_SECOND, "after the storm it is to carry");
}

static void random_move(struct net *n)
{
    struct prng *p = &n->world.prng;
    struct shrike_command c = {.kind = SHRIKE_REKEY, .conn = CONF_CONN};

    if (prng_percent(p, 60))
        move(n, 0, (unsigned)prng_below(p, 8));
    else if (prng_percent(p, 20))
        move(n, 1, ALL & (unsigned)prng_between(p, 1, 7));
    else if (prng_percent(p, 20))
        nat_rebind(&n->nat);
    if (prng_percent(p, 30))
        host_tell_addresses(&n->host[prng_below(p, 2)]);
    if (prng_percent(p, 50))
        c.child = names[prng_below(p, ARRAY_LEN(names))];
    if (prng_percent(p, 40))
        host_command(&n->host[prng_below(p, 2)], c);
    if (prng_percent(p, 5) && n->setup.keeps)
        restart(&n->host[prng_below(p, 2)]);
}

void play_roam_storm(struct net *n)
{
    struct prng *p = &n->world.prng;
    shrike_time end;

    set_up(n, true);
    n->setup.keeps = prng_percent(p, 50);
    build(n);
    delay(n);
    come_up(n, ALL, ALL);
    net_faults(n, &(struct link_faults){.delay = prng_between(p, 1, 100) * SHRIKE_MS,
                                        .jitter = 50 * SHRIKE_MS,
                                        .reorder_delay = SHRIKE_SECOND,
                                        .loss = (u8)prng_below(p, 15),
                                        .duplicate = 5,
                                        .reorder = 10});
    end = n->world.now + 600 * SHRIKE_SECOND;
    while (!n->world.failed && n->world.now < end) {
        random_move(n);
        net_run(n, prng_between(p, 100, 60000) * SHRIKE_MS);
    }
    world_say(&n->world, "calm");
    delay(n);
    move(n, 1, ALL);
    /* It is configured to call B at an address of IPv4. */
    move(n, 0, (prng_percent(p, 50) ? A_PLAIN : A_NAT) | (prng_percent(p, 50) ? A_SIX : 0));
    settle(n);
    net_close(n);
}

/* ---- NATs ---- */

static void after_rebinding(struct net *n, const char *what)
{
    u32 moved = host_count(&n->host[1], SHRIKE_EVENT_IKE_MOVED);

    nat_rebind(&n->nat);
    net_until(n, carries, 60 * SHRIKE_SECOND, what);
    expect(n, host_count(&n->host[1], SHRIKE_EVENT_IKE_MOVED) == moved + 1);
    expect(n, !host_count(&n->host[0], SHRIKE_EVENT_IKE_DOWN));
}

/* RFC 4555 3.8: A finds out by its liveness checks; or B's data plane, as ESP comes first. */
void play_roam_mapping(struct net *n)
{
    struct shrike_kernel_event event = {.kind = SHRIKE_MAPPING};
    bool mobike = prng_percent(&n->world.prng, 70);
    size_t cursor = 0;

    set_up(n, mobike);
    n->setup.knobs[1].dpd_delay = 0; /* it would not find A */
    build(n);
    delay(n);
    come_up(n, A_NAT, B_PLAIN);
    for (unsigned i = 0; i < 3 && !n->world.failed; i++)
        after_rebinding(n, "A is to find out");
    net_run(n, SHRIKE_SECOND);
    event.child_serial = kernel_next(&n->host[1].kernel, &cursor)->child_serial;
    event.from = n->nat.address;
    event.from.port = 4321;
    event.to = n->host[1].address;
    event.to.port = 4500;
    nat_rebind(&n->nat);
    nat_add(&n->nat, &n->host[0].uplinks[1].address, 4500, 4321);
    host_kernel(&n->host[1], event);
    net_run(n, SHRIKE_SECOND);
    expect(n, carries(n));
    none_is_new(n);
    net_close(n);
}

/* Both ends behind NATs, B's with ports that are always its own: neither follows the other by what
 * comes (RFC 7296 2.23), and with RFC 4555 A says where it is. */
void play_roam_two_nats(struct net *n)
{
    struct nat *nat = &n->far_nat;
    struct shrike_endpoint inner = endpoint_v4(10, 0, 1, 2, 500);

    set_up(n, true);
    n->setup.knobs[1].dpd_delay = 0;
    build(n);
    delay(n);
    nat_init(nat, &n->world, &n->link[1].node, &n->host[1].node);
    nat->address = net_address(1, false);
    nat->expiry = SHRIKE_NEVER;
    nat_add(nat, &inner, 500, 500);
    nat_add(nat, &inner, 4500, 4500);
    router_set(&n->router, &nat->address, &nat->outside);
    n->host[1].uplinks[0] = (struct host_uplink){.address = inner, .out = &nat->inside};
    come_up(n, A_NAT, B_PLAIN);
    for (unsigned i = 0; i < 3 && !n->world.failed; i++) {
        nat_rebind(&n->nat);
        net_until(n, carries, 60 * SHRIKE_SECOND, "A is to find out");
    }
    move(n, 0, A_PLAIN);
    net_until(n, carries, SHRIKE_SECOND, "A is to be back");
    none_is_new(n);
    net_close(n);
}

/* Who has moved, and may not, calls from where it is now. */
void play_roam_without(struct net *n)
{
    set_up(n, false);
    build(n);
    delay(n);
    come_up(n, A_PLAIN, B_PLAIN);
    for (unsigned i = 0; i < 4 && !n->world.failed; i++) {
        unsigned networks = i % 2 ? A_PLAIN : A_NAT;
        move(n, 0, networks);
        net_until(n, carries, 10 * SHRIKE_SECOND, "A is to be back");
        expect(n, uses(&n->host[0], networks));
        expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_UP) == i + 2);
        net_run(n, 10 * SHRIKE_SECOND);
        expect(n, host_ikes_up(&n->host[0]) == 1 && host_ikes_up(&n->host[1]) == 1);
    }
    net_close(n);
}
