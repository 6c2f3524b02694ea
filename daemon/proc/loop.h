/* The event loop of a process: descriptors, timers, and hooks before it sleeps. One thread. */
#ifndef PROC_LOOP_H
#define PROC_LOOP_H

#include "base/bytes.h"
#include "base/heap.h"

struct loop;

/* A watched descriptor; a part of what it belongs to, which ready() finds by `ctx`. */
struct source {
    int fd;
    void (*ready)(void *ctx, u32 events); /* EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP */
    void *ctx;
    u32 events; /* watched for now; 0: not watched at all */
};

/* A timer: it goes off once, at or after its time. */
struct alarm {
    struct heap_node node;
    void (*ring)(void *ctx);
    void *ctx;
};

/* Called each time before the loop sleeps: where work that one turn has gathered is done. It may
 * say that the loop must not sleep, since there is more. */
struct hook {
    bool (*settle)(void *ctx); /* true: more work is left */
    void *ctx;
    struct hook *next;
};

struct loop *loop_new(void) must_use; /* NULL: no descriptor or no memory */
void loop_free(struct loop *l);

/* CLOCK_BOOTTIME, read once a turn. */
shrike_time loop_now(const struct loop *l);
/* The same, read again: for work that takes long within a turn. */
shrike_time loop_clock(struct loop *l);

/* Watch s->fd for these events (0: no longer). The descriptor stays the caller's, who takes it out
 * of the loop before he closes it. false: the system refuses it. */
bool loop_watch(struct loop *l, struct source *s, u32 events);

void loop_alarm(struct loop *l, struct alarm *a, shrike_time when); /* set, or moved */
void loop_disarm(struct loop *l, struct alarm *a);                  /* nothing when it is not set */
void loop_hook(struct loop *l, struct hook *h);
void loop_unhook(struct loop *l, struct hook *h);

/* Run until loop_stop(); sources freed by others' ready() in the same turn are not called. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* One turn that sleeps no longer than this; for tests. */
void loop_turn(struct loop *l, shrike_time at_most);

#endif
