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

enum vici_reply ladders_command(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    struct ask *a = ask_new(ctx, r, REFERENCE_LADDERS, "peer", w);
    u8 body[4];
    struct writer q = writer_of(body, sizeof body);
    if (!a)
        return VICI_REPLY_NOW;
    write_u32(&q, a->reference);
    return ask_net(a, MAIL_TRACE, written_bytes(&q), w);
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

static bool is_meant(const struct ask *a, const struct mail_ladder *l)
{
    char at[64];
    bool meant = !a->name[0] || strcmp(a->name, l->conn) == 0;
    for (u16 i = 0; i < l->count && !meant; i++) {
        struct text t = text_of(at, sizeof at);
        text_addr(&t, l->rungs[i].remote.octets, l->rungs[i].remote.family);
        meant = strcmp(a->name, at) == 0;
    }
    return meant;
}

static void stream(struct ask *a, const struct mail_ladder *l)
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
    a->ladders.lost += !vici_written(&w, &message) ||
                       vici_server_stream(&c->clients.server, a->ticket, SERVED_LADDER, message) ==
                           VICI_STREAM_FULL;
}

static void end(struct ask *a)
{
    if (a->ladders.lost) {
        ask_fail(a, "some is missing: the client was too slow");
        return;
    }
    vici_put_text(&a->w, "success", "yes");
    ask_answer(a, "");
}

bool ladders_got(struct control *c, const struct mail *m)
{
    static struct mail_ladder one; /* used by one call at a time */
    struct reader r = reader_of(m->body);
    struct ask *a = ask_of(c, read_u32(&r), REFERENCE_LADDERS);
    if (m->kind == MAIL_LADDER ? !ladder_read(&r, &one) : !read_ended(&r))
        return false;
    if (a && m->kind == MAIL_LADDER)
        stream(a, &one);
    else if (a)
        end(a);
    return true;
}
