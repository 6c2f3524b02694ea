/* Message IDs agreed upon anew (RFC 6311): the peer is a cluster, and the member that has taken
 * over does not know which were used last. We answer; replay counters of ESP are not synchronised,
 * they belong to the data plane. */
#ifndef EXCHANGE_IDSYNC_H
#define EXCHANGE_IDSYNC_H

#include "exchange/exchange.h"

/* IKE_AUTH: say that we answer such requests; the responder only to who has said so. */
void idsync_offer(struct turn *t);
/* Does the peer say so? */
void idsync_take(struct turn *t);

/* A request to synchronise: what the member says of its own requests and of ours. */
struct idsync {
    u32 nonce;
    u32 theirs; /* M1: ID of its next request */
    u32 ours;   /* P1: ID of the next one that it expects from us */
    bool good;  /* there is nothing in it that must not be */
};

/* Is this datagram, which begins with this header, such a request, and authentic? It stays as it
 * is.
 */
bool idsync_read(struct shard *s, struct ike_sa *sa, struct bytes datagram, const struct header *h,
                 struct idsync *out) must_use;
/* Answer it by the turn's path, and ask anew what we are waiting for. false: it is to be dropped;
 * nothing has changed. */
bool idsync_heed(struct turn *t, const struct idsync *in) must_use;

#endif
