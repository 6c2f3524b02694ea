/* One IKE SA between two identities: see unique.h. */
#include "exchange/unique.h"
#include "base/text.h"
#include "exchange/exchange.h"
#include "sa/child.h"
#include "sa/internal.h"
#include "sa/match.h"
#include "sa/peers.h"
#include "sa/trace.h"
#include "wire/ident.h"

enum {
    LOOK_MAX = 16,   /* others that are looked at before one is taken to have none */
    WORK_MAX = 4,    /* closed by one input */
    CLOSE_ROOM = 80, /* actions that closing one may cause */
};

/* RFC 7619 2.3: who proves nothing closes nobody, and INITIAL_CONTACT is not heeded. */
static enum shrike_unique policy_of(const struct ike_sa *sa)
{
    return sa->conn->remote.kind == SHRIKE_AUTH_NULL ? SHRIKE_UNIQUE_NEVER : sa->conn->unique;
}

static bool is_up(const struct ike_sa *sa)
{
    return sa->state == IKE_UP && !(sa->wants & WANT_CLOSE) && !sa->spare && !sa->replaced;
}

/* Has it come up since the other began, for the same connection, at the call of the other end or of
 * ours? (What the other end has called twice, it will see itself.) As it was then: it may have been
 * rekeyed meanwhile, by either end, and so may what was there before. */
static bool crosses(const struct ike_sa *sa, shrike_time began, const struct ike_sa *other)
{
    return is_up(other) && (other->caller || sa->caller) && other->serial != sa->succeeds &&
           other->born >= began && other->conn->hash == sa->conn->hash &&
           text_same(other->conn->name, sa->conn->name);
}

/* Those that an attempt may meet: how many there are, and one that crosses it. */
struct met {
    struct ike_sa *crossing;
    bool any;
};

static void meet(const struct ike_sa *sa, struct ike_sa *other, struct met *m)
{
    m->any = true;
    if (!m->crossing && crosses(sa, sa->handshake->began, other))
        m->crossing = other;
}

static void meet_peers(const struct shard *s, const struct ike_sa *sa, struct met *m)
{
    struct ike_sa *o = peers_older(s, sa);
    for (unsigned looked = 0; o && looked < LOOK_MAX; o = peers_older(s, o), looked++)
        meet(sa, o, m);
}

/* Without an identity to look for, those of the same connection. Costs a walk over all SAs; only an
 * initiator that does not know whom it calls pays it. */
static void meet_conn(const struct shard *s, const struct ike_sa *sa, struct met *m)
{
    for (u32 i = 0; i < s->sas.cut; i++) {
        struct ike_sa *o = shard_sa_at(s, i);
        if (o && o != sa && o->state != IKE_GONE && o->conn && o->conn->hash == sa->conn->hash)
            meet(sa, o, m);
    }
}

/* What the loser wants, the winner is to have; who waits for it waits there. */
static void inherit(struct shard *s, struct ike_sa *winner, struct ike_sa *loser)
{
    for (struct child_sa *c = child_first(loser); c; c = child_after(loser, c)) {
        const struct shrike_child_conf *conf = sa_child_conf(winner->conn, c->conf->name);
        if (c->state > CHILD_UP || c->wants_delete || !conf)
            continue;
        struct child_sa *there = child_named(winner, conf->name, NULL);
        if (!there)
            there = child_new(s, winner, conf);
        if (!there)
            continue;
        if (there->state == CHILD_UP)
            pending_release(s, c->command, SHRIKE_REASON_NONE);
        else if (there->command)
            pending_release(s, c->command, SHRIKE_REASON_BUSY);
        else
            there->command = c->command;
        c->command = 0;
    }
    sa_touch(s, winner);
}

/* Are they with one and the same? Of who may call from anywhere several may have one identity, and
 * be behind one NAT. */
static bool is_same_peer(const struct ike_sa *a, const struct ike_sa *b)
{
    return a->conn->hash == b->conn->hash && text_same(a->conn->name, b->conn->name) &&
           (a->conn->remote_endpoint.family ||
            (a->remote.port == b->remote.port && endpoint_same_address(&a->remote, &b->remote)));
}

bool unique_yield(struct shard *s, struct ike_sa *sa)
{
    bool alone = sa->internal || policy_of(sa) == SHRIKE_UNIQUE_NEVER;
    struct ike_sa *o = alone ? NULL : peers_newest_like(s, sa);
    for (unsigned looked = 0; o && looked < LOOK_MAX; o = peers_older(s, o), looked++) {
        if (o == sa || !is_up(o) || o->born <= sa->born || o->internal || !is_same_peer(o, sa))
            continue;
        inherit(s, o, sa);
        sa->wants |= WANT_CLOSE;
        sa->reason = SHRIKE_REASON_REKEYED;
        sa_touch(s, sa);
        return true;
    }
    return false;
}

/* ---- before IKE_AUTH ---- */

enum unique_call unique_call(struct shard *s, struct ike_sa *sa)
{
    const struct shrike_id *peer = sa_wanted_id(sa->conn);
    struct met m = {0};
    /* RFC 7296 2.4 (2): whose identity others have, too, is configured not to say it. */
    if (policy_of(sa) == SHRIKE_UNIQUE_NEVER)
        return UNIQUE_CALL;
    if (peer->type && !id_is_pattern(peer)) {
        peers_add(s, sa, peer);
        meet_peers(s, sa, &m);
    } else {
        meet_conn(s, sa, &m);
    }
    if (m.crossing) {
        inherit(s, m.crossing, sa);
        return UNIQUE_GIVEN_WAY;
    }
    return m.any ? UNIQUE_CALL : UNIQUE_FIRST;
}

/* ---- after it ---- */

bool unique_admits(const struct shard *s, const struct ike_sa *sa, bool initial_contact)
{
    const struct shrike_conn *conn = sa->conn;
    struct shrike_id peer = sa_peer_id(sa);
    if (policy_of(sa) != SHRIKE_UNIQUE_KEEP || initial_contact)
        return true;
    struct ike_sa *o = peers_newest(s, &conn->local.id, &peer);
    for (unsigned looked = 0; o && looked < LOOK_MAX; o = peers_older(s, o), looked++) {
        /* From the same address it is the old one, authenticated anew. */
        if (is_up(o) && o->born < sa->handshake->began &&
            memcmp(o->remote.octets, sa->remote.octets, sizeof(sa->remote.octets)) != 0)
            return false;
    }
    return true;
}

/* What this one does to older ones when it is up. */
static enum ike_oust ousts_of(const struct ike_sa *sa, bool initial_contact)
{
    if (policy_of(sa) == SHRIKE_UNIQUE_NEVER)
        return OUST_NONE;
    /* RFC 7296 2.4 (1, 5): the peer says that it has no other. */
    if (initial_contact)
        return OUST_CLOSE;
    return policy_of(sa) == SHRIKE_UNIQUE_REPLACE && !sa->initiator ? OUST_DELETE : OUST_NONE;
}

/* One address of each family that is wished for, of those that this one has given out. */
static void wish_for(const struct internal *in, struct config_list *wishes)
{
    for (unsigned i = 0; i < in->count; i++) {
        for (unsigned k = 0; k < wishes->addr_count; k++) {
            struct shrike_addr *wish = &wishes->addrs[k];
            if (wish->family != in->list[i].family || !config_is_any(wish))
                continue;
            *wish = in->list[i];
            break;
        }
    }
}

void unique_wishes(const struct shard *s, const struct ike_sa *sa, bool initial_contact,
                   struct config_list *wishes)
{
    const struct shrike_id peer = sa_peer_id(sa);
    struct ike_sa *o =
        ousts_of(sa, initial_contact) ? peers_newest(s, &sa->conn->local.id, &peer) : NULL;
    for (unsigned looked = 0; o && looked < LOOK_MAX; o = peers_older(s, o), looked++) {
        if (is_up(o) && o->born < sa->handshake->began && internal_held(o, false))
            wish_for(internal_of(o), wishes);
    }
}

static void lose(struct shard *s, struct ike_sa *winner, struct ike_sa *loser)
{
    if (loser->caller)
        inherit(s, winner, loser);
    loser->wants |= WANT_CLOSE;
    loser->reason = SHRIKE_REASON_CROSSED;
    sa_touch(s, loser);
}

/* One that crosses this one is there: one of both is to go. false: it is this one. */
static bool settle_crossing(struct shard *s, struct ike_sa *sa)
{
    unsigned looked = 0;
    for (struct ike_sa *o = peers_older(s, sa); o && looked < LOOK_MAX; looked++) {
        struct ike_sa *older = peers_older(s, o);
        bool wins = fault(50) ? sa->caller : sa->line < o->line;
        if (crosses(sa, sa->handshake->began, o)) {
            lose(s, wins ? sa : o, wins ? o : sa);
            if (!wins)
                return false;
        }
        o = older;
    }
    return true;
}

void unique_up(struct shard *s, struct ike_sa *sa, bool initial_contact)
{
    struct shrike_id peer = sa_peer_id(sa);
    peers_add(s, sa, &peer);
    if (policy_of(sa) == SHRIKE_UNIQUE_NEVER || !settle_crossing(s, sa))
        return;
    /* Not those that came up meanwhile: the peer did not know of them when it said so. */
    sa->oust_before = sa->handshake->began;
    sa->ousts = ousts_of(sa, initial_contact);
}

static void oust(struct shard *s, struct ike_sa *sa, enum ike_oust how)
{
    struct shrike_reason why = {.code = SHRIKE_REASON_REPLACED, .theirs = true};
    if (how == OUST_CLOSE) {
        ike_close(s, sa, &why);
    } else {
        peers_remove(s, sa);
        sa->wants |= WANT_CLOSE;
        sa->reason = SHRIKE_REASON_REPLACED;
    }
    sa_touch(s, sa);
}

/* Those that are not authenticated, or came up too late, stay. */
static bool is_to_go(const struct ike_sa *sa, const struct ike_sa *other)
{
    return other->authenticated && (other->born < sa->oust_before || fault(51));
}

void unique_work(struct shard *s, struct ike_sa *sa)
{
    unsigned done = 0;
    if (sa->state != IKE_UP)
        sa->ousts = OUST_NONE;
    struct ike_sa *o = sa->ousts ? peers_older(s, sa) : NULL;
    while (o) {
        if (!is_to_go(sa, o)) {
            o = peers_older(s, o);
            continue;
        }
        if (done++ == WORK_MAX || ring_room(&s->ring) < CLOSE_ROOM)
            return; /* the next tick goes on */
        oust(s, o, sa->ousts);
        o = peers_older(s, sa); /* a replacement may stand where it stood */
    }
    sa->ousts = OUST_NONE;
}
