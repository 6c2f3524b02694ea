/* Scenarios of the data plane: traps, limits reached, everything lost. */
#ifndef SIM_PLANE_H
#define SIM_PLANE_H

#include "net.h"

void play_acquire(struct net *n);
void play_expire(struct net *n);
void play_plane_lost(struct net *n);
void play_both_lost(struct net *n);

#endif
