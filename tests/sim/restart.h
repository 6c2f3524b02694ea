/* A scenario of engines that end and go on from their records. */
#ifndef SIM_RESTART_H
#define SIM_RESTART_H

#include "net.h"

void play_restart(struct net *n);

#endif
