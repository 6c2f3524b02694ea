/* One shard's world: see shard.h. */
#include "sa/shard.h"
#include "base/ct.h"
#include "base/siphash.h"
#include "base/text.h"
#include "sa/child.h"
#include "sa/internal.h"
#include "sa/protect.h"

/* A key of its own for each use, from the one seed of the environment. */
static void seed_key(const struct shrike_env *env, u8 use, u8 out[16])
{
    u8 text[17];
    memcpy(text, env->seed + 16, 16);
    text[16] = use;
    siphash128(env->seed, bytes_of(text, sizeof(text)), out);
    wipe(text, sizeof(text));
}

static void default_limits(struct shrike_limits *l)
{
    l->ike_sas = l->ike_sas ? l->ike_sas : 1024;
    l->half_open = l->half_open ? l->half_open : 256;
    l->child_sas = l->child_sas ? l->child_sas : 2 * l->ike_sas;
    l->memory_mib = l->memory_mib ? l->memory_mib : 64;
}

static bool init_pools(struct shard *s)
{
    const struct shrike_limits *l = &s->limits;
    struct page_source *p = &s->source;
    /* Per SA: a remembered reply, a request, an identity; per child: selectors; per handshake: its
     * messages, and what EAP leaves between them. */
    u32 packets = 4 * l->ike_sas + l->child_sas + 8 * l->half_open;
    /* Exchanges that wait for an answer: bounded like the handshakes, they come from the same
     * peers. */
    return slab_init(&s->sas, p, sizeof(struct ike_sa), l->ike_sas) &&
           slab_init(&s->handshakes, p, sizeof(struct handshake), l->half_open) &&
           slab_init(&s->children, p, sizeof(struct child_sa), l->child_sas) &&
           slab_init(&s->works, p, sizeof(struct work), 2 * l->half_open) &&
           slab_init(&s->reassemblies, p, sizeof(struct reassembly), l->half_open) &&
           slab_init(&s->commands, p, sizeof(struct pending), PENDING_MAX) &&
           slab_init(&s->more_slots, p, sizeof(struct more_slots), l->ike_sas) &&
           packets_init(&s->packets, p, packets) && ring_init(&s->ring, p, &s->packets) &&
           map_init(&s->by_spi, p, l->ike_sas) && map_init(&s->by_init, p, l->ike_sas) &&
           map_init(&s->by_peer, p, l->ike_sas) &&
           map_init(&s->by_esp, p, l->child_sas + MIN(l->child_sas, CPI_COUNT)) &&
           heap_init(&s->timers, p, l->ike_sas) && changes_init(&s->changes, p, l->ike_sas) &&
           counts_init(&s->counts, p);
}

bool shard_init(struct shard *s, const struct shrike_env *env, shrike_time now)
{
    s->provider = env->provider;
    s->source.from = env->pages;
    s->limits = env->limits;
    default_limits(&s->limits);
    s->source.bytes_max = (u64)s->limits.memory_mib << 20;
    s->incarnation = env->incarnation;
    s->shard = env->shard;
    s->shards = env->shards ? env->shards : 1;
    s->now = now;
    s->plane = 1;
    seed_key(env, 1, s->hash_key);
    seed_key(env, 2, s->cookie_seed);
    u8 jitter[16];
    seed_key(env, 3, jitter);
    memcpy(&s->jitter, jitter, sizeof(s->jitter));
    s->scratch_pages = page_take(&s->source, SCRATCH_SIZE + OUT_MAX);
    if (!s->scratch_pages || !init_pools(s)) {
        shard_free(s);
        return false;
    }
    arena_init(&s->scratch, s->scratch_pages, SCRATCH_SIZE);
    s->out = (u8 *)s->scratch_pages + SCRATCH_SIZE;
    return true;
}

void shard_free(struct shard *s)
{
    for (u32 i = 0; s->sas.pages && i < s->sas.cut; i++) {
        struct ike_sa *sa = shard_sa_at(s, i);
        if (!sa)
            continue;
        /* Nobody listens any more: the data plane keeps what it has. */
        sa->command_alive = sa->command_down = sa->command_rekey = 0;
        internal_forget(sa);
        for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
            c->plane = 0;
            c->command = c->command_down = c->command_rekey = 0;
        }
        sa_free(s, sa);
    }
    for (u32 i = 0; i < SNAPSHOTS_MAX; i++)
        directory_free(&s->snapshots[i].directory);
    ring_free(&s->ring);
    changes_free(&s->changes);
    counts_free(&s->counts);
    packets_free(&s->packets);
    slab_free(&s->sas);
    slab_free(&s->handshakes);
    slab_free(&s->children);
    slab_free(&s->works);
    slab_free(&s->reassemblies);
    slab_free(&s->commands);
    slab_free(&s->more_slots);
    map_free(&s->by_spi);
    map_free(&s->by_init);
    map_free(&s->by_peer);
    map_free(&s->by_esp);
    heap_free(&s->timers);
    if (s->scratch_pages) {
        arena_reset(&s->scratch);
        page_give(&s->source, s->scratch_pages, SCRATCH_SIZE + OUT_MAX);
    }
    s->scratch_pages = NULL;
}

u32 shard_jitter(struct shard *s, u32 n)
{
    u8 key[16] = {0};
    memcpy(key, &s->jitter, sizeof(s->jitter));
    s->jitter = siphash(key, bytes_of(&s->jitter, sizeof(s->jitter)));
    return n ? (u32)(s->jitter % n) : 0;
}

shrike_time shard_vary(struct shard *s, shrike_time d, unsigned percent)
{
    shrike_time spread = d * percent / 100;
    if (spread == 0)
        return d;
    return d - spread + shard_jitter(s, (u32)MIN(2 * spread, UINT32_MAX));
}

shrike_time shard_early(struct shard *s, shrike_time d, shrike_time spread)
{
    /* In milliseconds: 32 bits of them are 49 days. */
    spread = MIN(MIN(spread, d / 2) / SHRIKE_MS, (shrike_time)UINT32_MAX);
    return d - shard_jitter(s, (u32)spread) * SHRIKE_MS;
}

u32 shard_serial(struct shard *s)
{
    return s->given = ++s->serials;
}

u64 shard_draw_spi(struct shard *s)
{
    /* The first octet modulo the number of shards names the shard: the receiver steers by it. */
    unsigned low = s->shards > 1 ? s->shards : 1;
    for (int tries = 0; tries < 100; tries++) {
        u8 octets[8];
        if (!s->provider->random(s->provider->ctx, octets, sizeof(octets)))
            return 0;
        octets[0] = (u8)(octets[0] - octets[0] % low + s->shard);
        u64 spi = 0;
        for (int i = 0; i < 8; i++)
            spi = spi << 8 | octets[i];
        /* RFC 7296 2.6 (1), 3.1 (2): no other one has it, and it is not zero. */
        if (octets[0] % low == s->shard && spi != 0 && map_get(&s->by_spi, spi) == MAP_NONE)
            return spi;
    }
    return 0;
}

struct ike_sa *shard_sa_at(const struct shard *s, u32 index)
{
    return slab_at(&s->sas, index);
}

struct ike_sa *shard_sa_by_spi(const struct shard *s, u64 spi)
{
    u32 index = spi ? map_get(&s->by_spi, spi) : MAP_NONE;
    return index == MAP_NONE ? NULL : shard_sa_at(s, index);
}

bool shard_conf(struct shard *s, const struct shrike_conf *conf)
{
    struct snapshot *place = NULL;
    for (u32 i = 0; i < SNAPSHOTS_MAX && !place; i++) {
        if (!s->snapshots[i].conf)
            place = &s->snapshots[i];
    }
    if (!place)
        return false;
    struct snapshot *old = s->current;
    *place = (struct snapshot){.conf = conf, .pins = 1};
    directory_make(&place->directory, &s->source, s->hash_key, conf);
    s->current = place;
    snapshot_unpin(s, old);
    return true;
}

const struct shrike_conn *shard_conn(const struct shard *s, const char *name)
{
    const struct snapshot *now = s->current;
    if (!now || !name)
        return NULL;
    struct directory_walk all =
        directory_named(&now->directory, now->conf, bytes_of(name, strlen(name)));
    for (u32 i; (i = directory_next(&all)) != MAP_NONE;) {
        if (text_same(now->conf->conns[i].name, name))
            return &now->conf->conns[i];
    }
    return NULL;
}

bool conf_has(const struct shrike_conf *conf, const struct shrike_conn *conn)
{
    return (uintptr_t)conn - (uintptr_t)conf->conns < conf->conn_count * sizeof(*conn);
}

const struct shrike_conn *shard_conn_now(const struct shard *s, const struct shrike_conn *conn)
{
    if (s->current && conf_has(s->current->conf, conn))
        return conn;
    return shard_conn(s, conn->name);
}

struct snapshot *snapshot_pin(struct snapshot *n)
{
    if (n)
        n->pins++;
    return n;
}

void snapshot_unpin(struct shard *s, struct snapshot *n)
{
    if (!n || --n->pins > 0)
        return;
    directory_free(&n->directory);
    ring_conf_unused(&s->ring, n->conf);
    n->conf = NULL;
}

struct shrike_op *shard_ask(struct shard *s, struct ike_sa *sa, struct slot *slot,
                            enum shrike_op_kind kind)
{
    struct shrike_op *op = ring_op(&s->ring);
    op->kind = kind;
    sa->questions++;
    op->token = (struct shrike_token){
        .incarnation = s->incarnation,
        .serial = sa->serial,
        .index = sa->index,
        .slot = sa->questions,
    };
    if (slot) {
        slot->question = sa->questions;
        slot->awaiting = true;
        slot->due = s->now + OP_TIME_MAX;
    }
    return op;
}
