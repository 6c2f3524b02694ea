/* One connection with its children. */
#ifndef DAEMON_CONFIG_CONN_H
#define DAEMON_CONFIG_CONN_H

#include "config/compile.h"

void compile_conn(struct compile *c, const struct section *s, struct shrike_conn *out,
                  struct config_conn *beside);

#endif
