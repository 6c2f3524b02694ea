/* IKE_AUTH, the initiator: see auth.h. */
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
#include "exchange/roam.h"
#include "exchange/rounds.h"
#include "exchange/selectors.h"
#include "exchange/unique.h"
#include "wire/ident.h"

enum auth_ask_step {
    ASK_FIRST,
    ASK_PLAIN, /* proved without the PPK */
    ASK_MIXED, /* the keys are stirred with it */
    ASK_SEND,
};
enum auth_conclude_step {
    CONCLUDE_FIRST,
    CONCLUDE_CHECKED,
    CONCLUDE_TALKED,
    CONCLUDE_ADDED,
    CONCLUDE_INSTALLED,
};

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

static bool add_proof(struct turn *t)
{
    bool null = t->sa->conn->local.kind == SHRIKE_AUTH_NULL;
    if (null && !null_add(t))
        return false;
    if (!null)
        auth_add_proof(t);
    ppk_add(t);
    rounds_tell(t);
    return true;
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
    auth_add_id(t, PAYLOAD_IDI, &conn->local.id);
    if (proves)
        certs_add(t);
    certs_ask(t);
    methods_offer(t);
    /* RFC 7296 2.4 (1, 3): before a crash there may have been others. RFC 7619 2.3: of whom? */
    if (call == UNIQUE_FIRST && conn->local.kind != SHRIKE_AUTH_NULL)
        notify_add(t->out, NOTIFY_INITIAL_CONTACT, bytes_of(NULL, 0));
    if (conn->remote.id.type && !id_is_pattern(&conn->remote.id))
        auth_add_id(t, PAYLOAD_IDR, &conn->remote.id);
    if (proves && !add_proof(t))
        return turn_fail(t, SHRIKE_REASON_CRYPTO, 0);
    eap_offer(t);
    rounds_offer(t);
    mobike_offer(t);
    idsync_offer(t);
    if (!cp_ask(t)) /* RFC 7296 2.19: in front of the SA payload */
        return turn_fail(t, SHRIKE_REASON_MEMORY, 0);
    return add_child(t);
}

/* RFC 4739 2.1: a further round begins with another identity; without AUTH it asks for EAP. */
static enum verdict ask_next(struct turn *t)
{
    const struct shrike_auth *ours = rounds_rule(t->sa, true);
    auth_add_id(t, PAYLOAD_IDI, &ours->id);
    if (ours->kind == SHRIKE_AUTH_EAP)
        return DONE;
    certs_add(t);
    auth_add_proof(t);
    rounds_tell(t);
    return DONE;
}

/* RFC 4739 2.5: with nothing left to prove the request is empty, for the peer's next response. */
static enum verdict ask_round(struct turn *t)
{
    if (!rounds_due(t->sa, true))
        return DONE;
    if (rounds_rule(t->sa, true)->kind == SHRIKE_AUTH_EAP)
        return ask_next(t);
    t->slot->step = ASK_SEND;
    return prove_ask(t);
}

static enum verdict ask_proof(struct turn *t)
{
    if (t->sa->conn->local.kind == SHRIKE_AUTH_NULL)
        return ask_first(t);
    t->slot->step = ASK_SEND;
    return prove_ask(t);
}

static enum verdict ask_mixed(struct turn *t)
{
    t->slot->step = ASK_MIXED;
    return ppk_ask(t);
}

static bool is_further(const struct turn *t)
{
    return t->sa->handshake->rounds[true] > 0;
}

static enum verdict ask_eap_plain(struct turn *t)
{
    bool proves = auth_phase(t) == EAP_PROOF;
    enum verdict v = eap_ask(t);
    if (v == DONE && proves)
        rounds_tell(t);
    return v;
}

/* With EAP the PPK is first of use in the request that has AUTH. */
static enum verdict ask_eap(struct turn *t)
{
    bool mixes = auth_phase(t) == EAP_PROOF && t->sa->handshake->ppk && !is_further(t);
    if (!mixes)
        return ask_eap_plain(t);
    return ppk_optional(t) && !eap_prove_plain(t) ? turn_fail(t, SHRIKE_REASON_CRYPTO, 0)
                                                  : ask_mixed(t);
}

/* RFC 8784 3: who may do without the PPK proves itself without it, too. */
static enum verdict ask_begin(struct turn *t)
{
    if (auth_phase(t) != EAP_NOT)
        return ask_eap(t);
    if (t->sa->handshake->rounds[false] > 0)
        return ask_round(t);
    if (!eap_fits(t))
        return turn_fail(t, SHRIKE_REASON_EAP_ALONE, 0);
    if (t->sa->conn->local.kind == SHRIKE_AUTH_EAP)
        return ask_first(t);
    if (!t->sa->handshake->ppk)
        return ask_proof(t);
    if (!ppk_optional(t))
        return ask_mixed(t);
    t->slot->step = ASK_PLAIN;
    return prove_ask(t);
}

enum verdict auth_ask(struct turn *t)
{
    enum verdict v;
    switch ((enum auth_ask_step)t->slot->step) {
    case ASK_FIRST:
        return ask_begin(t);
    case ASK_MIXED:
        v = ppk_asked(t);
        if (v != DONE)
            return v;
        return auth_phase(t) == EAP_PROOF ? ask_eap_plain(t) : ask_proof(t);
    case ASK_PLAIN:
    case ASK_SEND:
        break;
    }
    t->reason.origin = rounds_rule(t->sa, true)->origin;
    if (!t->op->ok)
        return turn_fail(t, t->op->reason, 0);
    if (t->slot->step == ASK_SEND)
        return t->sa->handshake->rounds[false] > 0 ? ask_next(t) : ask_first(t);
    return ppk_keep_plain(t, t->op->value) ? ask_mixed(t) : turn_fail(t, SHRIKE_REASON_MEMORY, 0);
}

/* The peer's EAP message is for its method. */
static enum verdict talk(struct turn *t)
{
    t->slot->step = CONCLUDE_TALKED;
    return eap_take(t);
}

static enum verdict conclude_up(struct turn *t);

/* Whoever it is. */
static enum verdict take_nobody(struct turn *t, const struct auth *auth)
{
    enum verdict v = null_check(t, auth);
    return v == DONE ? conclude_up(t) : v;
}

/* Who answers, and is it whom we called? Then let its proof be checked. */
static enum verdict verify(struct turn *t)
{
    const struct shrike_conn *conn = t->sa->conn;
    const struct shrike_auth *rule = rounds_rule(t->sa, false);
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
    t->reason.origin = rule->origin;
    /* RFC 7296 1.2 (3): it has to be whom we called; then its secret is looked for. */
    if (!id_matches(&rule->id, &peer))
        return turn_fail(t, SHRIKE_REASON_NO_IDENTITY, 0);
    /* RFC 7296 1.2 (2): whoever it says it is, it has to prove it as configured. */
    t->reason.method = proves ? auth.method : 0;
    if (proves && !auth_as_demanded(rule, auth.method))
        return turn_fail(t, SHRIKE_REASON_AUTH_METHOD, 0);
    if (!auth_keep_peer(t, &id))
        return turn_fail(t, SHRIKE_REASON_MEMORY, 0);
    if (ppk_heed(t) != DONE)
        return FAIL;
    if (rule->kind == SHRIKE_AUTH_NULL)
        return take_nobody(t, &auth);
    return proves ? prove_check(t, &auth) : talk(t);
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

static enum verdict conclude_child(struct turn *t)
{
    t->slot->step = CONCLUDE_INSTALLED;
    return take_child(t) == AWAIT ? AWAIT : auth_over(t);
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
    auth_up(t);
    roam_begin(t->shard, t->sa);
    reauth_heed(t);
    t->slot->step = CONCLUDE_ADDED;
    return cp_take(t) == AWAIT ? AWAIT : conclude_child(t);
}

/* What we had to prove in this round is taken, and whatever the peer had to: on to the next one. */
static enum verdict conclude_round(struct turn *t)
{
    rounds_end(t);
    if (rounds_due(t->sa, true) || rounds_due(t->sa, false)) {
        t->sa->wants |= WANT_AUTH;
        return DONE;
    }
    if (!t->slot->child) /* asked for in the first request */
        t->slot->child = child_of_serial(t->sa, t->sa->handshake->eap.child);
    return conclude_up(t);
}

/* The peer is through, and we have proved ourselves once more, or begin EAP. */
static enum verdict conclude_ours(struct turn *t)
{
    t->reason.origin = rounds_rule(t->sa, true)->origin;
    if (rounds_rule(t->sa, true)->kind == SHRIKE_AUTH_EAP)
        return talk(t);
    if (rounds_refused(t))
        return FAIL;
    if (message_find(t->in, PAYLOAD_AUTH))
        return turn_fail(t, SHRIKE_REASON_ROUNDS_DIFFER, 0);
    return conclude_round(t);
}

/* The proof of a response is checked. RFC 7296 2.16: EAP begins once it holds. */
static enum verdict conclude_checked(struct turn *t)
{
    t->reason.origin = rounds_rule(t->sa, false)->origin;
    t->reason.offered = message_body(t->in, PAYLOAD_IDR);
    t->reason.beside = t->op->value;
    if (!t->op->ok)
        return turn_fail(t, ppk_reason(t, t->op->reason), 0);
    if (rounds_heed(t) != DONE)
        return FAIL;
    bool begins = rounds_due(t->sa, true) && rounds_rule(t->sa, true)->kind == SHRIKE_AUTH_EAP;
    return begins ? talk(t) : conclude_round(t);
}

/* RFC 7296 2.16 (2): the last response after EAP: the proof, and what was asked for in the first
 * request. */
static enum verdict conclude_proof(struct turn *t)
{
    enum verdict v = ppk_heed(t);
    if (v == DONE)
        v = eap_verify(t);
    if (v == DONE && rounds_due(t->sa, false)) /* EAP alone has proved both */
        v = rounds_heed(t);
    if (v != DONE)
        return v;
    eap_end(t);
    return conclude_round(t);
}

static enum verdict conclude_first(struct turn *t)
{
    switch (auth_phase(t)) {
    case EAP_NOT:
        t->slot->step = CONCLUDE_CHECKED;
        return rounds_due(t->sa, false) ? verify(t) : conclude_ours(t);
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
    return auth_over(t);
}
