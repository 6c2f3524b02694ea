/* Scenarios of hosts that move between networks (RFC 4555), and of NATs whose mappings change. */
#ifndef SIM_ROAM_H
#define SIM_ROAM_H

#include "net.h"

void play_roam(struct net *n);
void play_roam_responder(struct net *n);
void play_roam_storm(struct net *n);
void play_roam_mapping(struct net *n);
void play_roam_two_nats(struct net *n);
void play_roam_without(struct net *n);

#endif
