/* Commands: see command.h. */
#include "engine/command.h"
#include "base/text.h"
#include "exchange/exchange.h"
#include "exchange/redirect.h"
#include "sa/child.h"
#include "sa/remake.h"
#include "sa/trace.h"

/* Does it stand for itself: neither closed, nor before or behind the one that does? */
static bool counts(const struct ike_sa *sa)
{
    return sa && sa->state != IKE_GONE && !sa->spare && !sa->replaced;
}

/* Is it the one with this serial, or the one that has taken over from that? */
static bool has_serial(const struct ike_sa *sa, u32 serial)
{
    return sa->serial == serial || (sa->before && sa->before->serial == serial);
}

/* The next live SA of a connection from index *at on; NULL at the end. */
static struct ike_sa *next_of(const struct shard *s, const char *conn, u32 *at)
{
    while (*at < s->sas.cut) {
        struct ike_sa *sa = shard_sa_at(s, (*at)++);
        if (counts(sa) && sa->conn && text_same(sa->conn->name, conn))
            return sa;
    }
    return NULL;
}

/* ---- up ---- */

/* It is to be made again, later (sa/again.h). */
static bool is_waiting(const struct ike_sa *sa)
{
    return sa->state == IKE_INIT && !sa->handshake;
}

/* Want each child of the connection that is named (or all), unless it is there. */
static enum shrike_reason_code want_children(struct commander *c, struct ike_sa *sa,
                                             const struct shrike_command *m)
{
    const struct shrike_conn *conn = sa->conn;
    enum shrike_reason_code code = SHRIKE_REASON_NO_SUCH_CHILD;
    for (u32 i = 0; i < conn->child_count; i++) {
        const struct shrike_child_conf *conf = &conn->children[i];
        if (m->child && !text_same(conf->name, m->child))
            continue;
        struct child_sa *there = c->packet ? NULL : child_named(sa, conf->name, NULL);
        if (there && there->state < CHILD_UP && !(is_waiting(sa) && !there->command))
            return SHRIKE_REASON_BUSY;
        struct child_sa *child = there ? NULL : child_new(c->shard, sa, conf);
        if (!there && !child)
            return SHRIKE_REASON_LIMIT;
        if (c->packet && c->packet->local.family &&
            !selectors_keep_packet(c->shard, child, c->packet)) {
            child_free(c->shard, sa, child);
            return SHRIKE_REASON_MEMORY;
        }
        if (there && there->state < CHILD_UP)
            child = there;
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
    sa_use_endpoints(c->shard, sa);
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

/* The first SA that can carry it; one with an older configuration may not know the child. */
static struct ike_sa *carrier(const struct shard *s, const struct shrike_command *m)
{
    u32 at = 0;
    struct ike_sa *sa;
    while ((sa = next_of(s, m->conn, &at)) != NULL) {
        if (can_carry(sa) && (!m->child || sa_child_conf(sa->conn, m->child)))
            return sa;
    }
    return NULL;
}

/* As many handshakes are under way, of ours and of others, as strangers may have. */
static bool is_crowded(const struct shard *s)
{
    return s->handshakes.live >= s->current->conf->half_open_max;
}

static enum shrike_reason_code up(struct commander *c, const struct shrike_command *m)
{
    const struct shrike_conn *conn = shard_conn(c->shard, m->conn);
    if (!conn || conn->remote_endpoint.family == 0)
        return SHRIKE_REASON_NO_CONNECTION;
    struct ike_sa *sa = carrier(c->shard, m);
    if (!sa && m->limited && is_crowded(c->shard))
        return SHRIKE_REASON_LIMIT;
    if (!sa)
        sa = start(c, conn);
    if (!sa)
        return SHRIKE_REASON_LIMIT;
    enum shrike_reason_code code = want_children(c, sa, m);
    if (is_waiting(sa))
        sa->not_before = 0; /* somebody asks for it now */
    if (list_empty(&sa->children) && sa->state == IKE_INIT && !slots_asking(sa))
        sa_free(c->shard, sa); /* nothing to call for */
    else
        sa_touch(c->shard, sa);
    return code;
}

/* ---- down ---- */

/* A child, or what is to replace it. */
static bool names_child(const struct shrike_command *m, const struct child_sa *k)
{
    return m->child_serial ? k->serial == m->child_serial || k->replaces == m->child_serial
                           : m->child && text_same(k->conf->name, m->child);
}

/* What was to be made again is not wanted any more. */
static void unwant(struct commander *c, struct ike_sa *sa, struct child_sa *child)
{
    child_die(sa, child, SHRIKE_REASON_COMMAND);
    if (sa->state < IKE_UP && sa->child_count == sa->dead)
        sa->wants |= WANT_CLOSE;
    sa_touch(c->shard, sa);
}

static u32 down_children(struct commander *c, struct ike_sa *sa, const struct shrike_command *m)
{
    u32 found = 0;
    for (struct child_sa *k = child_first(sa); k; k = child_after(sa, k)) {
        if (!names_child(m, k))
            continue;
        if (sa->tries && k->state == CHILD_WANTED) {
            unwant(c, sa, k);
            found++;
            continue;
        }
        remake_cancel(c->shard, sa, k);
        if (k->state != CHILD_UP || k->command_down)
            continue;
        child_end(k, SHRIKE_REASON_COMMAND);
        k->command_down = pending_hold(c->shard, c->pending);
        sa_touch(c->shard, sa);
        found++;
    }
    return found;
}

/* It may be closing already: then only when it ends at the latest is new. */
static void end_by(struct commander *c, struct ike_sa *sa, shrike_time within)
{
    shrike_time end = c->shard->now > SHRIKE_NEVER - within ? SHRIKE_NEVER : c->shard->now + within;
    if (!sa->command_down)
        sa->command_down = pending_hold(c->shard, c->pending);
    sa->forced = MIN(sa->forced, end);
    if (sa->state != IKE_CLOSING)
        sa->wants |= WANT_CLOSE;
    sa_touch(c->shard, sa);
}

static enum shrike_reason_code down(struct commander *c, const struct shrike_command *m)
{
    u32 found = 0, busy = 0;
    for (u32 at = 0; at < c->shard->sas.cut; at++) {
        struct ike_sa *sa = shard_sa_at(c->shard, at);
        if (!counts(sa))
            continue;
        bool named = m->ike    ? has_serial(sa, m->ike)
                     : m->conn ? sa->conn && text_same(sa->conn->name, m->conn)
                               : true;
        if (!named)
            continue;
        if (m->child || m->child_serial) {
            found += down_children(c, sa, m);
        } else if (m->forget) {
            end_by(c, sa, m->forget);
            found++;
        } else if (sa->command_down || sa->state == IKE_CLOSING) {
            busy++;
        } else {
            sa->command_down = pending_hold(c->shard, c->pending);
            sa->wants |= WANT_CLOSE;
            sa_touch(c->shard, sa);
            found++;
        }
    }
    return found ? SHRIKE_REASON_NONE : busy ? SHRIKE_REASON_BUSY : SHRIKE_REASON_NO_SUCH_SA;
}

static enum shrike_reason_code liveness(struct commander *c, const struct shrike_command *m)
{
    for (u32 at = 0; at < c->shard->sas.cut; at++) {
        struct ike_sa *sa = shard_sa_at(c->shard, at);
        if (!counts(sa) || sa->state != IKE_UP ||
            !(m->ike ? has_serial(sa, m->ike) : m->conn && text_same(sa->conn->name, m->conn)))
            continue;
        if (sa->command_alive)
            return SHRIKE_REASON_BUSY;
        sa->command_alive = pending_hold(c->shard, c->pending);
        sa->wants |= WANT_LIVENESS;
        sa_touch(c->shard, sa);
        return SHRIKE_REASON_NONE;
    }
    return SHRIKE_REASON_NO_SUCH_SA;
}

/* ---- rekey ---- */

static void rekey_children(struct commander *c, struct ike_sa *sa, const struct shrike_command *m,
                           u32 found[2])
{
    for (struct child_sa *k = child_first(sa); k; k = child_after(sa, k)) {
        bool fresh = k->lost || child_of_serial(sa, k->replaces) != NULL; /* not settled yet */
        if (!names_child(m, k) || k->state != CHILD_UP || k->wants_delete || fresh)
            continue;
        found[k->command_rekey != 0]++;
        if (k->command_rekey)
            continue;
        k->command_rekey = pending_hold(c->shard, c->pending);
        k->retries = 0;
        if (!child_replacing(sa, k->serial, true) && !child_replacing(sa, k->serial, false))
            k->rekey_at = c->shard->now;
    }
}

static void rekey_ike(struct commander *c, struct ike_sa *sa, bool reauth, u32 found[2])
{
    found[sa->command_rekey != 0]++;
    if (sa->command_rekey)
        return;
    sa->command_rekey = pending_hold(c->shard, c->pending);
    sa->rekeys = 0;
    if (reauth)
        sa->reauth_at = c->shard->now;
    else
        sa->rekey_at = c->shard->now;
}

static enum shrike_reason_code rekey(struct commander *c, const struct shrike_command *m)
{
    u32 found[2] = {0}; /* to be begun, under way already */
    for (u32 at = 0; at < c->shard->sas.cut; at++) {
        struct ike_sa *sa = shard_sa_at(c->shard, at);
        if (!counts(sa) || sa->state != IKE_UP || sa->wants & WANT_CLOSE)
            continue;
        bool named = m->ike    ? has_serial(sa, m->ike)
                     : m->conn ? text_same(sa->conn->name, m->conn)
                               : m->child || m->child_serial;
        if (named && (m->child || m->child_serial))
            rekey_children(c, sa, m, found);
        else if (named)
            rekey_ike(c, sa, m->reauth, found);
        if (named)
            sa_touch(c->shard, sa);
    }
    return found[0] ? SHRIKE_REASON_NONE : found[1] ? SHRIKE_REASON_BUSY : SHRIKE_REASON_NO_SUCH_SA;
}

/* ---- redirect ---- */

/* Done when they are to be told; whether they go is theirs. */
static enum shrike_reason_code redirect(struct commander *c, const struct shrike_command *m)
{
    enum shrike_reason_code code = SHRIKE_REASON_NO_SUCH_SA;
    bool any = false;
    for (u32 at = 0; at < c->shard->sas.cut; at++) {
        struct ike_sa *sa = shard_sa_at(c->shard, at);
        if (!counts(sa) || sa->state != IKE_UP || sa->wants & WANT_CLOSE ||
            !(m->ike ? has_serial(sa, m->ike) : m->conn && text_same(sa->conn->name, m->conn)))
            continue;
        code = redirect_order(c->shard, sa, &m->gateway);
        any |= code == SHRIKE_REASON_NONE;
    }
    return any ? SHRIKE_REASON_NONE : code;
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
    case SHRIKE_REKEY:
        return rekey(c, m);
    case SHRIKE_REDIRECT:
        return redirect(c, m);
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

/* Is it there or under way, on any IKE SA? */
static bool is_there(const struct shard *s, const struct shrike_command *m,
                     const struct shrike_child_conf *child, const struct selectors_packet *packet)
{
    struct ike_sa *sa;
    for (u32 at = 0; (sa = next_of(s, m->conn, &at)) != NULL;) {
        if (can_carry(sa) && selectors_served(sa, child, packet))
            return true;
    }
    return false;
}

void command_acquire(struct shard *s, const struct shrike_conn *conn,
                     const struct shrike_child_conf *child, const struct selectors_packet *packet)
{
    struct commander c = {.shard = s, .packet = packet};
    struct shrike_command m = {.kind = SHRIKE_UP, .conn = conn->name, .child = child->name};
    if (is_there(s, &m, child, packet))
        return;
    struct shrike_event *e = ring_event(&s->ring);
    e->id = SHRIKE_EVENT_ACQUIRE;
    e->conn = conn->name;
    e->child_conf = child->name;
    e->reason.code = up(&c, &m);
}
