/* The section `shrike`: settings of the daemon, and what holds for every connection. */
#ifndef DAEMON_CONFIG_GLOBALS_H
#define DAEMON_CONFIG_GLOBALS_H

#include "config/compile.h"

/* Fills config->settings, base, base_hash and the gate of config->conf; defaults where nothing is
 * written. */
void compile_globals(struct compile *c, uint8_t kernel);

#endif
