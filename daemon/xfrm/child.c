/* The Child SAs that are in the kernel: see child.h. */
#include "xfrm/child.h"
#include "base/ct.h"
#include "wire/codes.h"
#include <netinet/in.h>
#include <stdlib.h>

#define REQID_OURS  0x80000000u /* and above: those that are made here */
#define REQID_GIVEN 0x40000000u /* and above: those that no configuration has written */

void children_open(struct children *c)
{
    for (u32 i = 0; i < CHILDREN_BUCKETS; i++) {
        list_init(&c->serials[i]);
        list_init(&c->reqids[i]);
        list_init(&c->spis[i]);
        list_init(&c->outs[i]);
    }
    list_init(&c->orphans);
    c->count = 0;
}

static struct list *bucket(const struct list *all, u32 key)
{
    return (struct list *)&all[key % CHILDREN_BUCKETS];
}

bool child_later(struct child *child, const struct letter_sa *sa)
{
    struct later *l = NULL;
    if (sa->encr_key.len <= LETTER_KEY_MAX && sa->integ_key.len <= LETTER_KEY_MAX)
        l = calloc(1, sizeof *l);
    if (!l)
        return false;
    l->sa = *sa;
    if (sa->encr_key.len)
        memcpy(l->encr_key, sa->encr_key.at, sa->encr_key.len);
    if (sa->integ_key.len)
        memcpy(l->integ_key, sa->integ_key.at, sa->integ_key.len);
    l->sa.encr_key.at = l->encr_key;
    l->sa.integ_key.at = l->integ_key;
    child->later = l;
    return true;
}

void children_remove(struct children *c, struct child *child)
{
    list_remove(&child->link);
    list_remove(&child->alike);
    list_remove(&child->by_in);
    list_remove(&child->by_out);
    if (child->later)
        wipe(child->later, sizeof *child->later);
    free(child->later);
    free(child->claims);
    free(child);
    c->count--;
}

static void close_list(struct children *c, struct list *all)
{
    while (!list_empty(all))
        children_remove(c, list_item(all->next, struct child, link));
}

void children_close(struct children *c)
{
    for (u32 i = 0; i < CHILDREN_BUCKETS; i++)
        close_list(c, &c->serials[i]);
    close_list(c, &c->orphans);
}

struct child *children_find(const struct children *c, u32 serial)
{
    struct list *all = bucket(c->serials, serial);
    for (struct list *l = all->next; serial && l != all; l = l->next) {
        struct child *child = list_item(l, struct child, link);
        if (child->serial == serial)
            return child;
    }
    return NULL;
}

struct child *children_by_spi(const struct children *c, u32 spi)
{
    struct list *all = bucket(c->spis, spi);
    for (struct list *l = all->next; l != all; l = l->next) {
        struct child *child = list_item(l, struct child, by_in);
        if (child->spi_in == spi)
            return child;
    }
    return NULL;
}

struct child *children_by_out(const struct children *c, u32 spi,
                              const struct shrike_endpoint *remote)
{
    struct list *all = bucket(c->outs, spi);
    for (struct list *l = all->next; l != all; l = l->next) {
        struct child *child = list_item(l, struct child, by_out);
        if (child->spi_out == spi && child->remote.family == remote->family &&
            memcmp(child->remote.octets, remote->octets, sizeof remote->octets) == 0)
            return child;
    }
    return NULL;
}

static u64 mix(u64 hash, const void *octets, size_t len)
{
    const u8 *at = octets;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * 0x100000001b3;
    return hash;
}

static bool same_wants(const struct child *a, const struct child *b)
{
    return a->conf_reqid == b->conf_reqid && a->local_ts_count == b->local_ts_count &&
           a->remote_ts_count == b->remote_ts_count && traits_alike(&a->traits, &b->traits) &&
           memcmp(a->ts, b->ts,
                  ((size_t)a->local_ts_count + a->remote_ts_count) * sizeof a->ts[0]) == 0;
}

/* Does one with other selectors have this number? */
static bool is_taken(const struct children *c, const struct child *child, u32 reqid)
{
    const struct list *all = bucket(c->reqids, reqid);
    for (const struct list *l = all->next; l != all; l = l->next) {
        const struct child *other = list_item(l, struct child, alike);
        if (other != child && other->reqid == reqid && other->serial && !fault(211) &&
            !same_wants(other, child))
            return true;
    }
    return false;
}

u32 reqid_for(u32 conf_reqid, const struct selector_sides *s, const struct traits *t)
{
    u8 octets[TRAITS_OCTETS];
    struct bytes marks = traits_octets(t, octets);
    u64 hash = mix(0xcbf29ce484222325, &conf_reqid, sizeof conf_reqid);
    hash = mix(hash, s->local, s->local_count * sizeof s->local[0]);
    hash = mix(hash, "|", 1);
    hash = mix(hash, s->remote, s->remote_count * sizeof s->remote[0]);
    hash = mix(hash, marks.at, fault(210) ? 0 : marks.len);
    return conf_reqid < REQID_GIVEN ? conf_reqid : REQID_OURS | (u32)(hash ^ hash >> 32);
}

static void give_reqid(const struct children *c, struct child *child)
{
    const struct selector_sides sides = {child->ts, child->ts + child->local_ts_count,
                                         child->local_ts_count, child->remote_ts_count};
    child->reqid = reqid_for(child->conf_reqid, &sides, &child->traits);
    if (child->conf_reqid < REQID_GIVEN)
        return;
    for (u32 n = 0; n < CHILDREN_MAX && is_taken(c, child, child->reqid); n++)
        child->reqid = REQID_OURS | (child->reqid + 1);
}

u8 child_mode(enum shrike_mode mode)
{
    return mode == SHRIKE_TRANSPORT ? XFRM_MODE_TRANSPORT
           : mode == SHRIKE_BEET    ? XFRM_MODE_BEET
           : mode == SHRIKE_IPTFS   ? LETTER_MODE_IPTFS
                                    : XFRM_MODE_TUNNEL;
}

static void fill(struct child *child, const struct shrike_install_op *op)
{
    child->serial = op->child_serial;
    child->conf_reqid = op->reqid;
    child->spi_in = op->in.spi;
    child->spi_out = op->out.spi;
    child->cpi_in = op->cpi_in;
    child->cpi_out = op->cpi_out;
    child->protocol = op->protocol == PROTOCOL_AH ? IPPROTO_AH : IPPROTO_ESP;
    child->mode = child_mode(op->mode);
    child->encap = op->encap;
    child->esn = op->esn;
    child->nat_here = op->nat_here;
    child->local = op->local;
    child->remote = op->remote;
    child->heard_every = op->heard_every;
    child->idle = op->life.idle;
    child->until = SHRIKE_NEVER;
    child->local_ts_count = op->local_ts_count;
    child->remote_ts_count = op->remote_ts_count;
    if (op->local_ts_count)
        memcpy(child->ts, op->local_ts, op->local_ts_count * sizeof child->ts[0]);
    if (op->remote_ts_count)
        memcpy(child->ts + op->local_ts_count, op->remote_ts,
               op->remote_ts_count * sizeof child->ts[0]);
}

static void enlist(struct children *c, struct child *child)
{
    list_append(bucket(c->serials, child->serial), &child->link);
    list_append(bucket(c->reqids, child->reqid), &child->alike);
    list_append(bucket(c->spis, child->spi_in), &child->by_in);
    list_append(bucket(c->outs, child->spi_out), &child->by_out);
    c->count++;
}

struct child *children_add(struct children *c, const struct shrike_install_op *op,
                           const struct traits *t)
{
    size_t selectors = (size_t)op->local_ts_count + op->remote_ts_count;
    if (op->child_serial == 0 || c->count == CHILDREN_MAX || children_find(c, op->child_serial))
        return NULL;
    struct child *child = calloc(1, sizeof *child + selectors * sizeof child->ts[0]);
    if (!child)
        return NULL;
    fill(child, op);
    child->traits = *t;
    give_reqid(c, child);
    enlist(c, child);
    return child;
}

struct child *children_restore(struct children *c, const struct child *is,
                               const struct shrike_ts *ts)
{
    static const struct list none = {NULL, NULL};
    size_t selectors = (size_t)is->local_ts_count + is->remote_ts_count;
    if (is->serial == 0 || c->count == CHILDREN_MAX || children_find(c, is->serial))
        return NULL;
    struct child *child = malloc(sizeof *child + selectors * sizeof child->ts[0]);
    if (!child)
        return NULL;
    memcpy(child, is, sizeof *child);
    if (selectors)
        memcpy(child->ts, ts, selectors * sizeof child->ts[0]);
    child->link = child->alike = child->by_in = child->by_out = none;
    child->later = NULL;
    child->end = NULL;
    child->claims = NULL;
    child->claim_count = 0;
    enlist(c, child);
    return child;
}

/* Does one with this number go on? */
static bool goes_on(const struct children *c, u32 reqid)
{
    const struct list *all = bucket(c->reqids, reqid);
    for (const struct list *l = all->next; l != all; l = l->next) {
        const struct child *one = list_item(l, struct child, alike);
        if (one->reqid == reqid && one->serial)
            return true;
    }
    return false;
}

struct child *children_adopt(struct children *c, u32 reqid, shrike_time now)
{
    struct child *child = c->count == CHILDREN_MAX ? NULL : calloc(1, sizeof *child);
    if (!child)
        return NULL;
    child->reqid = reqid;
    child->until = now + (goes_on(c, reqid) ? ORPHAN_AFTER : ORPHAN_MAX);
    list_append(&c->orphans, &child->link);
    list_append(bucket(c->reqids, reqid), &child->alike);
    c->count++;
    return child;
}

bool reqid_is_ours(u32 reqid)
{
    return reqid >= REQID_OURS;
}

bool children_has_cpi(const struct children *c, u32 reqid, u16 cpi)
{
    const struct list *all = bucket(c->reqids, reqid);
    for (const struct list *l = all->next; l != all; l = l->next) {
        const struct child *one = list_item(l, struct child, alike);
        if (one->reqid == reqid && (one->cpi_in == cpi || one->cpi_out == cpi))
            return true;
    }
    return false;
}

bool children_has_orphan(const struct children *c, u32 reqid)
{
    const struct list *all = bucket(c->reqids, reqid);
    for (const struct list *l = all->next; l != all; l = l->next) {
        const struct child *one = list_item(l, struct child, alike);
        if (one->reqid == reqid && one->serial == 0)
            return true;
    }
    return false;
}

struct child *children_sibling(const struct children *c, const struct child *child)
{
    const struct list *all = bucket(c->reqids, child->reqid);
    for (const struct list *l = all->next; l != all; l = l->next) {
        struct child *other = list_item(l, struct child, alike);
        if (other != child && other->reqid == child->reqid && other->serial && other->sends)
            return other;
    }
    return NULL;
}

bool children_alone(const struct children *c, const struct child *child)
{
    const struct list *all = bucket(c->reqids, child->reqid);
    for (const struct list *l = all->next; l != all; l = l->next) {
        const struct child *other = list_item(l, struct child, alike);
        if (other != child && other->reqid == child->reqid)
            return false;
    }
    return true;
}

struct child *children_waiting(const struct children *c, const struct child *child)
{
    const struct list *all = bucket(c->reqids, child->reqid);
    for (const struct list *l = all->next; l != all; l = l->next) {
        struct child *other = list_item(l, struct child, alike);
        if (other != child && other->reqid == child->reqid && other->serial && other->later)
            return other;
    }
    return NULL;
}

bool children_claim(struct children *c, u32 serial)
{
    struct child *child = children_find(c, serial);
    if (!child)
        return false;
    child->claimed = true;
    child->soft_told = child->hard_told = false;
    return true;
}

void children_unclaim(struct children *c)
{
    u32 at = 0;
    for (struct child *one = NULL; (one = children_next(c, &at, one));)
        one->claimed = false;
}

void child_orphan(struct children *c, struct child *child, shrike_time until)
{
    list_remove(&child->link);
    list_append(&c->orphans, &child->link);
    child->serial = 0;
    child->idle = child->heard_every = 0;
    child->until = until;
}

u32 children_orphan(struct children *c, shrike_time now)
{
    u32 orphans = 0;
    for (u32 i = 0; i < CHILDREN_BUCKETS; i++) {
        struct list *next;
        for (struct list *l = c->serials[i].next; l != &c->serials[i]; l = next) {
            struct child *child = list_item(l, struct child, link);
            next = l->next;
            if (child->claimed)
                continue;
            child_orphan(c, child, now + ORPHAN_MAX);
            orphans++;
        }
    }
    children_unclaim(c);
    return orphans;
}

void children_succeeded(struct children *c, u32 reqid, shrike_time now)
{
    for (struct list *l = c->orphans.next; l != &c->orphans; l = l->next) {
        struct child *child = list_item(l, struct child, link);
        if (child->reqid == reqid)
            child->until = MIN(child->until, now + ORPHAN_AFTER);
    }
}

struct child *children_ended(const struct children *c, shrike_time now)
{
    for (struct list *l = c->orphans.next; l != &c->orphans; l = l->next) {
        struct child *child = list_item(l, struct child, link);
        if (child->until <= now)
            return child;
    }
    return NULL;
}

struct child *children_next(const struct children *c, u32 *at, const struct child *last)
{
    for (; *at < CHILDREN_BUCKETS; (*at)++, last = NULL) {
        const struct list *all = &c->serials[*at];
        const struct list *l = last ? last->link.next : all->next;
        if (l != all)
            return list_item(l, struct child, link);
    }
    return NULL;
}
