/* Fifty hosts that all call each other at the same time: an own small network, as the two hosts of
 * the other scenarios have an oracle that looks at pairs. */
#ifndef SIM_MESH_H
#define SIM_MESH_H

#include "net.h"

void play_mesh(struct net *n);

#endif
