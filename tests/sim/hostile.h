/* Scenarios with somebody hostile on the path, or without memory. */
#ifndef SIM_HOSTILE_H
#define SIM_HOSTILE_H

#include "net.h"

void play_memory(struct net *n);
void play_replay(struct net *n);
void play_garbage(struct net *n);
void play_evil_peer(struct net *n);
void play_flood(struct net *n);

#endif
