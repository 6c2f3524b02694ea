/* Child SAs whose ends change. The kernel moves an SA by itself, where it can: no packet comes
 * between, none is lost and none is taken twice, and the keys stay where they are. Else it is taken
 * out, and put in again with the keys and numbers that it had: what says so is asked for before. */
#include "xfrm/move.h"
#include "base/ct.h"
#include "plane/post.h"
#include "xfrm/event.h"
#include <netinet/in.h>

enum { INBOUND, OUTBOUND, BOTH };

/* Both SAs as the kernel has told of them; there are keys in it. */
struct seen {
    _Alignas(8) u8 octets[BOTH][LETTER_MAX];
    bool there[BOTH];
    u8 of[BATCH_LETTERS]; /* which one a letter asks for */
};

/* Between which ends the SAs of a Child SA are, and by which names the kernel knows them there. */
struct place {
    struct letter_ends ends[BOTH];
    struct letter_sa_id id[BOTH];
};

static struct place place_of(const struct child *child, const struct shrike_endpoint *local,
                             const struct shrike_endpoint *remote, bool encap)
{
    struct place p = {
        .ends = {[INBOUND] = {*remote, *local, encap, true},
                 [OUTBOUND] = {*local, *remote, encap, false}},
        .id = {[INBOUND] = child_id(child, true, child->protocol),
               [OUTBOUND] = child_id(child, false, child->protocol)},
    };
    p.id[INBOUND].to = *local;
    p.id[OUTBOUND].to = *remote;
    return p;
}

static void row(void *ctx, u16 letter, const struct nlmsghdr *h)
{
    struct seen *s = ctx;
    if (h->nlmsg_len > LETTER_MAX)
        return;
    memcpy(s->octets[s->of[letter]], h, h->nlmsg_len);
    s->there[s->of[letter]] = true;
}

static void ask(struct stock *i, const struct place *at, int which, struct seen *s)
{
    s->of[i->batch.count] = (u8)which;
    letter_sa_get(&i->batch, &at->id[which]);
}

static void look(struct stock *i, const struct child *child, const struct place *at, struct seen *s)
{
    struct kernel_reader reader = {row, s};
    batch_clear(&i->batch);
    ask(i, at, INBOUND, s);
    if (child->sends)
        ask(i, at, OUTBOUND, s);
    (void)kernel_send(&i->kernel, &i->batch, &reader);
    batch_clear(&i->batch);
}

/* ---- by the kernel itself ---- */

/* It finds SAs by their number and ends, the first one of several; it keeps an encapsulation that
 * is there; what a device has it does not hand on; and the padding of AH (RFC 4302 2.6) stays what
 * it was in the other family. */
static bool kernel_can(const struct stock *i, const struct child *child,
                       const struct shrike_move_op *op)
{
    bool family = child->local.family != op->local.family;
    return i->moves && child->mode == XFRM_MODE_TUNNEL && child->cpi_in == 0 && child->takes &&
           child->sends && !child->traits.offload && (op->encap || !child->encap) &&
           (child->protocol == IPPROTO_ESP || !family) && children_alone(&i->children, child);
}

/* NULL: it has none. */
static const struct claim *claim_of(const struct child *child, u8 dir)
{
    for (u32 n = 0; n < child->claim_count; n++)
        if (child->claims[n].wanted.dir == dir && child->claims[n].wanted.template_count == 1)
            return &child->claims[n];
    return NULL;
}

/* Is it the one of these ends? Between an end that stays and another there is one name for both. */
static bool is_between(const struct seen *s, int which, const struct letter_ends *e)
{
    struct sa_seen is;
    xfrm_address_t from;
    letter_address(&from, &e->from);
    return s->there[which] && sa_read((const void *)s->octets[which], &is) &&
           memcmp(&is.is.saddr, &from, sizeof from) == 0;
}

/* A letter that was taken says nothing of the SA: it is asked for at its new place. */
static void move_by_kernel(struct stock *i, const struct child *child, const struct place *was,
                           const struct place *is, bool moved[BOTH])
{
    static struct seen s; /* used by one call at a time */
    struct kernel_reader reader = {row, &s};
    const struct claim *in = claim_of(child, XFRM_POLICY_IN);
    const struct claim *out = claim_of(child, XFRM_POLICY_OUT);
    if (!in || !out)
        return;
    s.there[INBOUND] = s.there[OUTBOUND] = false;
    batch_clear(&i->batch);
    letter_migrate(&i->batch, &in->wanted, &was->ends[INBOUND], &is->ends[INBOUND]);
    letter_migrate(&i->batch, &out->wanted, &was->ends[OUTBOUND], &is->ends[OUTBOUND]);
    spd_renew(in, &i->batch); /* where packets come from is open again */
    ask(i, is, INBOUND, &s);
    ask(i, is, OUTBOUND, &s);
    (void)kernel_send(&i->kernel, &i->batch, &reader);
    for (int which = 0; which < BOTH; which++) {
        moved[which] = i->batch.errors[which] == 0 && is_between(&s, which, &is->ends[which]);
        i->moved += moved[which];
    }
    batch_clear(&i->batch);
    wipe(&s, sizeof s);
}

/* ---- by taking out and putting in ---- */

static bool again(struct stock *i, const struct place *was, const struct place *is, int which,
                  const struct seen *s)
{
    if (!s->there[which])
        return false;
    letter_sa_delete(&i->batch, &was->id[which]);
    return letter_sa_again(&i->batch, (const void *)s->octets[which], &is->ends[which]);
}

/* Those that have not moved. */
static bool put_again(struct stock *i, const struct child *child, const struct place *was,
                      const struct place *is, const bool moved[BOTH])
{
    static struct seen s; /* used by one call at a time */
    bool good = true;
    if (moved[INBOUND] && moved[OUTBOUND])
        return true;
    s.there[INBOUND] = s.there[OUTBOUND] = false;
    look(i, child, was, &s);
    if (!moved[INBOUND])
        good = again(i, was, is, INBOUND, &s);
    if (!moved[OUTBOUND] && child->sends)
        good &= again(i, was, is, OUTBOUND, &s);
    wipe(&s, sizeof s);
    return good;
}

/* ---- */

static void change_policies(struct stock *i, struct child *child, const char *what)
{
    for (u32 n = 0; n < child->claim_count; n++) {
        struct claim *c = &child->claims[n];
        struct letter_policy p = c->wanted;
        bool out = p.dir == XFRM_POLICY_OUT;
        for (u8 t = 0; t < p.template_count; t++) {
            p.templates[t].to = out ? child->remote : child->local;
            p.templates[t].from = out ? child->local : p.templates[t].from;
            p.templates[t].to.port = p.templates[t].from.port = 0;
        }
        if (!stock_room(i, 1, what) || !spd_claim(&i->spd, c, &p, &i->batch))
            return;
    }
}

static void settle_ends(struct child *child, const struct shrike_move_op *op)
{
    child->local = op->local;
    child->remote = op->remote;
    child->encap = op->encap;
    child->nat_here = op->nat_here;
    if (!child->later)
        return;
    child->later->sa.from = op->local;
    child->later->sa.to = op->remote;
    child->later->sa.encap = op->encap;
}

/* It is made anew. */
static void tell_stayed(struct stock *i, struct child *child)
{
    const struct shrike_kernel_event gone = {
        .kind = SHRIKE_EXPIRE_HARD, .reqid = child->conf_reqid, .child_serial = child->serial};
    seat_log(i->seat, SHRIKE_ERROR, "a Child SA could not follow to other ends");
    if (!child->hard_told)
        child->hard_told = post_kernel(i->seat, &gone);
}

static void move_one(struct stock *i, struct child *child, const struct shrike_move_op *op,
                     shrike_time now)
{
    static const char what[] = "a Child SA whose ends change";
    const struct place was = place_of(child, &child->local, &child->remote, child->encap);
    const struct place is = place_of(child, &op->local, &op->remote, op->encap);
    bool moved[BOTH] = {false, false};
    if (child->traits.packet) { /* perhaps to another device, with its policies */
        tell_stayed(i, child);
        return;
    }
    if (kernel_can(i, child, op))
        move_by_kernel(i, child, &was, &is, moved);
    bool good = put_again(i, child, &was, &is, moved);
    stock_comp(i, child, false);
    settle_ends(child, op);
    stock_comp(i, child, true);
    if (!fault(248))
        change_policies(i, child, what);
    if (!stock_send(i, what) || !good)
        tell_stayed(i, child);
    ends_give(child->end);
    child->end =
        op->nat_here && op->encap ? ends_take(&i->ends, &op->local, &op->remote, now) : NULL;
}

void stock_move(struct stock *i, const struct shrike_move_op *op, shrike_time now)
{
    bool fits =
        (op->local.family == 4 || op->local.family == 6) && op->local.family == op->remote.family;
    for (u16 n = 0; fits && n < op->child_count; n++) {
        struct child *child = children_find(&i->children, op->children[n]);
        if (child && (!child->rule || guard_move(&i->guard, child->rule, op, now)))
            move_one(i, child, op, now);
    }
}
