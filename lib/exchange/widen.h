/* Windows larger than one (RFC 7296 2.3): each side says for how many requests of the other it
 * keeps state. Both stay at one where ours is configured as one. */
#ifndef EXCHANGE_WIDEN_H
#define EXCHANGE_WIDEN_H

#include "exchange/exchange.h"

/* Say in the message being built, request or reply, how many requests we keep state for from now
 * on, if that is more than was said: in IKE_AUTH, and in the first message by an IKE SA that has
 * replaced another. Nothing is said without memory for it. */
void widen_promise(struct turn *t);
/* Heed what the peer's message, which has been handled, says of that. */
void widen_accept(struct turn *t);

#endif
