/* What Child SAs have carried: see count.h. */
#include "xfrm/count.h"
#include "xfrm/event.h"
#include <time.h>

struct asking {
    struct child *const *all;
    u8 of[BATCH_LETTERS]; /* which of them a letter is about */
    bool inbound[BATCH_LETTERS];
    u64 real_now;
    shrike_time now;
};

shrike_time count_moment(u64 seconds, u64 real_now, shrike_time now)
{
    u64 ago = real_now > seconds ? (real_now - seconds) * SHRIKE_SECOND : 0;
    return now > ago ? now - ago : 1;
}

/* Older kernels say when an SA was used first, and not when last: then it was when we see it. */
static shrike_time used(const struct asking *a, const struct sa_seen *s, bool more,
                        shrike_time before)
{
    if (s->is.curlft.packets == 0)
        return before;
    if (s->last_used)
        return count_moment(s->last_used, a->real_now, a->now);
    return more ? a->now : before;
}

static void row(void *ctx, u16 letter, const struct nlmsghdr *h)
{
    struct asking *a = ctx;
    struct sa_seen s;
    if (!sa_read(h, &s))
        return;
    struct mail_count *c = &a->all[a->of[letter]]->count;
    const struct xfrm_lifetime_cur *is = &s.is.curlft;
    if (a->inbound[letter]) {
        a->all[a->of[letter]]->seen_in = true;
        c->used_in = used(a, &s, is->packets != c->packets_in, c->used_in);
        c->bytes_in = is->bytes;
        c->packets_in = is->packets;
    } else {
        a->all[a->of[letter]]->seen_out = true;
        c->used_out = used(a, &s, is->packets != c->packets_out, c->used_out);
        c->bytes_out = is->bytes;
        c->packets_out = is->packets;
    }
}

static void ask(struct stock *i, struct asking *a, u8 n, bool inbound)
{
    const struct letter_sa_id id = child_id(a->all[n], inbound, a->all[n]->protocol);
    a->of[i->batch.count] = n;
    a->inbound[i->batch.count] = inbound;
    letter_sa_get(&i->batch, &id);
}

void count_children(struct stock *i, struct child *const *all, u16 n, shrike_time now)
{
    struct asking a = {.all = all, .now = now, .real_now = (u64)time(NULL)};
    struct kernel_reader reader = {row, &a};
    ensure(n <= COUNT_AT_ONCE);
    batch_clear(&i->batch);
    for (u8 at = 0; at < n; at++) {
        all[at]->seen_in = all[at]->seen_out = false;
        if (all[at]->takes)
            ask(i, &a, at, true);
        if (all[at]->sends)
            ask(i, &a, at, false);
    }
    (void)kernel_send(&i->kernel, &i->batch, &reader); /* what is gone is as it was */
    batch_clear(&i->batch);
}

static struct mail_carried *fold(struct stock *i, struct child *child)
{
    const struct mail_count *c = &child->count;
    const u64 now[4] = {c->bytes_in, c->packets_in, c->bytes_out, c->packets_out};
    return sums_fold(&i->sums, child->conf_reqid, child->told, now);
}

void count_fold(struct stock *i, struct child *child)
{
    (void)fold(i, child);
}

static void fold_all(struct stock *i, struct child *const *all, u16 n, shrike_time now)
{
    count_children(i, all, n, now);
    for (u16 at = 0; at < n; at++)
        fold(i, all[at])->children++;
}

void count_traffic(struct stock *i, u32 reference, shrike_time now)
{
    struct child *some[COUNT_AT_ONCE], *one = NULL;
    u32 at = 0;
    u16 n = 0;
    if (!sums_begin(&i->sums))
        return; /* it is told without */
    while ((one = children_next(&i->children, &at, one))) {
        some[n++] = one;
        if (n == COUNT_AT_ONCE) {
            fold_all(i, some, n, now);
            n = 0;
        }
    }
    fold_all(i, some, n, now);
    sums_post(&i->sums, i->seat, reference);
}
