/* The last messages of IKE SAs: see ladders.h. */
#include "net/ladders.h"
#include "shrike/view.h"
#include "wire/print.h"
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

static u32 place_of(const struct ladders *l, u32 ike)
{
    for (u32 i = 0; i < LADDERS_MAX; i++)
        if (l->used[i] && l->at[i].ike == ike)
            return i;
    return LADDERS_MAX;
}

void ladders_add(struct ladders *l, const struct shrike_rung *r)
{
    u32 i = place_of(l, r->ike);
    if (i == LADDERS_MAX) {
        i = oldest(l, r->stranger);
        l->at[i].conn[0] = l->at[i].identity[0] = '\0';
        l->at[i].ike = r->ike;
        l->at[i].count = 0;
        l->all[i] = 0;
    }
    struct mail_ladder *one = &l->at[i];
    l->used[i] = ++l->turns;
    l->all[i]++;
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

void ladders_look(struct ladders *l, const struct shrike *engine, const struct shrike_rung *r)
{
    struct shrike_ike_view v;
    u32 i = place_of(l, r->ike);
    if (i == LADDERS_MAX || l->at[i].identity[0] ||
        !shrike_view_ike_of(engine, r->spi_i, r->spi_r, &v) || v.serial != r->ike || !v.established)
        return;
    struct text t = text_of(l->at[i].identity, sizeof l->at[i].identity);
    if (v.remote_id.type)
        print_ident(&t, v.remote_id.type, v.remote_id.data);
}

/* ---- whose they are ---- */

static bool has_address(const struct mail_ladder *m, const char *peer)
{
    char at[64];
    for (u16 i = 0; i < m->count; i++) {
        const struct shrike_endpoint *e = &m->rungs[i].remote;
        if (i && memcmp(e->octets, m->rungs[i - 1].remote.octets, sizeof e->octets) == 0)
            continue;
        struct text t = text_of(at, sizeof at);
        text_addr(&t, e->octets, e->family);
        if (strcmp(peer, at) == 0)
            return true;
    }
    return false;
}

bool ladders_is_of(const struct mail_ladder *m, const char *peer)
{
    char number[16];
    snprintf(number, sizeof number, "#%u", m->ike);
    return !peer[0] || strcmp(peer, number) == 0 ||
           (m->conn[0] && strncmp(peer, m->conn, LADDER_NAME - 1) == 0) ||
           (m->identity[0] && strncmp(peer, m->identity, LADDER_IDENTITY - 1) == 0) ||
           has_address(m, peer);
}

u32 ladders_of_spis(const struct ladders *l, u64 spi_i, u64 spi_r)
{
    for (u32 i = 0; i < LADDERS_MAX; i++) {
        const struct mail_ladder *m = &l->at[i];
        if (!l->used[i] || !m->count)
            continue;
        const struct shrike_rung *r = &m->rungs[m->count - 1];
        /* Until the responder has answered, only one SPI is known. */
        if (r->spi_i == spi_i && (r->spi_r == spi_r || !spi_r || !r->spi_r))
            return i;
    }
    return LADDERS_MAX;
}

/* ---- to control ---- */

bool ladders_send(struct seat *seat, u32 reference, const struct mail_ladder *m)
{
    static u8 body[8192]; /* used by one call at a time */
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, reference);
    ladder_write(&w, m);
    return !w.full && seat_send(seat, ROLE_CONTROL, MAIL_LADDER, written_bytes(&w));
}

void ladders_tell(const struct ladders *l, struct seat *seat, u32 reference, const char *peer)
{
    for (u32 i = 0; i < LADDERS_MAX; i++)
        if (l->used[i] && ladders_is_of(&l->at[i], peer))
            (void)ladders_send(seat, reference, &l->at[i]);
}
