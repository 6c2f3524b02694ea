/* Pools of virtual addresses: the section `pools`. */
#ifndef DAEMON_CONFIG_POOLS_H
#define DAEMON_CONFIG_POOLS_H

#include "config/compile.h"

/* One pool from its section; what is wrong is in the report. */
void compile_pool(struct compile *c, const struct section *s, struct lease_pool *out);
/* What a connection says of them: the addresses that it asks for, and the pools that it gives from.
 * A pool that the file does not have may come over the control socket: that is a warning. */
void compile_virtual(struct compile *c, const struct section *s, struct shrike_conn *out);
/* All of the file, into the settings. */
void compile_pools(struct compile *c);

#endif
