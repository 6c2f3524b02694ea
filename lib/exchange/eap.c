/* EAP in IKE_AUTH: see eap.h. */
#include "exchange/eap.h"
#include "base/ct.h"
#include "exchange/auth.h"
#include "exchange/ppk.h"
#include "exchange/prove.h"
#include "exchange/rounds.h"
#include "wire/ident.h"

enum {
    ROUNDS_MAX = 64, /* requests of EAP: as many as long chains of certificates need in pieces of
                      * 1 KB. RFC 7296 2.16 asks for ten and more */
    REQUEST_MAX = 16384, /* octets of a first request, which is kept until the end */
};
#define TIME_MAX (300 * SHRIKE_SECOND) /* of an initiator: people may have to be asked */

static struct eap_run *run_of(const struct turn *t)
{
    return &t->sa->handshake->eap;
}

bool eap_alone(const struct shrike_conn *conn)
{
    return conn->local.kind == SHRIKE_AUTH_EAP && conn->remote.kind == SHRIKE_AUTH_EAP;
}

bool eap_fits(struct turn *t)
{
    const struct shrike_conn *conn = t->sa->conn;
    const struct shrike_auth *caller = t->sa->initiator ? &conn->local : &conn->remote;
    const struct shrike_auth *called = t->sa->initiator ? &conn->remote : &conn->local;
    t->reason.origin = caller->origin;
    if (caller->kind != SHRIKE_AUTH_EAP) /* further rounds: rounds.c */
        return called->kind != SHRIKE_AUTH_EAP;
    /* RFC 7296 2.16 (1): beside it the responder signs; RFC 5998 3: or EAP proves both. */
    return called->kind == SHRIKE_AUTH_PUBKEY || called->kind == SHRIKE_AUTH_EAP;
}

/* ---- the op ---- */

/* What we show in TLS; whoever has the methods keeps it from the first op on. */
static const struct shrike_credential *shown(const struct ike_sa *sa,
                                             const struct shrike_eap_rule *rule)
{
    static const u8 types[] = {EAP_TYPE_TLS, EAP_TYPE_TTLS, EAP_TYPE_PEAP};
    bool shows = false;
    for (size_t i = 0; i < rule->methods.len; i++)
        shows |= memchr(types, rule->methods.at[i], sizeof(types)) != NULL;
    const struct shrike_auth *ours = rounds_rule(sa, true);
    return shows && ours->credential_count ? ours->credentials : NULL;
}

/* The session goes on with this message of the peer. */
static enum verdict talk(struct turn *t, struct bytes message)
{
    const struct shrike_conn *conn = t->sa->conn;
    const struct shrike_auth *rule = rounds_rule(t->sa, t->sa->initiator);
    const struct shrike_auth *theirs = rounds_rule(t->sa, false);
    struct shrike_id peer = sa_peer_id(t->sa);
    struct eap_run *run = run_of(t);
    struct bytes name = ring_keep(&t->shard->ring, peer.data);
    struct bytes kept = ring_keep(&t->shard->ring, message);
    if (!name.at || (message.len && !kept.at))
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    bool begins = !run->session;
    if (begins)
        run->session = shard_serial(t->shard);
    struct shrike_op *op = shard_ask(t->shard, t->sa, t->slot, SHRIKE_EAP);
    op->eap = (struct shrike_eap_op){
        .session = run->session,
        .server = !t->sa->initiator,
        .only = eap_alone(conn),
        .conn = theirs->rule ? theirs->rule : conn->name,
        .rule = rule->eap,
        .credential = begins ? shown(t->sa, &rule->eap) : NULL,
        .local = rounds_rule(t->sa, true)->id,
        .remote = {.type = peer.type, .data = name},
        .local_end = t->sa->local,
        .remote_end = t->sa->remote,
        .message = kept,
        .origin = rule->origin,
    };
    return AWAIT;
}

/* A message of ours, by its method: RFC 7296 3.16 (1, 4): a request, or the response to the last
 * one, of whose type it is, unless it says that the type is not wanted. */
static bool is_next(const struct eap_run *run, struct bytes body, u8 code, struct eap *out)
{
    if (body.len > SHRIKE_EAP_MAX || !eap_read(body, out) || out->code != code)
        return false;
    return code == EAP_REQUEST ||
           (out->identifier == run->identifier &&
            (out->type == run->type || (out->type == EAP_TYPE_NAK && run->type > EAP_TYPE_NAK)));
}

static bool keep(struct turn *t, struct packet **place, struct bytes octets)
{
    packet_drop(&t->shard->packets, *place);
    *place = octets.len ? packet_copy(&t->shard->packets, octets) : NULL;
    return *place || octets.len == 0;
}

/* EAP has succeeded. RFC 5998 3: where it stands alone, both sides look whether its method was fit
 * for that. */
static enum verdict succeed(struct turn *t)
{
    struct eap_run *run = run_of(t);
    if (t->op->secret.len > SHRIKE_MSK_MAX || t->op->identity.len > SHRIKE_ID_MAX ||
        t->op->grant.len > SHRIKE_GRANT_MAX)
        return turn_fail(t, SHRIKE_REASON_EAP_SYNTAX, NOTIFY_AUTHENTICATION_FAILED);
    if (eap_alone(t->sa->conn) && (!t->op->mutual || t->op->secret.len == 0))
        return turn_fail(t, SHRIKE_REASON_EAP_ALONE, NOTIFY_AUTHENTICATION_FAILED);
    if (!keep(t, &run->secret, t->op->secret) || !keep(t, &run->identity, t->op->identity) ||
        (t->op->grant.len && !keep(t, &t->sa->grant, t->op->grant)))
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    run->phase = EAP_PROOF;
    return DONE;
}

static void add(struct turn *t, struct bytes message)
{
    size_t mark = payload_begin(t->out, PAYLOAD_EAP, false);
    write_bytes(t->out->w, message);
    payload_end(t->out, mark);
}

void eap_add(struct turn *t)
{
    struct eap_run *run = run_of(t);
    add(t, packet_bytes(run->message));
    packet_drop(&t->shard->packets, run->message);
    run->message = NULL;
    run->phase = EAP_TALK;
}

/* ---- the initiator ---- */

void eap_offer(struct turn *t)
{
    if (eap_alone(t->sa->conn))
        notify_add(t->out, NOTIFY_EAP_ONLY_AUTHENTICATION, bytes_of(NULL, 0));
}

enum verdict eap_ask(struct turn *t)
{
    /* RFC 7296 2.16 (10): AUTH comes in the two messages after Success. */
    if (run_of(t)->phase == EAP_PROOF)
        return eap_prove(t) ? DONE : turn_fail(t, SHRIKE_REASON_CRYPTO, 0);
    eap_add(t);
    return DONE;
}

enum verdict eap_take(struct turn *t)
{
    struct bytes body = message_body(t->in, PAYLOAD_EAP);
    struct eap_run *run = run_of(t);
    struct eap eap;
    t->reason.origin = rounds_rule(t->sa, true)->origin;
    if (!body.at)
        return prove_refused(t) ? FAIL : turn_fail(t, SHRIKE_REASON_MISSING_PAYLOAD, 0);
    if (body.len > SHRIKE_EAP_MAX || !eap_read(body, &eap))
        return turn_fail(t, SHRIKE_REASON_EAP_SYNTAX, 0);
    t->reason.theirs = eap.code == EAP_FAILURE;
    if (eap.code == EAP_FAILURE)
        return turn_fail(t, SHRIKE_REASON_EAP_REFUSED, 0);
    /* Whoever says so before a method has run may be anybody; later the method knows. */
    if (eap.code == EAP_SUCCESS && !run->ran && !fault(120))
        return turn_fail(t, SHRIKE_REASON_EAP_EARLY, 0);
    if (eap.code != EAP_REQUEST && eap.code != EAP_SUCCESS)
        return turn_fail(t, SHRIKE_REASON_EAP_SYNTAX, 0);
    if (run->rounds++ >= ROUNDS_MAX)
        return turn_fail(t, SHRIKE_REASON_EAP_ROUNDS, 0);
    if (run->rounds == 1)
        t->sa->expires = t->shard->now + TIME_MAX;
    run->code = eap.code;
    run->identifier = eap.identifier;
    run->type = eap.type;
    return talk(t, body);
}

/* RFC 7296 3.16 (6): who we are may be asked, too; it is the method that knows. */
static enum verdict keep_response(struct turn *t)
{
    struct eap_run *run = run_of(t);
    struct eap eap;
    if (!is_next(run, t->op->value, EAP_RESPONSE, &eap))
        return turn_fail(t, SHRIKE_REASON_EAP_SYNTAX, 0);
    if (!keep(t, &run->message, t->op->value))
        return turn_fail(t, SHRIKE_REASON_MEMORY, 0);
    run->ran |= eap.type > EAP_TYPE_NAK;
    run->phase = EAP_TALK;
    return DONE;
}

enum verdict eap_taken(struct turn *t)
{
    bool over = run_of(t)->code == EAP_SUCCESS;
    t->reason.origin = rounds_rule(t->sa, true)->origin;
    if (!t->op->ok)
        return turn_fail(t, t->op->reason, 0);
    if (over && t->op->value.len)
        return turn_fail(t, SHRIKE_REASON_EAP_SYNTAX, 0);
    enum verdict v = over ? succeed(t) : keep_response(t);
    if (v == DONE)
        t->sa->wants |= WANT_AUTH;
    return v;
}

/* ---- the responder ---- */

/* The message and its octets in one packet. */
bool eap_keep_request(struct turn *t)
{
    size_t end = message_end(t->in);
    if (run_of(t)->request)
        return true;
    struct packet *k =
        end > REQUEST_MAX ? NULL : packet_new(&t->shard->packets, sizeof(*t->in) + end);
    if (!k)
        return false;
    memcpy(k->data, t->in, sizeof(*t->in));
    memcpy(k->data + sizeof(*t->in), t->in->base, end);
    run_of(t)->request = k;
    return true;
}

bool eap_first_request(const struct turn *t, struct message *out)
{
    const struct packet *kept = t->sa->handshake->eap.request;
    if (!kept)
        return false;
    memcpy(out, kept->data, sizeof(*out));
    out->base = kept->data + sizeof(*out);
    return true;
}

bool eap_recall(struct turn *t)
{
    struct eap_run *run = run_of(t);
    struct bytes kept = packet_bytes(run->request);
    struct message *m = arena_take(&t->shard->scratch, sizeof(*m));
    if (!m)
        return false;
    memcpy(m, kept.at, sizeof(*m));
    struct bytes octets = bytes_of(kept.at + sizeof(*m), kept.len - sizeof(*m));
    m->base = arena_copy(&t->shard->scratch, octets).at;
    t->in = m;
    packet_drop(&t->shard->packets, run->request);
    run->request = NULL;
    return m->base != NULL;
}

enum verdict eap_begin(struct turn *t)
{
    struct notify n;
    bool alone = eap_alone(t->sa->conn);
    /* RFC 5998 3: only where the initiator says so, too. */
    if (alone && !notify_find(t->in, NOTIFY_EAP_ONLY_AUTHENTICATION, &n) && !fault(121))
        return turn_fail(t, SHRIKE_REASON_EAP_ALONE, NOTIFY_AUTHENTICATION_FAILED);
    if (!eap_keep_request(t))
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    return talk(t, bytes_of(NULL, 0));
}

/* The next request of the method. */
static bool take_request(struct turn *t)
{
    struct eap_run *run = run_of(t);
    struct eap eap;
    if (!is_next(run, t->op->value, EAP_REQUEST, &eap))
        return false;
    run->identifier = eap.identifier;
    run->type = eap.type;
    return true;
}

enum verdict eap_began(struct turn *t)
{
    if (!t->op->ok)
        return turn_fail(t, t->op->reason, NOTIFY_AUTHENTICATION_FAILED);
    if (!take_request(t))
        return turn_fail(t, SHRIKE_REASON_EAP_SYNTAX, NOTIFY_AUTHENTICATION_FAILED);
    if (!keep(t, &run_of(t)->message, t->op->value))
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    return DONE;
}

/* Who it is about: whoever the peer says it is. */
static void name_peer(struct turn *t)
{
    enum { HEAD = 4 };
    struct shrike_id peer = sa_peer_id(t->sa);
    u8 *body = arena_take(&t->shard->scratch, HEAD + peer.data.len);
    t->reason.origin = rounds_rule(t->sa, false)->origin;
    if (!body)
        return;
    struct writer w = writer_of(body, HEAD + peer.data.len);
    ident_write(&w, &(struct ident){peer.type, peer.data});
    t->reason.offered = written_bytes(&w);
    t->reason.detail = PAYLOAD_IDI;
}

enum verdict eap_answer(struct turn *t)
{
    struct bytes body = message_body(t->in, PAYLOAD_EAP);
    struct eap_run *run = run_of(t);
    struct eap eap;
    name_peer(t);
    if (!body.at)
        return turn_fail(t, SHRIKE_REASON_MISSING_PAYLOAD, NOTIFY_AUTHENTICATION_FAILED);
    /* RFC 7296 3.16 (1, 4): a response to what was asked. */
    if (!is_next(run, body, EAP_RESPONSE, &eap))
        return turn_fail(t, SHRIKE_REASON_EAP_SYNTAX, NOTIFY_AUTHENTICATION_FAILED);
    if (run->rounds++ >= ROUNDS_MAX)
        return turn_fail(t, SHRIKE_REASON_EAP_ROUNDS, NOTIFY_AUTHENTICATION_FAILED);
    return talk(t, body);
}

/* RFC 7296 3.16 (3): four octets; RFC 3748 4.2: with the identifier of the response that decided.
 */
static void end_talk(struct turn *t, u8 code)
{
    size_t mark = payload_begin(t->out, PAYLOAD_EAP, false);
    eap_write(t->out->w, &(struct eap){.code = code, .identifier = run_of(t)->identifier});
    payload_end(t->out, mark);
}

/* RFC 7296 2.16 (8, 9): a Failure is the end. */
static enum verdict give_up(struct turn *t, enum shrike_reason_code code)
{
    (void)turn_refuse(t, code, 0);
    end_talk(t, EAP_FAILURE);
    t->closes = true;
    return DONE;
}

enum verdict eap_answered(struct turn *t)
{
    name_peer(t);
    if (!t->op->ok)
        return give_up(t, t->op->reason);
    if (t->op->value.len == 0) {
        if (succeed(t) != DONE)
            return give_up(t, t->reason.code);
        end_talk(t, EAP_SUCCESS); /* RFC 7296 2.16 (7) */
        return DONE;
    }
    if (!take_request(t))
        return give_up(t, SHRIKE_REASON_EAP_SYNTAX);
    add(t, t->op->value);
    return DONE;
}

/* ---- the proofs ---- */

/* AUTH of one side. RFC 7296 2.16 (3, 4, 6): of the key that EAP has made, which is of no other
 * use, or, when it makes none, of SK_pi and SK_pr. */
static bool make_auth(struct turn *t, bool ours, u8 *out)
{
    const struct handshake *h = t->sa->handshake;
    struct bytes key = packet_bytes(h->eap.secret);
    if (!key.at)
        key = ppk_sk_p(t, ours == t->sa->initiator);
    return prove_by(t, ours, key, out);
}

/* A network access identifier (RFC 7542) has a realm, or none; what cannot be read is neither. */
static u8 type_of(struct bytes name)
{
    u8 type = ID_FQDN;
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] <= ' ' || name.at[i] > '~')
            return ID_KEY_ID;
        if (name.at[i] == '@')
            type = ID_RFC822_ADDR;
    }
    return type;
}

/* Who the peer is from now on: whom EAP has found it to be, and not whom it said it was (RFC 7296
 * 2.16). */
static bool know_peer(struct turn *t)
{
    struct bytes name = packet_bytes(run_of(t)->identity);
    return !name.at || auth_keep_peer(t, &(struct ident){type_of(name), name});
}

enum verdict eap_verify(struct turn *t)
{
    struct auth auth;
    u8 value[PRF_MAX];
    bool responds = !t->sa->initiator;
    bool proves = ppk_read_auth(t, &auth);
    name_peer(t);
    if (!proves && !responds && prove_refused(t))
        return FAIL;
    if (!proves)
        return turn_fail(t, SHRIKE_REASON_MISSING_PAYLOAD, NOTIFY_AUTHENTICATION_FAILED);
    t->reason.method = auth.method;
    if (auth.method != AUTH_PSK)
        return turn_fail(t, SHRIKE_REASON_AUTH_METHOD, NOTIFY_AUTHENTICATION_FAILED);
    if (!make_auth(t, false, value))
        return turn_fail(t, SHRIKE_REASON_CRYPTO, NOTIFY_TEMPORARY_FAILURE);
    size_t len = t->sa->suite.prf->len;
    bool good = auth.data.len == len && ct_equal(value, auth.data.at, len);
    wipe(value, sizeof(value));
    if (!good && !fault(122))
        return turn_fail(t, ppk_reason(t, SHRIKE_REASON_EAP_KEY), NOTIFY_AUTHENTICATION_FAILED);
    if (!know_peer(t))
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    return DONE;
}

bool eap_prove(struct turn *t)
{
    u8 value[PRF_MAX];
    if (!make_auth(t, true, value))
        return false;
    size_t mark = payload_begin(t->out, PAYLOAD_AUTH, false);
    auth_write(t->out->w, &(struct auth){AUTH_PSK, bytes_of(value, t->sa->suite.prf->len)});
    payload_end(t->out, mark);
    wipe(value, sizeof(value));
    ppk_add(t);
    return true;
}

bool eap_prove_plain(struct turn *t)
{
    u8 value[PRF_MAX];
    bool kept =
        make_auth(t, true, value) && ppk_keep_plain(t, bytes_of(value, t->sa->suite.prf->len));
    wipe(value, sizeof(value));
    return kept;
}

void eap_end(struct turn *t)
{
    struct eap_run *run = run_of(t);
    struct eap_run next = {.child = run->child, .request = run->request};
    packet_drop(&t->shard->packets, run->message);
    packet_drop(&t->shard->packets, run->secret);
    packet_drop(&t->shard->packets, run->identity);
    if (run->session)
        shard_ask(t->shard, t->sa, NULL, SHRIKE_EAP_OVER)->session_over = run->session;
    *run = next;
}
