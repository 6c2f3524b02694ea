/* Child SAs from one xfrm to the next: see heritage.h. */
#include "xfrm/heritage.h"
#include "base/ct.h"
#include "ops/parts.h"
#include "plane/estate.h"
#include <stdlib.h>

#define MAGIC      0x53584652u /* "SXFR" */
#define CLAIMS_MAX (3 * SELECTORS_MAX)

/* ---- marks, policies ---- */

CARRIES(struct letter_mark, 8);
static void write_mark(struct writer *w, const struct letter_mark *m)
{
    write_u32(w, m->value);
    write_u32(w, m->mask);
}

static struct letter_mark read_mark(struct reader *r)
{
    u32 value = read_u32(r), mask = read_u32(r);
    return (struct letter_mark){value, mask};
}

CARRIES(struct letter_template, 52);
static void write_template(struct writer *w, const struct letter_template *t)
{
    write_u8(w, t->protocol);
    write_u8(w, t->mode);
    write_u32(w, t->reqid);
    write_endpoint(w, &t->from);
    write_endpoint(w, &t->to);
    write_flag(w, t->optional);
}

static void read_template(struct reader *r, struct letter_template *t)
{
    t->protocol = read_u8(r);
    t->mode = read_u8(r);
    t->reqid = read_u32(r);
    t->from = read_endpoint(r);
    t->to = read_endpoint(r);
    t->optional = read_flag(r);
}

CARRIES(struct letter_policy, 196);
static void write_policy(struct writer *w, const struct letter_policy *p)
{
    write_bytes(w, bytes_of(&p->selector, sizeof p->selector)); /* the kernel's own, in its order */
    write_u8(w, p->dir);
    write_flag(w, p->block);
    write_flag(w, p->spare);
    write_u32(w, p->priority);
    write_u32(w, p->index);
    write_mark(w, &p->mark);
    write_u32(w, p->if_id);
    write_u32(w, p->device);
    write_choice(w, p->template_count, LETTER_TEMPLATES + 1);
    for (u8 i = 0; i < p->template_count; i++)
        write_template(w, &p->templates[i]);
}

static void read_policy(struct reader *r, struct letter_policy *p)
{
    memset(p, 0, sizeof *p);
    read_copy(r, &p->selector, sizeof p->selector);
    p->dir = read_u8(r);
    p->block = read_flag(r);
    p->spare = read_flag(r);
    p->priority = read_u32(r);
    p->index = read_u32(r);
    p->mark = read_mark(r);
    p->if_id = read_u32(r);
    p->device = read_u32(r);
    p->template_count = (u8)read_choice(r, LETTER_TEMPLATES + 1);
    for (u8 i = 0; i < p->template_count; i++)
        read_template(r, &p->templates[i]);
}

CARRIES(struct traits, 68);
static void write_traits(struct writer *w, const struct traits *t)
{
    write_mark(w, &t->mark_in);
    write_mark(w, &t->mark_out);
    write_mark(w, &t->sa_in);
    write_mark(w, &t->set_in);
    write_mark(w, &t->set_out);
    write_u32(w, t->if_in);
    write_u32(w, t->if_out);
    write_u32(w, t->priority);
    write_flag(w, t->offload);
    write_flag(w, t->must_offload);
    write_flag(w, t->packet);
    write_u32(w, t->device);
    write_flag(w, t->no_policies);
    write_flag(w, t->lose_df);
    write_flag(w, t->lose_ecn);
    write_flag(w, t->lose_dscp);
    write_flag(w, t->take_dscp);
    write_flag(w, t->peer_ids);
    write_flag(w, t->link);
}

static struct traits read_traits(struct reader *r)
{
    struct traits t = {.mark_in = read_mark(r)};
    t.mark_out = read_mark(r);
    t.sa_in = read_mark(r);
    t.set_in = read_mark(r);
    t.set_out = read_mark(r);
    t.if_in = read_u32(r);
    t.if_out = read_u32(r);
    t.priority = read_u32(r);
    t.offload = read_flag(r);
    t.must_offload = read_flag(r);
    t.packet = read_flag(r);
    t.device = read_u32(r);
    t.no_policies = read_flag(r);
    t.lose_df = read_flag(r);
    t.lose_ecn = read_flag(r);
    t.lose_dscp = read_flag(r);
    t.take_dscp = read_flag(r);
    t.peer_ids = read_flag(r);
    t.link = read_flag(r);
    return t;
}

/* ---- an SA that is still to come, and so has sent nothing ---- */

CARRIES(struct letter_sa, 192);
static void write_later(struct writer *w, const struct letter_sa *s)
{
    write_u8(w, s->protocol);
    write_u8(w, s->mode);
    write_u32(w, s->spi);
    write_u32(w, s->reqid);
    write_endpoint(w, &s->from);
    write_endpoint(w, &s->to);
    write_flag(w, s->encap);
    write_flag(w, s->esn);
    write_flag(w, s->noecn);
    write_flag(w, s->copy_dscp_in);
    write_flag(w, s->no_dscp_out);
    write_flag(w, s->no_pmtu);
    write_flag(w, s->offload);
    write_flag(w, s->packet);
    write_u16(w, s->encr);
    write_u16(w, s->integ);
    write_slice(w, s->encr_key);
    write_slice(w, s->integ_key);
    write_u32(w, s->replay_window);
    write_u32(w, s->tfc_padding);
    write_u64(w, s->bytes_soft);
    write_u64(w, s->bytes_hard);
    write_u64(w, s->packets_soft);
    write_u64(w, s->packets_hard);
    write_u64(w, s->life_s);
    write_mark(w, &s->mark);
    write_mark(w, &s->set_mark);
    write_u32(w, s->if_id);
    write_flag(w, s->whole);
}

static void read_later(struct reader *r, struct letter_sa *s, u16 version)
{
    *s = (struct letter_sa){.protocol = read_u8(r)};
    s->mode = read_u8(r);
    s->spi = read_u32(r);
    s->reqid = read_u32(r);
    s->from = read_endpoint(r);
    s->to = read_endpoint(r);
    s->encap = read_flag(r);
    s->esn = read_flag(r);
    s->noecn = read_flag(r);
    s->copy_dscp_in = read_flag(r);
    s->no_dscp_out = read_flag(r);
    s->no_pmtu = read_flag(r);
    s->offload = read_flag(r);
    s->packet = read_flag(r);
    s->encr = read_u16(r);
    s->integ = read_u16(r);
    s->encr_key = read_slice(r);
    s->integ_key = read_slice(r);
    s->replay_window = read_u32(r);
    s->tfc_padding = read_u32(r);
    s->bytes_soft = read_u64(r);
    s->bytes_hard = read_u64(r);
    s->packets_soft = read_u64(r);
    s->packets_hard = read_u64(r);
    s->life_s = read_u64(r);
    s->mark = read_mark(r);
    s->set_mark = read_mark(r);
    s->if_id = read_u32(r);
    s->whole = version >= 3 && read_flag(r);
}

/* ---- a Child SA ---- */

CARRIES(struct child, 400);
static void write_child(struct writer *w, const struct child *c)
{
    write_u32(w, c->serial);
    write_u64(w, c->rule);
    write_u64(w, c->life_s);
    write_u32(w, c->conf_reqid);
    write_u32(w, c->reqid);
    write_u32(w, c->spi_in);
    write_u32(w, c->spi_out);
    write_u16(w, c->cpi_in);
    write_u16(w, c->cpi_out);
    write_u8(w, c->protocol);
    write_u8(w, c->mode);
    write_flag(w, c->encap);
    write_flag(w, c->nat_here);
    write_flag(w, c->esn);
    write_flag(w, c->takes);
    write_flag(w, c->sends);
    write_traits(w, &c->traits);
    write_endpoint(w, &c->local);
    write_endpoint(w, &c->remote);
    write_u64(w, c->idle);
    write_u64(w, c->idle_from);
    write_u64(w, c->heard_every);
    write_selectors(w, c->ts, c->local_ts_count);
    write_selectors(w, c->ts + c->local_ts_count, c->remote_ts_count);
    write_u32(w, c->claim_count);
    for (u32 i = 0; i < c->claim_count; i++)
        write_policy(w, &c->claims[i].wanted);
    write_flag(w, c->later && !fault(230));
    if (c->later && !fault(230))
        write_later(w, &c->later->sa);
}

static void read_child(struct reader *r, struct child *c, struct shrike_ts ts[2 * SHRIKE_TS_MAX])
{
    memset(c, 0, sizeof *c);
    c->serial = read_u32(r);
    c->rule = read_u64(r);
    c->life_s = read_u64(r);
    c->conf_reqid = read_u32(r);
    c->reqid = read_u32(r);
    c->spi_in = read_u32(r);
    c->spi_out = read_u32(r);
    c->cpi_in = read_u16(r);
    c->cpi_out = read_u16(r);
    c->protocol = read_u8(r);
    c->mode = read_u8(r);
    c->encap = read_flag(r);
    c->nat_here = read_flag(r);
    c->esn = read_flag(r);
    c->takes = read_flag(r);
    c->sends = read_flag(r);
    c->traits = read_traits(r);
    c->local = read_endpoint(r);
    c->remote = read_endpoint(r);
    c->idle = read_u64(r);
    c->idle_from = read_u64(r);
    c->heard_every = read_u64(r);
    c->until = SHRIKE_NEVER;
    c->local_ts_count = read_selectors(r, ts);
    c->remote_ts_count = read_selectors(r, ts + c->local_ts_count);
}

static bool restore_claims(struct stock *i, struct child *child, struct reader *r)
{
    u32 count = read_u32(r);
    if (r->bad || count > CLAIMS_MAX)
        return false;
    child->claims = calloc(count + 1u, sizeof *child->claims);
    while (child->claims && !r->bad && child->claim_count < count) {
        struct letter_policy p;
        read_policy(r, &p);
        if (r->bad || !spd_restore(&i->spd, &child->claims[child->claim_count++], &p))
            return false;
    }
    return child->claims && !r->bad;
}

static bool restore_later(struct child *child, struct reader *r, u16 version)
{
    struct letter_sa sa;
    if (!read_flag(r))
        return read_ended(r);
    read_later(r, &sa, version);
    return read_ended(r) && child_later(child, &sa);
}

static bool record(void *ctx, struct reader *r, u16 version)
{
    static struct shrike_ts ts[2 * SHRIKE_TS_MAX]; /* used by one call at a time */
    struct stock *i = ctx;
    struct child is;
    read_child(r, &is, ts);
    struct child *child = r->bad ? NULL : children_restore(&i->children, &is, ts);
    if (!child)
        return false;
    rules_hold(&i->guard.rules, child->rule);
    numbers_seen(&i->numbers, child->traits.mark_in.value, child->traits.if_in);
    numbers_seen(&i->numbers, child->traits.mark_out.value, child->traits.if_out);
    if (child->nat_here && child->encap)
        child->end = ends_take(&i->ends, &child->local, &child->remote, loop_now(i->seat->loop));
    return restore_claims(i, child, r) && restore_later(child, r, version);
}

/* ---- all of them ---- */

int stock_leave(const struct stock *i)
{
    struct estate e;
    const struct child *one = NULL;
    u32 at = 0;
    estate_open(&e, "shrike-xfrm", MAGIC, HERITAGE_VERSION);
    while ((one = children_next(&i->children, &at, one))) {
        struct writer w = estate_record(&e);
        write_child(&w, one);
        estate_add(&e, &w);
    }
    return estate_close(&e);
}

bool stock_inherit(struct stock *i, int fd)
{
    const struct estate_reader reader = {MAGIC, HERITAGE_OLDEST, HERITAGE_VERSION, record, i};
    i->quiet = true;
    return estate_read(fd, &reader);
}
