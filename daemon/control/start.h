/* Children with `start_action = start`: called up once in net's life and once for every change of
 * their connection, and again while that fails and `keyingtries` allows. */
#ifndef CONTROL_START_H
#define CONTROL_START_H

#include "proc/loop.h"
#include "shrike/conf.h"
#include "shrike/event.h"

#define START_AT_ONCE 64                    /* commands whose answer is awaited */
#define START_FIRST   (2 * SHRIKE_SECOND)   /* until the second try */
#define START_MOST    (300 * SHRIKE_SECOND) /* between tries; doubled until then */
#define START_ANSWER  (600 * SHRIKE_SECOND) /* for an answer: above what a handshake may take */
#define START_JITTER  20                    /* percent that a wait is varied by */

struct control;

struct starts {
    struct start *all; /* in no order */
    u32 count, max;
    u32 under_way;
    bool stale;         /* the configuration is another than when it was last looked at */
    struct alarm alarm; /* of the first that waits for its time */
};

void start_open(struct control *c);
void start_close(struct control *c);
/* The configuration has changed, or a name was resolved. */
void start_look(struct control *c);
/* net knows nothing: all begin again when it is there. */
void start_forget(struct control *c);
/* Call up what is due; at each settling, behind publish_settle(). */
void start_settle(struct control *c);
/* The answer to a command of ours. */
void start_answered(struct control *c, const struct shrike_event *e);

/* The wait before the n-th further try (from 1), varied by a random number. */
shrike_time start_wait(u32 n, u32 random);

#endif
