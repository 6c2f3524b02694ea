/* Pools of virtual addresses: see pools.h. */
#include "control/pools.h"
#include "base/text.h"
#include "control/control.h"
#include "ops/mail.h"
#include "wire/print.h"
#include <stdio.h>
#include <stdlib.h>

#define ANSWER_MAX (VICI_SEGMENT_MAX - VICI_OVERHEAD_MAX)

static void leave(struct pools_ask *a)
{
    loop_disarm(a->control->seat->loop, &a->alarm);
    free(a->octets);
    *a = (struct pools_ask){.ticket = 0};
}

static void refuse(struct vici_writer *w, const char *why)
{
    vici_put_text(w, "success", "no");
    vici_put_text(w, "errmsg", why);
}

static void fail(struct pools_ask *a, const char *why)
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
    fail(ctx, "the process that knows the leases does not answer");
}

static bool ask(struct pools_ask *a)
{
    struct control *c = a->control;
    u8 body[8];
    struct writer w = writer_of(body, sizeof body);
    a->reference = control_reference(c, REFERENCE_POOLS);
    write_u32(&w, a->reference);
    write_u8(&w, a->leases);
    loop_alarm(c->seat->loop, &a->alarm, loop_now(c->seat->loop) + POOLS_WAIT);
    return seat_send(c->seat, ROLE_NET, MAIL_POOLS, written_bytes(&w));
}

static struct pools_ask *free_place(struct control *c)
{
    for (int i = 0; i < POOLS_AT_ONCE; i++)
        if (!c->pools.at[i].ticket)
            return &c->pools.at[i];
    return NULL;
}

enum vici_reply pools_get(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    struct control *c = ctx;
    struct bytes only = vici_value(r->message, "name");
    struct pools_ask *a = free_place(c);
    u8 *octets = a ? malloc(ANSWER_MAX) : NULL;
    if (!octets) {
        refuse(answer, "others ask for the same just now, or there is no memory; try again");
        return VICI_REPLY_NOW;
    }
    *a = (struct pools_ask){.control = c,
                            .ticket = r->ticket,
                            .alarm = {.ring = too_late, .ctx = a},
                            .octets = octets,
                            .w = vici_writer_of(octets, ANSWER_MAX),
                            .leases = vici_value_is(r->message, "leases", "yes")};
    if (only.len)
        memcpy(a->only, only.at, MIN(only.len, VICI_NAME_MAX));
    publish_now(c); /* net knows what was loaded before this */
    if (ask(a))
        return VICI_REPLY_LATER;
    leave(a);
    refuse(answer, "the process that knows the leases is not there; try again");
    return VICI_REPLY_NOW;
}

/* ---- what comes ---- */

static void put_address(struct vici_writer *w, const char *key, const struct shrike_addr *a)
{
    char at[64];
    struct text t = text_of(at, sizeof at);
    text_addr(&t, a->octets, a->family);
    vici_put_text(w, key, at);
}

static void end_pool(struct pools_ask *a)
{
    if (!a->in_pool)
        return;
    if (a->leases)
        vici_end(&a->w);
    vici_end(&a->w);
    a->in_pool = false;
}

static void put_pool(struct pools_ask *a, const struct mail_pool *p)
{
    end_pool(a);
    if (a->only[0] && !bytes_equal(p->name, bytes_of(a->only, strlen(a->only))))
        return;
    vici_begin_named(&a->w, p->name);
    put_address(&a->w, "base", &p->base);
    vici_put_u64(&a->w, "size", p->size);
    vici_put_u64(&a->w, "online", p->online);
    vici_put_u64(&a->w, "offline", p->offline);
    if (a->leases)
        vici_begin(&a->w, "leases");
    a->in_pool = true;
    a->lease = 0;
}

static void put_lease(struct pools_ask *a, const struct mail_lease *l)
{
    char at[4 * SHRIKE_ID_MAX + 1], number[12];
    struct text t = text_of(at, sizeof at);
    if (!a->in_pool || !a->leases)
        return;
    snprintf(number, sizeof number, "%u", a->lease++);
    print_ident(&t, l->client.type, l->client.data);
    vici_begin(&a->w, number);
    put_address(&a->w, "address", &l->address);
    vici_put_text(&a->w, "identity", at);
    vici_put_text(&a->w, "status", l->online ? "online" : "offline");
    vici_end(&a->w);
}

static void end(struct pools_ask *a)
{
    struct bytes message;
    end_pool(a);
    if (!vici_written(&a->w, &message)) {
        fail(a, "there are more leases than a message holds: ask for one pool by its name");
        return;
    }
    (void)vici_server_answer(&a->control->clients.server, a->ticket, message);
    leave(a);
}

bool pools_got(struct control *c, const struct mail *m)
{
    struct mail_pool pool;
    struct mail_lease lease;
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if ((m->kind == MAIL_POOL && !pool_view_read(&r, &pool)) ||
        (m->kind == MAIL_LEASE && !lease_view_read(&r, &lease)) || !read_ended(&r))
        return false;
    for (int i = 0; i < POOLS_AT_ONCE; i++) {
        struct pools_ask *a = &c->pools.at[i];
        if (!a->ticket || a->reference != reference)
            continue;
        if (m->kind == MAIL_POOL)
            put_pool(a, &pool);
        else if (m->kind == MAIL_LEASE)
            put_lease(a, &lease);
        else
            end(a);
        break;
    }
    return true;
}

void pools_cancel(struct control *c, vici_ticket ticket)
{
    for (int i = 0; i < POOLS_AT_ONCE; i++)
        if (c->pools.at[i].ticket == ticket)
            leave(&c->pools.at[i]);
}

void pools_net_gone(struct control *c)
{
    for (int i = 0; i < POOLS_AT_ONCE; i++)
        if (c->pools.at[i].ticket)
            fail(&c->pools.at[i], "the process that knows the leases has ended; try again");
}

void pools_close(struct control *c)
{
    for (int i = 0; i < POOLS_AT_ONCE; i++)
        if (c->pools.at[i].ticket)
            leave(&c->pools.at[i]);
}

/* ---- loading ---- */

enum vici_reply pools_load(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    return conns_load_kind(ctx, MODEL_POOL, r, answer);
}

enum vici_reply pools_unload(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    return conns_unload_kind(ctx, MODEL_POOL, r, answer);
}
