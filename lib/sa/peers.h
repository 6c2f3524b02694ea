/* IKE SAs by the identities of both ends: who else is there between the same two? Those of one pair
 * of identities stand in a ring from the newest to the oldest, so that looking costs the same with
 * one peer or a hundred thousand. */
#ifndef SA_PEERS_H
#define SA_PEERS_H

#include "sa/shard.h"

/* Put it into the ring of its connection's own identity and this one of the peer, as the newest;
 * it leaves the ring where it was. Nothing when it knows no connection, or when the peer of its
 * connection proves nothing (RFC 7619). */
void peers_add(struct shard *s, struct ike_sa *sa, const struct shrike_id *peer);
/* The same, into the ring where the other one is or was. */
void peers_join(struct shard *s, struct ike_sa *sa, const struct ike_sa *like);
/* The same, but at the place of another one, beside it. */
void peers_follow(struct shard *s, struct ike_sa *sa, struct ike_sa *old);
/* One that was imported, which has an identity of the peer: where its time of coming up says. */
void peers_restore(struct shard *s, struct ike_sa *sa);
/* Take it out; nothing when it is in no ring. */
void peers_remove(struct shard *s, struct ike_sa *sa);
/* The newest of the ring of these two identities, or NULL. */
struct ike_sa *peers_newest(const struct shard *s, const struct shrike_id *local,
                            const struct shrike_id *peer);
/* The newest of the ring where this one is or was, or NULL. */
struct ike_sa *peers_newest_like(const struct shard *s, const struct ike_sa *sa);
/* The next older one of the same ring; NULL: this is the oldest, or in no ring. */
struct ike_sa *peers_older(const struct shard *s, const struct ike_sa *sa);

#endif
