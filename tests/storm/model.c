/* The tables, as they should be. */
#include "model.h"
#include <stdlib.h>

/* Of an orphan: after a successor has come, and without one; and of what ended beside another. */
#define SUCCEEDED_FOR (10 * SHRIKE_SECOND)
#define LINGERS_FOR   (1 * SHRIKE_SECOND)
#define ALONE_FOR     (300 * SHRIKE_SECOND)

static bool listed(const struct reading *r, const struct shrike_ts ts[TS_COUNT], int who)
{
    bool any = false;
    for (u16 i = 0; i < TS_COUNT; i++)
        any = any || packet_selected(r, &ts[i], who);
    return any;
}

struct policy *model_out(struct model *m, int side, const struct reading *r)
{
    for (int i = 0; i < SLOTS; i++) {
        struct policy *p = &m->policies[side][i];
        if ((p->row_count > 0 || p->trap) && listed(r, p->local, 0) && listed(r, p->remote, 1))
            return p;
    }
    return NULL;
}

bool model_in(const struct model *m, int side, u8 slot, const struct reading *r)
{
    const struct policy *p = &m->policies[side][slot];
    return listed(r, p->local, 1) && listed(r, p->remote, 0);
}

struct child *model_spi(struct model *m, int side, u32 spi)
{
    for (int i = 0; i < CHILDREN_MAX; i++) {
        struct child *c = m->children[i];
        if (c && c->at[side].there && c->lane[!side].spi == spi)
            return c;
    }
    return NULL;
}

bool account_take(struct account *a, const struct shrike_life *life, size_t octets, struct told *t)
{
    u64 bytes = a->bytes + octets, packets = a->packets + 1;
    if ((life->bytes_hard && bytes > life->bytes_hard) ||
        (life->packets_hard && packets > life->packets_hard)) {
        t->hards += !a->hard;
        a->hard = true;
        return false;
    }
    a->bytes = bytes;
    a->packets = packets;
    if (!a->soft && ((life->bytes_soft && bytes > life->bytes_soft) ||
                     (life->packets_soft && packets > life->packets_soft))) {
        t->softs++;
        a->soft = true;
    }
    return true;
}

enum verdict lane_look(const struct lane *l, u32 window, u64 seq)
{
    if (l->top >= window && seq <= l->top - window)
        return WINDOW_LEFT;
    return seq <= l->top && l->seen[seq % WINDOW_MAX] == seq ? WINDOW_SEEN : WINDOW_FRESH;
}

void lane_note(struct lane *l, u64 seq)
{
    l->seen[seq % WINDOW_MAX] = seq;
    l->top = MAX(l->top, seq);
}

static void row_out(struct policy *p, const struct child *c)
{
    u16 n = 0;
    for (u16 i = 0; i < p->row_count; i++)
        if (p->rows[i] != c)
            p->rows[n++] = p->rows[i];
    p->row_count = n;
}

static void row_in(struct policy *p, struct child *c, u16 at)
{
    ensure(p->row_count < ROWS_MAX);
    memmove(p->rows + at + 1, p->rows + at, (p->row_count - at) * sizeof(p->rows[0]));
    p->rows[at] = c;
    p->row_count++;
}

/* The newest is in front, but one that comes later stands behind all but orphans. */
void model_add(struct model *m, struct child *c, int side, bool later)
{
    struct policy *p = &m->policies[side][c->slot];
    u16 at = 0;
    while (later && at < p->row_count && !p->rows[at]->at[side].orphan)
        at++;
    row_in(p, c, at);
    c->at[side].there = true;
    c->lane[!side].heralds = later;
    for (u16 i = 0; i < p->row_count; i++) {
        struct standing *s = &p->rows[i]->at[side];
        if (s->orphan)
            s->until = MIN(s->until, m->now + SUCCEEDED_FOR);
    }
}

static void forget(struct model *m, struct child *c, int side)
{
    row_out(&m->policies[side][c->slot], c);
    c->at[side].there = false;
    if (c->at[!side].there)
        return;
    for (int i = 0; i < CHILDREN_MAX; i++)
        if (m->children[i] == c)
            m->children[i] = NULL;
    free(c);
}

/* Beside another one it takes what comes in for a while. */
void model_remove(struct model *m, struct child *c, int side)
{
    struct policy *p = &m->policies[side][c->slot];
    bool beside = false;
    for (u16 i = 0; i < p->row_count; i++)
        beside |= p->rows[i] != c && !p->rows[i]->at[side].orphan;
    if (!beside) {
        forget(m, c, side);
        return;
    }
    row_out(p, c);
    c->at[side].orphan = true;
    c->at[side].until = m->now + LINGERS_FOR;
}

void model_switch(struct model *m, struct child *c, int side)
{
    struct policy *p = &m->policies[side][c->slot];
    if (!c->at[side].there || c->at[side].orphan)
        return;
    row_out(p, c);
    row_in(p, c, 0);
}

void model_orphan(struct model *m, int side)
{
    for (int i = 0; i < CHILDREN_MAX; i++) {
        struct standing *s = m->children[i] ? &m->children[i]->at[side] : NULL;
        if (!s || !s->there || s->orphan)
            continue;
        s->orphan = true;
        s->until = m->now + ALONE_FOR;
    }
}

void model_tick(struct model *m, int side)
{
    for (int i = 0; i < CHILDREN_MAX; i++) {
        struct child *c = m->children[i];
        if (c && c->at[side].there && c->at[side].orphan && c->at[side].until <= m->now)
            forget(m, c, side);
    }
}
