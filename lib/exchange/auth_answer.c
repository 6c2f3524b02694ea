/* IKE_AUTH, the responder: see auth.h. */
#include "exchange/auth.h"
#include "exchange/certs.h"
#include "exchange/childless.h"
#include "exchange/cp.h"
#include "exchange/idsync.h"
#include "exchange/mobike.h"
#include "exchange/null.h"
#include "exchange/offer.h"
#include "exchange/ppk.h"
#include "exchange/prove.h"
#include "exchange/reauth.h"
#include "exchange/redirect.h"
#include "exchange/rounds.h"
#include "exchange/unique.h"
#include "sa/match.h"
#include "sa/trace.h"
#include "wire/ident.h"

enum auth_answer_step {
    ANSWER_FIRST,
    ANSWER_BEGAN, /* EAP has */
    ANSWER_SIGNED,
    ANSWER_TALKED,
    ANSWER_MIXED, /* the keys are stirred with a PPK */
    ANSWER_CHECKED,
    ANSWER_LEASED,
    ANSWER_INSTALLED,
    ANSWER_PROVED,
    ANSWER_GOES_ON, /* another round follows */
};

/* A refusal from here on is about who the peer says it is. */
static void name_peer(struct turn *t, struct shrike_origin rule)
{
    t->reason.offered = message_body(t->in, PAYLOAD_IDI);
    t->reason.detail = PAYLOAD_IDI;
    t->reason.origin = rule;
}

static enum verdict answer_proved(struct turn *t);

/* The keys are those of the proof. */
static enum verdict check(struct turn *t)
{
    struct auth auth;
    if (!ppk_read_auth(t, &auth))
        return turn_fail(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
    if (rounds_rule(t->sa, false)->kind == SHRIKE_AUTH_NULL) {
        enum verdict v = null_check(t, &auth);
        return v == DONE ? answer_proved(t) : v;
    }
    t->slot->step = ANSWER_CHECKED;
    return prove_check(t, &auth);
}

/* Before its proof can be checked, they may have to be stirred. */
static enum verdict mix(struct turn *t)
{
    t->slot->step = ANSWER_MIXED;
    enum verdict v = ppk_take(t);
    return v == DONE ? check(t) : v;
}

/* The connection is known; auth NULL: the peer asks for EAP. Begin what shows who it is. */
static enum verdict admit(struct turn *t, const struct auth *auth)
{
    const struct shrike_auth *rule = rounds_rule(t->sa, false);
    bool by_eap = rule->kind == SHRIKE_AUTH_EAP;
    t->reason.method = auth ? auth->method : 0;
    if (by_eap ? auth != NULL : !auth_as_demanded(rule, t->reason.method))
        return turn_fail(t, SHRIKE_REASON_AUTH_METHOD, NOTIFY_AUTHENTICATION_FAILED);
    t->slot->step = ANSWER_BEGAN;
    return by_eap ? eap_begin(t) : mix(t);
}

/* RFC 7296 2.16: which of our connections is this for? Then let the peer's proof be checked. */
static enum verdict identify(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct ident idi, idr = {0};
    struct auth auth;
    struct shrike_reason why = {0};
    struct notify another;
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
    };
    /* An empty one, as clients send it where nobody has filled it in, names nobody. */
    if (idr.data.len)
        q.local_id = (struct shrike_id){idr.type, idr.data};
    bool proves = auth_read(message_body(t->in, PAYLOAD_AUTH), &auth);
    q.by_eap = !proves;
    q.by_nobody = proves && auth.method == AUTH_NULL;
    q.another = notify_find(t->in, NOTIFY_ANOTHER_AUTH_FOLLOWS, &another);
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
    if (!auth_keep_peer(t, &idi))
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    rounds_note(t);
    if (rounds_demand(t) != DONE)
        return FAIL;
    if (!eap_fits(t))
        return turn_fail(t, SHRIKE_REASON_EAP_ALONE, NOTIFY_AUTHENTICATION_FAILED);
    return admit(t, proves ? &auth : NULL);
}

/* RFC 4739 2.1: a further round of the peer begins with another identity. */
static enum verdict identify_again(struct turn *t)
{
    const struct shrike_auth *rule = rounds_rule(t->sa, false);
    struct ident idi;
    struct auth auth;
    name_peer(t, rule->origin);
    if (!ident_read(message_body(t->in, PAYLOAD_IDI), &idi))
        return turn_fail(t, SHRIKE_REASON_MISSING_PAYLOAD, NOTIFY_AUTHENTICATION_FAILED);
    struct shrike_id peer = {.type = idi.type, .data = idi.data};
    if (!id_matches(&rule->id, &peer) && !fault(170))
        return turn_fail(t, SHRIKE_REASON_NO_IDENTITY, NOTIFY_AUTHENTICATION_FAILED);
    if (!auth_keep_peer(t, &idi))
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    bool proves = auth_read(message_body(t->in, PAYLOAD_AUTH), &auth);
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
    const struct shrike_auth *rule = rounds_rule(t->sa, true);
    t->reason.origin = rule->origin;
    if (auth_phase(t) == EAP_PROOF)
        return eap_prove(t) ? DONE
                            : turn_fail(t, SHRIKE_REASON_CRYPTO, NOTIFY_AUTHENTICATION_FAILED);
    if (!rounds_due(t->sa, true))
        return DONE;
    bool null = rule->kind == SHRIKE_AUTH_NULL;
    if (!null && !t->op->ok)
        return turn_fail(t, t->op->reason, notify_of_refusal(t->op->reason));
    auth_add_id(t, PAYLOAD_IDR, &rule->id);
    certs_add(t);
    if (null)
        return null_add(t) ? DONE
                           : turn_fail(t, SHRIKE_REASON_CRYPTO, NOTIFY_AUTHENTICATION_FAILED);
    auth_add_proof(t);
    rounds_tell(t);
    rounds_end(t);
    return DONE;
}

/* The op that reply_proof() needs. DONE: it needs none. */
static enum verdict ask_proof(struct turn *t)
{
    bool alone = auth_phase(t) == EAP_PROOF || !rounds_due(t->sa, true) ||
                 rounds_rule(t->sa, true)->kind == SHRIKE_AUTH_NULL;
    return alone ? DONE : prove_ask(t);
}

/* RFC 4739 2.1: what the first request asks for waits until all rounds are over. */
static enum verdict reply_round(struct turn *t)
{
    enum verdict v = reply_proof(t);
    if (v != DONE)
        return v;
    ppk_tell(t);
    eap_end(t);
    return DONE;
}

static enum verdict reply(struct turn *t)
{
    const struct offer_between nothing = {0};
    struct child_sa *child = t->slot->child;
    enum verdict v = reply_proof(t);
    if (v != DONE)
        return v;
    ppk_tell(t);
    mobike_offer(t);
    idsync_offer(t);
    auth_up(t);
    if (redirect_is_due(t->sa, SHRIKE_REDIRECT_AUTH)) {
        redirect_peer(t);
        return auth_over(t);
    }
    reauth_tell(t);
    cp_reply(t);
    if (child) {
        offer_reply(t, child, &nothing);
        offer_up(t, child);
    } else if (t->slot->refused) {
        notify_add(t->out, t->slot->refused, bytes_of(NULL, 0));
    }
    return auth_over(t);
}

/* The data plane has answered, or there is no child: prove ourselves. */
static enum verdict prove(struct turn *t)
{
    t->slot->step = ANSWER_PROVED;
    enum verdict v = ask_proof(t);
    return v == DONE ? reply(t) : v;
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
    if (t->sa->handshake->eap.request && !eap_recall(t))
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    if (!unique_admits(t->shard, t->sa, auth_first_contact(t)))
        return turn_fail(t, SHRIKE_REASON_NOT_UNIQUE, NOTIFY_AUTHENTICATION_FAILED);
    /* RFC 5685 6: without a Child SA, once the peer is known. */
    if (redirect_is_due(t->sa, SHRIKE_REDIRECT_AUTH))
        return prove(t);
    t->slot->step = ANSWER_LEASED;
    enum verdict v = cp_lease(t);
    return v == DONE ? answer_child(t) : v;
}

/* Is there to be another round? With EAP our proof is that of its key, and we are through. */
static bool goes_on(const struct turn *t)
{
    unsigned now = auth_phase(t) == EAP_PROOF ? 0 : 1;
    return rounds_due(t->sa, false) ||
           rounds_at(t->sa->conn, true, t->sa->handshake->rounds[true] + now);
}

/* Prove ourselves, in the last round with what was asked for. */
static enum verdict answer_round(struct turn *t)
{
    if (!goes_on(t))
        return answer_wants(t);
    if (!eap_keep_request(t))
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    t->slot->step = ANSWER_GOES_ON;
    enum verdict v = ask_proof(t);
    return v == DONE ? reply_round(t) : v;
}

/* The peer has proved itself in this round. */
static enum verdict answer_proved(struct turn *t)
{
    return rounds_heed(t) == DONE ? answer_round(t) : FAIL;
}

/* The request that begins another round, or lets ours begin. */
static enum verdict answer_further(struct turn *t)
{
    bool proves = message_find(t->in, PAYLOAD_IDI) || message_find(t->in, PAYLOAD_AUTH);
    if (rounds_due(t->sa, false))
        return identify_again(t);
    t->reason.origin = t->sa->conn->remote.origin;
    return proves ? turn_fail(t, SHRIKE_REASON_ROUNDS_DIFFER, NOTIFY_AUTHENTICATION_FAILED)
                  : answer_round(t);
}

static enum verdict answer_checked(struct turn *t)
{
    name_peer(t, rounds_rule(t->sa, false)->origin);
    t->reason.beside = t->op->value;
    /* RFC 7296 1.2 (2), 2.21.2 (1): the proof has to hold. */
    if (!t->op->ok && !fault(30))
        return turn_fail(t, ppk_reason(t, t->op->reason), notify_of_refusal(t->op->reason));
    return answer_proved(t);
}

/* EAP has begun: who we are, with a proof unless EAP stands alone (RFC 5998 3), and its first
 * message. */
static enum verdict answer_began(struct turn *t)
{
    enum verdict v = eap_began(t);
    if (v != DONE)
        return v;
    if (!eap_alone(t->sa->conn) && rounds_due(t->sa, true)) {
        t->slot->step = ANSWER_SIGNED;
        return prove_ask(t);
    }
    if (eap_alone(t->sa->conn)) {
        auth_add_id(t, PAYLOAD_IDR, &t->sa->conn->local.id);
        rounds_end(t); /* EAP will prove us, too */
    }
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
static enum verdict answer_verify(struct turn *t)
{
    enum verdict v = eap_verify(t);
    return v == DONE ? answer_proved(t) : v;
}

static enum verdict answer_proof(struct turn *t)
{
    t->slot->step = ANSWER_MIXED;
    enum verdict v = ppk_take(t);
    return v == DONE ? answer_verify(t) : v;
}

static enum verdict answer_mixed(struct turn *t)
{
    enum verdict v = ppk_taken(t);
    if (v != DONE)
        return v;
    return auth_phase(t) == EAP_PROOF ? answer_verify(t) : check(t);
}

static enum verdict answer_first(struct turn *t)
{
    switch (auth_phase(t)) {
    case EAP_NOT:
        return t->sa->handshake->eap.request ? answer_further(t) : identify(t);
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
    case ANSWER_MIXED:
        return answer_mixed(t);
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
    case ANSWER_GOES_ON:
        return reply_round(t);
    }
    return DROP;
}
