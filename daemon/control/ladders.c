/* The last messages of IKE SAs: see ladders.h. */
#include "control/ladders.h"
#include "base/text.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/rungs.h"
#include "ops/ladder.h"
#include <stdio.h>
#include <time.h>

#define MESSAGE_MAX_OCTETS 65536 /* of one IKE SA, with all payloads that are told of */

static void leave(struct ladders_ask *a)
{
    loop_disarm(a->control->seat->loop, &a->alarm);
    a->ticket = 0;
}

static void answer(struct ladders_ask *a, const char *why)
{
    u8 octets[256];
    struct bytes message = bytes_of(NULL, 0);
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    vici_put_text(&w, "success", why ? "no" : "yes");
    if (why)
        vici_put_text(&w, "errmsg", why);
    if (!vici_written(&w, &message))
        message = bytes_of(NULL, 0);
    (void)vici_server_answer(&a->control->clients.server, a->ticket, message);
    leave(a);
}

static void too_late(void *ctx)
{
    answer(ctx, "the process that speaks IKE does not answer");
}

enum vici_reply ladders_command(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    struct control *c = ctx;
    struct bytes peer = vici_value(r->message, "peer");
    u8 body[4];
    struct writer q = writer_of(body, sizeof body);
    for (int i = 0; i < LADDERS_AT_ONCE; i++) {
        struct ladders_ask *a = &c->ladders.at[i];
        if (a->ticket)
            continue;
        *a = (struct ladders_ask){
            .control = c, .ticket = r->ticket, .alarm = {.ring = too_late, .ctx = a}};
        if (peer.len)
            memcpy(a->peer, peer.at, MIN(peer.len, VICI_NAME_MAX));
        a->reference = control_reference(c, REFERENCE_LADDERS);
        write_u32(&q, a->reference);
        if (seat_send(c->seat, ROLE_NET, MAIL_TRACE, written_bytes(&q))) {
            loop_alarm(c->seat->loop, &a->alarm, loop_now(c->seat->loop) + LADDERS_WAIT);
            return VICI_REPLY_LATER;
        }
        a->ticket = 0;
        break;
    }
    vici_put_text(w, "success", "no");
    vici_put_text(w, "errmsg", "the process that speaks IKE is not there, or asked by too many");
    return VICI_REPLY_NOW;
}

/* ---- what comes ---- */

/* Net's clock is that of all roles; people have another one: microseconds since 1970. */
static u64 us_of(const struct control *c, shrike_time when)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    u64 now_us = (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
    return now_us - (MAX(loop_now(c->seat->loop), when) - when);
}

static void put_spi(struct vici_writer *w, const char *key, u64 spi)
{
    char at[24];
    snprintf(at, sizeof at, "%016llx", (unsigned long long)spi);
    vici_put_text(w, key, at);
}

static bool is_meant(const struct ladders_ask *a, const struct mail_ladder *l)
{
    char at[64];
    bool meant = !a->peer[0] || strcmp(a->peer, l->conn) == 0;
    for (u16 i = 0; i < l->count && !meant; i++) {
        struct text t = text_of(at, sizeof at);
        text_addr(&t, l->rungs[i].remote.octets, l->rungs[i].remote.family);
        meant = strcmp(a->peer, at) == 0;
    }
    return meant;
}

static void stream(struct ladders_ask *a, const struct mail_ladder *l)
{
    static u8 octets[MESSAGE_MAX_OCTETS]; /* used by one call at a time */
    struct control *c = a->control;
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    struct bytes message;
    char name[16];
    if (l->count == 0 || !is_meant(a, l))
        return;
    if (l->conn[0])
        vici_put_text(&w, "ike", l->conn);
    vici_put_u64(&w, "uniqueid", l->ike);
    if (l->stranger)
        vici_put_text(&w, "stranger", "yes");
    put_spi(&w, "initiator-spi", l->rungs[l->count - 1].spi_i);
    put_spi(&w, "responder-spi", l->rungs[l->count - 1].spi_r);
    vici_begin(&w, "messages");
    for (u16 i = 0; i < l->count; i++) {
        snprintf(name, sizeof name, "%u", i);
        vici_begin(&w, name);
        rungs_put(&w, &l->rungs[i], us_of(c, l->rungs[i].when));
        vici_end(&w);
    }
    vici_end(&w);
    a->lost += !vici_written(&w, &message) ||
               vici_server_stream(&c->clients.server, a->ticket, SERVED_LADDER, message) ==
                   VICI_STREAM_FULL;
}

bool ladders_got(struct control *c, const struct mail *m)
{
    static struct mail_ladder one; /* used by one call at a time */
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (m->kind == MAIL_LADDER ? !ladder_read(&r, &one) : !read_ended(&r))
        return false;
    for (int i = 0; i < LADDERS_AT_ONCE; i++) {
        struct ladders_ask *a = &c->ladders.at[i];
        if (!a->ticket || a->reference != reference)
            continue;
        if (m->kind == MAIL_LADDER)
            stream(a, &one);
        else
            answer(a, a->lost ? "some is missing: the client was too slow" : NULL);
    }
    return true;
}

void ladders_cancel(struct control *c, vici_ticket ticket)
{
    for (int i = 0; i < LADDERS_AT_ONCE; i++)
        if (c->ladders.at[i].ticket == ticket)
            leave(&c->ladders.at[i]);
}

void ladders_net_gone(struct control *c)
{
    for (int i = 0; i < LADDERS_AT_ONCE; i++)
        if (c->ladders.at[i].ticket)
            answer(&c->ladders.at[i], "the process that speaks IKE has ended; it is started again");
}

void ladders_close(struct control *c)
{
    for (int i = 0; i < LADDERS_AT_ONCE; i++)
        if (c->ladders.at[i].ticket)
            leave(&c->ladders.at[i]);
}
