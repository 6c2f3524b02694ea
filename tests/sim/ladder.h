/* The ladder of messages that -v shows. */
#ifndef SIM_LADDER_H
#define SIM_LADDER_H

#include "host.h"

void ladder_send(struct host *h, const struct packet *p);
void ladder_receive(struct host *h, const struct packet *p);
void ladder_event(struct host *h, const struct shrike_event *e);
void ladder_op(struct host *h, const struct host_op *op, const char *what);

#endif
