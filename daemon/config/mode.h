/* Names of modes, as they stand in a configuration. */
#ifndef DAEMON_CONFIG_MODE_H
#define DAEMON_CONFIG_MODE_H

#include "shrike/conf.h"

const char *mode_name(enum shrike_mode mode);
/* false: there is no mode of this name. */
bool mode_named(const char *name, enum shrike_mode *out);
bool conn_has_mode(const struct shrike_conn *conn, enum shrike_mode mode);

#endif
