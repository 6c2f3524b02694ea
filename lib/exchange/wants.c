/* From wants to the next exchange: see wants.h. */
#include "exchange/wants.h"
#include "exchange/child_rekey.h"
#include "exchange/exchange.h"
#include "sa/again.h"
#include "sa/child.h"
#include "sa/life.h"
#include "sa/protect.h"
#include "sa/remake.h"
#include "sa/twin.h"

/* One exchange about a child at a time; and the peer is to have had the reply that makes it. */
static bool may_delete(const struct ike_sa *sa, const struct child_sa *c)
{
    return c->wants_delete && c->state < CHILD_DELETING && !slot_about(sa, c) &&
           !slot_answers_about(sa, c);
}

/* Begin an exchange about the first child that is to be deleted, or made. */
static bool begin_child(struct shard *s, struct ike_sa *sa, bool deletes)
{
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (deletes && may_delete(sa, c)) {
            child_hand_over(s, sa, c); /* the peer forgets it as soon as it hears of this */
            c->state = CHILD_DELETING;
            exchange_begin(s, sa, EXCHANGE_INFORMATIONAL, c, 0);
            return true;
        }
        if (!deletes && c->state == CHILD_WANTED && twin_made(s, sa, c)) {
            pending_release(s, c->command, SHRIKE_REASON_NONE);
            c->command = 0;
            child_die(sa, c, SHRIKE_REASON_CROSSED);
        } else if (!deletes && c->state == CHILD_WANTED) {
            c->state = CHILD_NEGOTIATED;
            exchange_begin(s, sa, EXCHANGE_CREATE_CHILD_SA, c, 0);
            return true;
        }
    }
    return false;
}

static bool begin_want(struct shard *s, struct ike_sa *sa, enum ike_want want, u8 exchange)
{
    if (!(sa->wants & want))
        return false;
    sa->wants &= (u8)~want;
    exchange_begin(s, sa, exchange, NULL, want);
    return true;
}

/* RFC 7296 1.3.2 (2): alone, as nothing else about the SA's children goes with it. */
static bool begin_rekey(struct shard *s, struct ike_sa *sa)
{
    if (sa->rekey_at > s->now || !life_may_rekey(sa))
        return false;
    sa->rekey_at = SHRIKE_NEVER;
    exchange_begin(s, sa, EXCHANGE_CREATE_CHILD_SA, NULL, WANT_REKEY);
    return true;
}

/* The order of urgency. */
static bool begin_next(struct shard *s, struct ike_sa *sa)
{
    switch ((enum ike_state)sa->state) {
    case IKE_INIT:
        return begin_want(s, sa, WANT_INIT, EXCHANGE_IKE_SA_INIT);
    case IKE_AUTH:
        return begin_want(s, sa, WANT_AUTH, EXCHANGE_IKE_AUTH);
    case IKE_UP:
        if (sa->wants & WANT_CLOSE) {
            sa->state = IKE_CLOSING;
        } else if (!sa->spare && !sa->replaced) {
            remake_next(s, sa);
            child_rekey_next(s, sa);
        }
        return begin_want(s, sa, WANT_CLOSE, EXCHANGE_INFORMATIONAL) ||
               begin_want(s, sa, WANT_ROAM, EXCHANGE_INFORMATIONAL) || begin_child(s, sa, true) ||
               begin_want(s, sa, WANT_TELL, EXCHANGE_INFORMATIONAL) ||
               begin_want(s, sa, WANT_LIVENESS, EXCHANGE_INFORMATIONAL) || begin_rekey(s, sa) ||
               begin_child(s, sa, false);
    case IKE_CLOSING:
        return begin_want(s, sa, WANT_REJECT, EXCHANGE_INFORMATIONAL);
    case IKE_GONE:
        break;
    }
    return false;
}

/* What was lost may be begun again now; false: not yet, or never any more. */
static bool begin_waiting(struct shard *s, struct ike_sa *sa)
{
    struct shrike_reason why = {.code = SHRIKE_REASON_REKEYED};
    enum again again = again_begin(s, sa);
    if (again == AGAIN_NEVER)
        ike_close(s, sa, &why);
    return again == AGAIN_READY;
}

void wants_next(struct shard *s, struct ike_sa *sa)
{
    enum {
        ASK_ROOM = FRAGMENTS_OUT_MAX + 8,
        TRIES = 4
    }; /* an exchange that fails before it is sent makes room for the next */
    sa->unsettled = false;
    if (sa->wants & WANT_CLOSE && sa->state == IKE_INIT) { /* the peer knows nothing of it yet */
        struct shrike_reason why = {.code = SHRIKE_REASON_COMMAND};
        ike_close(s, sa, &why);
        return;
    }
    for (int i = 0; i < TRIES; i++) {
        unsigned asking = slots_asking(sa);
        if (!life_lets_ask(s, sa) || sa->reap || sa->not_before > s->now)
            return;
        if (sa->state == IKE_INIT && !begin_waiting(s, sa))
            return;
        if (window_spent(&sa->window) && sa->state == IKE_UP) {
            sa->wants |= WANT_CLOSE; /* RFC 7296 2.2 (2): with the last IDs, as they never wrap */
            sa->reason = SHRIKE_REASON_EXPIRED;
        }
        if (ring_room(&s->ring) < ASK_ROOM) {
            sa->unsettled = true;
            return;
        }
        if (!begin_next(s, sa)) {
            sa->wants &= WANT_CLOSE; /* nothing else can be done in this state */
            return;
        }
        if (slots_asking(sa) > asking) {
            /* RFC 7296 2.3 (3): the next input may begin another beside it. */
            sa->unsettled = life_lets_ask(s, sa) != NULL;
            return;
        }
    }
    sa->unsettled = true; /* all have failed: there may be more */
}
