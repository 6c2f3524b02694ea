/* The last messages of IKE SAs: see ladders.h. */
#include "net/ladders.h"
#include <stdio.h>

static u32 strangers(const struct ladders *l)
{
    u32 n = 0;
    for (u32 i = 0; i < LADDERS_MAX; i++)
        n += l->used[i] && l->at[i].stranger;
    return n;
}

/* The place whose last message is the oldest, a free one first; of strangers alone, when they have
 * their share. */
static u32 oldest(const struct ladders *l, bool stranger)
{
    bool share = stranger && strangers(l) >= LADDERS_STRANGERS;
    u32 found = LADDERS_MAX;
    for (u32 i = 0; i < LADDERS_MAX; i++) {
        if (share && !(l->used[i] && l->at[i].stranger))
            continue;
        if (found == LADDERS_MAX || l->used[i] < l->used[found])
            found = i;
    }
    return found;
}

static u32 place_of(const struct ladders *l, const struct shrike_rung *r)
{
    for (u32 i = 0; i < LADDERS_MAX; i++)
        if (l->used[i] && l->at[i].ike == r->ike)
            return i;
    return LADDERS_MAX;
}

void ladders_add(struct ladders *l, const struct shrike_rung *r)
{
    u32 i = place_of(l, r);
    if (i == LADDERS_MAX) {
        i = oldest(l, r->stranger);
        l->at[i].conn[0] = '\0';
        l->at[i].ike = r->ike;
        l->at[i].count = 0;
    }
    struct mail_ladder *one = &l->at[i];
    l->used[i] = ++l->turns;
    one->stranger = r->stranger;
    if (r->conn)
        snprintf(one->conn, sizeof one->conn, "%s", r->conn);
    if (one->count == LADDER_RUNGS) {
        one->count--;
        memmove(one->rungs, one->rungs + 1, one->count * sizeof *r);
    }
    one->rungs[one->count] = *r;
    one->rungs[one->count++].conn = NULL; /* it may go */
}

void ladders_take(struct ladders *l, struct shrike *engine)
{
    struct shrike_rung r;
    while (shrike_rung(engine, &r))
        ladders_add(l, &r);
}

static void tell(struct seat *seat, u32 reference, u16 kind, const struct mail_ladder *one)
{
    static u8 body[8192]; /* used by one call at a time */
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, reference);
    if (one)
        ladder_write(&w, one);
    if (!w.full)
        (void)seat_send(seat, ROLE_CONTROL, kind, written_bytes(&w));
}

bool ladders_tell(const struct ladders *l, struct seat *seat, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (!read_ended(&r))
        return false;
    for (u32 i = 0; i < LADDERS_MAX; i++)
        if (l->used[i])
            tell(seat, reference, MAIL_LADDER, &l->at[i]);
    tell(seat, reference, MAIL_LADDERS_END, NULL);
    return true;
}
