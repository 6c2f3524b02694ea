/* What children have carried: see ledger.h. */
#include "esp/ledger.h"

static struct mail_carried *fold(struct ledger *t, struct pair *pair)
{
    const u64 now[4] = {
        pair->in ? atomic_load(&pair->in->bytes) : pair->told[0],
        pair->in ? atomic_load(&pair->in->packets) : pair->told[1],
        pair->out ? atomic_load(&pair->out->bytes) : pair->told[2],
        pair->out ? atomic_load(&pair->out->packets) : pair->told[3],
    };
    return sums_fold(&t->sums, pair->reqid, pair->told, now);
}

void ledger_gone(struct ledger *t, struct pair *pair)
{
    (void)fold(t, pair);
}

static void fold_list(struct ledger *t, const struct list *all, bool counted)
{
    for (struct list *l = all->next; l != all; l = l->next)
        fold(t, list_item(l, struct pair, link))->children += counted;
}

/* A few buckets in a turn: packets do not wait for all of them. */
static void turn(void *ctx)
{
    struct ledger *t = ctx;
    for (u32 i = 0; i < LEDGER_STEP && t->bucket < PAIR_BUCKETS; i++)
        fold_list(t, &t->pairs->buckets[t->bucket++], true);
    if (t->bucket < PAIR_BUCKETS) {
        loop_alarm(t->seat->loop, &t->alarm, loop_now(t->seat->loop));
        return;
    }
    fold_list(t, &t->pairs->orphans, false);
    sums_post(&t->sums, t->seat, t->reference);
}

void ledger_ask(struct ledger *t, u32 reference)
{
    if (!sums_begin(&t->sums))
        return; /* it is told without */
    t->reference = reference;
    t->bucket = 0;
    loop_alarm(t->seat->loop, &t->alarm, loop_now(t->seat->loop));
}

void ledger_open(struct ledger *t, struct seat *seat, const struct pairs *pairs)
{
    *t = (struct ledger){.seat = seat, .pairs = pairs};
    t->alarm = (struct alarm){.ring = turn, .ctx = t};
}

void ledger_close(struct ledger *t)
{
    loop_disarm(t->seat->loop, &t->alarm);
    sums_free(&t->sums);
}
