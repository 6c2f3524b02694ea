/* Scenarios of an IKE SA's life: further children, deletes, liveness, the end. */
#ifndef SIM_LIFE_H
#define SIM_LIFE_H

#include "net.h"

void play_further_children(struct net *n);
void play_crossing_delete(struct net *n);
void play_early_delete(struct net *n);
void play_liveness(struct net *n);
void play_peer_dies(struct net *n);
void play_rebinding(struct net *n);
void play_reload(struct net *n);
void play_many(struct net *n);

#endif
