/* The control socket, at which tools find the daemon. */
#ifndef PARENT_LISTENER_H
#define PARENT_LISTENER_H

#include "base/bytes.h"

/* Listen at this path; only root and its group may connect. What nobody listens at any more is
 * removed; what is no socket, or has a listener, is not touched. -1: stderr says why. */
int listener_open(const char *path) must_use;
/* Close it and remove its file. */
void listener_close(int fd, const char *path);

#endif
