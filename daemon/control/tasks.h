/* Commands of clients that take their time: initiate, terminate and rekey. Each streams what the
 * log says of its SA, and is answered when it is done, has failed, or its time is over. */
#ifndef CONTROL_TASKS_H
#define CONTROL_TASKS_H

#include "control/log.h"
#include "control/sas.h"
#include "proc/loop.h"
#include "vici/server.h"

#define TASK_MOST (600 * SHRIKE_SECOND) /* a client that names no time waits so long at most */
#define TASK_FORCED_GRACE                                                                          \
    SHRIKE_SECOND /* from the end that a forced terminate sets to its answer */
#define TASK_NAME_MOST (25 * SHRIKE_SECOND) /* for the address of a name */
#define TASK_NET_MOST  (10 * SHRIKE_SECOND) /* for net to come and be configured */

#define TASK_WHY_MAX 512 /* characters of what is wrong */

struct control;
struct listing;

enum task_state {
    TASK_FREE,
    TASK_WAITING, /* initiate: a name has no address yet, or net is not there */
    TASK_LOOKING, /* terminate, rekey: the SAs meant are being listed */
    TASK_RUNNING, /* net has the command */
};

enum task_kind { TASK_UP, TASK_DOWN, TASK_REKEY, TASK_REDIRECT };

struct tasks {
    struct task {
        struct control *control;
        enum task_state state;
        enum task_kind kind;
        bool reauth;                     /* rekey */
        bool limited;                    /* initiate: init_limit_half_open is heeded */
        shrike_time forget;              /* terminate: after so long, whatever the peer says; 0: by
                                          * retransmission */
        char gateway[VICI_NAME_MAX + 1]; /* redirect */
        vici_ticket ticket;
        u32 reference;
        char conn[VICI_NAME_MAX + 1], child[VICI_NAME_MAX + 1];
        unsigned loglevel;
        /* terminate, rekey: SAs; commands unanswered; commands that failed */
        u32 matched, left, failed;
        enum shrike_reason_code reason;
        u32 failures;      /* of all connections, when it began */
        shrike_time limit; /* as asked, for the answer */
        struct alarm alarm;
    } at[VICI_CLIENTS_MAX];
};

/* A task begins; what stands in `answer` is the answer when this gives VICI_REPLY_NOW. */
enum vici_reply tasks_initiate(struct control *c, const struct vici_request *r,
                               struct vici_writer *answer);
/* With `force` IKE SAs are told of once and forgotten, when the timeout is over or at once. */
enum vici_reply tasks_terminate(struct control *c, const struct vici_request *r,
                                struct vici_writer *answer);
/* Without a timeout it does not wait: what was found is under way. */
enum vici_reply tasks_rekey(struct control *c, const struct vici_request *r,
                            struct vici_writer *answer);
/* Which connection the filter's names mean, by its child where that is all; NULL: `why` says what
 * is wrong. */
const struct shrike_conn *tasks_find_conn(struct control *c, const struct sas_filter *f, u32 *index,
                                          char why[TASK_WHY_MAX]) must_use;
/* Peers are told where to go; whether they do is theirs. */
enum vici_reply tasks_redirect(struct control *c, const struct vici_request *r,
                               struct vici_writer *answer);
/* The SAs that a terminate, a rekey or a redirect means. */
void tasks_found(struct control *c, vici_ticket ticket, const struct listing *l);
/* A name has an address, or will have none; net has the configuration. true: somebody was answered.
 */
bool tasks_look(struct control *c);
/* COMMAND_DONE or COMMAND_FAILED with a reference of ours. */
void tasks_answered(struct control *c, const struct shrike_event *e);
/* Does somebody wait for lines about this event? */
bool tasks_want(const struct control *c, const struct shrike_event *e);
void tasks_log(struct control *c, const struct shrike_event *e, const struct log_line *line);
void tasks_cancel(struct control *c, vici_ticket ticket); /* the client is gone */
void tasks_net_gone(struct control *c);
void tasks_close(struct control *c);

#endif
