/* Redirection to another gateway: see redirect.h. */
#include "exchange/redirect.h"
#include "base/ct.h"
#include "exchange/reauth.h"
#include "sa/child.h"
#include "sa/move.h"
#include "sa/trace.h"

enum { REDIRECTS_MAX = 5, DATA_MAX = 2 + GATEWAY_NAME_MAX + NONCE_MAX };
#define REDIRECTS_TIME (300 * SHRIKE_SECOND) /* RFC 5685 7: not more of them in that time */

/* How an IKE SA came to where it is (ike_sa.led); the one that is led on, or rekeyed, hands it on.
 */
struct trail {
    shrike_time times[REDIRECTS_MAX]; /* of the last ones; 0: of none */
    u8 oldest;                        /* of them */
    struct shrike_addr from;          /* the gateway before this one */
    u16 name_len;                     /* of a name whose address is to be found; 0: it is known */
    u8 name[GATEWAY_NAME_MAX];
};

/* ---- the gateway ---- */

void redirect_note(struct turn *t)
{
    struct notify n;
    /* RFC 5685 3: who was led here follows, too. */
    t->sa->redirects = notify_find(t->in, NOTIFY_REDIRECT_SUPPORTED, &n) ||
                       notify_find(t->in, NOTIFY_REDIRECTED_FROM, &n);
}

/* RFC 5685 4: who called an address of several gateways may be led to our own one. */
static bool is_here(const struct ike_sa *sa, const struct shrike_id *gateway)
{
    struct shrike_addr here = endpoint_address(&sa->local);
    struct gateway g = gateway_of_address(&here), there = gateway_of_id(gateway);
    return there.type == g.type && bytes_equal(there.name, g.name);
}

bool redirect_is_due(const struct ike_sa *sa, enum shrike_redirect where)
{
    const struct shrike_conn *conn = sa->conn;
    /* RFC 5685 3: never one who has not said that it follows. */
    return conn->redirect == where && conn->redirect_to.type && sa->redirects &&
           !is_here(sa, &conn->redirect_to);
}

static struct bytes data_of(const struct shrike_id *gateway, struct bytes nonce, u8 out[DATA_MAX])
{
    struct writer w = writer_of(out, DATA_MAX);
    struct gateway g = gateway_of_id(gateway);
    g.rest = nonce;
    gateway_write(&w, &g);
    return w.full ? bytes_of(NULL, 0) : written_bytes(&w);
}

enum verdict redirect_stranger(struct turn *t, struct bytes nonce)
{
    u8 data[DATA_MAX];
    t->notify_data = ring_keep(&t->shard->ring, data_of(&t->sa->conn->redirect_to, nonce, data));
    t->reason.origin = t->sa->conn->origin;
    if (!t->notify_data.len)
        return DROP;
    return turn_refuse(t, SHRIKE_REASON_REDIRECTED, NOTIFY_REDIRECT);
}

/* RFC 5685 5: it has the time to make what it needs elsewhere. */
static void part(struct turn *t, struct bytes data)
{
    struct ike_sa *sa = t->sa;
    notify_add(t->out, NOTIFY_REDIRECT, data);
    sa->reason = SHRIKE_REASON_REDIRECTED;
    if (sa->conn->redirect_wait)
        sa->expires = MIN(sa->expires, t->shard->now + sa->conn->redirect_wait);
    (void)trace_ike(t->shard, SHRIKE_EVENT_REDIRECTING, sa);
}

void redirect_peer(struct turn *t)
{
    u8 data[DATA_MAX];
    part(t, data_of(&t->sa->conn->redirect_to, bytes_of(NULL, 0), data));
}

enum shrike_reason_code redirect_order(struct shard *s, struct ike_sa *sa,
                                       const struct shrike_id *gateway)
{
    u8 octets[DATA_MAX];
    struct gateway g;
    struct bytes data = data_of(gateway, bytes_of(NULL, 0), octets);
    if (!gateway_read(data, &g))
        return SHRIKE_REASON_REDIRECT_NAME;
    if (!sa->redirects || sa->caller) /* RFC 5685 10: only who was called leads elsewhere */
        return SHRIKE_REASON_REDIRECT_UNKNOWN;
    struct packet *k = packet_copy(&s->packets, data);
    if (!k)
        return SHRIKE_REASON_MEMORY;
    packet_drop(&s->packets, sa->gateway);
    sa->gateway = k;
    sa->wants |= WANT_TELL;
    sa_touch(s, sa);
    return SHRIKE_REASON_NONE;
}

void redirect_tell(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    if (!sa->gateway)
        return;
    part(t, packet_bytes(sa->gateway));
    packet_drop(&t->shard->packets, sa->gateway);
    sa->gateway = NULL;
}

/* ---- the initiator ---- */

static struct trail trail_of(const struct ike_sa *sa)
{
    struct trail t = {.oldest = 0};
    struct bytes kept = packet_bytes(sa->led);
    if (kept.len == sizeof(t))
        memcpy(&t, kept.at, sizeof(t));
    return t;
}

static bool trail_keep(struct shard *s, struct ike_sa *sa, const struct trail *t)
{
    struct packet *k = packet_copy(&s->packets, bytes_of(t, sizeof(*t)));
    if (!k)
        return false;
    packet_drop(&s->packets, sa->led);
    sa->led = k;
    return true;
}

void redirect_offer(struct turn *t)
{
    u8 data[DATA_MAX];
    struct writer w = writer_of(data, sizeof(data));
    const struct ike_sa *sa = t->sa;
    if (!sa->initiator || !sa->conn->follow_redirects)
        return;
    if (sa->led) {
        struct trail trail = trail_of(sa);
        struct gateway from = gateway_of_address(&trail.from);
        gateway_write(&w, &from);
    }
    notify_add(t->out, sa->led ? NOTIFY_REDIRECTED_FROM : NOTIFY_REDIRECT_SUPPORTED,
               written_bytes(&w));
}

/* One more, from where this SA is. false: there are too many. */
static bool trail_on(const struct shard *s, const struct ike_sa *sa, const struct gateway *g,
                     struct trail *out)
{
    *out = trail_of(sa);
    shrike_time last = out->times[out->oldest];
    if (last && s->now - last < REDIRECTS_TIME)
        return false;
    out->times[out->oldest] = MAX(s->now, 1);
    out->oldest = (u8)((out->oldest + 1) % REDIRECTS_MAX);
    out->from = endpoint_address(&sa->remote);
    out->name_len = 0;
    if (g->type == GATEWAY_FQDN) {
        out->name_len = (u16)g->name.len;
        memcpy(out->name, g->name.at, g->name.len);
    }
    return true;
}

/* Where it calls from now on. false: nobody can be called there. */
static bool aim(struct shard *s, struct ike_sa *sa, const struct shrike_addr *to)
{
    struct shrike_endpoint end = {.port = sa->conn->remote_endpoint.port, .family = to->family};
    memcpy(end.octets, to->octets, sizeof(end.octets));
    if (!endpoint_usable(&end))
        return false;
    sa->local = sa->conn->local_endpoint;
    sa->remote = end;
    if (sa->local.family != end.family)
        sa->local = (struct shrike_endpoint){.port = sa->local.port};
    sa->marker = sa->local.port == 4500;
    sa_use_source(s, sa);
    (void)trace_ike(s, SHRIKE_EVENT_REDIRECTED, sa);
    return true;
}

/* The same of what was named; a name waits for redirect_find(). */
static bool lead(struct shard *s, struct ike_sa *sa, const struct gateway *g)
{
    struct shrike_addr to = {.family = g->type == GATEWAY_IPV4 ? 4 : 6};
    if (g->type == GATEWAY_FQDN) {
        sa->remote = (struct shrike_endpoint){.port = sa->conn->remote_endpoint.port};
        return true;
    }
    memcpy(to.octets, g->name.at, g->name.len);
    return aim(s, sa, &to);
}

/* The first one that is of this family (0: of any) and can be called. */
static bool aim_at_one(struct turn *t, struct bytes addresses, u8 family)
{
    struct reader r = reader_of(addresses);
    while (read_left(&r) >= SHRIKE_RESOLVED_SIZE) {
        struct shrike_addr to = {.family = read_u8(&r)};
        read_copy(&r, to.octets, sizeof(to.octets));
        bool fits = to.family == family || family == 0;
        if (fits && (to.family == 4 || to.family == 6) && aim(t->shard, t->sa, &to))
            return true;
    }
    return false;
}

enum verdict redirect_find(struct turn *t)
{
    struct trail trail = trail_of(t->sa);
    if (t->sa->remote.family || !trail.name_len)
        return DONE;
    if (!t->op) {
        struct shrike_op *op = shard_ask(t->shard, t->sa, t->slot, SHRIKE_RESOLVE);
        op->resolve.conn = t->sa->conn->name;
        op->resolve.name = ring_keep(&t->shard->ring, bytes_of(trail.name, trail.name_len));
        return AWAIT;
    }
    t->reason.origin = t->sa->conn->origin;
    if (t->op->ok &&
        (aim_at_one(t, t->op->value, trail.from.family) || aim_at_one(t, t->op->value, 0)))
        return DONE;
    return turn_fail(t, t->op->ok ? SHRIKE_REASON_REDIRECT_NAME : t->op->reason, 0);
}

/* Nothing of what was said to the gateway before goes to the next one. */
static bool begin_anew(struct shard *s, struct ike_sa *sa)
{
    struct handshake *h = sa->handshake;
    packet_drop(&s->packets, h->init_i);
    packet_drop(&s->packets, h->cookie);
    h->init_i = h->cookie = NULL;
    h->cookies = h->groups = 0;
    h->shows = false;
    h->group = h->group_asked = KE_NONE;
    h->hint = 0;
    sa->wants |= WANT_INIT;
    return sa_new_spi(s, sa);
}

enum verdict redirect_init(struct turn *t, struct bytes data)
{
    struct ike_sa *sa = t->sa;
    struct trail trail;
    struct gateway g;
    /* RFC 5685 3: only who has had our request can know its nonce. */
    if (!sa->conn->follow_redirects || !gateway_read(data, &g) ||
        (!bytes_equal(g.rest, bytes_at(sa->handshake->init_i->data, sa->handshake->ni)) &&
         !fault(110)))
        return DROP;
    t->reason.origin = sa->conn->origin;
    if (!trail_on(t->shard, sa, &g, &trail))
        return turn_fail(t, SHRIKE_REASON_REDIRECT_LOOP, 0);
    if (!trail_keep(t->shard, sa, &trail) || !begin_anew(t->shard, sa))
        return turn_fail(t, SHRIKE_REASON_MEMORY, 0);
    return lead(t->shard, sa, &g) ? DONE : turn_fail(t, SHRIKE_REASON_REDIRECT_NAME, 0);
}

/* RFC 5685 9.2: without a nonce, as it is protected. */
static bool read_protected(const struct turn *t, struct gateway *out)
{
    struct notify n;
    return t->sa->conn->follow_redirects && notify_find(t->in, NOTIFY_REDIRECT, &n) &&
           gateway_read(n.data, out) && out->rest.len == 0;
}

bool redirect_in_auth(const struct turn *t, struct gateway *out)
{
    return !message_find(t->in, PAYLOAD_SA) && !(t->sa->wants & WANT_CLOSE) &&
           read_protected(t, out);
}

/* RFC 5685 3: another IKE SA of the same connection, so that who answers there has to prove the
 * same. NULL: there is no place, nothing to make it for, or nobody to call. */
static struct ike_sa *follow(struct shard *s, struct ike_sa *sa, const struct gateway *g,
                             const struct trail *trail)
{
    struct ike_sa *fresh = reauth_make(s, sa);
    if (!fresh)
        return NULL;
    if (!trail_keep(s, fresh, trail) || !lead(s, fresh, g)) {
        sa_free(s, fresh);
        return NULL;
    }
    sa_touch(s, fresh);
    return fresh;
}

/* What this one was to replace waits for the other. */
static void hand_on(struct shard *s, struct ike_sa *sa, struct ike_sa *fresh)
{
    struct ike_sa *old = sa_by_serial(s, sa->succeeds);
    fresh->tries = sa->tries;
    fresh->pace = sa->pace;
    fresh->succeeds = sa->succeeds;
    if (old)
        old->reauth = fresh->serial;
    sa->succeeds = 0;
}

enum verdict redirect_auth(struct turn *t, const struct gateway *g)
{
    struct ike_sa *sa = t->sa;
    struct trail trail;
    t->reason.origin = sa->conn->origin;
    if (!trail_on(t->shard, sa, g, &trail))
        return turn_fail(t, SHRIKE_REASON_REDIRECT_LOOP, 0);
    struct ike_sa *fresh = follow(t->shard, sa, g, &trail);
    if (!fresh)
        return turn_fail(t, SHRIKE_REASON_REDIRECT_NAME, 0);
    hand_on(t->shard, sa, fresh);
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c))
        child_die(sa, c, SHRIKE_REASON_REDIRECTED);
    /* RFC 5685 6: both are who they are, so there is an IKE SA, which is deleted. */
    sa->state = IKE_UP;
    sa->authenticated = sa->told = true;
    sa->wants = WANT_CLOSE;
    sa->reason = SHRIKE_REASON_REDIRECTED;
    sa_end_handshake(t->shard, sa);
    return DONE;
}

void redirect_heed(struct turn *t)
{
    struct ike_sa *sa = move_holder(t->sa);
    struct trail trail;
    struct gateway g;
    /* RFC 5685 10: only who has called is led elsewhere. One at a time. */
    if (!read_protected(t, &g) || !sa->caller || sa->state != IKE_UP || sa->reauth ||
        sa->wants & WANT_CLOSE)
        return;
    struct shrike_reason why = {.code = SHRIKE_REASON_REDIRECT_LOOP, .origin = sa->conn->origin};
    bool may = trail_on(t->shard, sa, &g, &trail);
    struct ike_sa *fresh = may ? follow(t->shard, sa, &g, &trail) : NULL;
    if (may)
        why.code = SHRIKE_REASON_REDIRECT_NAME;
    if (!fresh) {
        trace_limited_reason(t->shard, SHRIKE_EVENT_MESSAGE_REFUSED, sa, &why);
        return;
    }
    /* RFC 5685 5: the old one is deleted; here not before what it carried goes the new way. */
    fresh->succeeds = sa->serial;
    sa->reauth = fresh->serial;
}
