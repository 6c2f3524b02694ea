/* A scenario of three hosts: one that calls, and two gateways that lead it to each other. */
#ifndef SIM_REDIRECT_H
#define SIM_REDIRECT_H

#include "net.h"

void play_redirect(struct net *n);

#endif
