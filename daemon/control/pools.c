/* Pools of virtual addresses: see pools.h. */
#include "control/pools.h"
#include "base/text.h"
#include "control/control.h"
#include "ops/mail.h"
#include "wire/print.h"
#include <stdio.h>

enum vici_reply pools_get(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    struct control *c = ctx;
    struct ask *a = ask_new(c, r, REFERENCE_POOLS, "name", answer);
    u8 body[8];
    struct writer w = writer_of(body, sizeof body);
    if (!a)
        return VICI_REPLY_NOW;
    a->pools.leases = vici_value_is(r->message, "leases", "yes");
    write_u32(&w, a->reference);
    write_u8(&w, a->pools.leases);
    publish_now(c); /* net knows what was loaded before this */
    return ask_net(a, MAIL_POOLS, written_bytes(&w), answer);
}

/* ---- what comes ---- */

static void put_address(struct vici_writer *w, const char *key, const struct shrike_addr *a)
{
    char at[64];
    struct text t = text_of(at, sizeof at);
    text_addr(&t, a->octets, a->family);
    vici_put_text(w, key, at);
}

static void end_pool(struct ask *a)
{
    if (!a->pools.in_pool)
        return;
    if (a->pools.leases)
        vici_end(&a->w);
    vici_end(&a->w);
    a->pools.in_pool = false;
}

static void put_pool(struct ask *a, const struct mail_pool *p)
{
    end_pool(a);
    if (a->name[0] && !bytes_equal(p->name, bytes_of(a->name, strlen(a->name))))
        return;
    vici_begin_named(&a->w, p->name);
    put_address(&a->w, "base", &p->base);
    vici_put_u64(&a->w, "size", p->size);
    vici_put_u64(&a->w, "online", p->online);
    vici_put_u64(&a->w, "offline", p->offline);
    if (a->pools.leases)
        vici_begin(&a->w, "leases");
    a->pools.in_pool = true;
    a->pools.lease = 0;
}

static void put_lease(struct ask *a, const struct mail_lease *l)
{
    char at[4 * SHRIKE_ID_MAX + 1], number[12];
    struct text t = text_of(at, sizeof at);
    if (!a->pools.in_pool || !a->pools.leases)
        return;
    snprintf(number, sizeof number, "%u", a->pools.lease++);
    print_ident(&t, l->client.type, l->client.data);
    vici_begin(&a->w, number);
    put_address(&a->w, "address", &l->address);
    vici_put_text(&a->w, "identity", at);
    vici_put_text(&a->w, "status", l->online ? "online" : "offline");
    vici_end(&a->w);
}

bool pools_got(struct control *c, const struct mail *m)
{
    struct mail_pool pool;
    struct mail_lease lease;
    struct reader r = reader_of(m->body);
    struct ask *a = ask_of(c, read_u32(&r), REFERENCE_POOLS);
    if ((m->kind == MAIL_POOL && !pool_view_read(&r, &pool)) ||
        (m->kind == MAIL_LEASE && !lease_view_read(&r, &lease)) || !read_ended(&r))
        return false;
    if (a && m->kind == MAIL_POOL) {
        put_pool(a, &pool);
    } else if (a && m->kind == MAIL_LEASE) {
        put_lease(a, &lease);
    } else if (a) {
        end_pool(a);
        ask_answer(a, "there are more leases than a message holds: ask for one pool by its name");
    }
    return true;
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
