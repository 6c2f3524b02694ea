/* Child SAs go into the kernel and out of it: see install.h. */
#include "xfrm/install.h"
#include "base/ct.h"
#include "plane/post.h"
#include "wire/codes.h"
#include "xfrm/event.h"
#include "xfrm/selector.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIRECTIONS = 3 };

/* The kernel ends an SA by itself so long after its time, should nobody else do it. */
#define LIFE_NET 300 /* seconds */

void stock_open(struct stock *i, struct seat *seat)
{
    static const u32 replay_window = 1024, keepalive_s = 20; /* until a snapshot comes */
    i->seat = seat;
    i->replay_window = replay_window;
    i->keepalive_s = keepalive_s;
    i->quiet = i->moves = false;
    i->failed = i->moved = 0;
    i->numbers = (struct numbers){0, 0, false};
    i->batch.len = i->batch.count = 0;
    spd_open(&i->spd);
    children_open(&i->children);
    standing_open(&i->standing);
    ends_open(&i->ends);
    answers_open(&i->answers, seat);
    guard_open(&i->guard, seat);
}

void stock_clear(struct stock *i)
{
    u32 at = 0;
    for (struct child *one; (one = children_next(&i->children, &at, NULL));)
        stock_end(i, one);
    while (!list_empty(&i->children.orphans))
        stock_end(i, list_item(i->children.orphans.next, struct child, link));
    standing_end(&i->standing, i);
}

void stock_close(struct stock *i)
{
    spd_close(&i->spd); /* whose claims the others hold */
    standing_close(&i->standing);
    children_close(&i->children);
    ends_close(&i->ends);
    answers_close(&i->answers);
    guard_close(&i->guard);
    sums_free(&i->sums);
    batch_clear(&i->batch);
}

void stock_conf(struct stock *i, const struct snapshot_copy *s)
{
    i->replay_window = s->settings.replay_window;
    i->keepalive_s = s->settings.keepalive_s;
    i->mark = s->settings.mark;
    i->moves = s->settings.plane & PLANE_MOVES;
    standing_apply(&i->standing, i, &s->conf);
}

/* ---- to the kernel ---- */

static const char *meaning(u16 error)
{
    switch (error) {
    case ENOENT:
    case ENOSYS:
    case EPROTONOSUPPORT:
    case EOPNOTSUPP:
        return ": the kernel lacks the protocol or an algorithm";
    case EEXIST:
        return ": the SPI is in use, or another program has such a policy";
    case EPERM:
        return ": CAP_NET_ADMIN is missing";
    }
    return "";
}

/* Of a batch, what is refused first is the reason. */
bool stock_send(struct stock *i, const char *what)
{
    bool good = kernel_send(&i->kernel, &i->batch, NULL);
    for (u16 n = 0; !good && n < i->batch.count; n++) {
        u16 error = i->batch.errors[n];
        if (error == 0)
            continue;
        i->failed++;
        seat_log(i->seat, SHRIKE_ERROR, "%s: the kernel refuses it: %s%s%s%s", what,
                 strerror(error), meaning(error), i->kernel.why[0] ? ": " : "", i->kernel.why);
        break;
    }
    batch_clear(&i->batch);
    return good;
}

bool stock_room(struct stock *i, u16 letters, const char *what)
{
    return batch_has_room(&i->batch, letters) || stock_send(i, what);
}

/* What is taken out may be gone already: it has expired, or somebody has flushed everything. */
static void send_quietly(struct stock *i)
{
    (void)kernel_send(&i->kernel, &i->batch, NULL);
    for (u16 n = 0; n < i->batch.count; n++)
        if (i->batch.errors[n] && i->batch.errors[n] != ESRCH && i->batch.errors[n] != ENOENT)
            i->failed++;
    batch_clear(&i->batch);
}

static void room_quietly(struct stock *i)
{
    if (!batch_has_room(&i->batch, 1))
        send_quietly(i);
}

/* ---- routes ---- */

static void route(struct stock *i, struct child *child, bool add)
{
    static struct mail_route m; /* used by one call at a time */
    if (child->routed == add || child->mode == XFRM_MODE_TRANSPORT ||
        !traits_routed(&child->traits))
        return;
    m = (struct mail_route){.add = add,
                            .reqid = child->conf_reqid,
                            .local_count = child->local_ts_count,
                            .remote_count = child->remote_ts_count};
    memcpy(m.local, child->ts, child->local_ts_count * sizeof m.local[0]);
    memcpy(m.remote, child->ts + child->local_ts_count,
           child->remote_ts_count * sizeof m.remote[0]);
    child->routed = add;
    if (!i->quiet)
        post_route(i->seat, answers_next(&i->answers), &m);
}

void stock_routes(struct stock *i)
{
    u32 at = 0;
    i->quiet = false;
    for (struct child *one = NULL; (one = children_next(&i->children, &at, one));) {
        one->routed = false;
        route(i, one, true);
    }
    standing_routes(&i->standing, i);
}

/* ---- SAs ---- */

struct letter_sa_id child_id(const struct child *child, bool inbound, u8 protocol)
{
    bool comp = protocol == IPPROTO_COMP;
    u32 spi = inbound ? child->spi_in : child->spi_out;
    return (struct letter_sa_id){
        .protocol = protocol,
        .spi = comp ? (inbound ? child->cpi_in : child->cpi_out) : spi,
        .to = inbound ? child->local : child->remote,
        .mark = inbound ? child->traits.sa_in : child->traits.mark_out,
    };
}

static struct selector_sides sides_of(const struct child *child)
{
    return (struct selector_sides){child->ts, child->ts + child->local_ts_count,
                                   child->local_ts_count, child->remote_ts_count};
}

static bool compresses(const struct child *child)
{
    return child->cpi_in && child->cpi_out;
}

/* With compression the tunnel is that of IPComp, inside (RFC 3173 2.2), and ESP protects what comes
 * out of it. */
static u8 mode_inside(const struct child *child)
{
    return compresses(child) ? XFRM_MODE_TRANSPORT : child->mode;
}

/* What is configured beside what is negotiated. With compression it is the tunnel inside that has
 * an outer header. */
static void put_traits(const struct stock *i, const struct child *child, struct letter_sa *s)
{
    const struct traits *t = &child->traits;
    bool tunnel = s->mode == XFRM_MODE_TUNNEL || s->mode == LETTER_MODE_IPTFS;
    s->mark = s->inbound ? t->sa_in : t->mark_out;
    s->set_mark = s->inbound ? t->set_in : t->set_out;
    if (!s->inbound && s->set_mark.mask == 0 && i->mark)
        s->set_mark = (struct letter_mark){i->mark, UINT32_MAX};
    s->if_id = s->inbound ? t->if_in : t->if_out;
    s->offload = t->offload && s->protocol == IPPROTO_ESP;
    s->packet = t->packet && s->offload;
    s->noecn = tunnel && t->lose_ecn;
    s->copy_dscp_in = tunnel && s->inbound && t->take_dscp;
    s->no_dscp_out = tunnel && !s->inbound && t->lose_dscp;
    s->no_pmtu = tunnel && !s->inbound && t->lose_df;
}

static struct letter_sa sa_of(struct stock *i, const struct child *child,
                              const struct shrike_install_op *op, bool inbound)
{
    const struct shrike_sa_keys *keys = inbound ? &op->in : &op->out;
    struct letter_sa s = {
        .protocol = child->protocol,
        .mode = mode_inside(child),
        .spi = keys->spi,
        .reqid = child->reqid,
        .from = inbound ? op->remote : op->local,
        .to = inbound ? op->local : op->remote,
        .inbound = inbound,
        .encap = op->encap,
        .esn = op->esn,
        .whole = op->whole,
        .encr = op->encr,
        .integ = op->integ,
        .encr_key = keys->encr_key,
        .integ_key = keys->integ_key,
        .replay_window = op->replay_window ? op->replay_window : i->replay_window,
        .tfc_padding = op->tfc_padding,
        .bytes_soft = op->life.bytes_soft,
        .bytes_hard = op->life.bytes_hard,
        .packets_soft = op->life.packets_soft,
        .packets_hard = op->life.packets_hard,
        .life_s = child->life_s,
    };
    put_traits(i, child, &s);
    return s;
}

static bool put_comp(struct stock *i, const struct child *child, bool inbound)
{
    const struct letter_sa_id id = child_id(child, inbound, IPPROTO_COMP);
    struct letter_sa s = {
        .protocol = IPPROTO_COMP,
        .mode = child->mode,
        .spi = id.spi,
        .reqid = child->reqid,
        .from = inbound ? child->remote : child->local,
        .to = id.to,
        .inbound = inbound,
    };
    put_traits(i, child, &s);
    return !compresses(child) || letter_sa(&i->batch, &s);
}

void stock_comp(struct stock *i, const struct child *child, bool add)
{
    for (int inbound = 0; inbound < 2 && compresses(child); inbound++) {
        const struct letter_sa_id id = child_id(child, inbound == 1, IPPROTO_COMP);
        if (inbound == 0 && !child->sends)
            continue;
        if (add)
            (void)put_comp(i, child, inbound == 1);
        else
            letter_sa_delete(&i->batch, &id);
    }
}

/* What the kernel refuses does not hold: that SPI is of somebody else's SA. */
static bool put_sa(struct stock *i, const struct child *child, const struct letter_sa *s,
                   bool *holds)
{
    struct letter_sa sa = *s;
    struct xfrm_selector hosts, turned;
    if (s->mode == XFRM_MODE_BEET) { /* the addresses of its packets, which do not carry them */
        const struct selector_sides sides = sides_of(child);
        if (!selector_of_hosts(&sides, &hosts))
            return false;
        selector_turn(&turned, &hosts);
        sa.selector = s->inbound && !fault(174) ? &turned : &hosts;
    }
    if (!letter_sa(&i->batch, &sa))
        return false;
    i->batch.holds[i->batch.count - 1] = holds;
    *holds = true;
    return true;
}

/* Inbound first: the peer may send as soon as it hears of it. Of two SAs that go to the same end
 * under one number the kernel takes the newer one, so the outbound one comes when it is to be sent
 * by. */
static bool put_sas(struct stock *i, struct child *child, const struct shrike_install_op *op)
{
    struct letter_sa in = sa_of(i, child, op, true), out = sa_of(i, child, op, false);
    bool later = op->outbound_later && !fault(223) && children_sibling(&i->children, child);
    if (!put_sa(i, child, &in, &child->takes) || !put_comp(i, child, true))
        return false;
    if (later)
        return child_later(child, &out);
    return put_sa(i, child, &out, &child->sends) && put_comp(i, child, false);
}

static void delete_sa(struct stock *i, const struct child *child, bool inbound)
{
    struct letter_sa_id id = child_id(child, inbound, child->protocol);
    room_quietly(i);
    letter_sa_delete(&i->batch, &id);
    if (!compresses(child))
        return;
    id = child_id(child, inbound, IPPROTO_COMP);
    room_quietly(i);
    letter_sa_delete(&i->batch, &id);
}

/* ---- policies ---- */

static struct letter_template template_of(const struct child *child, u8 dir)
{
    struct letter_template t = {
        .protocol = child->protocol, .mode = mode_inside(child), .reqid = child->reqid};
    /* Where packets come from, the SA says: its number is what counts. So those of an SA whose
     * ends change are taken all the while. */
    if (dir == XFRM_POLICY_OUT)
        t.from = child->local;
    t.to = dir == XFRM_POLICY_OUT ? child->remote : child->local;
    t.from.port = t.to.port = 0;
    return t;
}

static struct letter_policy wish(const struct child *child, const struct xfrm_selector *s, u8 dir)
{
    const struct traits *t = &child->traits;
    bool out = dir == XFRM_POLICY_OUT;
    struct letter_policy p = {.dir = dir,
                              .device = t->device,
                              .mark = out ? t->mark_out : t->mark_in,
                              .if_id = out ? t->if_out : t->if_in};
    if (out)
        p.selector = *s;
    else
        selector_turn(&p.selector, s);
    p.priority = t->priority ? t->priority : selector_priority(s, SELECTOR_CHILD);
    /* What was not worth being compressed comes without (RFC 3173 2.2). */
    if (compresses(child)) {
        p.templates[p.template_count] = template_of(child, dir);
        p.templates[p.template_count].protocol = IPPROTO_COMP;
        p.templates[p.template_count].mode = child->mode;
        p.templates[p.template_count++].optional = dir != XFRM_POLICY_OUT;
    }
    p.templates[p.template_count++] = template_of(child, dir);
    return p;
}

/* With compression ESP is in transport mode, where the kernel has no packets of another family than
 * the ends': those selectors are left out. How many stay, is the result. */
static u32 leave_out(struct stock *i, const struct child *child, struct xfrm_selector *all, u32 n)
{
    u32 kept = 0;
    if (!compresses(child) || child->mode != XFRM_MODE_TUNNEL)
        return n;
    for (u32 at = 0; at < n; at++)
        if (all[at].family == letter_family(child->local.family))
            all[kept++] = all[at];
    if (kept < n)
        seat_log(i->seat, SHRIKE_WARNING,
                 "the kernel compresses neither IPv6 in IPv4 nor the reverse: such packets are not "
                 "carried: write ipcomp = no, or a child of its own for them");
    return kept;
}

static bool put_policies(struct stock *i, struct child *child, const char *what)
{
    static struct xfrm_selector selectors[SELECTORS_MAX]; /* used by one call at a time */
    static const u8 dirs[DIRECTIONS] = {XFRM_POLICY_OUT, XFRM_POLICY_IN, XFRM_POLICY_FWD};
    const struct selector_sides sides = sides_of(child);
    if (child->traits.no_policies)
        return true;
    u32 n = selectors_make(&sides, selectors);
    u32 each = child->mode == XFRM_MODE_TRANSPORT ? DIRECTIONS - 1 : DIRECTIONS;
    if (n <= SELECTORS_MAX)
        n = leave_out(i, child, selectors, n);
    if (n == 0 || n > SELECTORS_MAX) {
        seat_log(i->seat, SHRIKE_ERROR, "%s: its selectors are none that the kernel can have%s",
                 what, n ? ": too many prefixes" : "");
        return false;
    }
    child->claims = calloc((size_t)n * each, sizeof *child->claims);
    if (!child->claims)
        return false;
    for (u32 at = 0; at < n; at++)
        for (u32 d = 0; d < each; d++) {
            struct letter_policy p = wish(child, &selectors[at], dirs[d]);
            if (!stock_room(i, 1, what) ||
                !spd_claim(&i->spd, &child->claims[child->claim_count++], &p, &i->batch))
                return false;
        }
    return true;
}

/* ---- ops ---- */

static bool ends_fit(const struct shrike_endpoint *local, const struct shrike_endpoint *remote)
{
    return (local->family == 4 || local->family == 6) && local->family == remote->family;
}

/* BEET is of ESP, between two addresses, without compression; so is IP-TFS, between any. */
static bool mode_fits(const struct shrike_install_op *op)
{
    const struct selector_sides sides = {op->local_ts, op->remote_ts, op->local_ts_count,
                                         op->remote_ts_count};
    struct xfrm_selector hosts;
    if (op->mode != SHRIKE_BEET && op->mode != SHRIKE_IPTFS)
        return true;
    return op->protocol == PROTOCOL_ESP && !op->cpi_in && !op->cpi_out &&
           (op->mode == SHRIKE_IPTFS || selector_of_hosts(&sides, &hosts));
}

static bool sensible(struct stock *i, const struct shrike_install_op *op)
{
    char what[SHRIKE_COUNTED_NAME + 8];
    snprintf(what, sizeof what, "child %s", op->child ? op->child : "?");
    bool fits = ends_fit(&op->local, &op->remote) && op->child_serial != 0 &&
                !children_find(&i->children, op->child_serial) && op->in.spi != 0 &&
                op->out.spi != 0 && (op->protocol == PROTOCOL_ESP || op->protocol == PROTOCOL_AH);
    if (!fits)
        seat_log(i->seat, SHRIKE_ERROR, "%s: the request to install it makes no sense", what);
    else if (op->protocol == PROTOCOL_AH && op->encap)
        seat_log(i->seat, SHRIKE_ERROR, "%s: there is no AH in UDP (RFC 3948 3)", what);
    else if (!mode_fits(op))
        seat_log(i->seat, SHRIKE_ERROR,
                 "%s: BEET mode is of ESP between two addresses, IP-TFS of ESP, and neither with "
                 "compression",
                 what);
    else
        return true;
    return false;
}

/* Policies first: then nothing asks for SAs that are gone. */
static void take_out(struct stock *i, struct child *child, bool inbound)
{
    batch_clear(&i->batch);
    for (u32 n = 0; n < child->claim_count; n++) {
        room_quietly(i);
        spd_release(&i->spd, &child->claims[n], &i->batch);
    }
    child->claim_count = 0;
    if (child->sends)
        delete_sa(i, child, false);
    child->sends = false;
    if (inbound && child->takes)
        delete_sa(i, child, true);
    send_quietly(i);
}

void stock_end(struct stock *i, struct child *child)
{
    route(i, child, false);
    take_out(i, child, true);
    ends_give(child->end);
    rules_release(&i->guard.rules, child->rule, loop_now(i->seat->loop));
    children_remove(&i->children, child);
}

static struct allowed_before before_of(const struct child *c)
{
    return (struct allowed_before){.local = c->local,
                                   .remote = c->remote,
                                   .local_ts = c->ts,
                                   .remote_ts = c->ts + c->local_ts_count,
                                   .local_ts_count = c->local_ts_count,
                                   .remote_ts_count = c->remote_ts_count};
}

bool stock_allows(struct stock *i, const struct shrike_install_op *op, struct rules_verdict *v,
                  shrike_time now)
{
    if (!sensible(i, op))
        return false;
    const struct child *old = children_find(&i->children, op->replaces);
    struct allowed_before before = {.local_ts_count = 0};
    bool same = old && old->conf_reqid == op->reqid;
    if (same)
        before = before_of(old);
    *v = guard_install(&i->guard, op, same ? &before : NULL, same ? old->rule : 0, now);
    return v->why == REFUSAL_NONE;
}

static void row(void *ctx, u16 letter, const struct nlmsghdr *h)
{
    struct sa_seen *seen = ctx;
    (void)letter;
    if (!sa_read(h, seen))
        seen->offloaded = false;
}

/* The kernel does itself what the device cannot do, and says so only when it is asked. */
static bool is_offloaded(struct stock *i, const struct child *child, u32 *device)
{
    struct sa_seen seen = {.offloaded = false};
    const struct letter_sa_id id = child_id(child, true, child->protocol);
    letter_sa_get(&i->batch, &id);
    (void)kernel_send(&i->kernel, &i->batch, &(struct kernel_reader){row, &seen});
    batch_clear(&i->batch);
    *device = seen.device;
    return seen.offloaded;
}

static bool offload_fits(struct stock *i, const struct child *child, const char *what)
{
    u32 device;
    if (!child->traits.must_offload || child->traits.packet || is_offloaded(i, child, &device))
        return true;
    seat_log(i->seat, SHRIKE_ERROR,
             "%s: hw_offload = crypto, and the device cannot: write auto, and the kernel does it",
             what);
    return false;
}

/* Policies name the device that has the SAs: the kernel finds it by the route between both ends. */
static bool give_device(struct stock *i, struct child *child, const char *what)
{
    if (!child->traits.packet)
        return true;
    if (child->protocol == IPPROTO_ESP && !compresses(child) && stock_send(i, what) &&
        is_offloaded(i, child, &child->traits.device) && child->traits.device)
        return true;
    seat_log(
        i->seat, SHRIKE_ERROR,
        "%s: hw_offload = packet, and the device or the kernel (Linux 6.2) cannot: write crypto "
        "or auto",
        what);
    return false;
}

/* What takes the place of a Child SA by the same rule has its numbers. */
static bool give(struct stock *i, const struct shrike_install_op *op, const struct rules_verdict *v,
                 struct traits *out)
{
    const struct child *old = children_find(&i->children, op->replaces);
    const struct numbers_wish w = {.conf = &v->child->plane,
                                   .before = old && old->rule == v->rule ? old : NULL,
                                   .rule = v->rule,
                                   .remote = &op->remote};
    return numbers_give(&i->numbers, &i->children, &w, out);
}

/* Its script wants to know them: net hears that the Child SA is there when the parent has them. */
static void tell_numbers(struct stock *i, const struct child *child,
                         const struct shrike_child_conf *conf)
{
    static const struct traits none;
    const struct traits *t = &child->traits;
    const struct mail_numbers m = {.child_serial = child->serial,
                                   .mark_in = t->mark_in.value,
                                   .mask_in = t->mark_in.mask,
                                   .mark_out = t->mark_out.value,
                                   .mask_out = t->mark_out.mask,
                                   .if_in = t->if_in,
                                   .if_out = t->if_out};
    if (conf->updown && !traits_alike(t, &none))
        post_numbers(i->seat, answers_next(&i->answers), &m);
}

bool stock_add(struct stock *i, const struct shrike_install_op *op, const struct rules_verdict *v,
               shrike_time now)
{
    char what[SHRIKE_COUNTED_NAME + 8];
    struct traits t;
    snprintf(what, sizeof what, "child %s", op->child ? op->child : "?");
    struct child *child = give(i, op, v, &t) ? children_add(&i->children, op, &t) : NULL;
    if (child) {
        child->rule = v->rule;
        rules_hold(&i->guard.rules, v->rule);
        child->life_s = v->child->life_time ? v->child->life_time / SHRIKE_SECOND + LIFE_NET : 0;
    }
    bool made = child && put_sas(i, child, op);
    if (!made)
        seat_log(i->seat, SHRIKE_ERROR, "%s: the kernel has not its algorithms, or no memory",
                 what);
    bool good = made && give_device(i, child, what) && put_policies(i, child, what) &&
                stock_send(i, what) && offload_fits(i, child, what);
    batch_clear(&i->batch);
    if (!good && child) {
        stock_end(i, child);
        return false;
    }
    if (!child)
        return false;
    if (child->nat_here && child->encap)
        child->end = ends_take(&i->ends, &child->local, &child->remote, now);
    struct child *old = children_find(&i->children, op->replaces);
    child->idle_from = old && op->replaces ? old->idle_from : now;
    children_succeeded(&i->children, child->reqid, now);
    route(i, child, true);
    tell_numbers(i, child, v->child);
    return true;
}

void stock_remove(struct stock *i, u32 serial, shrike_time now)
{
    struct child *child = children_find(&i->children, serial);
    if (!child)
        return;
    const struct child *heir = children_waiting(&i->children, child);
    if (heir && !fault(225)) /* nothing is to be sent by this one any more */
        stock_switch(i, heir->serial);
    if (!children_sibling(&i->children, child) || fault(224)) {
        stock_end(i, child);
        return;
    }
    route(i, child, false);
    take_out(i, child, false);
    ends_give(child->end);
    child->end = NULL;
    child_orphan(&i->children, child, now + LINGER);
}

void stock_switch(struct stock *i, u32 serial)
{
    struct child *child = children_find(&i->children, serial);
    if (!child || !child->later)
        return;
    if (put_sa(i, child, &child->later->sa, &child->sends) && put_comp(i, child, false))
        (void)stock_send(i, "the outbound SA of a Child SA that takes over");
    batch_clear(&i->batch);
    wipe(child->later, sizeof *child->later);
    free(child->later);
    child->later = NULL;
}

void stock_new_net(struct stock *i)
{
    children_unclaim(&i->children);
}

u32 stock_heir(struct stock *i, const struct mail_heir *m, shrike_time now)
{
    for (u16 n = 0; n < m->count; n++) {
        struct shrike_kernel_event gone = {.kind = SHRIKE_EXPIRE_HARD,
                                           .child_serial = m->serials[n]};
        if (!children_claim(&i->children, m->serials[n]))
            (void)post_kernel(i->seat, &gone);
    }
    return m->last ? children_orphan(&i->children, now) : 0;
}
