/* Rekeying the IKE SA: a CREATE_CHILD_SA that makes another one, to which all children move (RFC
 * 7296 1.3.2, 2.8, 2.8.2, 2.18, 2.25.2). */
#ifndef EXCHANGE_IKE_REKEY_H
#define EXCHANGE_IKE_REKEY_H

#include "exchange/exchange.h"

/* The verbs of CREATE_CHILD_SA when it is about the IKE SA. */
enum verdict ike_rekey_ask(struct turn *t) must_use;
enum verdict ike_rekey_answer(struct turn *t) must_use;
enum verdict ike_rekey_conclude(struct turn *t) must_use;

/* May Child SAs be made by this IKE SA, as far as its own rekeying goes? */
bool ike_rekey_leaves_alone(const struct ike_sa *sa);
/* The peer makes use of this SA: if it is to replace another, for the peer that is settled. */
void ike_rekey_used(struct shard *s, struct ike_sa *sa);
/* This SA is being closed: what was to replace it takes over, or is not needed any more. */
void ike_rekey_closing(struct shard *s, struct ike_sa *sa);
/* No response to our request will come: another is made later. */
void ike_rekey_anew(struct shard *s, struct ike_sa *sa);

#endif
