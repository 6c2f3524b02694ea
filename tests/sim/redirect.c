/* A calls B; B and C lead it to each other in every exchange, by address and by name, in a storm of
 * everything else. In the calm it is where it was led to; and a loop has an end. */
#include "redirect.h"
#include "host_keep.h"
#include "host_log.h"
#include "oracle_end.h"

enum { CALLER, FIRST, SECOND, HOSTS, ROUNDS = 30, CONFS_LEFT = 8 };
#define LOOK_EVERY (5 * SHRIKE_SECOND)

struct play {
    struct net *net; /* its world and oracle; its two hosts are not used */
    struct link cloud;
    struct router middle;
    struct host hosts[HOSTS];
    struct conf_knobs knobs[HOSTS];
    struct shrike_provider *providers[HOSTS];
    struct watch watches[HOSTS];
};

static const char *const names[HOSTS] = {"host0.example", "host1.example", "host2.example"};
static const u8 addresses[HOSTS][4] = {{192, 0, 2, 1}, {192, 0, 2, 2}, {192, 0, 2, 3}};

static struct shrike_endpoint address_of(unsigned i)
{
    return endpoint_v4(192, 0, 2, (u8)(i + 1), 500);
}

/* How a gateway calls this one. */
static struct shrike_id gateway(struct prng *p, unsigned i)
{
    if (prng_percent(p, 50))
        return (struct shrike_id){ID_IPV4_ADDR, {addresses[i], 4}};
    return (struct shrike_id){ID_FQDN, bytes_of(names[i], strlen(names[i]))};
}

/* ---- building ---- */

static void set_up(struct play *s, unsigned i)
{
    struct prng *p = &s->net->world.prng;
    struct conf_knobs *k = &s->knobs[i];

    *k = conf_defaults(i > 0);
    k->local_id = i == CALLER ? "a.example" : "gate.example"; /* RFC 5685 3 */
    k->remote_id = i == CALLER ? "gate.example" : "a.example";
    k->local = address_of(i);
    k->remote = i == CALLER ? address_of(FIRST) : (struct shrike_endpoint){0};
    k->from_anybody = i != CALLER;
    k->peer = i == CALLER ? FIRST : CALLER;
    k->follows = i == CALLER;
    k->jitter = 10;
    k->dpd_delay = 20 * SHRIKE_SECOND;
    k->ike_rekey = prng_percent(p, 30) ? 60 * SHRIKE_SECOND : 0;
}

static void build_host(struct play *s, unsigned i)
{
    static const char *const letters[HOSTS] = {"A", "B", "C"};
    struct net *n = s->net;
    struct host_setup setup = {.name = letters[i],
                               .letter = letters[i][0],
                               .number = i,
                               .knobs = &s->knobs[i],
                               .knob_count = 1,
                               .limits = n->setup.limits,
                               .address = address_of(i),
                               .secret = bytes_of("the secret of all", 17),
                               .oracle = &n->oracle,
                               .out = &s->cloud.node,
                               .keeps = true};

    s->providers[i] =
        n->options.real ? provider_openssl_new() : provider_toy_new(prng_next(&n->world.prng));
    ensure(s->providers[i] != NULL);
    watch_init(&s->watches[i], &n->oracle.reuse, s->providers[i]);
    setup.provider = &s->watches[i].provider;
    if (!host_init(&s->hosts[i], &n->world, &setup))
        world_fail(&n->world, "%s could not be made", letters[i]);
    router_add(&s->middle, &setup.address, &s->hosts[i].node);
}

static void build(struct play *s, struct net *n)
{
    s->net = n;
    oracle_init(&n->oracle, &n->world, &n->setup.limits);
    n->oracle.led = true;
    router_init(&s->middle, &n->world);
    link_init(&s->cloud, &n->world, "the cloud", &s->middle.node);
    for (unsigned i = 0; i < HOSTS; i++)
        set_up(s, i);
    for (unsigned i = 0; i < HOSTS; i++)
        build_host(s, i);
    n->world.after = oracle_after;
    n->world.after_ctx = &n->oracle;
}

static void tear_down(struct play *s)
{
    for (unsigned i = 0; i < HOSTS; i++) {
        host_free(&s->hosts[i]);
        if (s->net->options.real)
            provider_openssl_free(s->providers[i]);
        else
            provider_toy_free(s->providers[i]);
    }
    link_free(&s->cloud);
    oracle_free(&s->net->oracle);
}

/* ---- the storm ---- */

static void lead_by(struct play *s, unsigned i, enum shrike_redirect where, unsigned to)
{
    s->knobs[i].redirect = where;
    s->knobs[i].redirect_to = gateway(&s->net->world.prng, to);
    if (!host_reload(&s->hosts[i]))
        world_fail(&s->net->world, "a configuration could not be changed");
}

static void lead(struct play *s, unsigned from, unsigned to)
{
    host_command(&s->hosts[from],
                 (struct shrike_command){.kind = SHRIKE_REDIRECT,
                                         .conn = CONF_CONN,
                                         .gateway = gateway(&s->net->world.prng, to)});
}

static void disturb(struct play *s)
{
    struct prng *p = &s->net->world.prng;
    unsigned gate = prng_percent(p, 50) ? FIRST : SECOND, other = FIRST + SECOND - gate;
    struct host *any = &s->hosts[prng_below(p, HOSTS)];
    struct shrike_command rekey = {.kind = SHRIKE_REKEY, .conn = CONF_CONN};

    switch (prng_below(p, 8)) {
    case 0:
    case 1:
        if (s->hosts[gate].conf_count + CONFS_LEFT < HOST_CONFS_MAX)
            lead_by(s, gate, (enum shrike_redirect)prng_below(p, 3), other);
        break;
    case 2:
    case 3:
        lead(s, gate, other);
        break;
    case 4:
        host_command(any, rekey);
        break;
    case 5:
        if (any->conf_count + CONFS_LEFT < HOST_CONFS_MAX)
            host_restart(any);
        break;
    case 6:
        s->cloud.faults.down = !s->cloud.faults.down;
        break;
    default:
        host_down(&s->hosts[CALLER], NULL);
        break;
    }
    if (prng_percent(p, 60))
        host_up(&s->hosts[CALLER], NULL);
}

static void storm(struct play *s)
{
    struct world *w = &s->net->world;
    struct prng *p = &w->prng;
    int loss = s->net->options.loss;

    s->cloud.faults = (struct link_faults){
        .delay = prng_between(p, 1, 100) * SHRIKE_MS,
        .jitter = 50 * SHRIKE_MS,
        .reorder_delay = SHRIKE_SECOND,
        .loss = (u8)(loss >= 0 ? (u64)loss : prng_below(p, 20)),
        .duplicate = 5,
        .reorder = 10,
    };
    for (unsigned i = 0; i < HOSTS; i++) {
        s->hosts[i].model.latency_max = prng_below(p, 500 * SHRIKE_MS);
        s->hosts[i].model.answers_twice = (u8)prng_below(p, 10);
        s->hosts[i].model.address_fails = (u8)prng_below(p, 20);
    }
    for (unsigned i = 0; i < ROUNDS && !w->failed; i++) {
        disturb(s);
        world_run(w, w->now + prng_below(p, 30 * SHRIKE_SECOND));
    }
}

/* ---- the calm ---- */

static void until_settled(struct play *s, shrike_time within)
{
    struct world *w = &s->net->world;
    shrike_time end = w->now + within;

    while (!w->failed && w->now < end && oracle_settled(&s->net->oracle))
        world_run(w, MIN(end, w->now + LOOK_EVERY));
    if (oracle_settled(&s->net->oracle))
        world_fail(w, "not settled in the calm: %s", oracle_settled(&s->net->oracle));
}

/* The only Child SA of A is with this gateway. */
static bool is_with(struct play *s, unsigned gate)
{
    size_t cursor = 0;
    const struct kernel *k = &s->hosts[CALLER].kernel;
    const struct esp_pair *pair = kernel_next(k, &cursor);
    struct shrike_endpoint there = address_of(gate);

    return pair && address_equal(&pair->remote, &there) && !kernel_next(k, &cursor) &&
           host_ikes_up(&s->hosts[CALLER]) == 1 && host_ikes_up(&s->hosts[gate]) == 1;
}

static void call_anew(struct play *s)
{
    struct world *w = &s->net->world;

    host_down(&s->hosts[CALLER], NULL);
    world_run(w, w->now + 400 * SHRIKE_SECOND); /* nothing of before counts */
    host_up(&s->hosts[CALLER], NULL);
    until_settled(s, 600 * SHRIKE_SECOND);
}

/* In each exchange once, and once round. */
static void look(struct play *s)
{
    struct net *n = s->net;
    struct host *caller = &s->hosts[CALLER];
    unsigned before;

    lead_by(s, SECOND, SHRIKE_REDIRECT_NO, FIRST);
    for (unsigned where = SHRIKE_REDIRECT_INIT; where <= SHRIKE_REDIRECT_AUTH; where++) {
        lead_by(s, FIRST, (enum shrike_redirect)where, SECOND);
        before = host_count(caller, SHRIKE_EVENT_REDIRECTED);
        call_anew(s);
        expect(n, is_with(s, SECOND));
        expect(n, host_count(caller, SHRIKE_EVENT_REDIRECTED) == before + 1);
    }
    lead_by(s, FIRST, SHRIKE_REDIRECT_NO, SECOND);
    lead(s, SECOND, FIRST);
    world_run(&n->world, n->world.now + 100 * SHRIKE_SECOND);
    until_settled(s, 600 * SHRIKE_SECOND);
    expect(n, is_with(s, FIRST) && oracle_carries(&n->oracle) == NULL);
    lead_by(s, FIRST, SHRIKE_REDIRECT_INIT, SECOND);
    lead_by(s, SECOND, SHRIKE_REDIRECT_AUTH, FIRST);
    before = host_count(caller, SHRIKE_EVENT_REDIRECTED);
    call_anew(s);
    expect(n, host_count(caller, SHRIKE_EVENT_REDIRECTED) == before + 5);
    expect(n, host_count_reason(caller, SHRIKE_EVENT_IKE_FAILED, SHRIKE_REASON_REDIRECT_LOOP) > 0);
    expect(n, host_ikes_up(caller) == 0);
}

static void calm(struct play *s)
{
    struct world *w = &s->net->world;

    world_say(w, "calm");
    s->cloud.faults = (struct link_faults){.delay = 10 * SHRIKE_MS};
    for (unsigned i = 0; i < HOSTS; i++) {
        s->hosts[i].model.address_fails = 0;
        s->knobs[i].ike_rekey = 0;
        (void)host_reload(&s->hosts[i]);
    }
    world_run(w, w->now + 400 * SHRIKE_SECOND); /* who knows of nobody any more is given up */
    if (!w->failed)
        look(s);
    for (unsigned i = 0; i < HOSTS && !w->failed; i++)
        host_command(&s->hosts[i], (struct shrike_command){.kind = SHRIKE_DOWN});
    if (!w->failed)
        world_run(w, w->now + 600 * SHRIKE_SECOND);
    for (unsigned i = 0; i < HOSTS && !w->failed; i++) {
        const char *why = oracle_empty(&s->hosts[i]);
        if (why)
            world_fail(w, "after close of %s: %s", s->hosts[i].node.name, why);
        else
            net_end_host(s->net, &s->hosts[i]);
    }
}

void play_redirect(struct net *n)
{
    static struct play play;
    struct play *s = &play;

    memset(s, 0, sizeof *s);
    build(s, n);
    storm(s);
    if (!n->world.failed)
        calm(s);
    tear_down(s);
}
