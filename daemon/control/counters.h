/* The commands get-counters and reset-counters: messages and rekeys, as net has counted them. */
#ifndef CONTROL_COUNTERS_H
#define CONTROL_COUNTERS_H

#include "proc/seat.h"
#include "vici/server.h"

struct control;

enum vici_reply counters_get(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply counters_reset(void *ctx, const struct vici_request *r, struct vici_writer *answer);
/* TALLIES; false: it makes no sense. */
bool counters_got(struct control *c, const struct mail *m);

#endif
