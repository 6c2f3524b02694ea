/* Distinguished names as text, "C=CH, O=Example, CN=moon" or "/C=CH/CN=moon", to DER. */
#ifndef DAEMON_CONFIG_DN_H
#define DAEMON_CONFIG_DN_H

#include "config/pool.h"
#include "shrike/types.h"
#include <stdbool.h>

/* In the order of the text; a value * stands for any (wire/ident.h). false: it is none. */
bool dn_read(struct pool *p, const char *text, struct shrike_bytes *out);

#endif
