/* A peer that has the keys, and its own idea of what to do with them: padding for traffic flow
 * confidentiality, dummies, wrong padding, protocols that have no place, garbage. */
#ifndef STORM_PEER_H
#define STORM_PEER_H

#include "storm.h"

/* Some packets of one Child SA, made with the keys of one side, go to the other. */
void peer_sends(struct storm *s);

#endif
