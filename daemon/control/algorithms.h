/* The command get-algorithms: what proposals may be made of. */
#ifndef CONTROL_ALGORITHMS_H
#define CONTROL_ALGORITHMS_H

#include "vici/server.h"

enum vici_reply algorithms_get(void *ctx, const struct vici_request *r, struct vici_writer *answer);

#endif
