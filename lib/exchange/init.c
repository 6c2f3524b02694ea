/* IKE_SA_INIT (RFC 7296 1.2, 2.6, 2.7, 2.10, 2.14): algorithms, nonces, key exchange. */
#include "exchange/init.h"
#include "base/ct.h"
#include "exchange/certs.h"
#include "exchange/childless.h"
#include "exchange/exchange.h"
#include "exchange/mobike.h"
#include "exchange/mode.h"
#include "exchange/natd.h"
#include "exchange/ppk.h"
#include "exchange/redirect.h"
#include "exchange/rounds.h"
#include "sa/keys.h"
#include "sa/match.h"
#include "sa/trace.h"
#include "wire/grammar.h"

enum {
    COOKIES_MAX = 4, /* cookies we show before giving up */
    GROUPS_MAX = 4,  /* key exchange groups we try */
    COOKIE_LEN_MAX = 64,
};
#define HINT_GRACE (2 * SHRIKE_SECOND) /* for a genuine answer after an unauthenticated error */

bool init_key(struct shard *s, struct ike_sa *sa)
{
    struct handshake *h = sa->handshake;
    const struct shrike_provider *p = s->provider;
    if (!h || sa->keys)
        return true;
    const struct ke_suite *ke = sa->suite.ke;
    struct packet *theirs = sa->initiator ? h->init_r : h->init_i;
    u8 shared[KE_SECRET_MAX];
    bool valid = false;
    struct key_seed seed = {
        .ni = bytes_at(h->init_i->data, h->ni),
        .nr = bytes_at(h->init_r->data, h->nr),
        .shared = bytes_of(shared, ke->secret_len),
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
    };
    struct ike_keys keys;
    bool keyed =
        p->ke_derive(p->ctx, ke, h->ke_private, bytes_at(theirs->data, h->ke), shared, &valid) &&
        valid && keymat_ike(p, &sa->suite, &seed, &keys, h->sk_p) && keys_keep(s, sa, &keys);
    wipe(&keys, sizeof(keys));
    wipe(shared, sizeof(shared));
    /* RFC 7296 2.12 (1): nothing stays by which the keys could be made again. */
    wipe(h->ke_private, fault(96) ? 0 : sizeof(h->ke_private));
    return keyed;
}

/* RFC 7296 3.4 (2): write our KE payload with a new key pair of this group, which is in the offer.
 */
static bool add_ke(struct turn *t, u16 group)
{
    const struct ke_suite *ke = suite_ke(group);
    const struct shrike_provider *p = t->shard->provider;
    u8 public_value[KE_PUBLIC_MAX];
    if (!ke || !p->ke_generate(p->ctx, ke, t->sa->handshake->ke_private, public_value))
        return false;
    t->sa->handshake->group = group;
    size_t mark = payload_begin(t->out, PAYLOAD_KE, false);
    ke_write(t->out->w, &(struct ke){group, bytes_of(public_value, ke->public_len)});
    payload_end(t->out, mark);
    return true;
}

/* Write a nonce payload; *where gets its place in the message. */
static void add_nonce(struct turn *t, struct bytes nonce, struct span *where)
{
    size_t mark = payload_begin(t->out, PAYLOAD_NONCE, false);
    *where = (struct span){(u16)written(t->out->w), (u16)nonce.len};
    write_bytes(t->out->w, nonce);
    payload_end(t->out, mark);
}

/* What both sides say behind the nonce. */
static void add_notifies(struct turn *t)
{
    struct ring_path path;
    sa_path(t->sa, &path);
    natd_add(t, &path);
    redirect_offer(t);
    if (!t->sa->conn || t->sa->conn->fragmentation)
        notify_add(t->out, NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, bytes_of(NULL, 0));
    hashes_offer(t);
    ppk_offer(t);
    if (!t->sa->initiator)
        rounds_offer(t);
    mode_offer(t);
}

/* RFC 7296 2.6 (4): the retry with a cookie differs in nothing else. */
static enum verdict ask_again(struct turn *t)
{
    struct handshake *h = t->sa->handshake;
    struct message old;
    struct bytes all = packet_bytes(h->init_i);
    message_again(&old, all);
    notify_add(t->out, NOTIFY_COOKIE, packet_bytes(h->cookie));
    for (unsigned i = 0; i < old.count; i++) {
        struct bytes body = bytes_at(all.at, old.payloads[i].body);
        struct notify n;
        if (old.payloads[i].type == PAYLOAD_NOTIFY && notify_read(body, &n) &&
            n.type == NOTIFY_COOKIE)
            continue;
        size_t mark = payload_begin(t->out, old.payloads[i].type, false);
        if (old.payloads[i].type == PAYLOAD_NONCE)
            h->ni = (struct span){(u16)written(t->out->w), (u16)body.len};
        write_bytes(t->out->w, body);
        payload_end(t->out, mark);
    }
    return DONE;
}

enum verdict init_ask(struct turn *t)
{
    struct handshake *h = t->sa->handshake;
    const struct shrike_conn *conn = t->sa->conn;
    const struct shrike_provider *p = t->shard->provider;
    enum verdict found = redirect_find(t);
    if (found != DONE)
        return found;
    if (h->init_i && h->cookies && h->group)
        return ask_again(t);
    u8 nonce[NONCE_LEN];
    h->moved = false; /* what is said of NATs is of the address that we are at now */
    if (h->init_i) /* RFC 7296 2.6.1 (1): another group; the nonce stays, so does a cookie of it */
        memcpy(nonce, h->init_i->data + h->ni.off, NONCE_LEN);
    /* RFC 7296 2.10 (1), 3.9 (2): each IKE SA has new ones. */
    else if (!p->random(p->ctx, nonce, fault(97) ? 0 : NONCE_LEN))
        return turn_fail(t, SHRIKE_REASON_CRYPTO, 0);
    if (h->cookie)
        notify_add(t->out, NOTIFY_COOKIE, packet_bytes(h->cookie));
    /* RFC 7296 1.2 (4), 3.3.6 (8): the group that the peer asked for, or that we prefer. */
    u16 group =
        h->group_asked ? h->group_asked : select_first_group(conn->proposals, conn->proposal_count);
    size_t mark = payload_begin(t->out, PAYLOAD_SA, false);
    struct offer offer = {.group_first = group};
    /* RFC 7296 1.2 (5): the whole offer, each time. */
    select_offer(t->out->w, conn->proposals, conn->proposal_count, &offer);
    payload_end(t->out, mark);
    if (!add_ke(t, group))
        return turn_fail(t, SHRIKE_REASON_CRYPTO, 0);
    add_nonce(t, bytes_of(nonce, NONCE_LEN), &h->ni);
    add_notifies(t);
    return DONE;
}

/* The connection and proposal for this stranger: of those for its addresses the first that has a
 * proposal in common with it. */
static enum verdict choose(struct turn *t, struct bytes sa_body, u16 group)
{
    struct snapshot *n = t->shard->current;
    struct ike_sa *sa = t->sa;
    struct match_walk walk;
    const struct shrike_conn *conn;
    if (!n)
        return turn_refuse(t, SHRIKE_REASON_NO_CONNECTION, NOTIFY_NO_PROPOSAL_CHOSEN);
    t->reason.code = SHRIKE_REASON_NO_CONNECTION;
    match_begin(&walk, n->conf, &n->directory, &sa->local, &sa->remote);
    while ((conn = match_next(&walk)) != NULL) {
        struct select_want want = {
            .ours = conn->proposals,
            .count = conn->proposal_count,
            .protocol = PROTOCOL_IKE,
            .ke_hint = group,
        };
        struct shrike_reason why = {0};
        if (select_proposal(sa_body, &want, &sa->handshake->choice, &why)) {
            sa_use_conn(t->shard, sa, conn, n);
            return DONE;
        }
        if (t->reason.code == SHRIKE_REASON_NO_CONNECTION)
            t->reason = why;
    }
    return turn_refuse(t, t->reason.code, NOTIFY_NO_PROPOSAL_CHOSEN);
}

/* What an IKE_SA_INIT message carries for both sides. */
struct init_values {
    struct bytes sa;
    struct ke ke;
    struct bytes nonce;
};

static bool read_values(const struct message *m, struct init_values *v)
{
    v->sa = message_body(m, PAYLOAD_SA);
    return v->sa.at && ke_read(message_body(m, PAYLOAD_KE), &v->ke) &&
           nonce_read(message_body(m, PAYLOAD_NONCE), &v->nonce);
}

static struct span span_of(const struct message *m, struct bytes b)
{
    return (struct span){(u16)(b.at - m->base), (u16)b.len};
}

static void take_natd(struct turn *t)
{
    struct natd natd;
    t->sa->natt = natd_read(t, &natd);
    natd_use(t->sa, &natd);
}

/* Keep the peer's message with the places of what is needed later. */
static bool keep_request(struct turn *t, const struct init_values *v)
{
    struct handshake *h = t->sa->handshake;
    h->init_i = packet_copy(&t->shard->packets, t->datagram);
    h->ni = span_of(t->in, v->nonce);
    h->ke = span_of(t->in, v->ke.value);
    return h->init_i != NULL;
}

static void add_choice(struct turn *t, const struct choice *c)
{
    size_t mark = payload_begin(t->out, PAYLOAD_SA, false);
    select_answer(t->out->w, c, NULL, 0);
    payload_end(t->out, mark);
}

enum verdict init_answer(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct handshake *h = sa->handshake;
    const struct shrike_provider *p = t->shard->provider;
    struct init_values v;
    if (!read_values(t->in, &v))
        return turn_refuse(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
    enum verdict chosen = choose(t, v.sa, v.ke.group);
    if (chosen != DONE)
        return chosen;
    redirect_note(t);
    if (redirect_is_due(sa, SHRIKE_REDIRECT_INIT))
        return redirect_stranger(t, v.nonce);
    if (!sa_use_suite(sa, &h->choice))
        return turn_refuse(t, SHRIKE_REASON_CRYPTO, NOTIFY_NO_PROPOSAL_CHOSEN);
    /* RFC 7296 1.3 (6): the peer guessed another group; it repeats its full offer with ours. */
    if (v.ke.group != h->choice.ke)
        return turn_refuse_group(t, h->choice.ke);
    if (v.ke.value.len != sa->suite.ke->public_len)
        return turn_refuse(t, SHRIKE_REASON_KE_INVALID, NOTIFY_INVALID_SYNTAX);
    u8 nonce[NONCE_LEN];
    if (!keep_request(t, &v) || !p->random(p->ctx, nonce, fault(98) ? 0 : NONCE_LEN))
        return DROP;
    take_natd(t);
    hashes_note(t);
    ppk_note(t);
    mode_note(t);
    struct notify n;
    sa->fragmentation =
        sa->conn->fragmentation && notify_find(t->in, NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, &n);
    add_choice(t, &h->choice);
    if (!add_ke(t, h->choice.ke))
        return DROP;
    add_nonce(t, bytes_of(nonce, NONCE_LEN), &h->nr);
    add_notifies(t);
    childless_offer(t);
    certs_ask(t);
    methods_offer(t);
    sa->state = IKE_AUTH;
    sa->expires = t->shard->now + sa->conn->half_open_max;
    (void)trace_limited(t->shard, SHRIKE_EVENT_IKE_HALF_OPEN, sa);
    return DONE;
}

/* RFC 7296 2.6 (3): show the cookie. Unauthenticated, so bounded. */
static enum verdict take_cookie(struct turn *t, struct bytes cookie)
{
    struct handshake *h = t->sa->handshake;
    if (cookie.len == 0 || cookie.len > COOKIE_LEN_MAX ||
        bytes_equal(packet_bytes(h->cookie), cookie))
        return DROP; /* the one that we show already: a late double */
    /* Another one answers what came before, too, as long as the request that shows the first has
     * not been sent again: of two that are under way nobody knows which the reply will be to. */
    if (h->shows && t->slot->tries == 0)
        return DROP;
    if (h->cookies++ >= COOKIES_MAX)
        return turn_fail(t, SHRIKE_REASON_COOKIE_LOOP, 0);
    packet_drop(&t->shard->packets, h->cookie);
    h->cookie = packet_copy(&t->shard->packets, cookie);
    if (!h->cookie)
        return turn_fail(t, SHRIKE_REASON_MEMORY, 0);
    h->shows = true;
    h->hint = 0;
    t->sa->wants |= WANT_INIT;
    return DONE;
}

/* RFC 7296 1.2 (4): another group, of those that we offer. */
static enum verdict take_group(struct turn *t, struct bytes data)
{
    struct handshake *h = t->sa->handshake;
    const struct shrike_conn *conn = t->sa->conn;
    u16 group = data.len == 2 ? (u16)(data.at[0] << 8 | data.at[1]) : KE_NONE;
    if (!select_has_group(conn->proposals, conn->proposal_count, group) || group == h->group)
        return DROP; /* not an answer to what we sent */
    if (h->groups++ >= GROUPS_MAX)
        return turn_fail(t, SHRIKE_REASON_GROUP_LOOP, 0);
    h->group_asked = group;
    h->group = KE_NONE;
    h->shows = false;
    h->hint = 0;
    t->sa->wants |= WANT_INIT;
    return DONE;
}

/* RFC 7296 2.21.1: an error without protection may be forged: a genuine answer may still come. */
void init_hint(struct shard *s, struct ike_sa *sa, struct slot *slot, u16 notify)
{
    if (sa->handshake->hint == 0) { /* more of them give no more time */
        slot->tries = sa->conn->retransmit_tries;
        slot->due = s->now + HINT_GRACE;
    }
    sa->handshake->hint = notify;
}

static enum verdict take_error(struct turn *t, u16 type)
{
    if (type == 0) /* reserved: nobody sends it in earnest */
        return DROP;
    if (fault(23))
        return turn_fail(t, SHRIKE_REASON_PEER_REFUSED, type);
    init_hint(t->shard, t->sa, t->slot, type);
    return DROP;
}

/* The response that we asked for: is it made of what we offered? */
static bool accept(struct turn *t, const struct init_values *v)
{
    struct ike_sa *sa = t->sa;
    struct handshake *h = sa->handshake;
    struct select_want want = {
        .ours = sa->conn->proposals,
        .count = sa->conn->proposal_count,
        .protocol = PROTOCOL_IKE,
        .ke_hint = h->group,
    };
    struct shrike_reason why;
    /* RFC 7296 3.3.6 (5): what we did not offer is no answer. */
    if (!select_verify(v->sa, &want, &h->choice, &why) || h->choice.ke != h->group ||
        v->ke.group != h->group || t->in->header.spi_r == 0)
        return false;
    return sa_use_suite(sa, &h->choice) && v->ke.value.len == sa->suite.ke->public_len;
}

/* RFC 7296 2.23 (2, 12): behind a NAT both go on from port 4500. RFC 4555 3.3: so does who may come
 * to be behind one. */
static void float_port(struct ike_sa *sa)
{
    enum { PORT_IKE = 500, PORT_NAT = 4500 };
    if (!sa_encap(sa) && !(sa->natt && mobike_may(sa->conn)))
        return;
    if (sa->local.port == PORT_IKE)
        sa->local.port = PORT_NAT;
    if (sa->remote.port == PORT_IKE)
        sa->remote.port = PORT_NAT;
    sa->marker = true;
}

enum verdict init_conclude(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct handshake *h = sa->handshake;
    struct init_values v;
    struct notify n;
    if (notify_find(t->in, NOTIFY_COOKIE, &n))
        return take_cookie(t, n.data);
    if (notify_find(t->in, NOTIFY_INVALID_KE_PAYLOAD, &n))
        return take_group(t, n.data);
    if (notify_find(t->in, NOTIFY_REDIRECT, &n))
        return redirect_init(t, n.data);
    if (notify_error(t->in, &n))
        return take_error(t, n.type);
    if (!read_values(t->in, &v) || !accept(t, &v))
        return DROP; /* forged or broken: the genuine one may still come */
    h->init_r = packet_copy(&t->shard->packets, t->datagram);
    if (!h->init_r)
        return turn_fail(t, SHRIKE_REASON_MEMORY, 0);
    h->nr = span_of(t->in, v.nonce);
    h->ke = span_of(t->in, v.ke.value);
    sa->spi_r = t->in->header.spi_r;
    take_natd(t);
    sa->fragmentation =
        sa->conn->fragmentation && notify_find(t->in, NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, &n);
    childless_note(t);
    hashes_note(t);
    ppk_note(t);
    rounds_note(t);
    mode_note(t);
    if (ppk_demand(t) != DONE || rounds_demand(t) != DONE)
        return FAIL;
    if (!init_key(t->shard, sa))
        return turn_fail(t, SHRIKE_REASON_KE_INVALID, 0);
    float_port(sa);
    h->hint = 0; /* it was forged */
    sa->state = IKE_AUTH;
    sa->wants |= WANT_AUTH;
    return DONE;
}
