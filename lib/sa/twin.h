/* Two Child SAs for one thing, because both ends have asked for it at the same time. The one that
 * the initiator of the IKE SA asked for stays; the other end deletes its own. */
#ifndef SA_TWIN_H
#define SA_TWIN_H

#include "sa/child.h"

/* This one is up: if it has a twin, and one of both is for us to delete, delete it. */
void twin_settle(const struct shard *s, const struct ike_sa *sa, struct child_sa *child);
/* One that is wanted, and was not asked for yet: has the peer made it meanwhile? */
bool twin_made(const struct shard *s, const struct ike_sa *sa, const struct child_sa *wanted);

#endif
