/* Is another program fit to take over? It is one that nobody but root could have put there, and one
 * that knows what is handed on and finds the configuration good, as it says itself. */
#ifndef PARENT_UPGRADE_H
#define PARENT_UPGRADE_H

#include "proc/seat.h"
#include <sys/types.h>

#define UPGRADE_PATH 4096                 /* octets of a path, with its zero */
#define UPGRADE_TIME (20 * SHRIKE_SECOND) /* that its check may take */
/* Its first line, before the version of parent/takeover.h. */
#define UPGRADE_SAYS "shriked takes over "

struct upgrade {
    /* Set by the owner. */
    struct loop *loop;
    const struct options *options;
    /* The check is over. why: one line, what speaks against it; NULL: nothing. */
    void (*checked)(void *ctx, const char *why);
    void *ctx;

    char self[UPGRADE_PATH]; /* where this program lay when it was started */
    char path[UPGRADE_PATH]; /* of the one that is looked at */
    pid_t pid;               /* of its check; 0: none */
    int said;                /* what the check has written */
    struct alarm alarm;
};

void upgrade_open(struct upgrade *u);
void upgrade_close(struct upgrade *u);
/* Look at this program; empty: at the one that lies where this one did. checked() is called later.
 * NULL, or why it cannot even be looked at. */
const char *upgrade_begin(struct upgrade *u, struct bytes path);
/* SIGCHLD came. */
void upgrade_reap(struct upgrade *u);

#endif
