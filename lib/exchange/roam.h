/* Where the messages of an IKE SA go: following the peer (RFC 7296 2.11, 2.23), leaving addresses
 * that are gone and looking for others (RFC 4555 3.5, 3.6, 3.10). */
#ifndef EXCHANGE_ROAM_H
#define EXCHANGE_ROAM_H

#include "exchange/exchange.h"
#include "sa/move.h"

/* All that there is to choose from. */
struct path_query roam_query(const struct shard *s, const struct ike_sa *sa);

/* A message has come that is new and authentic, by t->path. */
void roam_heard(struct turn *t);
/* Where a request of ours is to go: one path, or while none is known to work each that may. */
unsigned roam_paths(const struct shard *s, const struct ike_sa *sa,
                    struct ring_path out[PATHS_MAX]);
/* Our request in this slot is to be sent once more. */
void roam_unanswered(struct shard *s, struct ike_sa *sa, const struct slot *slot);

/* This host has other addresses, or other routes. */
void roam_look(struct shard *s, struct ike_sa *sa, enum host_news news);
/* Ours is up. Had we moved since it was asked for, either end may take the other one to be behind a
 * NAT, or not to be: it is asked once more (RFC 4555 3.5), without MOBIKE from scratch. */
void roam_begin(struct shard *s, struct ike_sa *sa);
/* ESP of the peer came by another path than it did before. */
void roam_mapping(struct shard *s, struct ike_sa *sa, const struct ring_path *path);

/* For the initiator of RFC 4555: take this path, and tell the peer. */
void roam_use(struct shard *s, struct ike_sa *sa, const struct ring_path *path);
/* A request of ours is in flight that went another way: it goes this way now. */
void roam_hurry(struct shard *s, struct ike_sa *sa);

#endif
