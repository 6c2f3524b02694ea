/* What lies between the two hosts: takes every ESP packet of the one, and brings it to the other at
 * once, later, twice, changed, or never, among packets made up. */
#ifndef STORM_WIRE_H
#define STORM_WIRE_H

#include "storm.h"

/* Read what this side's plane has sent; it must be what is expected, in its order. */
void wire_take(struct storm *s, int side);
/* Keepalives (RFC 3948 2.3) only. */
void wire_take_keepalives(struct storm *s, int side);
/* One more that is on its way; it belongs to the wire from then on. */
void wire_put(struct storm *s, struct datagram *d);
/* Bring what was sent last, more or less. */
void wire_deliver_fresh(struct storm *s);
/* Bring some of what came by before. */
void wire_deliver_old(struct storm *s);
/* Bring what nobody sent. */
void wire_deliver_strange(struct storm *s);
void wire_clear(struct storm *s);

#endif
