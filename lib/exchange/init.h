/* IKE_SA_INIT beside its three verbs (exchange.h). */
#ifndef EXCHANGE_INIT_H
#define EXCHANGE_INIT_H

#include "sa/shard.h"

#define INIT_MAX 8192 /* octets of an IKE_SA_INIT message that we take */

/* Compute the keys of a half-open SA, if they are not there yet: the responder does so only when
 * the first protected message comes, so a forged IKE_SA_INIT costs it no shared secret. false: the
 * peer's public value is not valid, or the provider fails. */
bool init_key(struct shard *s, struct ike_sa *sa) must_use;

/* The initiator has heard this error, which may be forged, in place of a response: a genuine one is
 * waited for some moments more. */
void init_hint(struct shard *s, struct ike_sa *sa, struct slot *slot, u16 notify);

#endif
