/* IKE_AUTH: who is who, and the first Child SA (RFC 7296 1.2, 2.15, 2.16). */
#include "base/ct.h"
#include "exchange/certs.h"
#include "exchange/childless.h"
#include "exchange/cp.h"
#include "exchange/eap.h"
#include "exchange/idsync.h"
#include "exchange/mobike.h"
#include "exchange/offer.h"
#include "exchange/prove.h"
#include "exchange/reauth.h"
#include "exchange/redirect.h"
#include "exchange/roam.h"
#include "exchange/selectors.h"
#include "exchange/unique.h"
#include "sa/latency.h"
#include "sa/life.h"
#include "sa/match.h"
#include "sa/trace.h"
#include "wire/ident.h"

enum auth_ask_step { ASK_PROVE, ASK_SEND };
enum auth_answer_step {
    ANSWER_FIRST,
    ANSWER_BEGAN, /* EAP has */
    ANSWER_SIGNED,
    ANSWER_TALKED,
    ANSWER_CHECKED,
    ANSWER_LEASED,
    ANSWER_INSTALLED,
    ANSWER_PROVED,
};
enum auth_conclude_step {
    CONCLUDE_FIRST,
    CONCLUDE_CHECKED,
    CONCLUDE_TALKED,
    CONCLUDE_ADDED,
    CONCLUDE_INSTALLED,
};

static enum eap_phase phase_of(const struct turn *t)
{
    return (enum eap_phase)t->sa->handshake->eap.phase;
}

static bool keep_peer_id(struct turn *t, const struct ident *id)
{
    struct packet *k = packet_new(&t->shard->packets, 1 + id->data.len);
    if (!k)
        return false;
    k->data[0] = id->type;
    memcpy(k->data + 1, id->data.at, id->data.len);
    packet_drop(&t->shard->packets, t->sa->peer_id);
    t->sa->peer_id = k;
    return true;
}

static void add_id(struct turn *t, u8 payload, const struct shrike_id *id)
{
    size_t mark = payload_begin(t->out, payload, false);
    ident_write(t->out->w, &(struct ident){id->type, id->data});
    payload_end(t->out, mark);
}

/* The proof that has been given for us. */
static void add_auth(struct turn *t)
{
    size_t mark = payload_begin(t->out, PAYLOAD_AUTH, false);
    auth_write(t->out->w, &(struct auth){t->op->method, t->op->value});
    payload_end(t->out, mark);
}

/* Is the peer's proof of the kind that the connection demands (RFC 7296 1.2 (2))? */
static bool is_as_demanded(const struct shrike_conn *conn, u8 method)
{
    switch (conn->remote.kind) {
    case SHRIKE_AUTH_NONE:
        return false;
    case SHRIKE_AUTH_PSK:
        return method == AUTH_PSK;
    case SHRIKE_AUTH_PUBKEY:
        return method == AUTH_DIGITAL_SIGNATURE || method == AUTH_RSA ||
               (method >= AUTH_ECDSA_256 && method <= AUTH_ECDSA_521);
    case SHRIKE_AUTH_EAP: /* which has no AUTH until it is over */
        return false;
    }
    return false;
}

/* ---- the initiator ---- */

/* Ask for the first Child SA that can be had here. One that cannot (transport mode behind a NAT)
 * stays wanted: it will fail alone, in an exchange of its own. */
static enum verdict add_child(struct turn *t)
{
    const struct offer_between nothing = {0};
    enum childless_way way = childless_way(t->sa, child_first(t->sa) != NULL);
    if (way == CHILDLESS_REFUSED)
        return turn_fail(t, SHRIKE_REASON_CHILDLESS_REFUSED, 0);
    if (way == CHILDLESS_WITHOUT)
        return DONE;
    t->reason.code = SHRIKE_REASON_NO_SUCH_CHILD;
    for (struct child_sa *c = child_first(t->sa); c; c = child_after(t->sa, c)) {
        if (c->state != CHILD_WANTED || !offer_ask(t, c, &nothing))
            continue;
        c->state = CHILD_NEGOTIATED;
        c->ours = true;
        t->slot->child = c;
        t->sa->handshake->eap.child = c->serial;
        return DONE;
    }
    return turn_fail(t, t->reason.code, 0);
}

/* The first request. RFC 7296 2.16: without AUTH it asks for EAP. */
static enum verdict ask_first(struct turn *t)
{
    const struct shrike_conn *conn = t->sa->conn;
    bool proves = conn->local.kind != SHRIKE_AUTH_EAP;
    t->reason.origin = conn->local.origin;
    enum unique_call call = unique_call(t->shard, t->sa);
    if (call == UNIQUE_GIVEN_WAY)
        return turn_fail(t, SHRIKE_REASON_CROSSED, 0);
    add_id(t, PAYLOAD_IDI, &conn->local.id);
    if (proves)
        certs_add(t);
    certs_ask(t);
    if (call == UNIQUE_FIRST) /* RFC 7296 2.4 (1, 3): before a crash there may have been others */
        notify_add(t->out, NOTIFY_INITIAL_CONTACT, bytes_of(NULL, 0));
    if (conn->remote.id.type && !id_is_pattern(&conn->remote.id))
        add_id(t, PAYLOAD_IDR, &conn->remote.id);
    if (proves)
        add_auth(t);
    eap_offer(t);
    mobike_offer(t);
    idsync_offer(t);
    if (!cp_ask(t)) /* RFC 7296 2.19: in front of the SA payload */
        return turn_fail(t, SHRIKE_REASON_MEMORY, 0);
    return add_child(t);
}

enum verdict auth_ask(struct turn *t)
{
    switch ((enum auth_ask_step)t->slot->step) {
    case ASK_PROVE:
        if (phase_of(t) != EAP_NOT)
            return eap_ask(t);
        if (!eap_fits(t))
            return turn_fail(t, SHRIKE_REASON_EAP_ALONE, 0);
        if (t->sa->conn->local.kind == SHRIKE_AUTH_EAP)
            return ask_first(t);
        t->slot->step = ASK_SEND;
        return prove_ask(t);
    case ASK_SEND:
        break;
    }
    t->reason.origin = t->sa->conn->local.origin;
    return t->op->ok ? ask_first(t) : turn_fail(t, t->op->reason, 0);
}

/* The peer's EAP message is for its method. */
static enum verdict talk(struct turn *t)
{
    t->slot->step = CONCLUDE_TALKED;
    return eap_take(t);
}

/* Who answers, and is it whom we called? Then let its proof be checked. */
static enum verdict verify(struct turn *t)
{
    const struct shrike_conn *conn = t->sa->conn;
    struct ident id;
    struct auth auth;
    bool proves = auth_read(message_body(t->in, PAYLOAD_AUTH), &auth);
    bool alone = eap_alone(conn); /* RFC 5998 3: then its proof comes at the end */
    if (!proves && prove_refused(t))
        return FAIL;
    if (proves && alone)
        return turn_fail(t, SHRIKE_REASON_EAP_ALONE, 0);
    if (proves == alone || !ident_read(message_body(t->in, PAYLOAD_IDR), &id))
        return turn_fail(t, SHRIKE_REASON_MISSING_PAYLOAD, 0);
    struct shrike_id peer = {.type = id.type, .data = id.data};
    t->reason.offered = message_body(t->in, PAYLOAD_IDR);
    t->reason.origin = conn->remote.origin;
    /* RFC 7296 1.2 (3): it has to be whom we called; then its secret is looked for. */
    if (!id_matches(&conn->remote.id, &peer))
        return turn_fail(t, SHRIKE_REASON_NO_IDENTITY, 0);
    /* RFC 7296 1.2 (2): whoever it says it is, it has to prove it as configured. */
    t->reason.method = proves ? auth.method : 0;
    if (proves && !is_as_demanded(conn, auth.method))
        return turn_fail(t, SHRIKE_REASON_AUTH_METHOD, 0);
    if (!keep_peer_id(t, &id))
        return turn_fail(t, SHRIKE_REASON_MEMORY, 0);
    return proves ? prove_check(t, &auth) : talk(t);
}

static bool initial_contact(const struct turn *t)
{
    struct notify n;
    return notify_find(t->in, NOTIFY_INITIAL_CONTACT, &n);
}

/* The peer is who it should be: the IKE SA is up, whatever becomes of its Child SA. */
static void establish(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    sa->state = IKE_UP;
    sa->authenticated = true;
    latency_note(t->shard, SHRIKE_TOOK_HANDSHAKE, sa->handshake->began);
    life_begin(t->shard, sa);
    (void)trace_ike(t->shard, SHRIKE_EVENT_IKE_UP, sa);
    unique_up(t->shard, sa, initial_contact(t));
}

/* RFC 7296 2.21.2 (4): the Child SA of the response: install it, or note why there is none. The IKE
 * SA stays. */
static enum verdict take_child(struct turn *t)
{
    struct child_sa *child = t->slot->child;
    struct notify n;
    t->reason = (struct shrike_reason){0};
    if (!child)
        return DONE;
    if (!message_find(t->in, PAYLOAD_SA)) {
        bool error = notify_error(t->in, &n);
        if (error && n.type == NOTIFY_SINGLE_PAIR_REQUIRED &&
            selectors_split(t->shard, t->sa, child))
            return DONE; /* RFC 7296 2.9: in exchanges of their own */
        t->reason.theirs = true;
        (void)turn_refuse(t,
                          error ? reason_of_notify(n.type, SHRIKE_REASON_NO_CHILD_PROPOSAL)
                                : SHRIKE_REASON_CHILDLESS,
                          error ? n.type : 0);
        turn_child_failed(t, child);
        return DONE;
    }
    const struct handshake *h = t->sa->handshake;
    struct key_seed seed = {
        .ni = bytes_at(h->init_i->data, h->ni),
        .nr = bytes_at(h->init_r->data, h->nr),
    };
    if (cp_lacking(t->sa, child->conf)) {
        child->wants_delete = true; /* the peer has made it */
        t->reason.origin = t->sa->conn->vips_origin;
        (void)turn_refuse(t, t->no_address, 0);
        turn_child_failed(t, child);
        return DONE;
    }
    if (offer_accept(t, child, true) != DONE) {
        turn_child_failed(t, child);
        return DONE;
    }
    if (offer_install(t, child, &seed))
        return AWAIT;
    child->wants_delete = true;
    (void)turn_refuse(t, SHRIKE_REASON_CRYPTO, 0);
    turn_child_failed(t, child);
    return DONE;
}

static enum verdict concluded(struct turn *t)
{
    sa_end_handshake(t->shard, t->sa);
    if (t->sa->snapshot != t->shard->current) /* a new configuration came meanwhile */
        sa_rehome(t->shard, t->sa);
    return DONE;
}

static enum verdict conclude_child(struct turn *t)
{
    t->slot->step = CONCLUDE_INSTALLED;
    return take_child(t) == AWAIT ? AWAIT : concluded(t);
}

/* The peer has proved itself, and so have we. */
static enum verdict conclude_up(struct turn *t)
{
    struct gateway gateway;
    if (redirect_in_auth(t, &gateway))
        return redirect_auth(t, &gateway);
    if (!mobike_take(t))
        return FAIL;
    idsync_take(t);
    /* RFC 7296 4 (4): the second exchange is over, the IKE SA is there; next its Child SA. */
    establish(t);
    roam_begin(t->shard, t->sa);
    reauth_heed(t);
    t->slot->step = CONCLUDE_ADDED;
    return cp_take(t) == AWAIT ? AWAIT : conclude_child(t);
}

/* The proof of the first response is checked. RFC 7296 2.16: EAP begins once it holds. */
static enum verdict conclude_checked(struct turn *t)
{
    t->reason.origin = t->sa->conn->remote.origin;
    t->reason.offered = message_body(t->in, PAYLOAD_IDR);
    t->reason.beside = t->op->value;
    if (!t->op->ok)
        return turn_fail(t, t->op->reason, 0);
    return t->sa->conn->local.kind == SHRIKE_AUTH_EAP ? talk(t) : conclude_up(t);
}

/* RFC 7296 2.16 (2): the last response after EAP: the proof, and what was asked for in the first
 * request. */
static enum verdict conclude_proof(struct turn *t)
{
    enum verdict v = eap_verify(t);
    t->slot->child = child_of_serial(t->sa, t->sa->handshake->eap.child);
    return v == DONE ? conclude_up(t) : v;
}

static enum verdict conclude_first(struct turn *t)
{
    switch (phase_of(t)) {
    case EAP_NOT:
        t->slot->step = CONCLUDE_CHECKED;
        return verify(t);
    case EAP_TALK:
        return talk(t);
    case EAP_PROOF:
        return conclude_proof(t);
    }
    return DROP;
}

enum verdict auth_conclude(struct turn *t)
{
    struct child_sa *child = t->slot->child;
    switch ((enum auth_conclude_step)t->slot->step) {
    case CONCLUDE_FIRST:
        return conclude_first(t);
    case CONCLUDE_CHECKED:
        return conclude_checked(t);
    case CONCLUDE_TALKED:
        return eap_taken(t);
    case CONCLUDE_ADDED:
        cp_taken(t);
        return conclude_child(t);
    case CONCLUDE_INSTALLED:
        break;
    }
    if (child && t->op->ok) {
        offer_up(t, child);
    } else if (child) {
        offer_failed(t, child);
        child->wants_delete = true;
        (void)turn_refuse(t, t->op->reason, 0);
        turn_child_failed(t, child);
    }
    return concluded(t);
}

/* ---- the responder ---- */

/* A refusal from here on is about who the peer says it is. */
static void name_peer(struct turn *t, struct shrike_origin rule)
{
    t->reason.offered = message_body(t->in, PAYLOAD_IDI);
    t->reason.detail = PAYLOAD_IDI;
    t->reason.origin = rule;
}

/* The connection is known; auth NULL: the peer asks for EAP. Begin what shows who it is. */
static enum verdict admit(struct turn *t, const struct auth *auth)
{
    const struct shrike_conn *conn = t->sa->conn;
    bool by_eap = conn->remote.kind == SHRIKE_AUTH_EAP;
    t->reason.method = auth ? auth->method : 0;
    if (by_eap ? auth != NULL : !is_as_demanded(conn, t->reason.method))
        return turn_fail(t, SHRIKE_REASON_AUTH_METHOD, NOTIFY_AUTHENTICATION_FAILED);
    if (!eap_fits(t))
        return turn_fail(t, SHRIKE_REASON_EAP_ALONE, NOTIFY_AUTHENTICATION_FAILED);
    t->slot->step = by_eap ? ANSWER_BEGAN : ANSWER_CHECKED;
    return by_eap ? eap_begin(t) : prove_check(t, auth);
}

/* RFC 7296 2.16: which of our connections is this for? Then let the peer's proof be checked. */
static enum verdict identify(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct ident idi, idr = {0};
    struct auth auth;
    struct shrike_reason why = {0};
    if (!ident_read(message_body(t->in, PAYLOAD_IDI), &idi))
        return turn_fail(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
    if (message_find(t->in, PAYLOAD_IDR) && !ident_read(message_body(t->in, PAYLOAD_IDR), &idr))
        return turn_fail(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
    struct match_query q = {
        .conf = sa->snapshot->conf,
        .directory = &sa->snapshot->directory,
        .local = sa->local,
        .remote = sa->remote,
        .choice = &sa->handshake->choice,
        .remote_id = {idi.type, idi.data},
        .local_id = {idr.type, idr.data},
    };
    bool proves = auth_read(message_body(t->in, PAYLOAD_AUTH), &auth);
    q.by_eap = !proves;
    const struct shrike_conn *conn = match_identity(&q, &why);
    /* RFC 7296 2.21.2 (1), 1.2 (3): nobody that we know. */
    if (!conn) {
        t->reason = why;
        t->reason.offered =
            message_body(t->in, why.detail == PAYLOAD_IDR ? PAYLOAD_IDR : PAYLOAD_IDI);
        return turn_fail(t, why.code, NOTIFY_AUTHENTICATION_FAILED);
    }
    sa_use_conn(t->shard, sa, conn, sa->snapshot);
    t->reason.origin = conn->origin;
    if (!mobike_take(t))
        return FAIL;
    idsync_take(t);
    name_peer(t, conn->remote.origin);
    if (!keep_peer_id(t, &idi))
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    return admit(t, proves ? &auth : NULL);
}

/* RFC 7296 2.21.2 (4): a Child SA that could not be made: remember the notify, answer without it.
 */
static void refuse_child(struct turn *t)
{
    t->slot->refused = t->reason.notify;
    trace_limited_reason(t->shard, SHRIKE_EVENT_CHILD_FAILED, t->sa, &t->reason);
    if (t->slot->child)
        child_free(t->shard, t->sa, t->slot->child);
}

/* Make the Child SA; AWAIT while it is being installed, FAIL when its payloads cannot be read. */
static enum verdict begin_child(struct turn *t)
{
    const struct handshake *h = t->sa->handshake;
    struct key_seed seed = {
        .ni = bytes_at(h->init_i->data, h->ni),
        .nr = bytes_at(h->init_r->data, h->nr),
    };
    struct child_sa *child = NULL;
    t->reason = (struct shrike_reason){0};
    bool asked = message_find(t->in, PAYLOAD_SA) != NULL;
    if (!childless_takes(t->sa->conn, asked)) {
        t->reason.origin = t->sa->conn->origin;
        (void)turn_refuse(t, asked ? SHRIKE_REASON_CHILDLESS_ONLY : SHRIKE_REASON_CHILDLESS,
                          asked ? NOTIFY_NO_ADDITIONAL_SAS : NOTIFY_NO_PROPOSAL_CHOSEN);
        refuse_child(t);
        return DONE;
    }
    if (!asked) /* RFC 6023 4: it asks when the IKE SA is up */
        return DONE;
    enum verdict v = offer_choose(t, true, &child);
    t->slot->child = child;
    if (v != DONE && t->reason.notify == NOTIFY_INVALID_SYNTAX)
        return FAIL;
    if (v == DONE && offer_install(t, child, &seed))
        return AWAIT;
    if (v == DONE)
        (void)turn_refuse_now(t, SHRIKE_REASON_CRYPTO);
    refuse_child(t);
    return DONE;
}

/* Who we are, and the proof of it. After EAP the peer knows the former. */
static enum verdict reply_proof(struct turn *t)
{
    t->reason.origin = t->sa->conn->local.origin;
    if (phase_of(t) == EAP_PROOF)
        return eap_prove(t) ? DONE
                            : turn_fail(t, SHRIKE_REASON_CRYPTO, NOTIFY_AUTHENTICATION_FAILED);
    if (!t->op->ok)
        return turn_fail(t, t->op->reason, NOTIFY_AUTHENTICATION_FAILED);
    add_id(t, PAYLOAD_IDR, &t->sa->conn->local.id);
    certs_add(t);
    add_auth(t);
    return DONE;
}

static enum verdict reply(struct turn *t)
{
    const struct offer_between nothing = {0};
    struct child_sa *child = t->slot->child;
    enum verdict v = reply_proof(t);
    if (v != DONE)
        return v;
    mobike_offer(t);
    idsync_offer(t);
    establish(t);
    if (redirect_is_due(t->sa, SHRIKE_REDIRECT_AUTH)) {
        redirect_peer(t);
        return concluded(t);
    }
    reauth_tell(t);
    cp_reply(t);
    if (child) {
        offer_reply(t, child, &nothing);
        offer_up(t, child);
    } else if (t->slot->refused) {
        notify_add(t->out, t->slot->refused, bytes_of(NULL, 0));
    }
    return concluded(t);
}

/* The data plane has answered, or there is no child: prove ourselves. */
static enum verdict prove(struct turn *t)
{
    t->slot->step = ANSWER_PROVED;
    return phase_of(t) == EAP_PROOF ? reply(t) : prove_ask(t);
}

/* The internal addresses are there, or not to be had. */
static enum verdict answer_child(struct turn *t)
{
    t->slot->step = ANSWER_INSTALLED;
    enum verdict v = begin_child(t);
    return v == DONE ? prove(t) : v;
}

/* The peer has proved itself: what does it want? */
static enum verdict answer_wants(struct turn *t)
{
    t->sa->handshake->proved = true;
    if (!unique_admits(t->shard, t->sa, initial_contact(t)))
        return turn_fail(t, SHRIKE_REASON_NOT_UNIQUE, NOTIFY_AUTHENTICATION_FAILED);
    /* RFC 5685 6: without a Child SA, once the peer is known. */
    if (redirect_is_due(t->sa, SHRIKE_REDIRECT_AUTH))
        return prove(t);
    t->slot->step = ANSWER_LEASED;
    enum verdict v = cp_lease(t);
    return v == DONE ? answer_child(t) : v;
}

static enum verdict answer_checked(struct turn *t)
{
    name_peer(t, t->sa->conn->remote.origin);
    t->reason.beside = t->op->value;
    /* RFC 7296 1.2 (2), 2.21.2 (1): the proof has to hold. */
    if (!t->op->ok && !fault(30))
        return turn_fail(t, t->op->reason, NOTIFY_AUTHENTICATION_FAILED);
    return answer_wants(t);
}

/* EAP has begun: who we are, with a proof unless EAP stands alone (RFC 5998 3), and its first
 * message. */
static enum verdict answer_began(struct turn *t)
{
    enum verdict v = eap_began(t);
    if (v != DONE)
        return v;
    if (!eap_alone(t->sa->conn)) {
        t->slot->step = ANSWER_SIGNED;
        return prove_ask(t);
    }
    add_id(t, PAYLOAD_IDR, &t->sa->conn->local.id);
    eap_add(t);
    return DONE;
}

static enum verdict answer_signed(struct turn *t)
{
    enum verdict v = reply_proof(t);
    if (v == DONE)
        eap_add(t);
    return v;
}

/* The request after EAP: what was asked for in the first one is given now. */
static enum verdict answer_proof(struct turn *t)
{
    enum verdict v = eap_verify(t);
    if (v != DONE)
        return v;
    if (!eap_recall(t))
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    return answer_wants(t);
}

static enum verdict answer_first(struct turn *t)
{
    switch (phase_of(t)) {
    case EAP_NOT:
        return identify(t);
    case EAP_TALK:
        t->slot->step = ANSWER_TALKED;
        return eap_answer(t);
    case EAP_PROOF:
        return answer_proof(t);
    }
    return DROP;
}

enum verdict auth_answer(struct turn *t)
{
    switch ((enum auth_answer_step)t->slot->step) {
    case ANSWER_FIRST:
        return answer_first(t);
    case ANSWER_BEGAN:
        return answer_began(t);
    case ANSWER_SIGNED:
        return answer_signed(t);
    case ANSWER_TALKED:
        return eap_answered(t);
    case ANSWER_CHECKED:
        return answer_checked(t);
    case ANSWER_LEASED:
        cp_leased(t);
        return answer_child(t);
    case ANSWER_INSTALLED:
        if (!t->op->ok && t->slot->child) {
            offer_failed(t, t->slot->child);
            (void)turn_refuse_now(t, t->op->reason);
            refuse_child(t);
        }
        return prove(t);
    case ANSWER_PROVED:
        return reply(t);
    }
    return DROP;
}
