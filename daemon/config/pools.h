/* Pools of virtual addresses: the section `pools`. */
#ifndef DAEMON_CONFIG_POOLS_H
#define DAEMON_CONFIG_POOLS_H

#include "config/compile.h"

/* One pool from its section; what is wrong is in the report. */
void compile_pool(struct compile *c, const struct section *s, struct lease_pool *out);
/* All of the file, into c->config. */
void compile_pools(struct compile *c);

#endif
