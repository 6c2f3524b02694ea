/* Two Child SAs for one thing, because both ends have asked for it at the same time, or one has
 * made anew what the other one was rekeying. Of such the newest stays that the caller (of the first
 * IKE SA of the line) has asked for, or, when it has asked for none, the newest of the other end:
 * who has asked for another one deletes that, when both ends have had them for a while. A rekey
 * changes nothing of who has asked. What the peer alone has asked for twice is no concern of ours:
 * it may want both (RFC 7296 2.8). */
#ifndef SA_TWIN_H
#define SA_TWIN_H

#include "sa/child.h"

/* The response that makes one has come by then, and resends of what it replaced are over. */
#define TWIN_PAUSE (5 * SHRIKE_SECOND)

/* A child has come up, or more than one is there: they are to be looked at in a while. */
void twin_expect(const struct shard *s, struct ike_sa *sa);
/* It is time to look: one that is not to stay, and is for us to delete, is to be deleted. */
void twin_settle(const struct shard *s, struct ike_sa *sa);
/* One that is wanted, and was not asked for yet: has the peer made it meanwhile? */
bool twin_made(const struct shard *s, const struct ike_sa *sa, const struct child_sa *wanted);

#endif
