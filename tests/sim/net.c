/* Building the network of two hosts, and taking it down. */
#include "net.h"
#include "oracle_end.h"
#include <stdlib.h>

#define CLOSE_WITHIN                                                                               \
    (15 * 60 * SHRIKE_SECOND) /* peers that are gone, half-open ones, what is kept */

/* A has an address of its own, or 10.0.0.2 behind a NAT that has it. */
struct shrike_endpoint net_address(unsigned host, bool nat_inside)
{
    if (host == 1)
        return endpoint_v4(192, 0, 2, 2, 500);
    return nat_inside ? endpoint_v4(10, 0, 0, 2, 500) : endpoint_v4(192, 0, 2, 1, 500);
}

struct net *net_new(const struct options *options)
{
    struct net *n = calloc(1, sizeof *n);

    ensure(n != NULL);
    n->options = *options;
    world_init(&n->world, options->seed, options->verbose);
    n->setup.knobs[0] = conf_defaults(0);
    n->setup.knobs[1] = conf_defaults(1);
    n->setup.secret[0] = n->setup.secret[1] = "the shared secret of both hosts";
    n->setup.nat = options->nat;
    n->setup.limits = (struct shrike_limits){
        .ike_sas = 512, .half_open = 256, .child_sas = 1024, .memory_mib = 16};
    return n;
}

static struct shrike_provider *provider_new(struct net *n)
{
    u64 seed = prng_next(&n->world.prng);
    return n->options.real ? provider_openssl_new() : provider_toy_new(seed);
}

static void build_host(struct net *n, unsigned i)
{
    bool behind = i == 0 && n->setup.nat;
    struct conf_knobs *k = &n->setup.knobs[i];
    struct host_setup setup = {.name = i == 0 ? "A" : "B",
                               .letter = i == 0 ? 'A' : 'B',
                               .number = i,
                               .knobs = k,
                               .limits = n->setup.limits,
                               .address = net_address(i, behind)};

    k->peer = 1 - i;
    k->local = setup.address;
    k->remote = net_address(1 - i, false);
    n->providers[i] = provider_new(n);
    ensure(n->providers[i] != NULL);
    watch_init(&n->watches[i], &n->oracle.reuse, n->providers[i]);
    setup.provider = &n->watches[i].provider;
    setup.secret = bytes_of(n->setup.secret[i], strlen(n->setup.secret[i]));
    setup.out = behind ? &n->nat.inside : &n->link[i].node;
    setup.oracle = &n->oracle;
    setup.pages_max = n->setup.pages_max[i];
    setup.keeps = n->setup.keeps;
    if (!host_init(&n->host[i], &n->world, &setup) && setup.pages_max == 0)
        world_fail(&n->world, "%s could not be made", setup.name);
    n->host[i].nat = behind ? &n->nat : NULL;
    n->host[i].lies = n->setup.evil;
}

void net_build(struct net *n)
{
    struct shrike_endpoint a = net_address(0, false), b = net_address(1, false);

    oracle_init(&n->oracle, &n->world, &n->setup.limits);
    n->oracle.window = MAX(1u, MIN(n->setup.knobs[0].window, n->setup.knobs[1].window));
    router_init(&n->router, &n->world);
    link_init(&n->link[0], &n->world, "the link from A to B", &n->router.node);
    link_init(&n->link[1], &n->world, "the link from B to A", &n->router.node);
    nat_init(&n->nat, &n->world, &n->link[0].node, &n->host[0].node);
    n->nat.address = a;
    attacker_init(&n->attacker, &n->world, &n->router);
    build_host(n, 0);
    build_host(n, 1);
    router_add(&n->router, &a, n->setup.nat ? &n->nat.outside : &n->host[0].node);
    router_add(&n->router, &b, &n->host[1].node);
    if (n->setup.attacker) {
        n->router.tap = &n->attacker.node;
        n->oracle.ids_forged = true;
    }
    if (n->setup.evil) {
        struct host *const both[2] = {&n->host[0], &n->host[1]};
        evil_init(&n->evil, &n->world, both, &n->router.node);
        n->link[0].next = n->link[1].next = &n->evil.node;
        n->oracle.ids_forged = true;
    }
    n->world.after = oracle_after;
    n->world.after_ctx = &n->oracle;
    n->built = true;
}

void net_free(struct net *n)
{
    for (unsigned i = 0; n->built && i < 2; i++) {
        host_free(&n->host[i]);
        link_free(&n->link[i]);
        if (n->options.real)
            provider_openssl_free(n->providers[i]);
        else
            provider_toy_free(n->providers[i]);
    }
    if (n->built) {
        attacker_free(&n->attacker);
        oracle_free(&n->oracle);
    }
    free(n);
}

void net_faults(struct net *n, const struct link_faults *f)
{
    n->link[0].faults = n->link[1].faults = *f;
}

void net_cut(struct net *n, bool down)
{
    n->link[0].faults.down = n->link[1].faults.down = down;
    world_say(&n->world, "%s", down ? "the network is cut" : "the network is whole");
}

void net_run(struct net *n, shrike_time duration)
{
    world_run(&n->world, n->world.now + duration);
}

bool net_until(struct net *n, bool (*done)(struct net *), shrike_time within, const char *what)
{
    shrike_time end = n->world.now + within;

    while (!n->world.failed && !done(n)) {
        if (world_step(&n->world, end) || n->world.failed)
            continue;
        if (!done(n))
            world_fail(&n->world, "%s: not within %.0f s", what,
                       (double)within / (double)SHRIKE_SECOND);
        break;
    }
    return !n->world.failed;
}

bool net_settled(struct net *n)
{
    return oracle_settled(&n->oracle) == NULL;
}

bool net_empty(struct net *n)
{
    return oracle_empty(&n->host[0]) == NULL && oracle_empty(&n->host[1]) == NULL;
}

bool net_answered(struct net *n)
{
    return host_commands_open(&n->host[0]) == 0 && host_commands_open(&n->host[1]) == 0;
}

void net_end_host(struct net *n, struct host *h)
{
    const char *what = oracle_secrets(&n->oracle, h);

    if (what)
        world_fail(&n->world, "%s has %s in its pages after close", h->node.name, what);
    host_stop(h);
    if (h->pages.misuse)
        world_fail(&n->world, "%s %s", h->node.name, h->pages.misuse);
    if (h->pages.bytes != 0)
        world_fail(&n->world, "%s keeps %llu octets of pages", h->node.name,
                   (unsigned long long)h->pages.bytes);
}

void net_leave(struct net *n)
{
    shrike_time end = n->world.now + CLOSE_WITHIN;
    const char *why;

    while (!n->world.failed && !net_empty(n) && n->world.now < end)
        world_run(&n->world, MIN(end, n->world.now + SHRIKE_SECOND));
    for (unsigned i = 0; i < 2; i++) {
        why = oracle_empty(&n->host[i]);
        if (why)
            world_fail(
                &n->world, "after close of %s: %s (%lld octets more than at its start)",
                n->host[i].node.name, why,
                (long long)(host_stats(&n->host[i]).bytes_live - n->host[i].at_start.bytes_live));
    }
    for (unsigned i = 0; i < 2 && !n->world.failed; i++)
        net_end_host(n, &n->host[i]);
}

void net_close(struct net *n)
{
    if (n->world.failed)
        return;
    host_down(&n->host[0], NULL);
    net_leave(n);
}
