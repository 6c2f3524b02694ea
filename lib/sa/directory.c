/* Connections by name, address and identity: see directory.h. */
#include "sa/directory.h"
#include "base/siphash.h"
#include "wire/codes.h"
#include "wire/ident.h"

#define ID_HASHED_MAX 256 /* octets; longer identities are looked through */

static u64 hash_of(const u8 *key, struct bytes b)
{
    const u64 h = siphash(key, b);
    return h ? h : 1;
}

/* ---- keys ---- */

static u64 host_key(const u8 *key, u8 family, const u8 octets[16])
{
    u8 of[17] = {family};
    memcpy(of + 1, octets, family == 4 ? 4 : 16);
    return hash_of(key, bytes_of(of, sizeof of));
}

/* The same for all that are equal but for the case of their letters. 0: it has none. */
static u64 id_key(const u8 *key, const struct shrike_id *id)
{
    u8 of[1 + ID_HASHED_MAX] = {id->type};
    if (id->data.len > ID_HASHED_MAX || id->type == ID_DER_ASN1_DN || id_is_pattern(id))
        return 0;
    for (size_t i = 0; i < id->data.len; i++) {
        const u8 c = id->data.at[i];
        of[1 + i] = c >= 'A' && c <= 'Z' ? (u8)(c + 'a' - 'A') : c;
    }
    return hash_of(key, bytes_of(of, 1 + id->data.len));
}

static bool is_host(const struct shrike_net *n)
{
    return (n->addr.family == 4 && n->prefix_bits == 32) ||
           (n->addr.family == 6 && n->prefix_bits == 128);
}

/* ---- kinds: connections between which nothing in IKE_SA_INIT decides ---- */

static u64 add_nets(const u8 *key, u64 h, const struct shrike_net *nets, u16 count)
{
    for (u16 i = 0; i < count; i++) {
        u8 of[26] = {nets[i].addr.family, nets[i].prefix_bits};
        memcpy(of + 2, nets[i].addr.octets, 16);
        memcpy(of + 18, &h, sizeof h);
        h = siphash(key, bytes_of(of, sizeof of));
    }
    return h + count;
}

static u64 kind_key(const u8 *key, const struct shrike_conn *c)
{
    u64 h = add_nets(key, add_nets(key, 0, c->local_addrs, c->local_addr_count), c->remote_addrs,
                     c->remote_addr_count);
    for (u16 i = 0; i < c->proposal_count; i++)
        for (u16 k = 0; k < c->proposals[i].transform_count; k++) {
            const struct shrike_transform *t = &c->proposals[i].transforms[k];
            const u64 of[] = {h, i, t->type, t->id, t->key_bits};
            h = siphash(key, bytes_of(of, sizeof of));
        }
    return h ? h : 1;
}

static bool same_nets(const struct shrike_net *a, const struct shrike_net *b, u16 count)
{
    bool same = true;
    for (u16 i = 0; i < count && same; i++)
        same = a[i].addr.family == b[i].addr.family && a[i].prefix_bits == b[i].prefix_bits &&
               memcmp(a[i].addr.octets, b[i].addr.octets, sizeof a[i].addr.octets) == 0;
    return same;
}

static bool same_transforms(const struct shrike_proposal *a, const struct shrike_proposal *b)
{
    bool same = a->protocol == b->protocol && a->transform_count == b->transform_count;
    for (u16 i = 0; same && i < a->transform_count; i++)
        same = a->transforms[i].type == b->transforms[i].type &&
               a->transforms[i].id == b->transforms[i].id &&
               a->transforms[i].key_bits == b->transforms[i].key_bits;
    return same;
}

static bool same_kind(const struct shrike_conn *a, const struct shrike_conn *b)
{
    bool same = a->local_addr_count == b->local_addr_count &&
                a->remote_addr_count == b->remote_addr_count &&
                a->proposal_count == b->proposal_count &&
                same_nets(a->local_addrs, b->local_addrs, a->local_addr_count) &&
                same_nets(a->remote_addrs, b->remote_addrs, a->remote_addr_count);
    for (u16 i = 0; same && i < a->proposal_count; i++)
        same = same_transforms(&a->proposals[i], &b->proposals[i]);
    return same;
}

/* ---- making it ---- */

/* In front of the chain of this key; 0: of those that stand for many. */
static void put(struct directory *d, enum directory_chain chain, u64 key, u32 i)
{
    struct map *m = &d->first[chain];
    const u32 before = key ? map_get(m, key) : d->any[chain];
    d->next[chain][i] = before;
    if (!key) {
        d->any[chain] = i;
        return;
    }
    if (before != MAP_NONE)
        map_remove(m, key, before);
    const bool done = map_put(m, key, i);
    ensure(done); /* it has room for all connections */
}

static void put_all(struct directory *d, const bool *first_of_kind)
{
    for (u32 i = d->conf->conn_count; i-- > 0;) {
        const struct shrike_conn *c = &d->conf->conns[i];
        const struct shrike_net *to = c->remote_addr_count == 1 ? c->remote_addrs : NULL;
        const u64 host = to && is_host(to) ? host_key(d->key, to->addr.family, to->addr.octets) : 0;
        put(d, CHAIN_NAME, hash_of(d->key, bytes_of(c->name, strlen(c->name))), i);
        put(d, CHAIN_ID, id_key(d->key, &c->remote.id), i);
        put(d, CHAIN_HOST, host, i);
        if (first_of_kind[i])
            put(d, CHAIN_KIND, host, i);
    }
}

static void note_kinds(struct map *kinds, const struct directory *d, bool *first_of_kind)
{
    for (u32 i = 0; i < d->conf->conn_count; i++) {
        const struct shrike_conn *c = &d->conf->conns[i];
        const u64 key = kind_key(d->key, c);
        const u32 first = map_get(kinds, key);
        first_of_kind[i] = first == MAP_NONE || !same_kind(&d->conf->conns[first], c);
        if (first == MAP_NONE && !map_put(kinds, key, i))
            first_of_kind[i] = true;
    }
}

/* Room for the chains, and none for what it cannot be made of. */
static bool take(struct directory *d, u32 count)
{
    bool taken = true;
    for (unsigned i = 0; i < DIRECTORY_CHAINS; i++) {
        d->any[i] = MAP_NONE;
        taken &= map_init(&d->first[i], d->source, count);
        d->next[i] = page_take(d->source, count * sizeof(u32));
        taken &= d->next[i] != NULL;
    }
    return taken;
}

void directory_make(struct directory *d, struct page_source *source, const u8 key[16],
                    const struct shrike_conf *conf)
{
    const u32 count = conf->conn_count;
    struct map kinds = {0};
    *d = (struct directory){.key = key, .source = source};
    if (count < DIRECTORY_LEAST || count > MAP_COUNT_MAX)
        return;
    d->conf = conf;
    bool *first_of_kind = page_take(source, count * sizeof *first_of_kind);
    const bool taken = take(d, count) && map_init(&kinds, source, count) && first_of_kind;
    if (taken) {
        note_kinds(&kinds, d, first_of_kind);
        put_all(d, first_of_kind);
    }
    map_free(&kinds);
    if (first_of_kind)
        page_give(source, first_of_kind, count * sizeof *first_of_kind);
    if (!taken)
        directory_free(d);
}

void directory_free(struct directory *d)
{
    const u32 count = d->conf ? d->conf->conn_count : 0;
    for (unsigned i = 0; i < DIRECTORY_CHAINS && d->conf; i++) {
        map_free(&d->first[i]);
        if (d->next[i])
            page_give(d->source, d->next[i], count * sizeof(u32));
        d->next[i] = NULL;
    }
    d->conf = NULL;
}

/* ---- walks ---- */

static bool there_is(const struct directory *d)
{
    return d && d->conf;
}

/* Those of this key, and those that stand for many. */
static struct directory_walk walk_of(const struct directory *d, const struct shrike_conf *conf,
                                     enum directory_chain chain, u64 key)
{
    if (!there_is(d))
        return (struct directory_walk){.count = conf->conn_count};
    return (struct directory_walk){
        .next = d->next[chain],
        .at = {key ? map_get(&d->first[chain], key) : MAP_NONE, d->any[chain]}};
}

struct directory_walk directory_named(const struct directory *d, const struct shrike_conf *conf,
                                      struct bytes name)
{
    return walk_of(d, conf, CHAIN_NAME, there_is(d) ? hash_of(d->key, name) : 0);
}

struct directory_walk directory_kinds(const struct directory *d, const struct shrike_conf *conf,
                                      const struct shrike_endpoint *remote)
{
    return walk_of(d, conf, CHAIN_KIND,
                   there_is(d) ? host_key(d->key, remote->family, remote->octets) : 0);
}

struct directory_walk directory_peer(const struct directory *d, const struct shrike_conf *conf,
                                     const struct shrike_endpoint *remote,
                                     const struct shrike_id *id)
{
    if (!there_is(d))
        return walk_of(d, conf, CHAIN_HOST, 0);
    const struct directory_walk hosts = walk_of(d, conf, CHAIN_HOST,
                                                host_key(d->key, remote->family, remote->octets)),
                                ids = walk_of(d, conf, CHAIN_ID, id_key(d->key, id));
    struct directory_walk a = hosts, b = ids;
    while (directory_next(&a) != MAP_NONE)
        if (directory_next(&b) == MAP_NONE)
            return ids;
    return hosts;
}

u32 directory_next(struct directory_walk *w)
{
    if (!w->next)
        return w->at[0] < w->count ? w->at[0]++ : MAP_NONE;
    const unsigned side = w->at[1] < w->at[0];
    const u32 found = w->at[side];
    if (found != MAP_NONE)
        w->at[side] = w->next[found];
    return found;
}
