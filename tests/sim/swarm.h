/* The swarm: hosts that do everything at once in a storm, and agree with each other in the calm. */
#ifndef SIM_SWARM_H
#define SIM_SWARM_H

#include "net.h"

void play_swarm(struct net *n);

#endif
