/* Settings that hold as long as the daemon runs: sockets and routes are made from them once. */
#ifndef DAEMON_CONFIG_FIXED_H
#define DAEMON_CONFIG_FIXED_H

#include "config/compile.h"

/* Those that are not what they are in the running daemon are errors, each with what would mend it.
 */
void fixed_check(struct compile *c, const struct settings *running);

#endif
