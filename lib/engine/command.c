/* Commands: see command.h. */
#include "engine/command.h"
#include "exchange/exchange.h"
#include "sa/child.h"
#include "sa/trace.h"

enum { LIST_PER_TICK = 4, LIST_CHILDREN = 16 };

static bool same(const char *a, const char *b)
{
    size_t n = strlen(a);
    return n == strlen(b) && memcmp(a, b, n) == 0;
}

/* The next tick, which is at once, looks after this SA. So a command may concern any number of
 * them. */
static void touch(struct commander *c, struct ike_sa *sa)
{
    heap_set(&c->shard->timers, &sa->timer, c->shard->now);
}

static const struct shrike_conn *conn_by_name(const struct shard *s, const char *name)
{
    const struct shrike_conf *conf = s->current ? s->current->conf : NULL;
    for (u32 i = 0; conf && name && i < conf->conn_count; i++) {
        if (same(conf->conns[i].name, name))
            return &conf->conns[i];
    }
    return NULL;
}

/* The next live SA of a connection from index *at on; NULL at the end. */
static struct ike_sa *next_of(const struct shard *s, const char *conn, u32 *at)
{
    while (*at < s->sas.cut) {
        struct ike_sa *sa = shard_sa_at(s, (*at)++);
        if (sa && sa->state != IKE_GONE && sa->conn && same(sa->conn->name, conn))
            return sa;
    }
    return NULL;
}

/* ---- up ---- */

static const struct child_sa *child_of(const struct ike_sa *sa,
                                       const struct shrike_child_conf *conf)
{
    for (const struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c->state <= CHILD_UP && !c->wants_delete && same(c->conf->name, conf->name))
            return c;
    }
    return NULL;
}

/* Want each child of the connection that is named (or all), unless it is there. */
static enum shrike_reason_code want_children(struct commander *c, struct ike_sa *sa,
                                             const struct shrike_command *m)
{
    const struct shrike_conn *conn = sa->conn;
    enum shrike_reason_code code = SHRIKE_REASON_NO_SUCH_CHILD;
    for (u32 i = 0; i < conn->child_count; i++) {
        const struct shrike_child_conf *conf = &conn->children[i];
        if (m->child && !same(conf->name, m->child))
            continue;
        const struct child_sa *there = child_of(sa, conf);
        if (there && there->state < CHILD_UP)
            return SHRIKE_REASON_BUSY;
        struct child_sa *child = there ? NULL : child_new(c->shard, sa, conf);
        if (!there && !child)
            return SHRIKE_REASON_LIMIT;
        if (child)
            child->command = pending_hold(c->shard, c->pending);
        code = SHRIKE_REASON_NONE;
    }
    return code;
}

static struct ike_sa *start(struct commander *c, const struct shrike_conn *conn)
{
    struct ike_sa *sa = sa_new(c->shard, true);
    if (!sa)
        return NULL;
    sa_use_conn(c->shard, sa, conn, c->shard->current);
    sa->local = conn->local_endpoint;
    sa->remote = conn->remote_endpoint;
    sa->marker = conn->local_endpoint.port == 4500;
    sa->wants = WANT_INIT;
    return sa;
}

/* May further Child SAs hang on it? Not while it closes, and not before who called us has proved
 * who it is: a stranger must not hold up what we want. */
static bool can_carry(const struct ike_sa *sa)
{
    return sa->state != IKE_CLOSING && !(sa->wants & WANT_CLOSE) &&
           (sa->initiator || sa->authenticated);
}

static enum shrike_reason_code up(struct commander *c, const struct shrike_command *m)
{
    const struct shrike_conn *conn = conn_by_name(c->shard, m->conn);
    u32 at = 0;
    if (!conn || conn->remote_endpoint.family == 0)
        return SHRIKE_REASON_NO_CONNECTION;
    struct ike_sa *sa = next_of(c->shard, conn->name, &at);
    while (sa && !can_carry(sa))
        sa = next_of(c->shard, conn->name, &at);
    if (!sa)
        sa = start(c, conn);
    if (!sa)
        return SHRIKE_REASON_LIMIT;
    enum shrike_reason_code code = want_children(c, sa, m);
    if (list_empty(&sa->children) && sa->state == IKE_INIT && sa->ours.exchange == 0)
        sa_free(c->shard, sa); /* nothing to call for */
    else
        touch(c, sa);
    return code;
}

/* ---- down ---- */

static u32 down_children(struct commander *c, struct ike_sa *sa, const struct shrike_command *m)
{
    u32 found = 0;
    for (struct child_sa *k = child_first(sa); k; k = child_after(sa, k)) {
        bool named = m->child_serial ? k->serial == m->child_serial
                                     : m->child && same(k->conf->name, m->child);
        if (!named || k->state != CHILD_UP || k->command_down)
            continue;
        k->wants_delete = true;
        k->command_down = pending_hold(c->shard, c->pending);
        touch(c, sa);
        found++;
    }
    return found;
}

static enum shrike_reason_code down(struct commander *c, const struct shrike_command *m)
{
    u32 found = 0, busy = 0;
    for (u32 at = 0; at < c->shard->sas.cut; at++) {
        struct ike_sa *sa = shard_sa_at(c->shard, at);
        if (!sa || sa->state == IKE_GONE)
            continue;
        bool one = m->child || m->child_serial;
        bool named = m->ike    ? sa->serial == m->ike
                     : m->conn ? sa->conn && same(sa->conn->name, m->conn)
                               : one;
        if (!named)
            continue;
        if (one) {
            found += down_children(c, sa, m);
        } else if (sa->command_down || sa->state == IKE_CLOSING) {
            busy++;
        } else {
            sa->command_down = pending_hold(c->shard, c->pending);
            sa->wants |= WANT_CLOSE;
            touch(c, sa);
            found++;
        }
    }
    return found ? SHRIKE_REASON_NONE : busy ? SHRIKE_REASON_BUSY : SHRIKE_REASON_NO_SUCH_SA;
}

static enum shrike_reason_code liveness(struct commander *c, const struct shrike_command *m)
{
    for (u32 at = 0; at < c->shard->sas.cut; at++) {
        struct ike_sa *sa = shard_sa_at(c->shard, at);
        if (!sa || sa->state != IKE_UP ||
            !(m->ike ? sa->serial == m->ike : m->conn && same(sa->conn->name, m->conn)))
            continue;
        if (sa->command_alive)
            return SHRIKE_REASON_BUSY;
        sa->command_alive = pending_hold(c->shard, c->pending);
        sa->wants |= WANT_LIVENESS;
        touch(c, sa);
        return SHRIKE_REASON_NONE;
    }
    return SHRIKE_REASON_NO_SUCH_SA;
}

/* ---- list ---- */

/* The IKE SA, then its children, in the order of their serials; false: there are more. */
static bool list_sa(struct shard *s, struct listing *l, const struct ike_sa *sa)
{
    if (l->child == 0) {
        struct shrike_event *e = trace_ike(s, SHRIKE_EVENT_LIST_IKE, sa);
        e->command = l->reference;
        e->number = sa->state;
    }
    u32 told = 0;
    for (struct child_sa *k = child_first(sa); k; k = child_after(sa, k)) {
        if (k->serial <= l->child)
            continue;
        if (told++ == LIST_CHILDREN)
            return false;
        struct shrike_event *e = trace_child(s, SHRIKE_EVENT_LIST_CHILD, sa, k);
        e->command = l->reference;
        e->number = k->state;
        l->child = k->serial;
    }
    l->child = 0;
    return true;
}

void command_list(struct shard *s, struct listing *l)
{
    for (u32 n = 0; l->active && n < LIST_PER_TICK; n++) {
        if (ring_room(&s->ring) < LIST_CHILDREN + 2)
            return;
        if (l->next >= s->sas.cut) {
            l->active = false;
            trace_command(s, SHRIKE_EVENT_LIST_END, l->reference, SHRIKE_REASON_NONE);
            return;
        }
        struct ike_sa *sa = shard_sa_at(s, l->next);
        if (!sa || sa->serial != l->sa)
            l->child = 0; /* not the one whose children were being told */
        l->sa = sa ? sa->serial : 0;
        if (!sa || sa->state == IKE_GONE || list_sa(s, l, sa))
            l->next++;
    }
}

static enum shrike_reason_code list(struct commander *c, const struct shrike_command *m)
{
    if (c->listing->active)
        return SHRIKE_REASON_BUSY;
    *c->listing = (struct listing){.active = true, .reference = m->reference};
    return SHRIKE_REASON_NONE;
}

static enum shrike_reason_code run(struct commander *c, const struct shrike_command *m)
{
    switch (m->kind) {
    case SHRIKE_UP:
        return up(c, m);
    case SHRIKE_DOWN:
        return down(c, m);
    case SHRIKE_LIVENESS:
        return liveness(c, m);
    case SHRIKE_LIST:
        return list(c, m);
    }
    return SHRIKE_REASON_LIMIT;
}

void command_run(struct commander *c, const struct shrike_command *m)
{
    c->pending = pending_begin(c->shard, m->reference);
    if (c->pending)
        pending_release(c->shard, c->pending, run(c, m));
    else
        trace_command(c->shard, SHRIKE_EVENT_COMMAND_FAILED, m->reference, SHRIKE_REASON_LIMIT);
}
