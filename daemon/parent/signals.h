/* Signals as events of the loop. */
#ifndef PARENT_SIGNALS_H
#define PARENT_SIGNALS_H

#include "proc/loop.h"

struct signals {
    struct source source;
    struct loop *loop;
    void (*got)(void *ctx, int signal); /* SIGCHLD, SIGTERM, SIGINT or SIGHUP; set by the owner */
    void *ctx;
};

/* Take them from now on; they are blocked for the process. false: the system refuses. */
bool signals_open(struct signals *s, struct loop *l) must_use;
void signals_close(struct signals *s); /* they stay blocked */

/* For a new process that is not the parent: nothing is blocked any more. */
void signals_unblock(void);
/* For a role: what a terminal or a service manager sends to all processes is the parent's. */
void signals_leave_to_parent(void);

#endif
