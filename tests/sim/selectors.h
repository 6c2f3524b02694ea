/* Scenarios of traffic selectors: two hosts that are configured differently, and NATs. */
#ifndef SIM_SELECTORS_H
#define SIM_SELECTORS_H

#include "net.h"

void play_packet_first(struct net *n);
void play_transport_nat(struct net *n);

#endif
