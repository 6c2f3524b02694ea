/* How much a Child SA may carry: rekey_*, life_* and rand_* of a child. */
#ifndef DAEMON_CONFIG_LIFE_H
#define DAEMON_CONFIG_LIFE_H

#include "config/compile.h"

/* Hard limits are life_*, by default a tenth above rekey_*. Soft ones are rekey_* less a random
 * part of rand_*, by default the difference of the two, so that two sides do not begin at once. */
void compile_life(struct compile *c, const struct section *s, struct shrike_life *out);

/* The same in time: rekey_time, life_time and rand_time of a child; rekey_time, reauth_time,
 * over_time and rand_time of a connection. The random part is drawn by the engine. */
void compile_child_times(struct compile *c, const struct section *s, struct shrike_child_conf *out);
void compile_conn_times(struct compile *c, const struct section *s, struct shrike_conn *out);

#endif
