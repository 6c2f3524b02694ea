/* Messages and rekeys counted: see counters.h. */
#include "control/counters.h"
#include "control/control.h"
#include "ops/mail.h"
#include <stdlib.h>

#define ANSWER_MAX (VICI_SEGMENT_MAX - VICI_OVERHEAD_MAX) /* 800 connections with all counters */

static void leave(struct counters_ask *a)
{
    loop_disarm(a->control->seat->loop, &a->alarm);
    free(a->octets);
    *a = (struct counters_ask){.ticket = 0};
}

static void refuse(struct vici_writer *w, const char *why)
{
    vici_put_text(w, "success", "no");
    vici_put_text(w, "errmsg", why);
}

static void fail(struct counters_ask *a, const char *why)
{
    u8 octets[256];
    struct bytes message = bytes_of(NULL, 0);
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    refuse(&w, why);
    if (vici_written(&w, &message))
        (void)vici_server_answer(&a->control->clients.server, a->ticket, message);
    leave(a);
}

static void too_late(void *ctx)
{
    fail(ctx, "the process that counts does not answer");
}

static bool ask(struct counters_ask *a)
{
    struct control *c = a->control;
    struct mail_tally q = {.reset = a->reset, .all = a->all};
    u8 body[128];
    struct writer w = writer_of(body, sizeof body);
    memcpy(q.conn, a->conn, sizeof q.conn);
    a->reference = control_reference(c, REFERENCE_COUNTERS);
    write_u32(&w, a->reference);
    tally_write(&w, &q);
    loop_alarm(c->seat->loop, &a->alarm, loop_now(c->seat->loop) + COUNTERS_WAIT);
    return seat_send(c->seat, ROLE_NET, MAIL_TALLY, written_bytes(&w));
}

static struct counters_ask *free_place(struct control *c)
{
    for (int i = 0; i < COUNTERS_AT_ONCE; i++)
        if (!c->counters.at[i].ticket)
            return &c->counters.at[i];
    return NULL;
}

static enum vici_reply begin(struct control *c, const struct vici_request *r,
                             struct vici_writer *answer, bool reset)
{
    struct bytes name = vici_value(r->message, "name");
    struct counters_ask *a = free_place(c);
    if (name.len >= SHRIKE_COUNTED_NAME || (name.len && memchr(name.at, 0, name.len))) {
        refuse(answer, "nothing is counted of a connection of this name");
        return VICI_REPLY_NOW;
    }
    u8 *octets = a ? malloc(ANSWER_MAX) : NULL;
    if (!octets) {
        refuse(answer, "others ask for the same just now, or there is no memory; try again");
        return VICI_REPLY_NOW;
    }
    *a = (struct counters_ask){.control = c,
                               .ticket = r->ticket,
                               .reset = reset,
                               .all = vici_value_is(r->message, "all", "yes"),
                               .alarm = {.ring = too_late, .ctx = a},
                               .octets = octets,
                               .w = vici_writer_of(octets, ANSWER_MAX)};
    if (name.len && !a->all)
        memcpy(a->conn, name.at, name.len);
    if (!reset)
        vici_begin(&a->w, "counters");
    if (ask(a))
        return VICI_REPLY_LATER;
    leave(a);
    refuse(answer, "the process that counts is not there; try again");
    return VICI_REPLY_NOW;
}

enum vici_reply counters_get(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    return begin(ctx, r, answer, false);
}

enum vici_reply counters_reset(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    return begin(ctx, r, answer, true);
}

/* ---- what comes ---- */

static void put(struct counters_ask *a, const struct shrike_counts *one)
{
    if (a->all ? one->conn[0] == 0 : strcmp(one->conn, a->conn) != 0)
        return;
    a->found = true;
    if (a->reset)
        return;
    vici_begin(&a->w, one->conn);
    for (unsigned i = 0; i < SHRIKE_COUNT_COUNT; i++)
        vici_put_u64(&a->w, shrike_count_name((enum shrike_count)i), one->of[i]);
    vici_end(&a->w);
}

static void end(struct counters_ask *a)
{
    struct bytes message;
    if (!a->found && !a->all) {
        fail(a, "nothing was counted yet of a connection of this name");
        return;
    }
    if (!a->reset)
        vici_end(&a->w);
    vici_put_text(&a->w, "success", "yes");
    if (!vici_written(&a->w, &message)) {
        fail(a, "there are more counters than a message holds: ask for one connection by its name");
        return;
    }
    (void)vici_server_answer(&a->control->clients.server, a->ticket, message);
    leave(a);
}

bool counters_got(struct control *c, const struct mail *m)
{
    static struct mail_tallies all; /* used by one call at a time */
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (!tallies_read(&r, &all))
        return false;
    for (int i = 0; i < COUNTERS_AT_ONCE; i++) {
        struct counters_ask *a = &c->counters.at[i];
        if (!a->ticket || a->reference != reference)
            continue;
        for (u16 k = 0; k < all.count; k++)
            put(a, &all.all[k]);
        if (all.last)
            end(a);
        break;
    }
    return true;
}

void counters_cancel(struct control *c, vici_ticket ticket)
{
    for (int i = 0; i < COUNTERS_AT_ONCE; i++)
        if (c->counters.at[i].ticket == ticket)
            leave(&c->counters.at[i]);
}

void counters_net_gone(struct control *c)
{
    for (int i = 0; i < COUNTERS_AT_ONCE; i++)
        if (c->counters.at[i].ticket)
            fail(&c->counters.at[i], "the process that counts has ended; it is started again");
}

void counters_close(struct control *c)
{
    for (int i = 0; i < COUNTERS_AT_ONCE; i++)
        if (c->counters.at[i].ticket)
            leave(&c->counters.at[i]);
}
