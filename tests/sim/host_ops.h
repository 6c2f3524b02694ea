/* The ops of a host: taken in the drain, answered later, late, twice or with a failure. */
#ifndef SIM_HOST_OPS_H
#define SIM_HOST_OPS_H

#include "host.h"

/* An op came out of the engine; its answer is worked out now and given later. */
void host_ops_take(struct host *h, const struct shrike_op *op);
/* When the next answer is due, and giving it. */
shrike_time host_ops_due(const struct host *h);
/* The data plane has ended: installs under way fail. */
void host_ops_lose(struct host *h);
void host_ops_answer(struct host *h);

#endif
