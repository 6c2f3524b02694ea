/* Where messages go: see roam.h. */
#include "exchange/roam.h"
#include "sa/child.h"
#include "sa/trace.h"

/* Resends after which the path in use is no longer believed in. */
enum { PROBE_AFTER = 2 };
enum { PORT_IKE = 500, PORT_NAT = 4500 };
/* After which one that was moved before it was up is made from scratch: its children are there. */
#define MOVED_AGAIN (10 * SHRIKE_SECOND)

struct path_query roam_query(const struct shard *s, const struct ike_sa *sa)
{
    const struct shrike_conn *conn = sa->conn;
    struct bytes peer = packet_bytes(sa->peer_addresses);
    u16 port = conn->remote_endpoint.port;
    struct path_query q = {
        .host = &s->host,
        .allowed = conn->local_addrs,
        .allowed_count = conn->local_addr_count,
        .peer = (const struct shrike_addr *)(const void *)peer.at,
        .peer_count = (unsigned)(peer.len / sizeof(struct shrike_addr)),
        .peer_port = port && port != PORT_IKE ? port
                     : sa->marker             ? PORT_NAT
                                              : PORT_IKE,
    };
    sa_path(sa, &q.now);
    return q;
}

static unsigned list_paths(const struct shard *s, const struct ike_sa *sa,
                           struct ring_path out[PATHS_MAX])
{
    struct path_query q = roam_query(s, sa);
    unsigned count = path_list(&q, out);
    /* RFC 4555 3.9: without NAT traversal a message names the addresses that it goes between. */
    return sa->natt ? count : MIN(count, 1u);
}

unsigned roam_paths(const struct shard *s, const struct ike_sa *sa, struct ring_path out[PATHS_MAX])
{
    unsigned count = sa->roam & ROAM_PROBING ? list_paths(s, sa, out) : 0;
    if (count == 0)
        sa_path(sa, &out[0]);
    return MAX(count, 1u);
}

static void want_of(struct shard *s, struct ike_sa *sa, u8 roam)
{
    sa->roam |= roam;
    sa->wants |= WANT_ROAM;
    sa_touch(s, sa);
}

/* As long as the peer has not had the response that makes this one, it knows only the one that it
 * replaces: so it is said by both. */
static void want(struct shard *s, struct ike_sa *sa, u8 roam)
{
    want_of(s, sa, roam);
    if (sa->before && sa->before->replaced && sa->before->state == IKE_UP)
        want_of(s, sa->before, roam & (ROAM_UPDATE | ROAM_TELL | ROAM_PROBING));
}

void roam_hurry(struct shard *s, struct ike_sa *sa)
{
    struct slot *ours;
    for (unsigned i = 0; (ours = slot_ours(sa, i)) != NULL; i++) {
        if (!ours->exchange || ours->awaiting || !ours->message)
            continue;
        ours->tries = 0;
        ours->due = s->now;
        sa_touch(s, sa);
    }
}

void roam_use(struct shard *s, struct ike_sa *sa, const struct ring_path *path)
{
    bool checked = endpoint_same_address(&sa->remote, &path->remote) && !(sa->roam & ROAM_APART);
    move_ike(s, sa, path);
    if (checked) /* RFC 4555 3.7: where the peer was it still is; elsewhere it must answer first */
        move_children(s, sa);
    want(s, sa, ROAM_UPDATE);
    roam_hurry(s, sa);
}

/* ---- what comes ---- */

/* Who is not behind a NAT follows who is. */
static bool follows(const struct ike_sa *sa)
{
    return sa->nat_there && !sa->nat_here; /* RFC 7296 2.23 (15, 16) */
}

/* RFC 4555 3.8: only the caller may say that a mapping has changed. The other end's NAT may change
 * its own, too: that the caller sees, as it does without MOBIKE. */
static bool has_new_mapping(const struct ike_sa *sa, const struct ring_path *path)
{
    return sa->caller && follows(sa) && !(sa->roam & ROAM_PROBING) &&
           endpoint_same_address(&sa->remote, &path->remote) &&
           sa->remote.port != path->remote.port && endpoint_same_address(&sa->local, &path->local);
}

static void follow(struct shard *s, struct ike_sa *sa, const struct ring_path *path)
{
    move_ike(s, sa, path);
    move_children(s, sa);
    roam_hurry(s, sa);
}

/* A path that works: the first one to bring an answer. */
static void found(struct shard *s, struct ike_sa *sa, const struct ring_path *path)
{
    struct ring_path now;
    sa_path(sa, &now);
    sa->roam &= (u8)~ROAM_PROBING;
    if (sa->before)
        sa->before->roam &= (u8)~ROAM_PROBING;
    if (sa->roam & ROAM_UPDATING) /* RFC 4555 3.6: it went by several paths, so it says nothing */
        want(s, sa, ROAM_UPDATE);
    if (!path_same(&now, path) && sa->caller) {
        roam_use(s, sa, path);
    } else if (!path_same(&now, path)) { /* RFC 4555 3.5: ours is gone, so we may */
        follow(s, sa, path);
        want(s, sa, ROAM_TELL); /* RFC 4555 3.6: anew, as the other went by several paths */
    } else if (sa->roam & (ROAM_UPDATE | ROAM_TELL | ROAM_CHECK)) {
        want(s, sa, 0); /* that went nowhere: it was said by several paths */
    } else {
        sa->wants &= (u8)~WANT_ROAM;
    }
}

void roam_heard(struct turn *t)
{
    struct ike_sa *sa = t->sa, *holder = move_holder(sa);
    struct ring_path now;
    sa_path(sa, &now);
    if (sa->state < IKE_UP) { /* RFC 7296 2.23, RFC 4555 3.3: where IKE_AUTH goes, all goes */
        if (!sa->initiator && !path_same(&now, &t->path)) {
            move_ike(t->shard, sa, &t->path);
            sa->roam = 0;
        }
    } else if (sa->mobike) { /* RFC 4555 3.8: a peer that moves says so */
        if (holder->roam & ROAM_PROBING && t->slot->conclude)
            found(t->shard, holder, &t->path);
        else if (has_new_mapping(holder, &t->path))
            roam_use(t->shard, holder, &t->path);
    } else if (follows(sa) && !path_same(&now, &t->path)) {
        follow(t->shard, holder, &t->path);
    }
}

void roam_mapping(struct shard *s, struct ike_sa *sa, const struct ring_path *path)
{
    struct ring_path now;
    sa_path(sa, &now);
    /* RFC 4555 3.8: by what ESP shows, even then. */
    if (sa->state == IKE_UP && follows(sa) && path->local.family == path->remote.family &&
        !path_same(&now, path))
        follow(s, sa, path);
}

/* ---- what is gone ---- */

/* If there is another path than the one in use, that is no longer believed in. */
static bool doubt(struct shard *s, struct ike_sa *sa)
{
    struct ring_path paths[PATHS_MAX];
    bool asks = sa->mobike && sa->caller && !sa->spare && !sa->replaced;
    if (!asks || sa->roam & ROAM_PROBING || list_paths(s, sa, paths) < 2)
        return false;
    sa->roam |= ROAM_PROBING;
    sa->wants |= WANT_ROAM;
    (void)trace_ike(s, SHRIKE_EVENT_IKE_PATH_LOST, sa);
    return true;
}

void roam_unanswered(struct shard *s, struct ike_sa *sa, const struct slot *slot)
{
    if (slot->tries >= PROBE_AFTER)
        (void)doubt(s, sa);
}

/* Is something of ours on its way for so long that another path would have been tried? */
static bool waits_long(const struct ike_sa *sa)
{
    const struct slot *ours;
    for (unsigned i = 0; (ours = slot_ours(sa, i)) != NULL; i++)
        if (ours->exchange && !ours->awaiting && ours->message && ours->tries >= PROBE_AFTER)
            return true;
    return false;
}

/* RFC 4555 3.5: by the only path there is it is told at once; of several one is to answer first.
 * The responder may move its Child SAs, too, as it cannot send from where they are. */
static void leave(struct shard *s, struct ike_sa *sa)
{
    struct ring_path paths[PATHS_MAX];
    unsigned count = list_paths(s, sa, paths);
    if (count == 0)
        return;
    (void)trace_ike(s, SHRIKE_EVENT_IKE_PATH_LOST, sa);
    if (count > 1) {
        want(s, sa, ROAM_PROBING);
        roam_hurry(s, sa);
    } else if (sa->caller) {
        roam_use(s, sa, &paths[0]);
    } else {
        follow(s, sa, &paths[0]);
        want(s, sa, ROAM_TELL);
    }
}

/* Without MOBIKE: a new one from scratch, from where we are now. Messages of the old one can go
 * that way too (RFC 7296 2.11); its Child SAs cannot. */
static void start_again(struct shard *s, struct ike_sa *sa)
{
    struct ring_path paths[PATHS_MAX];
    struct shrike_reason why = {.code = SHRIKE_REASON_ADDRESS_GONE};
    if (!sa->caller || sa->conn->remote_endpoint.family == 0 || sa->reauth ||
        list_paths(s, sa, paths) == 0)
        return;
    trace_ike_reason(s, SHRIKE_EVENT_IKE_PATH_LOST, sa, &why);
    move_ike(s, sa, &paths[0]);
    sa->reauth_at = s->now;
    sa_touch(s, sa);
    roam_hurry(s, sa);
}

/* What is in flight has been said from the address before; the same octets go from this one. */
static void move_attempt(struct shard *s, struct ike_sa *sa)
{
    if (sa->handshake)
        sa->handshake->moved |= slots_asking(sa) != 0 && !fault(75);
    sa_use_source(s, sa);
    roam_hurry(s, sa);
}

void roam_begin(struct shard *s, struct ike_sa *sa)
{
    if (!sa->handshake->moved)
        return;
    if (sa->mobike)
        want(s, sa, ROAM_UPDATE);
    else
        sa->reauth_at = MIN(sa->reauth_at, s->now + MOVED_AGAIN);
}

/* RFC 4555 3.6: the peer is to know each list of ours. 3.5: of other routes it may be that the path
 * does not work any more; either question shows that. */
static void stay(struct shard *s, struct ike_sa *sa, enum host_news news)
{
    if (news == HOST_LIST)
        want(s, sa, ROAM_TELL);
    if (news == HOST_LIST && waits_long(sa) && doubt(s, sa))
        roam_hurry(s, sa); /* by the path that there was not when it was asked for last */
    else if (sa->caller && news == HOST_ROUTES)
        sa->wants |= WANT_LIVENESS;
    sa_touch(s, sa);
}

void roam_look(struct shard *s, struct ike_sa *sa, enum host_news news)
{
    bool here = addresses_have(&s->host, &sa->local);
    if (sa->state < IKE_UP && sa->initiator && sa->conn && !here)
        move_attempt(s, sa);
    if (sa->state != IKE_UP || sa->spare || sa->replaced)
        return;
    if (here && sa->mobike) {
        stay(s, sa, news);
    } else if (sa->mobike) {
        sa->roam |= ROAM_TELL;
        sa_changed(s, sa);
        leave(s, sa);
    } else if (!here) {
        start_again(s, sa);
    }
}
