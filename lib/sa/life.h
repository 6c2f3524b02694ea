/* How long SAs live (RFC 7296 2.8): when each is rekeyed, authenticated anew, and closed at last.
 */
#ifndef SA_LIFE_H
#define SA_LIFE_H

#include "sa/child.h"

/* After TEMPORARY_FAILURE (RFC 7296 2.25), with jitter; and after other failures. */
#define REKEY_RETRY_SOON (5 * SHRIKE_SECOND)
#define REKEY_RETRY      (30 * SHRIKE_SECOND)
#define REKEYS_MAX       8 /* attempts in a row that may fail; then it lives until its end */

/* What was replaced, and the replacement that lost, wait so long for the peer's delete. It may have
 * to send each of three messages for as long as its retransmissions go on. */
#define REPLACED_TIME (200 * SHRIKE_SECOND)

/* It is up from now on. A replacement keeps the time at which its predecessor was to be
 * authenticated anew. */
void life_begin(struct shard *s, struct ike_sa *sa);
void life_begin_child(struct shard *s, struct child_sa *child);

/* May a rekey of ours begin, as far as other exchanges go? */
bool life_may_rekey(const struct ike_sa *sa);
bool life_may_rekey_child(const struct shard *s, const struct ike_sa *sa,
                          const struct child_sa *child);

/* Where the next request of ours goes; NULL: the window is full, or something that goes alone waits
 * until all that is under way is over. */
struct slot *life_lets_ask(const struct shard *s, const struct ike_sa *sa);

/* An attempt has failed: when is the next one? */
void life_retry(struct shard *s, struct ike_sa *sa, shrike_time delay);
void life_retry_child(struct shard *s, struct child_sa *child, shrike_time delay);

/* When something of this is due, for one that is up. */
shrike_time life_due(const struct shard *s, const struct ike_sa *sa);
/* What has lived long enough is to be closed. */
void life_tick(struct shard *s, struct ike_sa *sa);

#endif
