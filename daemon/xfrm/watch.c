/* What is done every second: see watch.h. */
#include "xfrm/watch.h"
#include "plane/post.h"
#include "xfrm/count.h"
#include "xfrm/event.h"

static struct shrike_kernel_event about(const struct child *child, enum shrike_kernel_kind kind)
{
    return (struct shrike_kernel_event){
        .kind = kind, .reqid = child->conf_reqid, .child_serial = child->serial};
}

/* ---- what the kernel tells ---- */

static void acquire(struct stock *i, const struct event *e, shrike_time now)
{
    struct shrike_kernel_event k = {.kind = SHRIKE_ACQUIRE};
    if (!standing_met(&i->standing, e->reqid, now, &k.reqid))
        return;
    selector_packet(&e->selector, &k.local, &k.remote);
    if (!post_kernel(i->seat, &k))
        standing_untold(&i->standing, e->reqid);
}

/* By either of its SAs: the outbound one goes to the peer. */
static struct child *child_of(const struct stock *i, const struct event *e)
{
    struct child *child = children_by_spi(&i->children, e->spi);
    if (child && memcmp(child->local.octets, e->to.octets, sizeof e->to.octets) == 0)
        return child;
    return children_by_out(&i->children, e->spi, &e->to);
}

static void expire(struct stock *i, const struct event *e)
{
    struct child *child = child_of(i, e);
    if (!child || child->serial == 0)
        return;
    bool *told = e->hard ? &child->hard_told : &child->soft_told;
    struct shrike_kernel_event k = about(child, e->hard ? SHRIKE_EXPIRE_HARD : SHRIKE_EXPIRE_SOFT);
    if (!*told)
        *told = post_kernel(i->seat, &k);
}

static void mapping(struct stock *i, const struct event *e)
{
    struct child *child = children_by_spi(&i->children, e->spi);
    if (!child || child->serial == 0)
        return;
    struct shrike_kernel_event k = about(child, SHRIKE_MAPPING);
    k.from = e->from;
    k.to = child->local;
    (void)post_kernel(i->seat, &k);
}

void watch_event(struct stock *i, const struct event *e, shrike_time now)
{
    switch (e->kind) {
    case EVENT_NONE:
        break;
    case EVENT_ACQUIRE:
        acquire(i, e, now);
        break;
    case EVENT_EXPIRE:
        expire(i, e);
        break;
    case EVENT_MAPPING:
        mapping(i, e);
        break;
    }
}

static void tell_gone(struct stock *i, struct child *const *all, u16 n, shrike_time now)
{
    count_children(i, all, n, now);
    for (u16 at = 0; at < n; at++) {
        struct child *child = all[at];
        struct shrike_kernel_event k = about(child, SHRIKE_EXPIRE_HARD);
        bool whole = child->seen_in == child->takes && child->seen_out == child->sends;
        if (!whole && !child->hard_told && !fault(227))
            child->hard_told = post_kernel(i->seat, &k);
    }
}

void watch_lost(struct stock *i, shrike_time now)
{
    struct child *some[COUNT_AT_ONCE], *one = NULL;
    u32 at = 0;
    u16 n = 0;
    while ((one = children_next(&i->children, &at, one))) {
        some[n++] = one;
        if (n == COUNT_AT_ONCE) {
            tell_gone(i, some, n, now);
            n = 0;
        }
    }
    tell_gone(i, some, n, now);
}

/* ---- what Child SAs do ---- */

static bool is_watched(const struct child *child)
{
    return child->idle > 0 || child->heard_every > 0 || child->later || child->end;
}

static void tell_heard(struct stock *i, struct child *child, u64 packets, shrike_time now)
{
    struct shrike_kernel_event k = about(child, SHRIKE_HEARD);
    if (child->heard_every == 0 || child->count.packets_in == packets ||
        now - child->heard < child->heard_every)
        return;
    if (post_kernel(i->seat, &k))
        child->heard = now;
}

static void tell_idle(struct stock *i, struct child *child, shrike_time now)
{
    struct shrike_kernel_event k = about(child, SHRIKE_IDLE);
    child->idle_from = MAX(child->idle_from, MAX(child->count.used_in, child->count.used_out));
    if (child->idle == 0 || now < child->idle_from || now - child->idle_from < child->idle)
        return;
    if (post_kernel(i->seat, &k))
        child->idle_from = now; /* told again when nothing comes of it */
}

static void look(struct stock *i, struct child *const *all, u16 n, shrike_time now)
{
    u64 before[COUNT_AT_ONCE];
    for (u16 at = 0; at < n; at++)
        before[at] = all[at]->count.packets_in;
    count_children(i, all, n, now);
    for (u16 at = 0; at < n; at++) {
        struct child *child = all[at];
        /* The peer sends by it, so it has it: we may, too. */
        if (child->later && child->count.packets_in > 0 && !fault(226))
            stock_switch(i, child->serial);
        if (child->end)
            child->end->sent = MAX(child->end->sent, child->count.used_out);
        tell_heard(i, child, before[at], now);
        tell_idle(i, child, now);
    }
}

/* Some of those that are watched, the next ones in the next turn. */
static bool look_round(struct watch *w, struct stock *i, shrike_time now)
{
    struct child *some[COUNT_AT_ONCE], *one = NULL;
    u32 first = w->bucket % CHILDREN_BUCKETS, at = first;
    u16 n = 0;
    u32 seen = 0;
    for (u32 turn = 0; turn < 2 && seen < WATCH_ROUND; turn++, at = 0)
        for (one = NULL; seen < WATCH_ROUND && (one = children_next(&i->children, &at, one));) {
            if (turn == 1 && at >= first)
                break;
            if (!is_watched(one))
                continue;
            some[n++] = one;
            seen++;
            if (n == COUNT_AT_ONCE) {
                look(i, some, n, now);
                n = 0;
            }
        }
    look(i, some, n, now);
    w->bucket = at;
    return seen > 0;
}

bool watch_tick(struct watch *w, struct stock *i, shrike_time now)
{
    struct child *ended;
    struct end *quiet;
    while ((ended = children_ended(&i->children, now)))
        stock_end(i, ended);
    bool watched = look_round(w, i, now);
    if (i->keepalive_s > 0)
        while ((quiet = ends_quiet(&i->ends, now, i->keepalive_s * SHRIKE_SECOND)))
            end_keepalive(quiet, w->sockets[quiet->remote.family == 6]);
    bool waits = answers_tick(&i->answers, now);
    waits |= guard_tick(&i->guard, now);
    return waits || watched || ends_any(&i->ends) || !list_empty(&i->children.orphans);
}
