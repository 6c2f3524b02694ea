/* A role in a process of its own: how the parent starts it, and how it begins. */
#ifndef PARENT_LAUNCH_H
#define PARENT_LAUNCH_H

#include "proc/seat.h"
#include <sys/types.h>

#define LAUNCH_CHANNEL 3 /* the descriptor of the channel to the parent in the new process */

/* Start this very program anew, in a fresh address space, as that role: `--role NAME` and the
 * options. fd is the role's end of the channel and stays the caller's. -1: the system refuses. */
pid_t launch(enum role r, const struct options *o, int fd);

/* The name on a command line; ROLE_COUNT: there is no such role. */
enum role launch_role_of(const char *name);

/* The life of the role in the new process, which is this program, until the parent ends it. It has
 * given up its rights already; when it has started it is held to its system calls, too
 * (proc/sandbox.h). Gives the exit code: 0, or 1 when the role could not start. */
int launch_sit(enum role program, const struct role_type *type, const struct options *o);

#endif
