/* Policies of the configuration itself: see standing.h. */
#include "xfrm/standing.h"
#include "plane/post.h"
#include "wire/codes.h"
#include "xfrm/install.h"
#include "xfrm/selector.h"
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

/* A trap or a shunt. */
struct post {
    struct list link;
    struct wish wish;
    enum selector_class class;
    u8 protocol, mode; /* of a trap: as its Child SA will have them */
    struct shrike_endpoint local, remote;
    u32 reqid; /* for the kernel */
    struct traits traits;
    struct claim *claims;
    u32 claim_count;
    shrike_time told; /* 0: not yet */
    bool wanted;      /* by the configuration that is being read */
};

void standing_open(struct standing *s)
{
    list_init(&s->all);
    s->count = 0;
}

static struct post *post_of(struct list *l)
{
    return list_item(l, struct post, link);
}

static void forget(struct standing *s, struct post *p)
{
    list_remove(&p->link);
    free(p->claims);
    free(p);
    s->count--;
}

void standing_close(struct standing *s)
{
    while (!list_empty(&s->all)) {
        struct post *p = post_of(s->all.next);
        for (u32 n = 0; n < p->claim_count; n++)
            list_remove(&p->claims[n].link);
        forget(s, p);
    }
}

/* ---- into the kernel, and out of it ---- */

static void route(struct stock *i, const struct post *p, bool add)
{
    static struct mail_route m; /* used by one call at a time */
    if (p->class != SELECTOR_TRAP || p->mode == XFRM_MODE_TRANSPORT || i->quiet ||
        !traits_routed(&p->traits))
        return;
    m = (struct mail_route){.add = add,
                            .reqid = p->wish.reqid,
                            .local_count = p->wish.local_count,
                            .remote_count = p->wish.remote_count};
    memcpy(m.local, p->wish.local, sizeof m.local);
    memcpy(m.remote, p->wish.remote, sizeof m.remote);
    post_route(i->seat, answers_next(&i->answers), &m);
}

void standing_routes(struct standing *s, struct stock *i)
{
    for (struct list *l = s->all.next; l != &s->all; l = l->next)
        route(i, post_of(l), true);
}

static struct letter_policy policy_of(const struct post *p, const struct xfrm_selector *s, u8 dir)
{
    const struct traits *t = &p->traits;
    bool out = dir == XFRM_POLICY_OUT;
    struct letter_policy is = {.dir = dir,
                               .block = p->class == SELECTOR_DROP,
                               .spare = p->class == SELECTOR_TRAP,
                               .mark = out ? t->mark_out : t->mark_in,
                               .if_id = out ? t->if_out : t->if_in,
                               .priority =
                                   t->priority ? t->priority : selector_priority(s, p->class)};
    if (out)
        is.selector = *s;
    else
        selector_turn(&is.selector, s);
    if (p->class != SELECTOR_TRAP)
        return is;
    is.template_count = 1;
    is.templates[0] =
        (struct letter_template){.protocol = p->protocol, .mode = p->mode, .reqid = p->reqid};
    is.templates[0].from = p->local;
    is.templates[0].to = p->remote;
    is.templates[0].from.port = is.templates[0].to.port = 0;
    return is;
}

/* Of a trap, outbound ones: what comes in without protection is refused by those of its Child SA;
 * while there is none, as without a trap. */
static bool put(struct stock *i, struct post *p, const char *what)
{
    static struct xfrm_selector selectors[SELECTORS_MAX]; /* used by one call at a time */
    static const u8 dirs[] = {XFRM_POLICY_OUT, XFRM_POLICY_IN, XFRM_POLICY_FWD};
    const struct selector_sides sides = {p->wish.local, p->wish.remote, p->wish.local_count,
                                         p->wish.remote_count};
    u32 n = selectors_make(&sides, selectors);
    u32 each = p->class == SELECTOR_TRAP ? 1 : ARRAY_LEN(dirs);
    if (n == 0 || n > SELECTORS_MAX)
        return false;
    p->claims = calloc((size_t)n * each, sizeof *p->claims);
    for (u32 at = 0; p->claims && at < n; at++)
        for (u32 d = 0; d < each; d++) {
            struct letter_policy is = policy_of(p, &selectors[at], dirs[d]);
            if (!stock_room(i, 1, what) ||
                !spd_claim(&i->spd, &p->claims[p->claim_count++], &is, &i->batch))
                return false;
        }
    return p->claims && stock_send(i, what);
}

static void drop(struct standing *s, struct stock *i, struct post *p)
{
    route(i, p, false);
    batch_clear(&i->batch);
    for (u32 n = 0; n < p->claim_count; n++) {
        (void)stock_room(i, 1, "a policy that goes");
        spd_release(&i->spd, &p->claims[n], &i->batch);
    }
    (void)stock_send(i, "a policy that goes");
    forget(s, p);
}

void standing_end(struct standing *s, struct stock *i)
{
    while (!list_empty(&s->all))
        drop(s, i, post_of(s->all.next));
}

/* ---- what is wanted ---- */

static bool same(const struct post *p, const struct post *q)
{
    return p->class == q->class && p->wish.reqid == q->wish.reqid && p->protocol == q->protocol &&
           p->mode == q->mode && memcmp(&p->local, &q->local, sizeof p->local) == 0 &&
           memcmp(&p->remote, &q->remote, sizeof p->remote) == 0 &&
           traits_alike(&p->traits, &q->traits) && p->traits.link == q->traits.link &&
           p->traits.priority == q->traits.priority &&
           memcmp(&p->wish, &q->wish, sizeof p->wish) == 0;
}

static void fill(struct post *p, const struct shrike_conn *conn,
                 const struct shrike_child_conf *child)
{
    memset(p, 0, sizeof *p);
    wish_of(conn, child, &p->wish);
    traits_make(&p->traits, &child->plane, &(struct traits_numbers){0, 0, 0, 0});
    p->wanted = true;
    p->class = child->mode == SHRIKE_PASS   ? SELECTOR_PASS
               : child->mode == SHRIKE_DROP ? SELECTOR_DROP
                                            : SELECTOR_TRAP;
    if (p->class != SELECTOR_TRAP)
        return;
    bool ah = child->proposal_count > 0 && child->proposals[0].protocol == PROTOCOL_AH;
    p->protocol = ah ? IPPROTO_AH : IPPROTO_ESP;
    p->mode = child_mode(child->mode);
    p->local = conn->local_endpoint;
    p->remote = conn->remote_endpoint;
    p->reqid = reqid_for(p->wish.reqid,
                         &(struct selector_sides){p->wish.local, p->wish.remote,
                                                  p->wish.local_count, p->wish.remote_count},
                         &p->traits);
}

/* The new one comes before the old one of its child goes: no packet may slip through. */
static void want(struct standing *s, struct stock *i, const struct post *wanted,
                 const struct shrike_child_conf *child)
{
    char what[SHRIKE_COUNTED_NAME + 32];
    for (struct list *l = s->all.next; l != &s->all; l = l->next)
        if (same(post_of(l), wanted)) {
            post_of(l)->wanted = true;
            return;
        }
    snprintf(what, sizeof what, "child %s: its policies", child->name);
    if (wanted->class == SELECTOR_TRAP && wanted->remote.family == 0 &&
        wanted->mode != XFRM_MODE_TRANSPORT) {
        seat_log(i->seat, SHRIKE_ERROR, "child %s: no trap without an address of the peer",
                 child->name);
        return;
    }
    struct post *p = s->count < STANDING_MAX ? malloc(sizeof *p) : NULL;
    if (!p) {
        seat_log(i->seat, SHRIKE_ERROR, "%s: no memory, or more than %u", what, STANDING_MAX);
        return;
    }
    *p = *wanted;
    list_append(&s->all, &p->link);
    s->count++;
    if (put(i, p, what)) {
        route(i, p, true);
        return;
    }
    batch_clear(&i->batch);
    seat_log(i->seat, SHRIKE_ERROR, "%s are not in force", what);
    drop(s, i, p);
}

void standing_apply(struct standing *s, struct stock *i, const struct shrike_conf *conf)
{
    static struct post wanted; /* used by one call at a time */
    struct list *next;
    for (struct list *l = s->all.next; l != &s->all; l = l->next)
        post_of(l)->wanted = false;
    for (u32 n = 0; n < conf->conn_count; n++) {
        const struct shrike_conn *conn = &conf->conns[n];
        for (u32 c = 0; c < (u32)conn->child_count + conn->shunt_count; c++) {
            const struct shrike_child_conf *child = &conn->children[c];
            bool trap = child->mode < SHRIKE_PASS;
            if (!(child->start & SHRIKE_START_TRAP) || (trap && child->plane.no_policies))
                continue;
            fill(&wanted, conn, child);
            want(s, i, &wanted, child);
        }
    }
    for (struct list *l = s->all.next; l != &s->all; l = next) {
        next = l->next;
        if (!post_of(l)->wanted)
            drop(s, i, post_of(l));
    }
}

static struct post *trap(struct standing *s, u32 reqid)
{
    for (struct list *l = s->all.next; l != &s->all; l = l->next)
        if (post_of(l)->class == SELECTOR_TRAP && post_of(l)->reqid == reqid)
            return post_of(l);
    return NULL;
}

bool standing_met(struct standing *s, u32 reqid, shrike_time now, u32 *conf_reqid)
{
    struct post *p = trap(s, reqid);
    if (!p || (p->told != 0 && now - p->told < TRAP_PATIENCE && !fault(228)))
        return false;
    p->told = MAX(now, 1);
    *conf_reqid = p->wish.reqid;
    return true;
}

void standing_untold(struct standing *s, u32 reqid)
{
    struct post *p = trap(s, reqid);
    if (p)
        p->told = 0;
}
