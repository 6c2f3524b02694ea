/* Installed Child SAs. */
#include "esp/pair.h"
#include <stdlib.h>

void pairs_open(struct pairs *p)
{
    for (u32 i = 0; i < PAIR_BUCKETS; i++) {
        list_init(&p->buckets[i]);
        list_init(&p->reqids[i]);
    }
    list_init(&p->orphans);
    p->count = p->idling = 0;
}

/* Serials are given one after the other. */
static struct list *bucket_of(const struct pairs *p, u32 serial)
{
    return (struct list *)&p->buckets[serial % PAIR_BUCKETS];
}

static struct list *bucket_of_reqid(const struct pairs *p, u32 reqid)
{
    return (struct list *)&p->reqids[reqid % PAIR_BUCKETS];
}

void pairs_remove(struct pairs *p, struct pair *pair)
{
    ends_give(pair->end);
    p->idling -= pair->idle > 0;
    list_remove(&pair->link);
    list_remove(&pair->alike);
    free(pair);
    p->count--;
}

static void close_list(struct pairs *p, struct list *all)
{
    while (!list_empty(all))
        pairs_remove(p, list_item(all->next, struct pair, link));
}

void pairs_close(struct pairs *p)
{
    for (u32 i = 0; i < PAIR_BUCKETS; i++)
        close_list(p, &p->buckets[i]);
    close_list(p, &p->orphans);
}

struct pair *pairs_find(const struct pairs *p, u32 serial)
{
    struct list *bucket = bucket_of(p, serial);
    for (struct list *l = bucket->next; l != bucket; l = l->next) {
        struct pair *pair = list_item(l, struct pair, link);
        if (pair->serial == serial)
            return pair;
    }
    return NULL;
}

struct pair *pairs_add(struct pairs *p, u32 serial, u32 reqid)
{
    struct pair *pair = serial == 0 || pairs_find(p, serial) ? NULL : calloc(1, sizeof(*pair));
    if (!pair)
        return NULL;
    pair->serial = serial;
    pair->reqid = reqid;
    pair->until = SHRIKE_NEVER;
    list_append(bucket_of(p, serial), &pair->link);
    list_append(bucket_of_reqid(p, reqid), &pair->alike);
    p->count++;
    return pair;
}

struct pair *pairs_restore(struct pairs *p, u32 serial, u32 reqid, shrike_time until)
{
    struct pair *pair = serial ? pairs_add(p, serial, reqid) : calloc(1, sizeof(*pair));
    if (!pair || serial)
        return pair;
    pair->reqid = reqid;
    pair->until = until;
    list_append(&p->orphans, &pair->link);
    list_append(bucket_of_reqid(p, reqid), &pair->alike);
    p->count++;
    return pair;
}

const struct pair *pairs_of(const struct pairs *p, const struct esp_sa *out)
{
    if (out->child_serial)
        return pairs_find(p, out->child_serial);
    for (const struct list *l = p->orphans.next; l != &p->orphans; l = l->next) {
        const struct pair *pair = list_item(l, struct pair, link);
        if (pair->out == out)
            return pair;
    }
    return NULL;
}

static void move(struct esp_sa *sa, const struct shrike_endpoint *local,
                 const struct shrike_endpoint *remote, bool encap)
{
    sa->local = *local;
    sa->remote = *remote;
    sa->encap = encap;
    sa->path_max = 0;
    sa->mapping_told = 0;
}

void pair_move(struct pair *pair, const struct shrike_endpoint *local,
               const struct shrike_endpoint *remote, bool encap, struct end *end)
{
    move(pair->in, local, remote, encap);
    move(pair->out, local, remote, encap);
    ends_give(pair->end);
    pair->end = end;
}

bool pairs_claim(struct pairs *p, u32 serial)
{
    struct pair *pair = serial == 0 ? NULL : pairs_find(p, serial);
    if (!pair)
        return false;
    pair->claimed = true;
    pair->in->soft_told = pair->in->hard_told = false;
    pair->out->soft_told = pair->out->hard_told = false;
    return true;
}

void pairs_unclaim(struct pairs *p)
{
    for (u32 i = 0; i < PAIR_BUCKETS; i++)
        for (struct list *l = p->buckets[i].next; l != &p->buckets[i]; l = l->next)
            list_item(l, struct pair, link)->claimed = false;
}

static void make_orphan(struct pairs *p, struct pair *pair, shrike_time now)
{
    list_remove(&pair->link);
    list_append(&p->orphans, &pair->link);
    pair->serial = 0;
    pair->in->child_serial = 0;
    if (pair->out)
        pair->out->child_serial = 0;
    pair->until = now + ORPHAN_MAX;
    p->idling -= pair->idle > 0;
    pair->idle = 0;
}

u32 pairs_orphan(struct pairs *p, shrike_time now)
{
    u32 orphans = 0;
    for (u32 i = 0; i < PAIR_BUCKETS; i++) {
        struct list *next;
        for (struct list *l = p->buckets[i].next; l != &p->buckets[i]; l = next) {
            struct pair *pair = list_item(l, struct pair, link);
            next = l->next;
            if (pair->claimed)
                continue;
            make_orphan(p, pair, now);
            orphans++;
        }
    }
    pairs_unclaim(p);
    return orphans;
}

bool pairs_has_sibling(const struct pairs *p, const struct pair *pair)
{
    const struct list *all = bucket_of_reqid(p, pair->reqid);
    for (struct list *l = all->next; l != all; l = l->next) {
        const struct pair *other = list_item(l, struct pair, alike);
        if (other != pair && other->reqid == pair->reqid && other->serial)
            return true;
    }
    return false;
}

void pairs_linger(struct pairs *p, struct pair *pair, shrike_time now)
{
    ends_give(pair->end);
    pair->end = NULL;
    pair->out = NULL;
    make_orphan(p, pair, now);
    pair->until = now + LINGER;
}

void pairs_succeeded(struct pairs *p, u32 reqid, shrike_time now)
{
    for (struct list *l = p->orphans.next; l != &p->orphans; l = l->next) {
        struct pair *pair = list_item(l, struct pair, link);
        if (pair->reqid == reqid)
            pair->until = MIN(pair->until, now + ORPHAN_AFTER);
    }
}

static shrike_time used(const struct pair *pair)
{
    shrike_time last = MAX(atomic_load(&pair->in->used), atomic_load(&pair->out->used));
    return MAX(pair->idle_from, last);
}

void pairs_limit(struct pairs *p, struct pair *pair, shrike_time idle, u32 replaces,
                 shrike_time now)
{
    const struct pair *old = replaces == 0 ? NULL : pairs_find(p, replaces);
    p->idling += idle > 0;
    p->idling -= pair->idle > 0;
    pair->idle = idle;
    pair->idle_from = old ? used(old) : now;
}

struct pair *pairs_idle(const struct pairs *p, shrike_time now)
{
    for (u32 i = 0; p->idling > 0 && i < PAIR_BUCKETS; i++) {
        const struct list *all = &p->buckets[i];
        for (struct list *l = all->next; l != all; l = l->next) {
            struct pair *pair = list_item(l, struct pair, link);
            if (pair->idle > 0 && now >= used(pair) && now - used(pair) >= pair->idle)
                return pair;
        }
    }
    return NULL;
}

struct pair *pairs_ended(const struct pairs *p, shrike_time now)
{
    for (struct list *l = p->orphans.next; l != &p->orphans; l = l->next) {
        struct pair *pair = list_item(l, struct pair, link);
        if (pair->until <= now)
            return pair;
    }
    return NULL;
}

static void note_sent(const struct list *all)
{
    for (struct list *l = all->next; l != all; l = l->next) {
        struct pair *pair = list_item(l, struct pair, link);
        if (pair->end)
            pair->end->sent = MAX(pair->end->sent, atomic_load(&pair->out->used));
    }
}

void pairs_note_sent(const struct pairs *p)
{
    for (u32 i = 0; i < PAIR_BUCKETS; i++)
        note_sent(&p->buckets[i]);
    note_sent(&p->orphans);
}
