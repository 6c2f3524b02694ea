/* NULL authentication (RFC 7619): a side that does not say who it is, or cannot show it. Its AUTH
 * payload is made of SK_pi or SK_pr, and so only ties the messages of both exchanges together. Used
 * where the connection asks for it, and never instead of something else. */
#ifndef EXCHANGE_NULL_H
#define EXCHANGE_NULL_H

#include "exchange/exchange.h"

/* Our AUTH payload. false: it could not be made. */
bool null_add(struct turn *t) must_use;
/* Is this one the peer's? */
enum verdict null_check(struct turn *t, const struct auth *auth) must_use;

#endif
