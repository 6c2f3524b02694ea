/* Commands of clients that net answers: see asks.h. */
#include "control/asks.h"
#include "control/control.h"
#include <stdlib.h>

void ask_over(struct control *c, enum mail_kind kind, u32 reference)
{
    u8 body[4];
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, reference);
    (void)seat_send(c->seat, ROLE_NET, kind, written_bytes(&w));
}

static void leave(struct ask *a)
{
    if (a->ends)
        ask_over(a->control, (enum mail_kind)a->ends, a->reference);
    loop_disarm(a->control->seat->loop, &a->alarm);
    free(a->octets);
    *a = (struct ask){.ticket = 0};
}

static void too_late(void *ctx)
{
    ask_fail(ctx, "the process that speaks IKE does not answer");
}

static struct ask *free_place(struct control *c)
{
    for (u32 i = 0; i < ASKS_MAX; i++)
        if (!c->asks.at[i].ticket)
            return &c->asks.at[i];
    return NULL;
}

struct ask *ask_new(struct control *c, const struct vici_request *r, unsigned kind, const char *key,
                    struct vici_writer *answer)
{
    struct bytes name = vici_value(r->message, key);
    struct ask *a = free_place(c);
    u8 *octets = a ? malloc(ASK_ANSWER_MAX) : NULL;
    if (!octets) {
        (void)vici_refuse(answer, "others ask just now, or there is no memory; try again");
        return NULL;
    }
    *a = (struct ask){.control = c,
                      .ticket = r->ticket,
                      .reference = control_reference(c, (enum reference_kind)kind),
                      .alarm = {.ring = too_late, .ctx = a},
                      .octets = octets,
                      .w = vici_writer_of(octets, ASK_ANSWER_MAX)};
    if (name.len)
        memcpy(a->name, name.at, MIN(name.len, VICI_NAME_MAX));
    return a;
}

enum vici_reply ask_net(struct ask *a, enum mail_kind kind, struct bytes body,
                        struct vici_writer *answer)
{
    struct seat *seat = a->control->seat;
    if (seat_send(seat, ROLE_NET, kind, body)) {
        loop_alarm(seat->loop, &a->alarm, loop_now(seat->loop) + ASKS_WAIT);
        return VICI_REPLY_LATER;
    }
    leave(a);
    return vici_refuse(answer, "the process that speaks IKE is not there; try again");
}

struct ask *ask_of(struct control *c, u32 reference, unsigned kind)
{
    for (u32 i = 0; i < ASKS_MAX; i++)
        if (c->asks.at[i].ticket && c->asks.at[i].reference == reference)
            return control_reference_kind(reference) == kind ? &c->asks.at[i] : NULL;
    return NULL;
}

void ask_answer(struct ask *a, const char *too_much)
{
    struct bytes message;
    if (!vici_written(&a->w, &message)) {
        ask_fail(a, too_much);
        return;
    }
    (void)vici_server_answer(&a->control->clients.server, a->ticket, message);
    leave(a);
}

void ask_fail(struct ask *a, const char *why)
{
    u8 octets[256];
    struct bytes message = bytes_of(NULL, 0);
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    (void)vici_refuse(&w, why);
    if (vici_written(&w, &message))
        (void)vici_server_answer(&a->control->clients.server, a->ticket, message);
    leave(a);
}

/* ---- all of them ---- */

void asks_cancel(struct control *c, vici_ticket ticket)
{
    for (u32 i = 0; i < ASKS_MAX; i++)
        if (c->asks.at[i].ticket == ticket)
            leave(&c->asks.at[i]);
}

void asks_net_gone(struct control *c)
{
    for (u32 i = 0; i < ASKS_MAX; i++)
        if (c->asks.at[i].ticket)
            ask_fail(&c->asks.at[i], "the process that speaks IKE has ended; it is started again");
}

void asks_close(struct control *c)
{
    for (u32 i = 0; i < ASKS_MAX; i++)
        if (c->asks.at[i].ticket)
            leave(&c->asks.at[i]);
}
