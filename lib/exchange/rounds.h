/* Several rounds of authentication (RFC 4739): who has proved itself says that it does so once
 * more, and its next message begins with another identity. The first round is conn->local and
 * conn->remote; all have to succeed. */
#ifndef EXCHANGE_ROUNDS_H
#define EXCHANGE_ROUNDS_H

#include "exchange/exchange.h"

/* Of one side: the round that is due, or under way; the last one, when all are over. */
const struct shrike_auth *rounds_rule(const struct ike_sa *sa, bool ours);
/* One of the connection's, by its number; NULL: there are fewer. */
const struct shrike_auth *rounds_at(const struct shrike_conn *conn, bool ours, unsigned number);
/* Is one of that side due? */
bool rounds_due(const struct ike_sa *sa, bool ours);
/* Has this connection more than one of either side? */
bool rounds_several(const struct shrike_conn *conn);

/* IKE_SA_INIT and the first request: we know several, where that is wanted; and does the peer? */
void rounds_offer(struct turn *t);
void rounds_note(struct turn *t);
/* The connection has several, which the peer does not know, or which do not go together: FAIL with
 * the reason. */
enum verdict rounds_demand(struct turn *t) must_use;

/* A round of ours is over with the message being made, or with the peer's answer to it; in the
 * former: another one follows. */
void rounds_tell(struct turn *t);
void rounds_end(struct turn *t);
/* The turn's message has proved the peer: FAIL when more or less follows than the connection has.
 */
enum verdict rounds_heed(struct turn *t) must_use;
/* The response to our proof has none of the peer's, who is through: does it refuse us? The turn's
 * reason has it then. What keeps only the Child SA from being made is no refusal. */
bool rounds_refused(struct turn *t) must_use;

#endif
