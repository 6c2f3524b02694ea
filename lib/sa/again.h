/* Making again what was lost: dpd_action, close_action and keyingtries. The IKE SA that is to
 * replace a lost one is made at once and waits for its time, without a handshake. */
#ifndef SA_AGAIN_H
#define SA_AGAIN_H

#include "sa/child.h"
#include "sa/shard.h"

/* The wait before an attempt, with jitter: doubled with each one, until one was up for a while. */
#define AGAIN_FIRST (2 * SHRIKE_SECOND)
#define AGAIN_MOST  (300 * SHRIKE_SECOND)
#define AGAIN_STOOD (60 * SHRIKE_SECOND)
enum { AGAIN_JITTER = 25 }; /* percent */

/* Why an IKE SA has ended, as far as it matters to its children. */
enum ike_lost {
    LOST_NOT,     /* it was wished for, or another one stands for it */
    LOST_PEER,    /* the peer was given up, or has forgotten it: dpd_action */
    LOST_CLOSED,  /* the peer has closed it: close_action */
    LOST_EXPIRED, /* its time was over and rekeying had failed: start_action or dpd_action */
    LOST_ATTEMPT, /* an attempt to make again what was lost has failed */
    LOST_STALE,   /* its record was not the newest: all that it carried is wanted */
};

/* It is being closed: note what its children are to be told (ike_sa.lost). */
void again_lost(struct ike_sa *sa, const struct shrike_reason *why);
/* A child of a closed SA goes: want it again, of another SA with this peer or of a new one. */
void again_child(struct shard *s, struct ike_sa *sa, const struct child_sa *child);
/* How long to wait before attempt number `n` (from 0). */
shrike_time again_wait(struct shard *s, unsigned n);

/* Its time has come: it gets a handshake, and its connection as it is configured now. */
enum again { AGAIN_READY, AGAIN_LATER, AGAIN_NEVER };
enum again again_begin(struct shard *s, struct ike_sa *sa) must_use;

#endif
