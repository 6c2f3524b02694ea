/* Policies of the configuration itself: traps, which ask for a Child SA when a packet meets them,
 * and shunts, by which packets pass as they are or are dropped. */
#ifndef XFRM_STANDING_H
#define XFRM_STANDING_H

#include "base/list.h"
#include "plane/wish.h"
#include "xfrm/policy.h"

#define STANDING_MAX  2048
#define TRAP_PATIENCE SHRIKE_SECOND /* between two times that net is told of one */

struct stock;

struct standing {
    struct list all;
    u32 count;
};

void standing_open(struct standing *s);
void standing_close(struct standing *s); /* what the kernel has stays */
/* Have those of this configuration, and no others; those that stay as they are are left alone. */
void standing_apply(struct standing *s, struct stock *i, const struct shrike_conf *conf);
/* All of them go. */
void standing_end(struct standing *s, struct stock *i);
void standing_routes(struct standing *s, struct stock *i);
/* A packet met the trap of this number: is it time to tell net of it? *conf_reqid: of the
 * configuration. */
bool standing_met(struct standing *s, u32 reqid, shrike_time now, u32 *conf_reqid);
void standing_untold(struct standing *s, u32 reqid); /* it could not be told after all */

#endif
