/* The book of leases: see book.h. */
#include "lease/book.h"
#include "base/siphash.h"
#include <stdlib.h>

#define BUCKETS_LEAST 64 /* a power of two, doubled as leases are added */

struct book {
    u8 key[16];
    struct book_pool *pools; /* behind the last, one without a name for those that are homeless */
    u32 pool_count;
    struct lease **by_address, **by_client; /* bucket_count of each */
    u32 bucket_count, count;
    u64 serial;       /* of the newest lease */
    struct list away; /* of struct lease: offline, the oldest first */
    u32 away_count;
};

static struct lease *of_link(struct list *at)
{
    return list_item(at, struct lease, link);
}

static bool same_address(const struct shrike_addr *a, const struct shrike_addr *b)
{
    return a->family == b->family && memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

static bool same_client(const struct shrike_id *a, const struct shrike_id *b)
{
    return a->type == b->type && bytes_equal(a->data, b->data);
}

static bool is_any(const struct shrike_addr *a)
{
    static const u8 zero[16];
    return memcmp(a->octets, zero, sizeof zero) == 0;
}

/* ---- the two indexes ---- */

static u32 address_bucket(const struct book *b, const struct shrike_addr *a)
{
    return (u32)siphash(b->key, bytes_of(a->octets, sizeof a->octets)) & (b->bucket_count - 1);
}

static u32 client_bucket(const struct book *b, const struct shrike_id *id)
{
    return (u32)(siphash(b->key, id->data) + id->type) & (b->bucket_count - 1);
}

static struct lease *find(const struct book *b, const struct shrike_addr *a)
{
    struct lease *l = b->by_address[address_bucket(b, a)];
    while (l && !same_address(&l->address, a))
        l = l->next_address;
    return l;
}

static void index_lease(struct book *b, struct lease *l)
{
    struct lease **address = &b->by_address[address_bucket(b, &l->address)];
    struct lease **client = &b->by_client[client_bucket(b, &l->client)];
    l->next_address = *address;
    l->next_client = *client;
    *address = *client = l;
}

static void unindex(struct book *b, struct lease *l)
{
    struct lease **at = &b->by_address[address_bucket(b, &l->address)];
    while (*at != l)
        at = &(*at)->next_address;
    *at = l->next_address;
    at = &b->by_client[client_bucket(b, &l->client)];
    while (*at != l)
        at = &(*at)->next_client;
    *at = l->next_client;
}

/* Twice the buckets; without memory for them the chains grow longer instead. */
static void grow(struct book *b)
{
    u32 old_count = b->bucket_count, count = 2 * old_count;
    struct lease **addresses = calloc(count, sizeof(struct lease *));
    struct lease **clients = calloc(count, sizeof(struct lease *));
    if (!addresses || !clients) {
        free(addresses);
        free(clients);
        return;
    }
    struct lease **old = b->by_address;
    free(b->by_client);
    b->by_address = addresses;
    b->by_client = clients;
    b->bucket_count = count;
    for (u32 i = 0; i < old_count; i++) {
        for (struct lease *l = old[i], *next; l; l = next) {
            next = l->next_address;
            index_lease(b, l);
        }
    }
    free(old);
}

/* ---- leases ---- */

static void away_remove(struct book *b, struct lease *l)
{
    list_remove(&l->away);
    b->away_count--;
}

static void leave_list(struct book *b, struct lease *l)
{
    struct book_pool *p = &b->pools[l->pool];
    list_remove(&l->link);
    if (l->holders > 0)
        p->online_count--;
    else
        p->offline_count--;
}

/* An address that an IKE SA has, of no pool any more: nobody else gets it. */
static bool is_homeless(const struct book *b, const struct lease *l)
{
    return l->pool == b->pool_count;
}

static void end(struct book *b, struct lease *l)
{
    leave_list(b, l);
    if (l->holders == 0)
        away_remove(b, l);
    unindex(b, l);
    b->count--;
    free(l);
}

/* A new lease with one holder. */
static struct lease *begin(struct book *b, u32 pool, const struct shrike_id *client,
                           const struct shrike_addr *address)
{
    struct lease *l =
        client->data.len > SHRIKE_ID_MAX ? NULL : malloc(sizeof *l + client->data.len);
    if (!l)
        return NULL;
    u8 *octets = (u8 *)(l + 1);
    *l = (struct lease){.address = *address, .pool = pool, .holders = 1, .serial = ++b->serial};
    if (client->data.len)
        memcpy(octets, client->data.at, client->data.len);
    l->client = (struct shrike_id){client->type, bytes_of(octets, client->data.len)};
    if (b->count >= b->bucket_count)
        grow(b);
    index_lease(b, l);
    b->count++;
    list_append(&b->pools[pool].online, &l->link);
    b->pools[pool].online_count++;
    return l;
}

static struct lease *hold(struct book *b, struct lease *l)
{
    struct book_pool *p = &b->pools[l->pool];
    if (l->holders == 0) {
        leave_list(b, l);
        away_remove(b, l);
        list_append(&p->online, &l->link);
        p->online_count++;
    }
    l->holders++;
    return l;
}

/* ---- the whole ---- */

struct book *book_new(const u8 key[16])
{
    struct book *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    memcpy(b->key, key, sizeof b->key);
    list_init(&b->away);
    b->bucket_count = BUCKETS_LEAST;
    b->by_address = calloc(BUCKETS_LEAST, sizeof(struct lease *));
    b->by_client = calloc(BUCKETS_LEAST, sizeof(struct lease *));
    if (b->by_address && b->by_client)
        return b;
    book_free(b);
    return NULL;
}

static void free_pools(struct book_pool *pools, u32 count)
{
    for (u32 i = 0; i < count; i++) {
        free((void *)(uintptr_t)pools[i].conf.name);
        for (u16 k = 0; pools[i].conf.attributes && k < pools[i].conf.attribute_count; k++)
            free((void *)(uintptr_t)pools[i].conf.attributes[k].value.at);
        free((void *)(uintptr_t)pools[i].conf.attributes);
    }
    free(pools);
}

void book_free(struct book *b)
{
    if (!b)
        return;
    for (u32 i = 0; b->by_address && i < b->bucket_count; i++)
        while (b->by_address[i]) {
            struct lease *l = b->by_address[i];
            b->by_address[i] = l->next_address;
            free(l);
        }
    free(b->by_address);
    free(b->by_client);
    free_pools(b->pools, b->pool_count);
    free(b);
}

static bool copy_pool(struct book_pool *out, const struct lease_pool *in)
{
    struct lease_attribute *attributes = calloc(in->attribute_count + 1u, sizeof *attributes);
    out->conf = *in;
    out->conf.origin = (struct shrike_origin){NULL, 0};
    out->conf.name = strdup(in->name);
    out->conf.attributes = attributes;
    list_init(&out->online);
    list_init(&out->offline);
    bool good = out->conf.name && attributes;
    for (u16 i = 0; attributes && i < in->attribute_count; i++) {
        struct bytes value = in->attributes[i].value;
        u8 *copy = malloc(value.len + 1);
        attributes[i] =
            (struct lease_attribute){in->attributes[i].type, bytes_of(copy, copy ? value.len : 0)};
        if (copy && value.len)
            memcpy(copy, value.at, value.len);
        good &= copy != NULL;
    }
    return good;
}

static u32 place_of(const struct book_pool *pools, u32 count, const char *name)
{
    u32 i = 0;
    while (i < count && strcmp(pools[i].conf.name, name) != 0)
        i++;
    return i;
}

/* Where a lease belongs: to its pool; if that has it no longer, and an IKE SA has, to whichever has
 * it. count: to none. */
static u32 home_of(const struct book *b, const struct lease *l, const struct book_pool *pools,
                   u32 count)
{
    u32 to = is_homeless(b, l) ? count : place_of(pools, count, b->pools[l->pool].conf.name);
    if (to < count && lease_pool_holds(&pools[to].conf, &l->address))
        return to;
    for (to = 0; to < count; to++)
        if (l->holders > 0 && lease_pool_holds(&pools[to].conf, &l->address))
            return to;
    return count;
}

/* Take the leases of one list over, in their order; those that are offline and have no home end. */
static void move_leases(struct book *b, struct list *from, struct book_pool *pools, u32 count)
{
    while (!list_empty(from)) {
        struct lease *l = of_link(from->next);
        u32 to = home_of(b, l, pools, count);
        if (to == count && l->holders == 0) {
            end(b, l);
            continue;
        }
        leave_list(b, l);
        l->pool = to;
        list_append(l->holders ? &pools[to].online : &pools[to].offline, &l->link);
        if (l->holders)
            pools[to].online_count++;
        else
            pools[to].offline_count++;
    }
}

bool book_pools(struct book *b, const struct lease_pool *pools, u32 count)
{
    struct book_pool *made = calloc(count + 1u, sizeof *made);
    bool good = made != NULL;
    for (u32 i = 0; good && i < count; i++)
        good = copy_pool(&made[i], &pools[i]);
    if (!good) {
        if (made)
            free_pools(made, count);
        return false;
    }
    list_init(&made[count].online);
    list_init(&made[count].offline);
    for (u32 i = 0; b->pools && i <= b->pool_count; i++) {
        move_leases(b, &b->pools[i].online, made, count);
        move_leases(b, &b->pools[i].offline, made, count);
    }
    free_pools(b->pools, b->pool_count);
    b->pools = made;
    b->pool_count = count;
    return true;
}

/* ---- taking ---- */

static struct lease *take_own(struct book *b, u32 pool, const struct book_ask *ask)
{
    struct lease *l = is_any(&ask->wish) ? NULL : find(b, &ask->wish);
    if (l && l->pool == pool && same_client(&l->client, &ask->client))
        return hold(b, l);
    for (l = b->by_client[client_bucket(b, &ask->client)]; l; l = l->next_client)
        if (l->pool == pool && l->holders == 0 && same_client(&l->client, &ask->client))
            return hold(b, l);
    return NULL;
}

static struct lease *take_new(struct book *b, u32 pool, const struct book_ask *ask)
{
    struct book_pool *p = &b->pools[pool];
    if (!is_any(&ask->wish) && lease_pool_holds(&p->conf, &ask->wish) && !find(b, &ask->wish))
        return begin(b, pool, &ask->client, &ask->wish);
    if (p->online_count + p->offline_count >= p->conf.size)
        return NULL;
    for (u32 tries = 0; tries < p->conf.size; tries++) { /* one is free */
        struct shrike_addr address = lease_pool_at(&p->conf, p->next % p->conf.size);
        p->next = (p->next + 1) % p->conf.size;
        if (!find(b, &address))
            return begin(b, pool, &ask->client, &address);
    }
    return NULL;
}

static struct lease *take_over(struct book *b, u32 pool, const struct book_ask *ask)
{
    struct book_pool *p = &b->pools[pool];
    if (list_empty(&p->offline))
        return NULL;
    struct lease *oldest = of_link(p->offline.next);
    struct lease *l = begin(b, pool, &ask->client, &oldest->address);
    if (l)
        end(b, oldest);
    return l;
}

static bool fill(const struct book *b, const struct lease *l, struct book_got *got)
{
    *got = (struct book_got){
        .address = l->address,
        .pool = &b->pools[l->pool].conf,
        .ticket = {.serial = l->serial, .address = l->address},
    };
    return true;
}

bool book_take(struct book *b, const struct book_ask *ask, struct book_got *got)
{
    static struct lease *(*const ways[])(struct book *, u32,
                                         const struct book_ask *) = {take_own, take_new, take_over};
    for (size_t way = 0; way < ARRAY_LEN(ways); way++) {
        for (u32 i = 0; i < ask->pool_count; i++) {
            u32 pool = place_of(b->pools, b->pool_count, ask->pools[i]);
            if (pool == b->pool_count || b->pools[pool].conf.base.family != ask->wish.family)
                continue;
            struct lease *l = ways[way](b, pool, ask);
            if (l)
                return fill(b, l, got);
        }
    }
    return false;
}

bool book_claim(struct book *b, const struct book_ask *ask, struct book_got *got)
{
    struct lease *l = find(b, &ask->wish);
    if (l && same_client(&l->client, &ask->client))
        return fill(b, hold(b, l), got);
    if (l && l->holders > 0)
        return false;
    for (u32 i = 0; i < ask->pool_count; i++) {
        u32 pool = place_of(b->pools, b->pool_count, ask->pools[i]);
        if (pool == b->pool_count || !lease_pool_holds(&b->pools[pool].conf, &ask->wish))
            continue;
        if (l)
            end(b, l);
        l = begin(b, pool, &ask->client, &ask->wish);
        return l && fill(b, l, got);
    }
    return false;
}

void book_give_back(struct book *b, const struct book_ticket *t)
{
    struct lease *l = find(b, &t->address);
    if (!l || l->serial != t->serial || l->holders == 0)
        return;
    if (l->holders > 1) {
        l->holders--;
        return;
    }
    if (is_homeless(b, l)) {
        end(b, l);
        return;
    }
    leave_list(b, l);
    l->holders = 0;
    list_append(&b->pools[l->pool].offline, &l->link);
    b->pools[l->pool].offline_count++;
    list_append(&b->away, &l->away);
    if (++b->away_count > BOOK_OFFLINE_MAX)
        end(b, list_item(b->away.next, struct lease, away));
}

/* ---- looking ---- */

u32 book_count(const struct book *b)
{
    return b->pool_count;
}

const struct book_pool *book_pool(const struct book *b, u32 n)
{
    return &b->pools[n];
}
