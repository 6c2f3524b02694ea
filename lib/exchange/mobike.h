/* What is said about addresses (RFC 4555): that both ends may change theirs, which they have, and
 * which they use from now on. When it is to be said, roam.h decides. */
#ifndef EXCHANGE_MOBIKE_H
#define EXCHANGE_MOBIKE_H

#include "exchange/exchange.h"

/* ---- IKE_AUTH (RFC 4555 3.2 to 3.4, 3.9) ---- */

/* May the SAs of this connection move? */
bool mobike_may(const struct shrike_conn *conn);
/* Say that ours may, and where else we are. The responder says so only to who has said it. */
void mobike_offer(struct turn *t);
/* What the peer says; of a request false, with a reason, when its addresses were translated though
 * it does not allow that. */
bool mobike_take(struct turn *t) must_use;

/* ---- INFORMATIONAL (RFC 4555 3.5 to 3.10) ---- */

/* What ike_sa.roam wants said. */
void mobike_ask(struct turn *t);
/* The response to that. DONE, or FAIL when it cannot come from who has had the request. */
enum verdict mobike_conclude(struct turn *t) must_use;
/* What a liveness check has in it beside, and what its response says (RFC 4555 3.8). */
void mobike_ask_mapping(struct turn *t);
void mobike_conclude_mapping(struct turn *t);
/* What is in the peer's request, and in our response to it. */
void mobike_answer(struct turn *t);

#endif
