/* Who follows IKE SAs: see watches.h. */
#include "net/watches.h"

/* ---- messages ---- */

/* Another IKE SA has come to this place: what was not told of the one before is lost. */
static void begin_place(struct watch *k, u32 i, u32 ike)
{
    if (k->of[i].meant)
        k->lost += (u32)(k->of[i].seen - k->of[i].told);
    k->of[i].ike = ike;
    k->of[i].told = k->of[i].seen = 0;
    k->of[i].meant = false;
}

/* What is new of this IKE SA. false: there is no room. */
static bool tell_place(struct watches *w, struct watch *k, u32 i)
{
    static struct mail_ladder letter; /* used by one call at a time */
    const struct mail_ladder *one = &w->ladders->at[i];
    u64 all = w->ladders->all[i], new = all - k->of[i].told;
    u16 count = (u16)MIN(new, (u64)one->count);
    if (seat_room(w->seat, ROLE_CONTROL) < WATCHES_ROOM)
        return false;
    letter = *one;
    letter.count = count;
    letter.lost = k->lost + (u32)(new - count);
    memmove(letter.rungs, one->rungs + (one->count - count), count * sizeof *one->rungs);
    if (!ladders_send(w->seat, k->reference, &letter))
        return false;
    k->lost = 0;
    k->of[i].told = all;
    return true;
}

/* A peer whose name is not known yet is not passed over: when it is, all is told. */
static void tell_messages(struct watches *w, struct watch *k)
{
    bool room = true;
    for (u32 i = 0; i < LADDERS_MAX; i++) {
        const struct mail_ladder *one = &w->ladders->at[i];
        if (!w->ladders->used[i])
            continue;
        if (k->of[i].ike != one->ike)
            begin_place(k, i, one->ike);
        if (k->of[i].seen != w->ladders->all[i])
            k->of[i].meant = ladders_is_of(one, k->what.peer);
        k->of[i].seen = w->ladders->all[i];
        if (room && k->of[i].meant && k->of[i].told != k->of[i].seen)
            room = tell_place(w, k, i);
    }
}

/* ---- datagrams ---- */

static bool tell_datagram(struct watches *w, u32 eye, const struct captured *d)
{
    static u8 body[MAIL_BODY_MAX]; /* used by one call at a time */
    struct writer out = writer_of(body, sizeof body);
    const struct mail_datagram letter = {.when = d->when,
                                         .sent = d->sent,
                                         .lost = w->capture->lost[eye],
                                         .local = d->local,
                                         .remote = d->remote,
                                         .data = capture_data(w->capture, d)};
    write_u32(&out, w->all[eye].reference);
    datagram_write(&out, &letter);
    if (seat_room(w->seat, ROLE_CONTROL) < WATCHES_ROOM || out.full ||
        !seat_send(w->seat, ROLE_CONTROL, MAIL_DATAGRAM, written_bytes(&out)))
        return false;
    w->capture->lost[eye] = 0;
    return true;
}

/* For whom it is; what belongs to an IKE SA that is not known yet waits. */
static void look(struct watches *w, struct captured *d, u8 eyes)
{
    u32 at = ladders_of_spis(w->ladders, d->spi_i, d->spi_r);
    for (u32 i = 0; i < WATCHES_MAX && at < LADDERS_MAX; i++)
        if (eyes >> i & 1 && ladders_is_of(&w->ladders->at[at], w->all[i].what.peer))
            d->meant |= (u8)(1u << i);
}

/* Who has wanted datagrams from the start: one that begins later gets those that come later. */
static u8 eyes_of(const struct watches *w)
{
    u8 eyes = 0;
    for (u32 i = 0; i < WATCHES_MAX; i++)
        eyes |= (u8)((u32)(w->all[i].used && w->all[i].what.octets) << i);
    return eyes;
}

static void tell_datagrams(struct watches *w)
{
    const u8 eyes = eyes_of(w);
    bool room = true;
    struct captured *d;
    for (u32 n = 0; (d = capture_at(w->capture, n)) != NULL; n++) {
        if ((eyes & ~d->told & ~d->meant) != 0)
            look(w, d, eyes & (u8)~d->told);
        for (u32 i = 0; i < WATCHES_MAX && room; i++) {
            if (!((d->meant & ~d->told) >> i & 1))
                continue;
            room = tell_datagram(w, i, d);
            d->told |= (u8)((u32)room << i);
        }
    }
}

void watches_turn(struct watches *w)
{
    for (u32 i = 0; i < WATCHES_MAX; i++)
        if (w->all[i].used)
            tell_messages(w, &w->all[i]);
    if (w->capture)
        tell_datagrams(w);
}

/* ---- who begins and ends ---- */

/* What is still there of others is not for him. */
static bool capture_for(struct watches *w, u32 eye)
{
    struct captured *d;
    if (!w->capture)
        w->capture = capture_new();
    for (u32 n = 0; w->capture && (d = capture_at(w->capture, n)) != NULL; n++)
        d->told |= (u8)(1u << eye);
    if (w->capture)
        w->capture->lost[eye] = 0;
    return w->capture != NULL;
}

/* All that is kept is told first. false: he cannot follow. */
static bool begin(struct watches *w, u32 reference, const struct mail_trace *what)
{
    u32 eye = 0;
    while (eye < WATCHES_MAX && w->all[eye].used)
        eye++;
    if (eye == WATCHES_MAX || (what->octets && !capture_for(w, eye)))
        return false;
    struct watch *k = &w->all[eye];
    memset(k, 0, sizeof *k);
    k->used = true;
    k->reference = reference;
    k->what = *what;
    for (u32 i = 0; i < LADDERS_MAX; i++) {
        k->of[i].ike = w->ladders->at[i].ike;
        k->of[i].told = k->of[i].seen = w->ladders->all[i] - w->ladders->at[i].count;
    }
    return true;
}

static void end(struct watches *w, u32 reference)
{
    for (u32 i = 0; i < WATCHES_MAX; i++)
        if (w->all[i].used && w->all[i].reference == reference)
            w->all[i].used = false;
    if (w->capture && !eyes_of(w)) {
        capture_free(w->capture);
        w->capture = NULL;
    }
}

static void answer(struct watches *w, u32 reference, bool follows)
{
    u8 body[5];
    struct writer out = writer_of(body, sizeof body);
    write_u32(&out, reference);
    write_u8(&out, follows);
    (void)seat_send(w->seat, ROLE_CONTROL, MAIL_LADDERS_END, written_bytes(&out));
}

bool watches_got(struct watches *w, const struct mail *m)
{
    struct mail_trace what;
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (m->kind == MAIL_TRACE_END) {
        if (!read_ended(&r))
            return false;
        end(w, reference);
        return true;
    }
    if (!trace_read(&r, &what))
        return false;
    bool follows = what.follow && begin(w, reference, &what);
    if (!follows)
        ladders_tell(w->ladders, w->seat, reference, what.peer);
    answer(w, reference, follows);
    return true;
}

void watches_clear(struct watches *w)
{
    memset(w->all, 0, sizeof w->all);
    capture_free(w->capture);
    w->capture = NULL;
}
