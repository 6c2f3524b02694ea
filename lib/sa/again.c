/* Making again what was lost: see again.h. */
#include "sa/again.h"
#include "base/text.h"
#include "sa/internal.h"
#include "sa/peers.h"
#include "sa/trace.h"

enum { LOOK_MAX = 16, DOUBLINGS_MAX = 8 };
#define NO_ROOM_WAIT SHRIKE_SECOND /* all handshakes are taken, or another one is under way */

static bool is_closing(const struct ike_sa *sa)
{
    return sa->state >= IKE_CLOSING || sa->wants & WANT_CLOSE;
}

void again_lost(struct ike_sa *sa, const struct shrike_reason *why)
{
    bool expired = is_closing(sa) && sa->reason == SHRIKE_REASON_EXPIRED;
    if (sa->spare || sa->replaced || (is_closing(sa) && !expired))
        return;
    if (expired)
        sa->lost = LOST_EXPIRED;
    else if (why->code == SHRIKE_REASON_STALE_RECORD)
        sa->lost = LOST_STALE;
    else if (why->code == SHRIKE_REASON_CROSSED || why->code == SHRIKE_REASON_COMMAND ||
             why->code == SHRIKE_REASON_REKEYED)
        sa->lost = LOST_NOT;
    else if (!sa->authenticated)
        sa->lost = sa->tries ? LOST_ATTEMPT : LOST_NOT;
    else if (why->code == SHRIKE_REASON_TIMEOUT || why->code == SHRIKE_REASON_REPLACED)
        sa->lost = LOST_PEER;
    else
        sa->lost = LOST_CLOSED;
}

shrike_time again_wait(struct shard *s, unsigned n)
{
    return shard_vary(s, MIN(AGAIN_FIRST << MIN(n, (unsigned)DOUBLINGS_MAX), AGAIN_MOST),
                      AGAIN_JITTER);
}

static bool is_wanted(const struct ike_sa *sa, const struct shrike_child_conf *conf)
{
    switch ((enum ike_lost)sa->lost) {
    case LOST_NOT:
        return false;
    case LOST_PEER:
        return conf->dpd_action == SHRIKE_START_NOW;
    case LOST_CLOSED:
        return conf->close_action == SHRIKE_START_NOW;
    case LOST_EXPIRED:
        return conf->dpd_action == SHRIKE_START_NOW || conf->start & SHRIKE_START_NOW;
    case LOST_ATTEMPT:
    case LOST_STALE:
        return true;
    }
    return false;
}

/* Another SA with this peer and for this connection that can carry it; the one that has it first.
 */
static struct ike_sa *carrier(const struct shard *s, const struct ike_sa *lost, const char *child)
{
    struct ike_sa *found = NULL, *o = peers_newest_like(s, lost);
    for (unsigned looked = 0; o && looked < LOOK_MAX; o = peers_older(s, o), looked++) {
        if (o == lost || is_closing(o) || o->spare || o->replaced ||
            !text_same(o->conn->name, lost->conn->name))
            continue;
        if (child_named(o, child, NULL))
            return o;
        if (sa_child_conf(o->conn, child))
            found = o;
    }
    return found;
}

static void tell(struct shard *s, const struct ike_sa *sa, enum shrike_reason_code code)
{
    struct shrike_event *e = trace_ike(s, SHRIKE_EVENT_IKE_AGAIN, sa);
    e->reason.code = code;
    if (sa->not_before > s->now)
        e->number = (u32)((sa->not_before - s->now) / SHRIKE_SECOND);
}

/* A new SA that waits for its time; NULL: not any more, or there is no place. */
static struct ike_sa *make(struct shard *s, const struct ike_sa *lost,
                           const struct shrike_conn *conn)
{
    bool stood = lost->established && s->now - lost->established >= AGAIN_STOOD;
    unsigned tries = lost->authenticated ? 1 : lost->tries + 1u;
    unsigned pace = lost->tries == 0 || stood ? 0 : lost->pace + 1u;
    if (conn->keyingtries && tries > conn->keyingtries)
        return NULL;
    struct ike_sa *sa = sa_new_waiting(s);
    if (!sa) {
        tell(s, lost, SHRIKE_REASON_LIMIT);
        return NULL;
    }
    sa_use_conn(s, sa, conn, s->current);
    sa->wants = WANT_INIT;
    sa->tries = (u16)MIN(tries, (unsigned)UINT16_MAX);
    sa->pace = (u8)MIN(pace, (unsigned)DOUBLINGS_MAX);
    sa->not_before = s->now + again_wait(s, sa->pace);
    sa_use_endpoints(s, sa);
    internal_want_again(s, sa, lost);
    peers_join(s, sa, lost);
    tell(s, sa, SHRIKE_REASON_NONE);
    return sa;
}

void again_child(struct shard *s, struct ike_sa *lost, const struct child_sa *child)
{
    const char *name = child->conf->name;
    const struct shrike_conn *conn = lost->lost ? shard_conn_now(s, lost->conn) : NULL;
    const struct shrike_child_conf *conf = conn ? sa_child_conf(conn, name) : NULL;
    if (!conf || !is_wanted(lost, conf) || child->wants_delete || child->command_down)
        return;
    struct ike_sa *sa = carrier(s, lost, name);
    if (!sa && conn->remote_endpoint.family)
        sa = make(s, lost, conn);
    if (!sa || child_named(sa, name, NULL))
        return;
    conf = sa_child_conf(sa->conn, name);
    if (conf && child_new(s, sa, conf))
        sa_touch(s, sa);
}

/* What another SA that came up meanwhile has or can have, it need not have. true: one that we have
 * called meanwhile is under way, and its end is to be waited for. */
static bool hand_over(struct shard *s, struct ike_sa *sa)
{
    bool under_way = false;
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        struct ike_sa *o = c->state == CHILD_WANTED ? carrier(s, sa, c->conf->name) : NULL;
        const struct shrike_child_conf *conf = o ? sa_child_conf(o->conn, c->conf->name) : NULL;
        under_way |= conf && o->initiator && o->handshake;
        if (!conf || o->state != IKE_UP)
            continue;
        struct child_sa *there = child_named(o, conf->name, NULL);
        struct child_sa *made = there ? NULL : child_new(s, o, conf);
        if (made) {
            made->command = c->command;
            c->command = 0;
            sa_touch(s, o);
        }
        child_die(sa, c, SHRIKE_REASON_REKEYED);
    }
    return under_way;
}

/* Its children as they are configured now; false: none is left. */
static bool use_conf(struct shard *s, struct ike_sa *sa, const struct shrike_conn *conn)
{
    bool any = false;
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        const struct shrike_child_conf *conf = sa_child_conf(conn, c->conf->name);
        if (!conf) {
            child_die(sa, c, SHRIKE_REASON_NO_SUCH_CHILD);
            continue;
        }
        c->conf = conf;
        any |= c->state == CHILD_WANTED;
    }
    if (!any)
        return false;
    sa_use_conn(s, sa, conn, s->current);
    sa_use_endpoints(s, sa);
    return true;
}

enum again again_begin(struct shard *s, struct ike_sa *sa)
{
    if (sa->handshake)
        return AGAIN_READY;
    const struct shrike_conn *conn = shard_conn_now(s, sa->conn);
    if (!conn || conn->remote_endpoint.family == 0)
        return AGAIN_NEVER;
    if (conn != sa->conn && !use_conf(s, sa, conn))
        return AGAIN_NEVER;
    bool under_way = !fault(52) && hand_over(s, sa);
    if (sa->child_count == sa->dead)
        return AGAIN_NEVER;
    if (!under_way && sa_begin_handshake(s, sa))
        return AGAIN_READY;
    sa->not_before = s->now + shard_vary(s, NO_ROOM_WAIT, AGAIN_JITTER);
    return AGAIN_LATER;
}
