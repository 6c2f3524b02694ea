#include "config/merge.h"

#include "config/compile.h"
#include "config/mode.h"
#include <stdlib.h>
#include <string.h>

/* FNV-1a over a text and its NUL. */
static uint64_t hash_name(uint64_t hash, const char *name)
{
    do
        hash = (hash ^ (uint8_t)*name) * 0x100000001b3;
    while (*name++);
    return hash;
}

/* ---- numbers of children ---- */

/* Numbers taken already: open addressing. */
struct taken {
    uint32_t *numbers; /* 0: free */
    uint32_t mask;
};

/* false: it is taken already. */
static bool take(struct taken *t, uint32_t number)
{
    uint32_t at = number * 0x9e3779b1u & t->mask;
    while (t->numbers[at]) {
        if (t->numbers[at] == number)
            return false;
        at = (at + 1) & t->mask;
    }
    t->numbers[at] = number;
    return true;
}

static struct shrike_child_conf *children_of(const struct shrike_conn *c)
{
    return (struct shrike_child_conf *)(uintptr_t)c->children; /* made by us, never a constant */
}

/* Fixed ones first: they are not negotiable. */
static void take_fixed(struct taken *t, const struct shrike_conn *c, struct config_report *report)
{
    for (uint16_t k = 0; k < c->child_count; k++) {
        struct shrike_child_conf *child = &children_of(c)[k];
        if (child->reqid > REQID_FIXED_MAX)
            child->reqid = 0;
        if (child->reqid == 0 || take(t, child->reqid))
            continue;
        report_warning(report, child->origin,
                       "reqid %u of child %s of connection %s is that of another child: it gets a "
                       "number of its own",
                       child->reqid, child->name, c->name);
        child->reqid = 0;
    }
}

static void give_others(struct taken *t, const struct shrike_conn *c)
{
    for (uint16_t k = 0; k < c->child_count; k++) {
        struct shrike_child_conf *child = &children_of(c)[k];
        if (child->reqid)
            continue;
        uint64_t hash = hash_name(hash_name(0xcbf29ce484222325, c->name), child->name);
        uint32_t number = (uint32_t)(hash ^ hash >> 32) & REQID_FIXED_MAX;
        do
            number = number == REQID_FIXED_MAX ? 0 : number + 1;
        while (!take(t, REQID_FIXED_MAX + 1 + number));
        child->reqid = REQID_FIXED_MAX + 1 + number;
    }
}

void reqids_give(struct shrike_conn *conns, uint32_t count, struct config_report *report)
{
    uint64_t children = 0, size = 64;
    for (uint32_t i = 0; i < count; i++)
        children += conns[i].child_count;
    while (size < 2 * children)
        size *= 2;
    struct taken t = {calloc(size, sizeof(uint32_t)), (uint32_t)size - 1};
    if (!t.numbers)
        abort();
    for (uint32_t i = 0; i < count; i++)
        take_fixed(&t, &conns[i], report);
    for (uint32_t i = 0; i < count; i++)
        give_others(&t, &conns[i]);
    free(t.numbers);
}

/* ---- connections ---- */

/* Places of connections by name: open addressing over what is being made. */
struct index {
    const struct shrike_conn *conns;
    uint32_t *places; /* plus one; 0: free */
    uint32_t mask;
};

static uint32_t *place_of(const struct index *x, const char *name)
{
    uint64_t hash = hash_name(0xcbf29ce484222325, name);
    uint32_t at = (uint32_t)(hash ^ hash >> 32) & x->mask;
    while (x->places[at] && strcmp(x->conns[x->places[at] - 1].name, name) != 0)
        at = (at + 1) & x->mask;
    return &x->places[at];
}

/* Credentials are filled in later, in each configuration that is merged. */
static const struct shrike_auth *copy_rounds(struct pool *p, const struct shrike_auth *from,
                                             unsigned count)
{
    struct shrike_auth *rounds = pool_take(p, (count + 1) * sizeof(*rounds));
    if (count)
        memcpy(rounds, from, count * sizeof(*rounds));
    return count ? rounds : NULL;
}

static void copy_children(struct pool *p, struct shrike_conn *c)
{
    size_t size = (c->child_count + (size_t)c->shunt_count) * sizeof(c->children[0]);
    struct shrike_child_conf *children = pool_take(p, size + 1);
    if (size)
        memcpy(children, c->children, size);
    c->children = children;
}

/* The last of each name, at the place of the first. */
static uint32_t join(const struct config *const *parts, uint32_t count, struct shrike_conn *conns,
                     struct config_conn *beside, struct index *x)
{
    uint32_t made = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < parts[i]->conf.conn_count; k++) {
            const struct shrike_conn *c = &parts[i]->conf.conns[k];
            uint32_t *place = place_of(x, c->name);
            if (!*place)
                *place = ++made;
            conns[*place - 1] = *c;
            beside[*place - 1] = parts[i]->beside[k];
        }
    }
    return made;
}

/* ---- pools ---- */

/* The last of each name, at the place of the first; one that has addresses of another is left out,
 * with a warning. */
static void join_pools(const struct config *const *parts, uint32_t count, struct config *out,
                       struct config_report *report)
{
    struct lease_pool *pools = pool_take(&out->pool, LEASE_POOLS_MAX * sizeof(*pools));
    uint32_t made = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < parts[i]->settings.pool_count; k++) {
            const struct lease_pool *p = &parts[i]->settings.pools[k], *overlaps = NULL;
            uint32_t at = 0;
            while (at < made && strcmp(pools[at].name, p->name) != 0)
                at++;
            for (uint32_t n = 0; n < made; n++)
                if (n != at && lease_pools_overlap(&pools[n], p))
                    overlaps = &pools[n];
            if (overlaps || at == LEASE_POOLS_MAX) {
                report_warning(report, p->origin, "pool %s is left out: %s%s", p->name,
                               overlaps ? "it has addresses of pool " : "there are too many",
                               overlaps ? overlaps->name : "");
                continue;
            }
            pools[at] = *p;
            made += at == made;
        }
    }
    out->settings.pools = pools;
    out->settings.pool_count = made;
}

struct config *config_merge(const struct config *const *parts, uint32_t count,
                            struct config_report *report)
{
    struct config *out = calloc(1, sizeof(*out));
    uint64_t all = 0, size = 64;
    if (!out)
        abort();
    for (uint32_t i = 0; i < count; i++)
        all += parts[i]->conf.conn_count;
    while (size < 2 * all)
        size *= 2;
    struct shrike_conn *conns = pool_take(&out->pool, (all + 1) * sizeof(*conns));
    struct config_conn *beside = pool_take(&out->pool, (all + 1) * sizeof(*beside));
    struct index x = {conns, calloc(size, sizeof(uint32_t)), (uint32_t)size - 1};
    if (!x.places)
        abort();
    out->conf = parts[0]->conf;
    out->settings = parts[0]->settings;
    out->base = parts[0]->base;
    out->base_hash = parts[0]->base_hash;
    out->left_out = parts[0]->left_out;
    out->left = parts[0]->left;
    out->lefts = parts[0]->lefts;
    out->folder = parts[0]->folder;
    out->authorities = parts[0]->authorities;
    out->wheres = parts[0]->wheres;
    out->where_count = parts[0]->where_count;
    out->conf.conn_count = join(parts, count, conns, beside, &x);
    free(x.places);
    for (uint32_t i = 0; i < out->conf.conn_count; i++) {
        struct shrike_conn *one = &conns[i];
        copy_children(&out->pool, one);
        one->local_rounds = copy_rounds(&out->pool, one->local_rounds, one->local_round_count);
        one->remote_rounds = copy_rounds(&out->pool, one->remote_rounds, one->remote_round_count);
        out->conf.rounds |= conns[i].local_round_count + conns[i].remote_round_count > 0;
        out->conf.beet |= conn_has_mode(&conns[i], SHRIKE_BEET);
        out->conf.ppks |= conns[i].ppk_required || conns[i].ppk_id.len > 0;
    }
    out->conf.conns = conns;
    out->beside = beside;
    join_pools(parts, count, out, report);
    reqids_give(conns, out->conf.conn_count, report);
    return out;
}
