/* Drawing and building a swarm. */
#include "swarm_net.h"
#include "swarm_move.h"
#include <stdio.h>
#include <stdlib.h>

enum { CHILDREN_MAX = 3, REQIDS = 10 }; /* of one connection */

static const char *const children[CHILDREN_MAX] = {"one", "two", "three"};

static const struct conf_suite ike_suites[] = {
    {EVIL_ENCR, EVIL_ENCR_BITS, PRF_HMAC_SHA2_256, INTEG_NONE, {0}, false},
    {ENCR_CHACHA20_POLY1305, 0, PRF_HMAC_SHA2_512, INTEG_NONE, {0}, false},
    {ENCR_AES_CTR, 192, PRF_AES128_XCBC, INTEG_AES_XCBC_96, {0}, false},
    {ENCR_AES_CBC, 256, PRF_HMAC_SHA2_256, INTEG_HMAC_SHA2_256_128, {0}, false},
};
static const u16 groups[] = {KE_CURVE25519, KE_ECP256, KE_MODP2048};

/* What all connections of a swarm share. */
struct common {
    struct conf_suite ike;
    enum shrike_unique unique;
    bool fragmentation;
    u32 cookie_threshold;
    bool any_evil;
};

/* ---- who is there ---- */

static unsigned draw_count(struct prng *p)
{
    u64 dice = prng_below(p, 100);

    if (dice < 30)
        return 2;
    if (dice < 80)
        return (unsigned)prng_between(p, 3, 5);
    if (dice < 98)
        return (unsigned)prng_between(p, 6, 10);
    return (unsigned)prng_between(p, 11, SWARM_HOSTS_MAX);
}

static bool has_room(const struct swarm *s, unsigned host)
{
    return s->hosts[host].nat < 0 && s->hosts[host].peers < SWARM_PEERS_MAX;
}

static bool knows(const struct swarm *s, unsigned host, unsigned peer)
{
    for (unsigned i = 0; i < s->hosts[host].peers; i++)
        if (s->hosts[host].knobs[i].peer == peer)
            return true;
    return false;
}

/* One of the hosts before this one that can be called and has room; none: the host itself. */
static unsigned draw_peer(struct swarm *s, unsigned host)
{
    unsigned first = (unsigned)prng_below(&s->net->world.prng, host);

    for (unsigned i = 0; i < host; i++) {
        unsigned peer = (first + i) % host;
        if (has_room(s, peer) && !knows(s, host, peer))
            return peer;
    }
    return host;
}

static void draw_place(struct swarm *s, unsigned i)
{
    struct prng *p = &s->net->world.prng;
    struct swarm_host *h = &s->hosts[i];
    unsigned room = 0;

    for (unsigned k = 0; k < i; k++)
        room += s->hosts[k].nat < 0 ? SWARM_PEERS_MAX - s->hosts[k].peers : 0;
    h->nat = -1;
    if (room > 1 && s->nat_count > 0 && prng_percent(p, 40))
        h->nat = (int)prng_below(p, s->nat_count);
    h->address = h->nat < 0 ? endpoint_v4(192, 0, 2, (u8)(i + 1), 500)
                            : endpoint_v4(10, 250, (u8)h->nat, (u8)(i + 1), 500);
    h->name[0] = (char)(i < 26 ? 'A' + i : 'a' + i - 26);
    snprintf(h->id, sizeof h->id, "host%u.example", i % 100);
}

/* ---- who knows whom ---- */

static void draw_child(struct prng *p, struct conf_child *k, unsigned i)
{
    static const struct conf_suite suites[] = {
        {ENCR_AES_GCM_16, 256, 0, INTEG_NONE, {0}, false},
        {ENCR_AES_GCM_16, 128, 0, INTEG_NONE, {0}, true},
        {ENCR_AES_CTR, 128, 0, INTEG_HMAC_SHA2_512_256, {0}, true},
    };

    *k = (struct conf_child){.name = children[i], .mode = SHRIKE_TUNNEL};
    k->esp = suites[prng_below(p, ARRAY_LEN(suites))];
    k->esp.groups[0] = prng_percent(p, 40) ? groups[prng_below(p, ARRAY_LEN(groups))] : 0;
}

/* When things end, at one end of a connection. */
static void draw_times(struct prng *p, struct conf_knobs *k, bool reauths)
{
    k->jitter = 10;
    k->dpd_delay = prng_between(p, 15, 60) * SHRIKE_SECOND;
    if (prng_percent(p, 60)) {
        k->child_rekey = prng_between(p, 20, 120) * SHRIKE_SECOND;
        k->child_rand = 20 * SHRIKE_SECOND;
        k->child_life = k->child_rekey + 300 * SHRIKE_SECOND;
    }
    if (prng_percent(p, 50)) {
        k->ike_rekey = prng_between(p, 40, 200) * SHRIKE_SECOND;
        k->ike_rand = 20 * SHRIKE_SECOND;
    }
    if (reauths && prng_percent(p, 30))
        k->ike_reauth = prng_between(p, 60, 300) * SHRIKE_SECOND;
}

/* This host's end of a connection with a peer. */
static struct conf_knobs *add_end(struct swarm *s, const struct common *c, unsigned i,
                                  unsigned peer)
{
    struct swarm_host *h = &s->hosts[i], *there = &s->hosts[peer];
    struct conf_knobs *k = &h->knobs[h->peers];
    bool alone = there->nat >= 0;

    *k = conf_defaults(0);
    snprintf(h->conns[h->peers], CONF_NAME_MAX, "to-%u", peer % 100);
    k->conn = h->conns[h->peers];
    k->reqids = REQIDS * h->peers++;
    k->peer = peer;
    k->local = h->address;
    k->remote = alone ? (struct shrike_endpoint){0} : there->address;
    k->from_anybody = alone;
    k->local_id = h->id;
    k->remote_id = there->id;
    k->ike[0] = c->ike;
    k->unique = c->unique;
    k->fragmentation = c->fragmentation;
    k->cookie_threshold = c->cookie_threshold;
    draw_times(&s->net->world.prng, k, s->reauths);
    return k;
}

static void join(struct swarm *s, const struct common *c, unsigned a, unsigned b)
{
    struct prng *p = &s->net->world.prng;
    struct conf_knobs *here = add_end(s, c, a, b), *there = add_end(s, c, b, a);

    here->child_count = there->child_count = (unsigned)prng_between(p, 1, CHILDREN_MAX);
    for (unsigned i = 0; i < here->child_count; i++) {
        struct conf_child *x = &here->children[i], *y = &there->children[i];
        draw_child(p, x, i);
        x->local = (struct conf_block){.x = (u8)(a + 1), .y = (u8)i, .prefix = 24};
        x->remote = (struct conf_block){.x = (u8)(b + 1), .y = (u8)i, .prefix = 24};
        *y = *x;
        y->local = x->remote;
        y->remote = x->local;
        x->start = (enum shrike_start)prng_below(p, 3);
        y->start = (enum shrike_start)prng_below(p, 3);
        x->dpd_action = prng_percent(p, 60) ? SHRIKE_START_NOW : SHRIKE_START_NONE;
        y->dpd_action = prng_percent(p, 40) ? SHRIKE_START_NOW : SHRIKE_START_NONE;
    }
}

static void draw(struct swarm *s)
{
    struct prng *p = &s->net->world.prng;
    struct common c = {.unique = prng_percent(p, 60) ? SHRIKE_UNIQUE_NO : SHRIKE_UNIQUE_REPLACE,
                       .fragmentation = prng_percent(p, 70),
                       .cookie_threshold = prng_percent(p, 25) ? 0 : 30,
                       .any_evil = prng_percent(p, 25)};

    s->reauths = c.unique == SHRIKE_UNIQUE_REPLACE;
    s->nat_count = (unsigned)prng_below(p, MIN(s->host_count, (unsigned)SWARM_NATS_MAX) + 1);
    c.ike = ike_suites[c.any_evil ? 0 : prng_below(p, ARRAY_LEN(ike_suites))];
    c.ike.groups[0] = groups[prng_below(p, ARRAY_LEN(groups))];
    for (unsigned i = 0; i < s->host_count; i++) {
        unsigned peer = i;
        draw_place(s, i);
        s->hosts[i].is_evil = c.any_evil && i > 0 && prng_percent(p, i == 1 ? 50 : 20);
        for (unsigned more = prng_percent(p, 30) ? 2 : 1; i > 0 && more > 0; more--)
            if ((peer = draw_peer(s, i)) != i)
                join(s, &c, i, peer);
    }
    swarm_move_draw(s);
}

/* ---- building ---- */

static void build_nats(struct swarm *s)
{
    struct world *w = &s->net->world;

    for (unsigned i = 0; i < s->nat_count; i++) {
        struct swarm_nat *n = &s->nats[i];
        router_init(&n->inside, w);
        nat_init(&n->nat, w, &s->cloud.node, &n->inside.node);
        n->nat.address = endpoint_v4(198, 51, 100, (u8)(i + 1), 500);
        n->nat.keep_ports = prng_percent(&w->prng, 50);
        router_add(&s->middle, &n->nat.address, &n->nat.outside);
    }
}

static void build_host(struct swarm *s, unsigned i)
{
    struct world *w = &s->net->world;
    struct swarm_host *h = &s->hosts[i];
    struct swarm_nat *nat = h->nat < 0 ? NULL : &s->nats[h->nat];
    struct node *way = nat ? &nat->nat.inside : &s->cloud.node;
    struct host *const keys[2] = {&h->host, NULL};
    struct host_setup setup = {.name = h->name,
                               .letter = h->name[0],
                               .number = i,
                               .knobs = h->knobs,
                               .knob_count = h->peers,
                               .limits = s->net->setup.limits,
                               .address = h->address,
                               .oracle = &s->net->oracle,
                               .out = h->is_evil ? &h->evil.node : way,
                               .keeps = true};

    h->provider =
        s->net->options.real ? provider_openssl_new() : provider_toy_new(prng_next(&w->prng));
    ensure(h->provider != NULL);
    watch_init(&h->watch, &s->net->oracle.reuse, h->provider);
    setup.provider = &h->watch.provider;
    setup.secret = bytes_of("the secret of the swarm", 23);
    if (!host_init(&h->host, w, &setup))
        world_fail(w, "%s could not be made", h->name);
    h->host.lies = h->is_evil;
    h->host.nat = nat ? &nat->nat : NULL;
    if (h->is_evil)
        world_say(w, "%c   lies", h->name[0]);
    if (h->is_evil)
        evil_init(&h->evil, w, keys, way);
    router_add(nat ? &nat->inside : &s->middle, &h->address, &h->host.node);
    swarm_move_build(s, i);
}

struct swarm *swarm_new(struct net *n)
{
    struct swarm *s = calloc(1, sizeof *s);

    ensure(s != NULL);
    s->net = n;
    s->host_count = draw_count(&n->world.prng);
    s->hosts = calloc(s->host_count, sizeof *s->hosts);
    ensure(s->hosts != NULL);
    n->setup.limits =
        (struct shrike_limits){.ike_sas = 128, .half_open = 64, .child_sas = 256, .memory_mib = 16};
    oracle_init(&n->oracle, &n->world, &n->setup.limits);
    draw(s);
    router_init(&s->middle, &n->world);
    link_init(&s->cloud, &n->world, "the cloud", &s->middle.node);
    build_nats(s);
    for (unsigned i = 0; i < s->host_count; i++)
        build_host(s, i);
    n->world.after = oracle_after;
    n->world.after_ctx = &n->oracle;
    return s;
}

void swarm_free(struct swarm *s)
{
    for (unsigned i = 0; i < s->host_count; i++) {
        struct swarm_host *h = &s->hosts[i];
        host_free(&h->host);
        if (s->net->options.real)
            provider_openssl_free(h->provider);
        else
            provider_toy_free(h->provider);
    }
    link_free(&s->cloud);
    oracle_free(&s->net->oracle);
    free(s->hosts);
    free(s);
}

unsigned swarm_back(const struct swarm *s, unsigned host, unsigned conn)
{
    const struct swarm_host *peer = &s->hosts[s->hosts[host].knobs[conn].peer];

    for (unsigned i = 0; i < peer->peers; i++)
        if (peer->knobs[i].peer == host)
            return i;
    ensure(!"a connection has two ends");
    return 0;
}

bool swarm_calls(const struct swarm *s, unsigned host, unsigned conn)
{
    return s->hosts[host].knobs[conn].remote.family != 0;
}
