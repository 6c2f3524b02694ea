/* Hosts of a swarm that move (RFC 4555): each has a network where it is at home, and up to three
 * more: another address of IPv4, one of IPv6, one behind a NAT. */
#ifndef SIM_SWARM_MOVE_H
#define SIM_SWARM_MOVE_H

#include "swarm_net.h"

/* Does anybody move in this swarm, and who? After its connections are drawn. */
void swarm_move_draw(struct swarm *s);
/* The networks of a host, as soon as it is there; it is in some of them. */
void swarm_move_build(struct swarm *s, unsigned host);
/* One of those that move does: into other networks, or out of all of them. */
void swarm_move_one(struct swarm *s);
/* All of them are at home, where they are called, and perhaps elsewhere too. */
void swarm_move_home(struct swarm *s);
/* The engine began anew and knows nothing of its networks. */
void swarm_move_told(struct swarm *s, unsigned host);
/* What one end sends by each Child SA, the other one opens, and it gets there. NULL: all of it. */
const char *swarm_move_strays(struct swarm *s);

#endif
