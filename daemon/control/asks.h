/* Commands of clients that net answers, later: from the request to the answer. */
#ifndef CONTROL_ASKS_H
#define CONTROL_ASKS_H

#include "ops/mail.h"
#include "proc/seat.h"
#include "vici/server.h"

#define ASKS_MAX       8                   /* at a time; each has half a MiB for its answer */
#define ASKS_WAIT      (2 * SHRIKE_SECOND) /* for net: then it is a failure */
#define ASK_ANSWER_MAX (VICI_SEGMENT_MAX - VICI_OVERHEAD_MAX)

struct control;

struct ask {
    struct control *control;
    vici_ticket ticket;           /* 0: free */
    u32 reference;                /* in net's answers */
    char name[VICI_NAME_MAX + 1]; /* of what is wanted: a pool, a connection, a peer; "": all */
    u16 ends; /* mail that tells net when nobody waits any more; 0: it need not know */
    struct alarm alarm;
    u8 *octets;           /* of the answer */
    struct vici_writer w; /* into them */
    union {
        struct {
            bool in_pool, leases; /* its section is open; with its leases */
            u32 lease;            /* how many of this pool are there already */
        } pools;
        struct {
            bool reset, all, found;
        } counters;
        struct {
            u32 lost;   /* messages, of a client that does not read; of who follows: not told yet */
            u32 unsent; /* the same of datagrams */
            bool follow; /* it is answered when net ends, and no sooner */
            u64 zero_us; /* when net's clock began, in microseconds since 1970; 0: not asked yet */
        } ladders;
    };
};
struct asks {
    struct ask at[ASKS_MAX];
};

/* For the client of this request. Its reference is of this kind (control_reference()), and what it
 * wants is called by the request's key. NULL: refused, in `answer`. */
struct ask *ask_new(struct control *c, const struct vici_request *r, unsigned kind, const char *key,
                    struct vici_writer *answer) must_use;
/* Ask net; the body begins with the reference. */
enum vici_reply ask_net(struct ask *a, enum mail_kind kind, struct bytes body,
                        struct vici_writer *answer);
/* Whom mail with this reference is for, if it is of this kind; NULL: nobody, any more. */
struct ask *ask_of(struct control *c, u32 reference, unsigned kind);
/* A letter of the reference alone: nobody waits for more of it. */
void ask_over(struct control *c, enum mail_kind kind, u32 reference);
/* The answer is what was written, or that there is too much of it. */
void ask_answer(struct ask *a, const char *too_much);
/* The answer is that it failed. */
void ask_fail(struct ask *a, const char *why);

void asks_cancel(struct control *c, vici_ticket ticket);
void asks_net_gone(struct control *c);
void asks_close(struct control *c);

#endif
