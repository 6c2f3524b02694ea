/* Carries the engine's ops to the roles that do them, and keeps what is not answered yet: a role
 * that ends and comes back is asked again, or its failure is answered in its place. */
#ifndef NET_COURIER_H
#define NET_COURIER_H

#include "base/list.h"
#include "proc/seat.h"
#include "shrike/action.h"

#define COURIER_KEPT_MAX 16384                /* ops of one role that wait for their answer */
#define COURIER_OCTETS   (32u * 1024 * 1024)  /* of them */
#define COURIER_AGE      (60 * SHRIKE_SECOND) /* the engine waits no longer for an answer */

/* What is out at one role. */
struct courier_lane {
    enum role to;
    struct list sent, unsent; /* of struct kept, each in the order of the ops */
    u32 count;
    size_t octets;
};

struct courier {
    struct seat *seat;
    struct courier_lane keys, certs, eap, esp, parent, control;
    struct list done;  /* of struct kept: to be answered by courier_done() */
    struct kept *told; /* what courier_done() told last */
    u64 posted, failures;
};

void courier_init(struct courier *c, struct seat *seat);
void courier_free(struct courier *c); /* wipes what is kept */

/* Send it on its way; everything it points to is copied.
 * PROVE and CHECK are kept until they are answered: nothing but their age, or too many of them,
 * makes them fail. EAP, CHILD_INSTALL, ADDRESS_ADD and RESOLVE fail at once when eap, esp, the
 * parent or control is not there or takes nothing. CHILD_REMOVE, CHILD_SWITCH, ADDRESS_REMOVE and
 * EAP_OVER, which nobody answers, are kept until they are taken or who was to do them ends. A LEASE
 * is not for it.
 */
void courier_post(struct courier *c, shrike_time now, const struct shrike_op *op);

/* An answer of this role. false: it was not asked this; drop the answer. */
bool courier_answered(struct courier *c, enum role from, const struct shrike_token *token) must_use;

/* keys, certs, eap, esp or control is there, or gone (struct role_type). */
void courier_peer(struct courier *c, enum role who, bool there);

/* Once a turn: send what waits, drop what nobody waits for any more. */
void courier_settle(struct courier *c, shrike_time now);

/* This op is answered here; the answer is copied, and waits for courier_done(). */
void courier_answer(struct courier *c, const struct shrike_op *op, const struct shrike_answer *a);
/* The next op that has failed or was answered here, with its answer, whose octets are valid until
 * the next call. false: none. */
bool courier_done(struct courier *c, struct shrike_token *token, struct shrike_answer *answer);
bool courier_has_done(const struct courier *c);

#endif
