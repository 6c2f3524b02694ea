/* The commands load-pool, unload-pool and get-pools: pools of virtual addresses and who has which,
 * as net tells. */
#ifndef CONTROL_POOLS_H
#define CONTROL_POOLS_H

#include "proc/seat.h"
#include "vici/server.h"

struct control;

enum vici_reply pools_load(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply pools_unload(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply pools_get(void *ctx, const struct vici_request *r, struct vici_writer *answer);
/* POOL, LEASE and POOLS_END; false: it makes no sense. */
bool pools_got(struct control *c, const struct mail *m);

#endif
