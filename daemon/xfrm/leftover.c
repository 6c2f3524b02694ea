/* What a life before has left in the kernel: see leftover.h. Policies are known by their index; SAs
 * by their number, when it is one of those that are made here, or that of a policy of ours. */
#include "xfrm/leftover.h"
#include "xfrm/event.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#define LEFTOVERS_MAX 65536

struct adopting {
    struct stock *stock;
    shrike_time now;
    u32 count;
};

static void one_policy(struct adopting *a, const struct letter_policy *p)
{
    u32 reqid = p->template_count ? p->templates[0].reqid : 0;
    struct child *child = children_adopt(&a->stock->children, reqid, a->now);
    if (!child)
        return;
    child->claims = calloc(1, sizeof *child->claims);
    if (!child->claims || !spd_adopt(&a->stock->spd, &child->claims[0], p)) {
        children_remove(&a->stock->children, child);
        return;
    }
    child->claim_count = 1;
    numbers_seen(&a->stock->numbers, p->mark.value, p->if_id);
    if (reqid == 0) /* a shunt: those of the configuration come at once */
        child->until = a->now + ORPHAN_AFTER;
    a->count++;
}

static void policy_row(void *ctx, u16 letter, const struct nlmsghdr *h)
{
    struct adopting *a = ctx;
    struct letter_policy p;
    (void)letter;
    if (a->count < LEFTOVERS_MAX && policy_read(h, &p) && p.dir <= XFRM_POLICY_FWD &&
        (policy_is_ours(p.index) || fault(221)) && !spd_seen(&a->stock->spd, &p))
        one_policy(a, &p);
}

static bool is_ours(const struct stock *i, u32 reqid)
{
    return reqid_is_ours(reqid) || (reqid && children_has_orphan(&i->children, reqid));
}

/* Does it belong to a Child SA that the process before has handed on? */
static bool is_known(const struct stock *i, const struct sa_seen *s)
{
    struct shrike_endpoint to;
    u32 spi = ntohl(s->is.id.spi);
    letter_endpoint(&to, &s->is.id.daddr, s->is.family);
    if (s->is.id.proto == IPPROTO_COMP)
        return children_has_cpi(&i->children, s->is.reqid, (u16)spi);
    const struct child *child = children_by_spi(&i->children, spi);
    return (child && memcmp(child->local.octets, to.octets, sizeof to.octets) == 0) ||
           children_by_out(&i->children, spi, &to);
}

/* Which way its packets go does not matter any more: as if they came in. */
static void sa_row(void *ctx, u16 letter, const struct nlmsghdr *h)
{
    struct adopting *a = ctx;
    struct sa_seen s;
    (void)letter;
    if (a->count >= LEFTOVERS_MAX || !sa_read(h, &s) || s.is.id.spi == 0 ||
        !(is_ours(a->stock, s.is.reqid) || fault(222)) || is_known(a->stock, &s))
        return;
    struct child *child = children_adopt(&a->stock->children, s.is.reqid, a->now);
    if (!child)
        return;
    child->takes = true;
    child->protocol = s.is.id.proto;
    child->spi_in = ntohl(s.is.id.spi);
    child->traits.sa_in = s.mark;
    numbers_seen(&a->stock->numbers, s.mark.value, s.if_id);
    letter_endpoint(&child->local, &s.is.id.daddr, s.is.family);
    a->count++;
}

static void ask(struct stock *i, void (*letter)(struct batch *), const struct kernel_reader *reader)
{
    batch_clear(&i->batch);
    letter(&i->batch);
    (void)kernel_send(&i->kernel, &i->batch, reader);
    batch_clear(&i->batch);
}

u32 leftover_adopt(struct stock *i, shrike_time now)
{
    struct adopting a = {.stock = i, .now = now};
    const struct kernel_reader policies = {policy_row, &a}, sas = {sa_row, &a};
    ask(i, letter_policy_list, &policies);
    ask(i, letter_sa_list, &sas);
    return a.count;
}
