/* Several rounds of authentication: see rounds.h. */
#include "exchange/rounds.h"
#include "exchange/prove.h"

const struct shrike_auth *rounds_at(const struct shrike_conn *conn, bool ours, unsigned number)
{
    const struct shrike_auth *more = ours ? conn->local_rounds : conn->remote_rounds;
    unsigned count = ours ? conn->local_round_count : conn->remote_round_count;
    if (number == 0)
        return ours ? &conn->local : &conn->remote;
    return number <= count ? &more[number - 1] : NULL;
}

static unsigned count_of(const struct shrike_conn *conn, bool ours)
{
    return 1u + (ours ? conn->local_round_count : conn->remote_round_count);
}

const struct shrike_auth *rounds_rule(const struct ike_sa *sa, bool ours)
{
    unsigned last = count_of(sa->conn, ours) - 1;
    return rounds_at(sa->conn, ours, MIN(sa->handshake->rounds[ours], last));
}

bool rounds_due(const struct ike_sa *sa, bool ours)
{
    return sa->handshake->rounds[ours] < count_of(sa->conn, ours);
}

bool rounds_several(const struct shrike_conn *conn)
{
    return conn->local_round_count + conn->remote_round_count > 0;
}

/* ---- who knows them ---- */

void rounds_offer(struct turn *t)
{
    const struct ike_sa *sa = t->sa;
    /* RFC 4739 2.1: the responder says so in IKE_SA_INIT, and knows no connection yet. */
    if (sa->initiator ? rounds_several(sa->conn) : t->shard->current->conf->rounds)
        notify_add(t->out, NOTIFY_MULTIPLE_AUTH_SUPPORTED, bytes_of(NULL, 0));
}

void rounds_note(struct turn *t)
{
    struct notify n;
    t->sa->handshake->rounds_known = notify_find(t->in, NOTIFY_MULTIPLE_AUTH_SUPPORTED, &n);
}

/* Whoever proves nothing does so once, and EAP that proves both sides goes alone. One message has
 * room for one AUTH payload: the responder, of whom each response has one as long as it has rounds,
 * is through with the response that begins EAP, at the latest. */
static bool go_together(const struct ike_sa *sa)
{
    bool ours = sa->initiator; /* it is us who call */
    unsigned called = count_of(sa->conn, !ours), eap = SHRIKE_ROUNDS_MAX;
    const struct shrike_auth *a;
    for (unsigned i = 0; (a = rounds_at(sa->conn, ours, i)) != NULL; i++) {
        if (a->kind == SHRIKE_AUTH_NULL)
            return false;
        if (a->kind == SHRIKE_AUTH_EAP)
            eap = MIN(eap, i);
    }
    for (unsigned i = 0; (a = rounds_at(sa->conn, !ours, i)) != NULL; i++) {
        if (a->kind != SHRIKE_AUTH_PSK && a->kind != SHRIKE_AUTH_PUBKEY)
            return false;
    }
    return called <= eap + 1;
}

enum verdict rounds_demand(struct turn *t)
{
    const struct ike_sa *sa = t->sa;
    if (!rounds_several(sa->conn))
        return DONE;
    t->reason.origin = sa->conn->origin;
    if (!sa->handshake->rounds_known)
        return turn_fail(t, SHRIKE_REASON_ROUNDS_UNKNOWN, NOTIFY_AUTHENTICATION_FAILED);
    if (!go_together(sa))
        return turn_fail(t, SHRIKE_REASON_ROUNDS_UNFIT, NOTIFY_AUTHENTICATION_FAILED);
    return DONE;
}

/* ---- from one to the next ---- */

void rounds_tell(struct turn *t)
{
    if (rounds_at(t->sa->conn, true, t->sa->handshake->rounds[true] + 1u))
        notify_add(t->out, NOTIFY_ANOTHER_AUTH_FOLLOWS, bytes_of(NULL, 0));
}

void rounds_end(struct turn *t)
{
    if (rounds_due(t->sa, true))
        t->sa->handshake->rounds[true]++;
}

enum verdict rounds_heed(struct turn *t)
{
    struct notify n;
    bool follows = notify_find(t->in, NOTIFY_ANOTHER_AUTH_FOLLOWS, &n);
    t->sa->handshake->rounds[false]++;
    if (follows == rounds_due(t->sa, false) || fault(171))
        return DONE;
    t->reason.origin = rounds_rule(t->sa, false)->origin;
    return turn_fail(t, SHRIKE_REASON_ROUNDS_DIFFER, NOTIFY_AUTHENTICATION_FAILED);
}

/* RFC 7296 2.21.2: what keeps the Child SA from being made, and not the IKE SA. */
static bool is_of_child(u16 notify)
{
    static const u16 all[] = {NOTIFY_NO_PROPOSAL_CHOSEN,       NOTIFY_TS_UNACCEPTABLE,
                              NOTIFY_SINGLE_PAIR_REQUIRED,     NOTIFY_NO_ADDITIONAL_SAS,
                              NOTIFY_INTERNAL_ADDRESS_FAILURE, NOTIFY_FAILED_CP_REQUIRED,
                              NOTIFY_TEMPORARY_FAILURE};
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        found |= all[i] == notify;
    return found;
}

bool rounds_refused(struct turn *t)
{
    struct notify n;
    bool last = !rounds_at(t->sa->conn, true, t->sa->handshake->rounds[true] + 1u);
    if (!notify_error(t->in, &n))
        return false;
    return !(last && is_of_child(n.type)) && prove_refused(t);
}
