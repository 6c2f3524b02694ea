/* The main scenario: everything at random in a storm of faults, then calm, then the end. */
#ifndef SIM_TWO_HOSTS_H
#define SIM_TWO_HOSTS_H

#include "net.h"

void two_hosts(struct net *n);

#endif
