/* Compression of what a Child SA carries (RFC 7296 2.22, RFC 3173): DEFLATE, where the
 * configuration of the child has it. */
#ifndef EXCHANGE_IPCOMP_H
#define EXCHANGE_IPCOMP_H

#include "exchange/exchange.h"
#include "sa/child.h"

/* Offer it with what we ask for. Without a free CPI the child is asked for without. */
void ipcomp_ask(struct turn *t, struct child_sa *child);
/* The responder: take it for this child when the peer offers it and there is a free CPI. */
void ipcomp_choose(const struct turn *t, struct child_sa *child);
/* Say so in the reply. */
void ipcomp_reply(struct turn *t, const struct child_sa *child);
/* The initiator: what has the peer taken? false: what was not offered, or more than one. */
bool ipcomp_accept(const struct turn *t, struct child_sa *child) must_use;

#endif
