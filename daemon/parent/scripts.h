/* Scripts of the configuration: run one after the other, in the order in which they were asked for,
 * each with a limit of time; what they say goes to the log. They have the rights of the parent,
 * which waits for none of them but at its own end. */
#ifndef PARENT_SCRIPTS_H
#define PARENT_SCRIPTS_H

#include "base/list.h"
#include "parent/tell.h"
#include <sys/types.h>

#define SCRIPTS_WAITING    4096                 /* at most; what is beyond is not run, and said */
#define SCRIPTS_TIME       (10 * SHRIKE_SECOND) /* that one may take, with all that it starts */
#define SCRIPTS_END        (5 * SHRIKE_SECOND)  /* that all may take when the parent ends */
#define SCRIPTS_HANDING_ON SHRIKE_SECOND /* that all may take when another program takes over */
#define SCRIPTS_LINES      100           /* of what one says */
#define SCRIPTS_LINE       256           /* octets of a line */

struct scripts {
    /* Set by scripts_open(). */
    struct loop *loop;
    const struct tell *tell;
    /* Its own. */
    struct list waiting; /* of struct script */
    u32 count;
    struct script *now; /* NULL: none runs */
    pid_t pid;
    struct source said; /* the end of a pipe */
    struct alarm late;
    char line[SCRIPTS_LINE];
    size_t len; /* of the line that has begun */
    u32 lines;
    bool warned; /* that there are too many */
};

void scripts_open(struct scripts *s, struct loop *loop, const struct tell *tell);
/* Run this command by the shell, with these variables, each with a NUL behind it, and PATH; `about`
 * says in the log whose it is. */
void scripts_run(struct scripts *s, const char *command, struct bytes vars, const char *about);
void scripts_reap(struct scripts *s); /* SIGCHLD came: perhaps it was ours */
/* Those that wait are run still, if all of it takes no longer than this. Twice is fine. */
void scripts_close(struct scripts *s, shrike_time patience);

#endif
