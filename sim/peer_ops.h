/* What the engine of a side asks others to do: proofs, addresses, the data plane. */
#ifndef SIM_PEER_OPS_H
#define SIM_PEER_OPS_H

#include "sim/peer.h"

/* Carry it out; what is to be answered waits in p->ops. */
void peer_ops_take(struct peer *p, const struct shrike_op *op);
/* Answer the oldest that waits. */
void peer_ops_answer(struct peer *p);
/* When the next Child SA has been idle for too long, since nothing is ever sent; SHRIKE_NEVER. */
shrike_time peer_ops_idle(const struct peer *p);
/* Tell of one that has. */
void peer_ops_tell_idle(struct peer *p);

#endif
