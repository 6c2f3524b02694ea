/* What children have carried: see sums.h. */
#include "plane/sums.h"
#include <stdlib.h>

#define BODY_MAX (16 + MAIL_TRAFFIC_MAX * sizeof(struct mail_carried))

bool sums_begin(struct sums *s)
{
    if (!s->rows)
        s->rows = calloc(SUMS_ROWS, sizeof(s->rows[0]));
    for (u32 i = 0; s->rows && i < SUMS_ROWS; i++)
        s->rows[i].children = 0;
    s->other.children = 0;
    return s->rows != NULL;
}

void sums_free(struct sums *s)
{
    free(s->rows);
    s->rows = NULL;
}

static struct mail_carried *row_of(struct sums *s, u32 reqid)
{
    u32 at = reqid * 0x9e3779b1u % SUMS_ROWS;
    if (reqid == 0)
        return &s->other;
    while (s->rows[at].reqid && s->rows[at].reqid != reqid)
        at = (at + 1) % SUMS_ROWS;
    if (s->rows[at].reqid)
        return &s->rows[at];
    if (s->count >= SUMS_ROWS / 4 * 3)
        return &s->other;
    s->count++;
    s->rows[at].reqid = reqid;
    return &s->rows[at];
}

static void add(u64 *sum, u64 *told, u64 now)
{
    *sum += now - *told;
    *told = now;
}

struct mail_carried *sums_fold(struct sums *s, u32 reqid, u64 told[4], const u64 now[4])
{
    if (!s->rows)
        return NULL;
    struct mail_carried *row = row_of(s, reqid);
    add(&row->bytes_in, &told[0], now[0]);
    add(&row->packets_in, &told[1], now[1]);
    add(&row->bytes_out, &told[2], now[2]);
    add(&row->packets_out, &told[3], now[3]);
    return row;
}

/* ---- the answer ---- */

struct answer {
    struct seat *seat;
    u32 reference;
    u16 count;
    struct writer w;
    u8 body[BODY_MAX];
};

static void begin(struct answer *a)
{
    a->count = 0;
    a->w = writer_of(a->body, BODY_MAX);
    write_u32(&a->w, a->reference);
    write_u8(&a->w, 0);
    write_u16(&a->w, 0);
}

static void put(struct answer *a, const struct mail_carried *row)
{
    carried_write(&a->w, row);
    a->count++;
}

static void send(struct answer *a, bool last)
{
    write_u8_at(&a->w, 4, last);
    write_u16_at(&a->w, 5, a->count);
    (void)seat_send(a->seat, ROLE_CONTROL, MAIL_TRAFFIC_IS, written_bytes(&a->w));
}

void sums_post(const struct sums *s, struct seat *seat, u32 reference)
{
    struct answer a;
    a.seat = seat;
    a.reference = reference;
    begin(&a);
    for (u32 i = 0; s->rows && i < SUMS_ROWS; i++) {
        if (!s->rows[i].reqid)
            continue;
        put(&a, &s->rows[i]);
        if (a.count < MAIL_TRAFFIC_MAX - 1)
            continue;
        send(&a, false);
        begin(&a);
    }
    put(&a, &s->other);
    send(&a, true);
}
