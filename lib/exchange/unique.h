/* One IKE SA between two identities (RFC 7296 2.4): INITIAL_CONTACT, the policy of a connection,
 * and what becomes of two that both ends have begun at the same time.
 *
 * Of two that cross, the one with the lower SPI of its initiator stays, be it rekeyed or not; both
 * ends know these, so that they never delete both. An initiator that sees the peer's come up before
 * it has asked IKE_AUTH gives way: so who has asked did not know of the other one, and what crosses
 * at one end crosses at the other. */
#ifndef EXCHANGE_UNIQUE_H
#define EXCHANGE_UNIQUE_H

#include "sa/shard.h"
#include "wire/config.h"

enum unique_call {
    UNIQUE_CALL,      /* ask */
    UNIQUE_FIRST,     /* ask, with INITIAL_CONTACT */
    UNIQUE_GIVEN_WAY, /* the peer's is there: what was wanted is wanted of that one now */
};

/* The initiator is about to ask IKE_AUTH. */
enum unique_call unique_call(struct shard *s, struct ike_sa *sa);
/* May this peer, who has proved itself, have one more? */
bool unique_admits(const struct shard *s, const struct ike_sa *sa, bool initial_contact) must_use;
/* The same peer, who comes back, asks for addresses: where any will do, those that are of SAs which
 * will go when this one is up. They would be in nobody's hands a moment later. */
void unique_wishes(const struct shard *s, const struct ike_sa *sa, bool initial_contact,
                   struct config_list *wishes);
/* It is up: put it among the others, and decide which of them are to go. */
void unique_up(struct shard *s, struct ike_sa *sa, bool initial_contact);
/* Instead of being authenticated anew: is there another one for the same connection with the same
 * peer, made from scratch since? Then that is to have its children, and this one closes. */
bool unique_yield(struct shard *s, struct ike_sa *sa);
/* Go on with closing older ones, as far as this input allows. */
void unique_work(struct shard *s, struct ike_sa *sa);

#endif
