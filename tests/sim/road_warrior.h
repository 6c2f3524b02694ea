/* A scenario of a host that asks for internal addresses and one that gives them. */
#ifndef SIM_ROAD_WARRIOR_H
#define SIM_ROAD_WARRIOR_H

#include "net.h"

void play_road_warrior(struct net *n);

#endif
