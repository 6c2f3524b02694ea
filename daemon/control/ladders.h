/* The command `shrike-trace`: the last messages of IKE SAs, as net keeps them, and those that come,
 * for as long as the client is there. */
#ifndef CONTROL_LADDERS_H
#define CONTROL_LADDERS_H

#include "proc/seat.h"
#include "vici/server.h"

#define LADDERS_FOLLOWERS 4 /* as many as net can have */

struct control;

enum vici_reply ladders_command(void *ctx, const struct vici_request *r,
                                struct vici_writer *answer);
/* LADDER, DATAGRAM and LADDERS_END; false: it makes no sense. */
bool ladders_got(struct control *c, const struct mail *m);

#endif
