/* CREATE_CHILD_SA for a further Child SA, with and without PFS (RFC 7296 1.3.1, 2.17). */
#include "base/ct.h"
#include "exchange/exchange.h"
#include "exchange/offer.h"
#include "sa/trace.h"
#include "wire/grammar.h"

enum create_answer_step { ANSWER_NEGOTIATE, ANSWER_INSTALLED };
enum create_conclude_step { CONCLUDE_ACCEPT, CONCLUDE_INSTALLED };
enum { GROUPS_MAX = 4, RETRIES_MAX = 8 };
#define RETRY_DELAY (5 * SHRIKE_SECOND) /* after TEMPORARY_FAILURE (RFC 7296 2.25), with jitter */

/* A nonce and, with a group, a key pair; its public half is kept for the message. */
static bool draw(struct turn *t, struct work *work, u16 group)
{
    const struct shrike_provider *p = t->shard->provider;
    u8 public_value[KE_PUBLIC_MAX];
    work->group = group;
    if (!p->random(p->ctx, work->nonce, NONCE_LEN))
        return false;
    if (group == KE_NONE)
        return true;
    const struct ke_suite *ke = suite_ke(group);
    if (!ke || !p->ke_generate(p->ctx, ke, work->ke_private, public_value))
        return false;
    packet_drop(&t->shard->packets, work->ke_public);
    work->ke_public = packet_copy(&t->shard->packets, bytes_of(public_value, ke->public_len));
    return work->ke_public != NULL;
}

static struct offer_between between_of(const struct work *work)
{
    return (struct offer_between){
        .nonce = bytes_of(work->nonce, NONCE_LEN),
        .ke = {.group = work->group, .value = packet_bytes(work->ke_public)},
    };
}

/* The shared secret with the peer's value, into out; empty without PFS. *valid false: a bad value.
 */
static bool derive(struct turn *t, struct work *work, struct bytes *shared, u8 *out)
{
    const struct shrike_provider *p = t->shard->provider;
    struct ke theirs;
    bool valid = false;
    *shared = bytes_of(NULL, 0);
    if (work->group == KE_NONE)
        return true;
    const struct ke_suite *ke = suite_ke(work->group);
    if (!ke_read(message_body(t->in, PAYLOAD_KE), &theirs) || theirs.group != work->group ||
        theirs.value.len != ke->public_len)
        return false;
    if (!p->ke_derive(p->ctx, ke, work->ke_private, theirs.value, out, &valid) || !valid)
        return false;
    *shared = bytes_of(out, ke->secret_len);
    return true;
}

/* Put it into the data plane with keys of both nonces and the shared secret. */
static enum verdict install(struct turn *t, struct child_sa *child, struct work *work)
{
    bool we_asked = t->slot == &t->sa->ours;
    u8 secret[KE_SECRET_MAX];
    struct bytes theirs, ours = bytes_of(work->nonce, NONCE_LEN);
    struct key_seed seed = {0};
    if (!nonce_read(message_body(t->in, PAYLOAD_NONCE), &theirs))
        return turn_refuse(t, SHRIKE_REASON_NONCE_SIZE, NOTIFY_INVALID_SYNTAX);
    if (!derive(t, work, &seed.shared, secret))
        return turn_refuse(t, SHRIKE_REASON_KE_INVALID, NOTIFY_INVALID_SYNTAX);
    seed.ni = we_asked ? ours : theirs;
    seed.nr = we_asked ? theirs : ours;
    bool done = offer_install(t, child, &seed);
    wipe(secret, sizeof(secret));
    return done ? AWAIT : turn_refuse(t, SHRIKE_REASON_CRYPTO, NOTIFY_NO_ADDITIONAL_SAS);
}

/* ---- the side that asks ---- */

enum verdict create_child_ask(struct turn *t)
{
    struct child_sa *child = t->slot->child;
    struct work *work = slot_work(t->shard, t->slot);
    if (!work ||
        !draw(t, work,
              child->ke ? child->ke
                        : select_first_group(child->conf->proposals, child->conf->proposal_count)))
        return turn_refuse(t, SHRIKE_REASON_MEMORY, 0);
    struct offer_between between = between_of(work);
    if (!offer_ask(t, child, &between))
        return REFUSE;
    return DONE;
}

/* RFC 7296 1.3, 2.25: another group, or later. */
static enum verdict take_error(struct turn *t, const struct notify *n)
{
    struct child_sa *child = t->slot->child;
    u16 group = n->data.len == 2 ? (u16)(n->data.at[0] << 8 | n->data.at[1]) : KE_NONE;
    t->reason.theirs = true;
    t->reason.origin = child->conf->proposals_origin;
    if (child->retries++ < RETRIES_MAX) {
        if (n->type == NOTIFY_INVALID_KE_PAYLOAD &&
            select_has_group(child->conf->proposals, child->conf->proposal_count, group) &&
            group != t->slot->work->group) {
            child->ke = group;
            child->state = CHILD_WANTED;
            return DONE;
        }
        if (n->type == NOTIFY_TEMPORARY_FAILURE) {
            child->state = CHILD_WANTED;
            t->sa->not_before = t->shard->now + shard_vary(t->shard, RETRY_DELAY, 50);
            return DONE;
        }
    }
    return turn_refuse(t, reason_of_notify(n->type, SHRIKE_REASON_NO_CHILD_PROPOSAL), n->type);
}

/* We cannot use what the peer has made: it is to be deleted again (RFC 7296 1.3.1). */
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

enum verdict create_child_conclude(struct turn *t)
{
    struct child_sa *child = t->slot->child;
    struct notify n;
    if (!child)
        return DONE; /* it was deleted meanwhile */
    switch ((enum create_conclude_step)t->slot->step) {
    case CONCLUDE_ACCEPT:
        if (notify_error(t->in, &n))
            return take_error(t, &n);
        child->ke = t->slot->work->group;
        if (offer_accept(t, child, false) != DONE)
            return REFUSE;
        if (child->ke != t->slot->work->group) {
            (void)turn_refuse(t, SHRIKE_REASON_KE_GROUP, 0);
            return undo(t);
        }
        if (gone(t->slot->work, child->spi_out))
            return turn_refuse(t, SHRIKE_REASON_PEER_DELETED, 0);
        t->slot->step = CONCLUDE_INSTALLED;
        return install(t, child, t->slot->work) == AWAIT ? AWAIT : undo(t);
    case CONCLUDE_INSTALLED:
        break;
    }
    if (t->op->ok) {
        offer_up(t, child);
        return DONE;
    }
    child->plane = 0;
    (void)turn_refuse(t, t->op->reason, 0);
    return undo(t);
}

/* ---- the side that answers ---- */

/* The child was chosen but cannot be made: forget it. */
static enum verdict give_up(struct turn *t, enum verdict v)
{
    trace_limited_reason(t->shard, SHRIKE_EVENT_CHILD_FAILED, t->sa, &t->reason);
    if (t->slot->child)
        child_free(t->shard, t->sa, t->slot->child);
    return v;
}

static enum verdict negotiate(struct turn *t)
{
    struct work *work = slot_work(t->shard, t->slot);
    struct child_sa *child = NULL;
    struct ke theirs;
    if (!work)
        return turn_refuse(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    enum verdict v = offer_choose(t, false, &child);
    t->slot->child = child;
    if (v != DONE)
        return give_up(t, v);
    bool has_ke = ke_read(message_body(t->in, PAYLOAD_KE), &theirs);
    if (child->ke != KE_NONE && (!has_ke || theirs.group != child->ke))
        return give_up(t, turn_refuse_group(t, child->ke));
    if (!draw(t, work, child->ke))
        return give_up(t, turn_refuse(t, SHRIKE_REASON_CRYPTO, NOTIFY_NO_ADDITIONAL_SAS));
    v = install(t, child, work);
    return v == AWAIT ? AWAIT : give_up(t, v);
}

enum verdict create_child_answer(struct turn *t)
{
    struct child_sa *child = t->slot->child;
    switch ((enum create_answer_step)t->slot->step) {
    case ANSWER_NEGOTIATE:
        /* RFC 7296 2.25: no new SAs while this one closes. */
        if (t->sa->state != IKE_UP)
            return turn_refuse(t, SHRIKE_REASON_SA_CLOSING, NOTIFY_TEMPORARY_FAILURE);
        if (grammar_column(t->in) != COLUMN_CHILD_REQUEST)
            return turn_refuse(t, SHRIKE_REASON_NO_REKEY, NOTIFY_NO_ADDITIONAL_SAS);
        t->slot->step = ANSWER_INSTALLED;
        return negotiate(t);
    case ANSWER_INSTALLED:
        break;
    }
    if (!child) /* the SA was closed or the child deleted while the data plane worked */
        return turn_refuse(t, SHRIKE_REASON_CHILD_GONE, NOTIFY_TEMPORARY_FAILURE);
    if (!t->op->ok) {
        child->plane = 0;
        return give_up(t, turn_refuse(t, t->op->reason, NOTIFY_NO_ADDITIONAL_SAS));
    }
    struct offer_between between = between_of(t->slot->work);
    offer_reply(t, child, &between);
    offer_up(t, child);
    return DONE;
}
