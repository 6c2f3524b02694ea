/* Everybody calls everybody: one IKE SA and one Child SA is left of each pair. */
#include "mesh.h"
#include "keys.h"
#include "pages.h"
#include <stdio.h>
#include <stdlib.h>

enum { HOSTS = 50, NAME_MAX = 16 };
#define MESH_TIME (400 * SHRIKE_SECOND)

/* A datagram on its way to a host, or an answer to an op of it. */
struct item {
    shrike_time due;
    u64 order;
    unsigned host;
    struct packet *packet; /* NULL: the answer */
    struct shrike_token token;
    struct shrike_answer answer;
    u8 value[PRF_MAX];
};

struct mesh_host {
    struct shrike *engine;
    struct shrike_provider *provider;
    struct keys keys;
    struct pages pages;
    struct shrike_conf conf;
    struct shrike_conn conns[HOSTS];
    struct shrike_child_conf children[HOSTS];
    char ids[HOSTS][NAME_MAX];
    shrike_time tick_at;
    int installed[HOSTS]; /* Child SAs with each of the others */
};

struct mesh {
    struct net *net;
    struct mesh_host hosts[HOSTS];
    struct shrike_ts ts[HOSTS];
    struct item **items; /* a binary heap by due */
    size_t count, room;
    u64 order;
    u8 loss;
};

static const struct shrike_transform ike_transforms[] = {
    {TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
    {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
    {TRANSFORM_KE, KE_CURVE25519, 0},
};
static const struct shrike_transform esp_transforms[] = {
    {TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
    {TRANSFORM_SN, SN_32, 0},
};
static const struct shrike_proposal ike = {PROTOCOL_IKE, 3, ike_transforms, {CONF_FILE, 1}};
static const struct shrike_proposal esp = {PROTOCOL_ESP, 2, esp_transforms, {CONF_FILE, 2}};

/* ---- what is on its way ---- */

static bool sooner(const struct item *a, const struct item *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void swap(struct mesh *m, size_t a, size_t b)
{
    struct item *kept = m->items[a];
    m->items[a] = m->items[b];
    m->items[b] = kept;
}

static void put(struct mesh *m, struct item *item)
{
    if (m->count == m->room) {
        m->room = m->room ? 2 * m->room : 1024;
        m->items = realloc(m->items, m->room * sizeof *m->items);
        ensure(m->items != NULL);
    }
    item->order = m->order++;
    size_t at = m->count++;
    for (m->items[at] = item; at > 0 && sooner(item, m->items[(at - 1) / 2]); at = (at - 1) / 2)
        swap(m, at, (at - 1) / 2);
}

static struct item *take(struct mesh *m)
{
    struct item *first = m->items[0];
    m->items[0] = m->items[--m->count];
    for (size_t at = 0, next; (next = 2 * at + 1) < m->count; at = next) {
        if (next + 1 < m->count && sooner(m->items[next + 1], m->items[next]))
            next++;
        if (!sooner(m->items[next], m->items[at]))
            break;
        swap(m, at, next);
    }
    return first;
}

static struct item *item_new(struct mesh *m, unsigned host, shrike_time delay_max)
{
    struct item *item = calloc(1, sizeof *item);
    struct world *w = &m->net->world;
    ensure(item != NULL);
    item->due = w->now + SHRIKE_MS + prng_below(&w->prng, delay_max);
    item->host = host;
    return item;
}

/* ---- a host ---- */

static struct shrike_endpoint address_of(unsigned host)
{
    return endpoint_v4(192, 0, 2, (u8)(host + 1), 500);
}

static void build_host(struct mesh *m, unsigned self)
{
    struct mesh_host *h = &m->hosts[self];
    struct shrike_env env = {.limits = {.ike_sas = 256, .half_open = 128, .memory_mib = 32},
                             .incarnation = 1,
                             .shards = 1};
    const char *secret = "the secret of all";

    for (unsigned i = 0; i < HOSTS; i++) {
        snprintf(h->ids[i], NAME_MAX, "host%02u", i);
        h->children[i] = (struct shrike_child_conf){.name = "net",
                                                    .start = SHRIKE_START_NOW,
                                                    .proposals = &esp,
                                                    .proposal_count = 1,
                                                    .local_ts = &m->ts[self],
                                                    .remote_ts = &m->ts[i],
                                                    .local_ts_count = 1,
                                                    .remote_ts_count = 1,
                                                    .reqid = i + 1};
        h->conns[i] = *host_conn(&m->net->host[0]);
        struct shrike_conn *c = &h->conns[i];
        c->name = h->ids[i];
        c->hash = i + 1;
        c->local_addr_count = c->remote_addr_count = 0;
        c->proposals = &ike;
        c->proposal_count = 1;
        c->children = &h->children[i];
        c->child_count = 1;
        c->local.id = (struct shrike_id){ID_FQDN, bytes_of(h->ids[self], 6)};
        c->remote.id = (struct shrike_id){ID_FQDN, bytes_of(h->ids[i], 6)};
        c->local_endpoint = address_of(self);
        c->remote_endpoint = address_of(i);
    }
    h->conf = (struct shrike_conf){.conns = h->conns,
                                   .conn_count = HOSTS,
                                   .cookie_threshold = 1000,
                                   .cookie_prefix_threshold = 1000,
                                   .half_open_max = 1000};
    h->provider = provider_toy_new(prng_next(&m->net->world.prng));
    keys_init(&h->keys, h->provider, bytes_of(secret, strlen(secret)));
    pages_init(&h->pages);
    env.provider = h->provider;
    env.pages = pages_source(&h->pages);
    prng_fill(&m->net->world.prng, env.seed, sizeof env.seed);
    h->engine = shrike_new(&env, m->net->world.now);
    h->tick_at = SHRIKE_NEVER;
    ensure(h->engine && shrike_conf(h->engine, &h->conf));
}

static void on_op(struct mesh *m, unsigned self, const struct shrike_op *op)
{
    struct mesh_host *h = &m->hosts[self];
    struct item *item;

    if (op->kind == SHRIKE_CHILD_REMOVE)
        h->installed[op->remove.remote.octets[3] - 1]--;
    if (op->kind == SHRIKE_CHILD_REMOVE || op->kind == SHRIKE_CHILD_SWITCH ||
        op->kind == SHRIKE_CHILD_MOVE)
        return;
    item = item_new(m, self, 20 * SHRIKE_MS);
    item->token = op->token;
    item->answer.ok = true;
    if (op->kind == SHRIKE_CHILD_INSTALL)
        h->installed[op->install.remote.octets[3] - 1]++;
    else
        item->answer = keys_answer(&h->keys, op->kind, &op->auth, item->value);
    put(m, item);
}

static void on_send(struct mesh *m, const struct shrike_send *s)
{
    struct world *w = &m->net->world;

    w->counts.datagrams++;
    world_hash(w, s->data.at, s->data.len);
    if (prng_percent(&w->prng, m->loss)) {
        w->counts.lost++;
        return;
    }
    struct item *item = item_new(m, s->remote.octets[3] - 1u, 80 * SHRIKE_MS);
    item->packet = packet_make(s->data.at, s->data.len);
    item->packet->from = s->local;
    item->packet->to = s->remote;
    item->packet->marker = s->marker;
    put(m, item);
}

static void drain(struct mesh *m, unsigned self)
{
    struct mesh_host *h = &m->hosts[self];
    struct shrike_action a;

    while (shrike_next(h->engine, &a)) {
        if (a.kind == SHRIKE_SEND)
            on_send(m, &a.send);
        else if (a.kind == SHRIKE_OP)
            on_op(m, self, &a.op);
    }
    h->tick_at = shrike_deadline(h->engine);
}

static void happen(struct mesh *m, struct item *item)
{
    struct mesh_host *h = &m->hosts[item->host];
    shrike_time now = m->net->world.now;

    if (item->packet) {
        struct packet *p = item->packet;
        struct shrike_datagram d = {p->to, p->from, p->data, p->len, p->marker};
        shrike_datagram(h->engine, now, &d);
    } else {
        if (item->answer.value.len)
            item->answer.value.at = item->value;
        shrike_done(h->engine, now, item->token, &item->answer);
    }
    drain(m, item->host);
    free(item->packet);
    free(item);
}

static unsigned next_to_tick(const struct mesh *m)
{
    unsigned best = 0;
    for (unsigned i = 1; i < HOSTS; i++)
        if (m->hosts[i].tick_at < m->hosts[best].tick_at)
            best = i;
    return best;
}

static void run(struct mesh *m, shrike_time until)
{
    struct world *w = &m->net->world;

    while (!w->failed) {
        unsigned host = next_to_tick(m);
        shrike_time tick = m->hosts[host].tick_at;
        bool ticks = m->count == 0 || tick <= m->items[0]->due;
        shrike_time due = ticks ? tick : m->items[0]->due;
        if (due > until)
            break;
        w->now = MAX(w->now, due);
        if (++w->counts.events > WORLD_EVENTS_MAX)
            world_fail(w, "something never ends");
        if (ticks) {
            shrike_tick(m->hosts[host].engine, w->now);
            drain(m, host);
        } else {
            happen(m, take(m));
        }
    }
    w->now = MAX(w->now, until);
}

/* ---- the play ---- */

static void call(struct mesh *m, unsigned self, unsigned other)
{
    struct shrike_command up = {.kind = SHRIKE_UP, .conn = m->hosts[self].ids[other]};
    shrike_command(m->hosts[self].engine, m->net->world.now, &up);
    drain(m, self);
}

static void look(struct mesh *m)
{
    for (unsigned i = 0; i < HOSTS; i++) {
        struct shrike_stats s;
        shrike_stats(m->hosts[i].engine, &s);
        expect(m->net, s.ike_sas == HOSTS - 1 && s.child_sas == HOSTS - 1);
        expect(m->net, s.handshakes == 0 && s.half_open == 0 && s.works == 0);
        for (unsigned k = 0; k < HOSTS; k++)
            expect(m->net, m->hosts[i].installed[k] == (i != k));
    }
}

static void end(struct mesh *m)
{
    for (unsigned i = 0; i < HOSTS; i++) {
        struct mesh_host *h = &m->hosts[i];
        shrike_free(h->engine);
        expect(m->net, h->pages.bytes == 0 && !h->pages.misuse);
        pages_free(&h->pages);
        provider_toy_free(h->provider);
    }
    while (m->count > 0) {
        struct item *item = take(m);
        free(item->packet);
        free(item);
    }
    free(m->items);
    free(m);
}

void play_mesh(struct net *n)
{
    struct mesh *m = calloc(1, sizeof *m);

    ensure(m != NULL);
    net_build(n); /* for the times of its configuration */
    m->net = n;
    m->loss = (u8)prng_below(&n->world.prng, 6);
    for (unsigned i = 0; i < HOSTS; i++)
        m->ts[i] = (struct shrike_ts){
            .from = {10, 0, (u8)i, 0}, .to = {10, 0, (u8)i, 255}, .port_to = 65535, .family = 4};
    for (unsigned i = 0; i < HOSTS; i++)
        build_host(m, i);
    for (unsigned k = 1; k < HOSTS; k++)
        for (unsigned i = 0; i < HOSTS; i++)
            call(m, i, (i + k) % HOSTS);
    run(m, n->world.now + MESH_TIME);
    look(m);
    end(m);
}
