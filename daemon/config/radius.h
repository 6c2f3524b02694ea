/* Servers of RADIUS: the section `radius` of the section `shrike`. */
#ifndef DAEMON_CONFIG_RADIUS_H
#define DAEMON_CONFIG_RADIUS_H

#include "config/compile.h"

/* config->radius; no server, where nothing is written. */
void compile_radius(struct compile *c);

#endif
