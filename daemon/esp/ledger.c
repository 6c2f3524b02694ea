/* What children have carried: see ledger.h. */
#include "esp/ledger.h"
#include <stdlib.h>

#define BODY_MAX (16 + MAIL_TRAFFIC_MAX * sizeof(struct mail_carried))

static struct mail_carried *row_of(struct ledger *t, u32 reqid)
{
    u32 at = reqid * 0x9e3779b1u % LEDGER_ROWS;
    if (reqid == 0)
        return &t->other;
    while (t->rows[at].reqid && t->rows[at].reqid != reqid)
        at = (at + 1) % LEDGER_ROWS;
    if (t->rows[at].reqid)
        return &t->rows[at];
    if (t->count >= LEDGER_ROWS / 4 * 3)
        return &t->other;
    t->count++;
    t->rows[at].reqid = reqid;
    return &t->rows[at];
}

static void add(u64 *sum, u64 *told, u64 now)
{
    *sum += now - *told;
    *told = now;
}

static struct mail_carried *fold(struct ledger *t, struct pair *pair)
{
    struct mail_carried *row = row_of(t, pair->reqid);
    if (pair->in) {
        add(&row->bytes_in, &pair->told[0], atomic_load(&pair->in->bytes));
        add(&row->packets_in, &pair->told[1], atomic_load(&pair->in->packets));
    }
    if (pair->out) {
        add(&row->bytes_out, &pair->told[2], atomic_load(&pair->out->bytes));
        add(&row->packets_out, &pair->told[3], atomic_load(&pair->out->packets));
    }
    return row;
}

void ledger_gone(struct ledger *t, struct pair *pair)
{
    if (t->rows)
        (void)fold(t, pair);
}

static void fold_list(struct ledger *t, const struct list *all, bool counted)
{
    for (struct list *l = all->next; l != all; l = l->next)
        fold(t, list_item(l, struct pair, link))->children += counted;
}

/* ---- the answer ---- */

static void send(struct ledger *t, struct writer *w, u16 n, bool last)
{
    write_u32_at(w, 0, t->reference);
    write_u8_at(w, 4, last);
    write_u16_at(w, 5, n);
    (void)seat_send(t->seat, ROLE_CONTROL, MAIL_TRAFFIC_IS, written_bytes(w));
}

static struct writer begin(u8 *body)
{
    struct writer w = writer_of(body, BODY_MAX);
    write_u32(&w, 0);
    write_u8(&w, 0);
    write_u16(&w, 0);
    return w;
}

static void answer(struct ledger *t)
{
    u8 body[BODY_MAX];
    struct writer w = begin(body);
    u16 n = 0;
    for (u32 i = 0; i < LEDGER_ROWS; i++) {
        if (!t->rows[i].reqid)
            continue;
        carried_write(&w, &t->rows[i]);
        if (++n < MAIL_TRAFFIC_MAX - 1)
            continue;
        send(t, &w, n, false);
        w = begin(body);
        n = 0;
    }
    carried_write(&w, &t->other);
    send(t, &w, (u16)(n + 1), true);
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
    answer(t);
}

void ledger_ask(struct ledger *t, u32 reference)
{
    if (!t->rows)
        t->rows = calloc(LEDGER_ROWS, sizeof(t->rows[0]));
    if (!t->rows)
        return; /* it is told without */
    for (u32 i = 0; i < LEDGER_ROWS; i++)
        t->rows[i].children = 0;
    t->other.children = 0;
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
    free(t->rows);
    t->rows = NULL;
}
