/* A host that keeps the records of its SAs as a daemon does, and begins anew from them. */
#ifndef SIM_HOST_KEEP_H
#define SIM_HOST_KEEP_H

#include "host.h"

void host_keep_begin(struct host *h, bool keeps);
void host_keep_lose(struct host *h); /* all records, but what has reached the disk */
void host_keep_free(struct host *h);
/* After an input, before what it caused is carried out: what has changed is written. */
void host_keep(struct host *h);
/* Its engine ends at once; another one with another seed goes on from the records. The data plane
 * and what it was asked to do stay; answers to the old engine are lost, commands too. */
void host_restart(struct host *h);
/* The records as they are now reach the disk. */
void host_flush(struct host *h);
/* The whole host ends and begins anew from what has reached the disk: what happened since then is
 * forgotten, and the data plane too. */
void host_restart_stale(struct host *h);

#endif
