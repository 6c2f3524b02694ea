/* The last messages of IKE SAs: see ladders.h. */
#include "control/ladders.h"
#include "base/text.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/rungs.h"
#include "ops/ladder.h"
#include "ops/parts.h"
#include <assert.h>
#include <stdio.h>
#include <time.h>

#define MESSAGE_MAX_OCTETS 65536 /* of one IKE SA, with all payloads that are told of */

static unsigned followers(const struct control *c)
{
    unsigned n = 0;
    for (u32 i = 0; i < ASKS_MAX; i++) {
        const struct ask *a = &c->asks.at[i];
        n += a->ticket && control_reference_kind(a->reference) == REFERENCE_LADDERS &&
             a->ladders.follow;
    }
    return n;
}

enum vici_reply ladders_command(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    struct control *c = ctx;
    struct mail_trace what = {.follow = vici_value_is(r->message, "follow", "yes"),
                              .octets = vici_value_is(r->message, "datagrams", "yes")};
    u8 body[LADDER_PEER + 16];
    struct writer q = writer_of(body, sizeof body);
    if (what.octets && !what.follow)
        return vici_refuse(w, "datagrams are not kept: only who follows gets those that come");
    if (what.follow && followers(c) >= LADDERS_FOLLOWERS)
        return vici_refuse(w, "as many as can follow do so already");
    struct ask *a = ask_new(c, r, REFERENCE_LADDERS, "peer", w);
    if (!a)
        return VICI_REPLY_NOW;
    static_assert(sizeof what.peer >= sizeof a->name, "each name has room");
    memcpy(what.peer, a->name, sizeof a->name);
    a->ladders.follow = what.follow;
    a->ends = what.follow ? MAIL_TRACE_END : 0;
    write_u32(&q, a->reference);
    trace_write(&q, &what);
    return ask_net(a, MAIL_TRACE, written_bytes(&q), w);
}

/* ---- what comes ---- */

static u64 clock_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
}

/* Net's clock is that of all roles; people have another one: microseconds since 1970. Both are
 * compared once for each who asks, so that what comes later has a later time. */
static u64 us_of(struct ask *a, shrike_time when)
{
    if (a->ladders.zero_us == 0)
        a->ladders.zero_us = clock_us(CLOCK_REALTIME) - clock_us(CLOCK_BOOTTIME);
    return a->ladders.zero_us + when;
}

static void put_spi(struct vici_writer *w, const char *key, u64 spi)
{
    char at[24];
    snprintf(at, sizeof at, "%016llx", (unsigned long long)spi);
    vici_put_text(w, key, at);
}

static void stream(struct ask *a, const struct mail_ladder *l)
{
    static u8 octets[MESSAGE_MAX_OCTETS]; /* used by one call at a time */
    struct control *c = a->control;
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    struct bytes message;
    char name[16];
    if (l->count == 0)
        return;
    if (l->conn[0])
        vici_put_text(&w, "ike", l->conn);
    vici_put_u64(&w, "uniqueid", l->ike);
    if (l->identity[0])
        vici_put_text(&w, "remote-id", l->identity);
    if (l->stranger)
        vici_put_text(&w, "stranger", "yes");
    put_spi(&w, "initiator-spi", l->rungs[l->count - 1].spi_i);
    put_spi(&w, "responder-spi", l->rungs[l->count - 1].spi_r);
    if (a->ladders.follow && a->ladders.lost + l->lost)
        vici_put_u64(&w, "lost", a->ladders.lost + l->lost);
    vici_begin(&w, "messages");
    for (u16 i = 0; i < l->count; i++) {
        snprintf(name, sizeof name, "%u", i);
        vici_begin(&w, name);
        rungs_put(&w, &l->rungs[i], us_of(a, l->rungs[i].when));
        vici_end(&w);
    }
    vici_end(&w);
    if (!vici_written(&w, &message) ||
        vici_server_stream(&c->clients.server, a->ticket, SERVED_LADDER, message) ==
            VICI_STREAM_FULL)
        a->ladders.lost += l->lost + l->count;
    else if (a->ladders.follow)
        a->ladders.lost = 0;
}

static void stream_datagram(struct ask *a, const struct mail_datagram *d)
{
    static u8 octets[LADDER_DATAGRAM_MAX + 512]; /* used by one call at a time */
    struct control *c = a->control;
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    struct bytes message;
    rungs_put_time(&w, us_of(a, d->when));
    vici_put_text(&w, "way", d->sent ? "out" : "in");
    rungs_put_end(&w, "local", &d->local);
    rungs_put_end(&w, "remote", &d->remote);
    if (a->ladders.unsent + d->lost)
        vici_put_u64(&w, "lost", a->ladders.unsent + d->lost);
    vici_put(&w, "datagram", d->data);
    if (!vici_written(&w, &message) ||
        vici_server_stream(&c->clients.server, a->ticket, SERVED_DATAGRAM, message) ==
            VICI_STREAM_FULL)
        a->ladders.unsent += d->lost + 1;
    else
        a->ladders.unsent = 0;
}

/* Net has told all that there was. */
static void got_end(struct ask *a, bool follows)
{
    if (a->ladders.follow && follows) {
        loop_disarm(a->control->seat->loop, &a->alarm);
    } else if (a->ladders.follow) {
        ask_fail(a, "net lets nobody follow: there is no memory, or others do");
    } else if (a->ladders.lost) {
        ask_fail(a, "some is missing: the client was too slow");
    } else {
        vici_put_text(&a->w, "success", "yes");
        ask_answer(a, "");
    }
}

bool ladders_got(struct control *c, const struct mail *m)
{
    static struct mail_ladder one; /* used by one call at a time */
    struct mail_datagram datagram;
    struct reader r = reader_of(m->body);
    const u32 reference = read_u32(&r);
    struct ask *a = ask_of(c, reference, REFERENCE_LADDERS);
    const bool follows = m->kind == MAIL_LADDERS_END && read_flag(&r);
    if (m->kind == MAIL_LADDER     ? !ladder_read(&r, &one)
        : m->kind == MAIL_DATAGRAM ? !datagram_read(&r, &datagram)
                                   : !read_ended(&r))
        return false;
    if (!a && m->kind != MAIL_LADDERS_END) /* net has not heard that nobody waits */
        ask_over(c, MAIL_TRACE_END, reference);
    else if (a && m->kind == MAIL_LADDER)
        stream(a, &one);
    else if (a && m->kind == MAIL_DATAGRAM)
        stream_datagram(a, &datagram);
    else if (a)
        got_end(a, follows);
    return true;
}
