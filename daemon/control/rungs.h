/* Messages of a ladder as elements of VICI: for control, and for whoever plays a negotiation. */
#ifndef CONTROL_RUNGS_H
#define CONTROL_RUNGS_H

#include "shrike/rung.h"
#include "vici/message.h"

/* What is told of one message; us: when it was, since 1970. */
void rungs_put(struct vici_writer *w, const struct shrike_rung *m, u64 us);
void rungs_put_time(struct vici_writer *w, u64 us);
void rungs_put_end(struct vici_writer *w, const char *key, const struct shrike_endpoint *e);

#endif
