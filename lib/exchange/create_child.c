/* CREATE_CHILD_SA (RFC 7296 1.3, 2.17): a further Child SA, or one that replaces another, with and
 * without PFS. Rekeying the IKE SA is in ike_rekey.c. */
#include "exchange/child_rekey.h"
#include "exchange/cp.h"
#include "exchange/exchange.h"
#include "exchange/fresh.h"
#include "exchange/ike_rekey.h"
#include "exchange/offer.h"
#include "exchange/selectors.h"
#include "sa/trace.h"
#include "wire/grammar.h"

enum create_answer_step { ANSWER_NEGOTIATE, ANSWER_LEASED, ANSWER_INSTALLED };
enum create_conclude_step { CONCLUDE_READ, CONCLUDE_ADDED, CONCLUDE_INSTALLED };
enum { RETRIES_MAX = 8 };
#define RETRY_DELAY (5 * SHRIKE_SECOND) /* after TEMPORARY_FAILURE (RFC 7296 2.25), with jitter */

/* Put it into the data plane with keys of both nonces and the shared secret. */
static enum verdict install(struct turn *t, struct child_sa *child, struct work *work)
{
    struct fresh f;
    enum verdict v = fresh_join(t, work, &f);
    if (v != DONE)
        return v;
    child->lowest = f.lowest;
    child->later = child_rekey_has_lost(t->sa, child);
    bool done = offer_install(t, child, &f.seed);
    fresh_wipe(&f);
    return done ? AWAIT : turn_refuse_now(t, SHRIKE_REASON_CRYPTO);
}

/* It is there: what is it? */
static void take(struct turn *t, struct child_sa *child)
{
    offer_up(t, child);
    if (child->replaces)
        child_rekey_settle(t->shard, t->sa, child->replaces);
}

/* ---- the side that asks ---- */

enum verdict create_child_ask(struct turn *t)
{
    struct child_sa *child = t->slot->child;
    /* RFC 7296 1 (2), 1.3 (1): by either side, as soon as it is there. */
    if (t->slot->want == WANT_REKEY)
        return ike_rekey_ask(t);
    struct work *work = slot_work(t->shard, t->slot);
    /* RFC 7296 1.3 (3): with a key exchange when our first proposal has one. */
    if (!work || !fresh_draw(t, work,
                             child->ke ? child->ke
                                       : select_first_group(child->conf->proposals,
                                                            child->conf->proposal_count)))
        return turn_refuse(t, SHRIKE_REASON_MEMORY, 0);
    child->ours = true;
    struct offer_between between = fresh_between(work);
    if (child->replaces && !child_rekey_name(t, child))
        return REFUSE;
    /* RFC 7296 2.19: they were not given, and are asked for once more. */
    if (cp_needed(t->sa, child->conf) && !cp_ask(t))
        return turn_refuse(t, SHRIKE_REASON_MEMORY, 0);
    if (!offer_ask(t, child, &between))
        return REFUSE;
    return DONE;
}

/* RFC 7296 2.25 (2, 3): for a single pair, with another group, or later. */
static enum verdict take_error(struct turn *t, const struct notify *n)
{
    struct child_sa *child = t->slot->child;
    const struct shrike_child_conf *conf = child->conf;
    u16 group = fresh_other_group(n, conf->proposals, conf->proposal_count, t->slot->work->group);
    t->reason.theirs = true;
    if (n->type == NOTIFY_SINGLE_PAIR_REQUIRED && selectors_split(t->shard, t->sa, child))
        return DONE;
    if (child->retries++ < RETRIES_MAX) {
        if (group != KE_NONE) {
            child->ke = group;
            child->state = CHILD_WANTED;
            return DONE;
        }
        if (n->type == NOTIFY_TEMPORARY_FAILURE && !child->replaces) {
            child->state = CHILD_WANTED;
            t->sa->not_before = t->shard->now + shard_vary(t->shard, RETRY_DELAY, 50);
            return DONE;
        }
    }
    return turn_refuse(t, reason_of_notify(n->type, SHRIKE_REASON_NO_CHILD_PROPOSAL), n->type);
}

/* RFC 7296 1.3.1 (3): we cannot use what the peer has made: it is to be deleted again. */
static enum verdict undo(struct turn *t)
{
    t->slot->child->wants_delete = true;
    return REFUSE;
}

/* Has the peer deleted it again, before its response came? */
static bool gone(const struct work *work, u32 spi)
{
    for (unsigned i = 0; i < work->gone_count; i++) {
        if (work->gone[i] == spi)
            return true;
    }
    return false;
}

static enum verdict accept(struct turn *t)
{
    struct child_sa *child = t->slot->child;
    struct notify n;
    if (!child)
        return DONE; /* it was deleted meanwhile */
    if (notify_error(t->in, &n))
        return take_error(t, &n);
    child->ke = t->slot->work->group;
    if (cp_lacking(t->sa, child->conf)) {
        t->reason.origin = t->sa->conn->vips_origin;
        (void)turn_refuse(t, t->no_address, 0);
        return undo(t);
    }
    if (offer_accept(t, child, false) != DONE)
        return REFUSE;
    /* RFC 7296 1.3: of what we have offered the peer may choose what has no group. */
    if (child->ke == KE_NONE)
        t->slot->work->group = KE_NONE;
    if (child->ke != t->slot->work->group) {
        (void)turn_refuse(t, SHRIKE_REASON_KE_GROUP, 0);
        return undo(t);
    }
    if (gone(t->slot->work, child->spi_out))
        return turn_refuse(t, SHRIKE_REASON_PEER_DELETED, 0);
    t->slot->step = CONCLUDE_INSTALLED;
    return install(t, child, t->slot->work) == AWAIT ? AWAIT : undo(t);
}

enum verdict create_child_conclude(struct turn *t)
{
    struct child_sa *child = t->slot->child;
    if (t->slot->want == WANT_REKEY)
        return ike_rekey_conclude(t);
    switch ((enum create_conclude_step)t->slot->step) {
    case CONCLUDE_READ:
        t->slot->step = CONCLUDE_ADDED;
        return cp_take(t) == AWAIT ? AWAIT : accept(t);
    case CONCLUDE_ADDED:
        cp_taken(t);
        return accept(t);
    case CONCLUDE_INSTALLED:
        break;
    }
    if (!child)
        return DONE;
    if (t->op->ok) {
        take(t, child);
        return DONE;
    }
    offer_failed(t, child);
    (void)turn_refuse(t, t->op->reason, 0);
    return undo(t);
}

/* ---- the side that answers ---- */

/* The child was chosen but cannot be made: forget it. */
static enum verdict give_up(struct turn *t, enum verdict v)
{
    struct child_sa *child = t->slot->child;
    u32 replaces = child ? child->replaces : 0;
    trace_limited_reason(t->shard, SHRIKE_EVENT_CHILD_FAILED, t->sa, &t->reason);
    if (child)
        child_free(t->shard, t->sa, child);
    if (replaces)
        child_rekey_settle(t->shard, t->sa, replaces);
    return v;
}

static enum verdict negotiate(struct turn *t, const struct child_sa *old)
{
    struct work *work = slot_work(t->shard, t->slot);
    struct child_sa *child = NULL;
    struct ke theirs;
    if (!work)
        return turn_refuse(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    enum verdict v = old ? offer_choose_like(t, old, &child) : offer_choose(t, false, &child);
    t->slot->child = child;
    if (v != DONE)
        return give_up(t, v);
    child->replaces = old ? old->serial : 0;
    child->asked = old && old->asked;
    bool has_ke = ke_read(message_body(t->in, PAYLOAD_KE), &theirs);
    /* RFC 7296 1.3 (6), 3.3.6 (11): KE has to be of the group that is chosen; with none it is not
     * looked at. */
    if (child->ke != KE_NONE && (!has_ke || theirs.group != child->ke))
        return give_up(t, turn_refuse_group(t, child->ke));
    if (!fresh_draw(t, work, child->ke))
        return give_up(t, turn_refuse_now(t, SHRIKE_REASON_CRYPTO));
    v = install(t, child, work);
    return v == AWAIT ? AWAIT : give_up(t, v);
}

/* RFC 7296 2.19: internal addresses may be asked for here, too. */
static enum verdict addresses(struct turn *t)
{
    if (t->slot->step == ANSWER_NEGOTIATE) {
        t->slot->step = ANSWER_LEASED;
        return cp_lease(t);
    }
    cp_leased(t);
    return DONE;
}

/* What is asked for, and may it be now? */
static enum verdict begin_answer(struct turn *t)
{
    struct child_sa *old = NULL;
    ike_rekey_used(t->shard, t->sa);
    if (grammar_column(t->in) == COLUMN_REKEY_IKE_REQUEST)
        return ike_rekey_answer(t);
    /* RFC 7296 2.25 (1), 2.25.2 (5): no new SAs while this one closes or is being replaced. */
    if (!ike_rekey_leaves_alone(t->sa))
        return turn_refuse(t, SHRIKE_REASON_SA_CLOSING, NOTIFY_TEMPORARY_FAILURE);
    enum verdict v = addresses(t);
    if (v != DONE)
        return v;
    v = child_rekey_find(t, &old);
    if (v != DONE)
        return v;
    t->slot->step = ANSWER_INSTALLED;
    return negotiate(t, old);
}

enum verdict create_child_answer(struct turn *t)
{
    struct child_sa *child = t->slot->child;
    switch ((enum create_answer_step)t->slot->step) {
    case ANSWER_NEGOTIATE:
    case ANSWER_LEASED:
        return begin_answer(t);
    case ANSWER_INSTALLED:
        break;
    }
    if (!child) /* the SA was closed or the child deleted while the data plane worked */
        return turn_refuse(t, SHRIKE_REASON_CHILD_GONE, NOTIFY_TEMPORARY_FAILURE);
    if (!t->op->ok) {
        offer_failed(t, child);
        return give_up(t, turn_refuse_now(t, t->op->reason));
    }
    if (child->replaces && !child_rekey_still(t->sa, child))
        return give_up(t, turn_refuse(t, SHRIKE_REASON_REKEY_LATER, NOTIFY_TEMPORARY_FAILURE));
    struct offer_between between = fresh_between(t->slot->work);
    /* RFC 7296 2.8 (9): it is in the data plane before the reply goes out. */
    cp_reply(t);
    offer_reply(t, child, &between);
    take(t, child);
    return DONE;
}
