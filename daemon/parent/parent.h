/* The parent: opens what needs rights, starts the roles, and hands to each what it needs. */
#ifndef PARENT_PARENT_H
#define PARENT_PARENT_H

#include "proc/seat.h"

/* Run the daemon until a signal ends it, or only look at the configuration when the options say so.
 * Gives the exit code: 0, or 1 when it cannot run; stderr says why. */
int parent_run(const struct options *o, const struct role_type *const types[ROLE_PROGRAMS]);

#endif
