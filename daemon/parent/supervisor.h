/* The lives of the roles: starts them, joins them, watches them, starts again what has ended
 * unasked, and ends them in order. Processes of their own or seats in the parent's loop: the same.
 */
#ifndef PARENT_SUPERVISOR_H
#define PARENT_SUPERVISOR_H

#include "parent/tell.h"
#include "proc/seat.h"
#include <sys/types.h>

#define SUPERVISOR_QUICK     (10 * SHRIKE_SECOND) /* a life shorter than this is a quick death */
#define SUPERVISOR_PAUSE_MAX (30 * SHRIKE_SECOND)
#define SUPERVISOR_QUIT_NET  (3 * SHRIKE_SECOND) /* how long a role may take to answer QUIT */
#define SUPERVISOR_QUIT      (1 * SHRIKE_SECOND)
#define SUPERVISOR_PING      (5 * SHRIKE_SECOND) /* how often a role is asked whether it hears us */
#define SUPERVISOR_PINGS     6  /* without an answer, one after the other: it hangs */
#define SUPERVISOR_PINGS_MAX 96 /* the same where lives before have hung, too */
/* The same to YIELD: what it hands on is worth waiting for. */
#define SUPERVISOR_YIELD  (10 * SHRIKE_SECOND)
#define SUPERVISOR_LINGER (2 * SHRIKE_SECOND) /* how long a process may take to end */
/* The same when it has answered QUIT: it gives its memory back, and nobody waits for anything of it
 * but the parent. */
#define SUPERVISOR_LINGER_DONE (10 * SHRIKE_SECOND)

enum member_state {
    MEMBER_AWAY,    /* not started, or ended for good */
    MEMBER_RUNNING, /* it has a channel */
    MEMBER_LEAVING, /* QUIT was sent */
    MEMBER_ENDING,  /* its channel is closed, its process not yet gone */
    MEMBER_PAUSING, /* will be started again when the alarm rings */
};

struct supervisor;

struct member {
    struct supervisor *supervisor;
    enum role role;
    enum member_state state;
    bool asked;    /* that it ends */
    bool done;     /* it has answered that */
    bool reaped;   /* there is no process, or no longer */
    bool killed;   /* by us */
    bool hung;     /* and was ended by us */
    u32 unheard;   /* PINGs without an answer, one after the other */
    u32 patience;  /* so many at most; twice as many when the life before has answered none */
    int status;    /* of waitpid() */
    u32 call;      /* a system call that it may not make, and made; UINT32_MAX: none */
    pid_t pid;     /* 0: it sits in the parent's loop */
    u64 life;      /* of a number that no other life of any role has */
    u64 next_life; /* it is to go on in this one, once; 0: in a new one */
    u32 tries;     /* starts after quick deaths in a row */
    shrike_time born;
    struct channel channel;
    struct alarm alarm;
    struct seat seat; /* in the parent's loop */
};

struct supervisor {
    /* Set by the owner. */
    struct loop *loop;
    const struct options *options;
    const struct role_type *types[ROLE_PROGRAMS];
    shrike_time ping; /* how often: SUPERVISOR_PING, but for tests */
    enum role plane;  /* who sits in the seat of ROLE_ESP: that, or ROLE_XFRM */
    struct tell tell;
    /* A role was started: send it what it needs before it is joined to the others. */
    void (*fit)(void *ctx, enum role r);
    void (*mail)(void *ctx, enum role from, struct mail *m);
    /* It has ended unasked. true: start it again. */
    bool (*died)(void *ctx, enum role r);
    /* supervisor_quit() is done: no role is left. */
    void (*ended)(void *ctx);
    void *ctx;
    /* Its own. */
    struct member members[ROLE_COUNT];
    struct alarm round;
    u32 stage;
    bool ending;
    bool yielding; /* ending, for another program to take over */
};

/* The owner has set his part; the rest is made ready. */
void supervisor_init(struct supervisor *s);
/* Start a role and join it to those that run. When it cannot be, it is tried again later. */
void supervisor_start(struct supervisor *s, enum role r);
/* false: it does not run, or takes no mail. The descriptor stays the caller's. */
bool supervisor_send(struct supervisor *s, enum role to, const struct mail *m);
bool supervisor_runs(const struct supervisor *s, enum role r);
const char *supervisor_name(const struct supervisor *s, enum role r); /* "xfrm": who sits there */
/* SIGCHLD came: look who has ended. */
void supervisor_reap(struct supervisor *s);
/* End all: net first, which says farewell to its peers; control, which writes the log, last.
 * A second call makes an end at once. */
void supervisor_quit(struct supervisor *s);

/* End all, for another program to take over: peers hear nothing of it, and esp, which goes last,
 * hands on what it has (MAIL_STATE). */
void supervisor_yield(struct supervisor *s);

/* How long to wait before a role is started again that lived so long; tries is its count. */
shrike_time supervisor_pause(u32 *tries, shrike_time lived);

#endif
