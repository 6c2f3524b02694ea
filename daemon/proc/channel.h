/* Mail between two processes of the daemon: messages of a kind, a body and perhaps a descriptor,
 * over a SOCK_SEQPACKET socket. What the socket does not take waits in a bounded queue. */
#ifndef PROC_CHANNEL_H
#define PROC_CHANNEL_H

#include "base/bytes.h"
#include "proc/loop.h"

#define MAIL_BODY_MAX     65536u             /* octets; what is larger goes as a descriptor */
#define CHANNEL_QUEUE_MAX (8u * 1024 * 1024) /* octets that wait to be sent */
#define CHANNEL_BATCH     64                 /* messages taken in one turn */

struct mail {
    u16 kind;          /* enum mail_kind */
    struct bytes body; /* valid, and wiped, when the call that delivers it returns */
    int fd;            /* -1: none. Received: belongs to the receiver, closed after the call when he
                        * did not take it with mail_take_fd() */
};

struct channel {
    struct source source;
    struct loop *loop;
    /* Set by the owner before channel_open(). got may close the channel. lost: the other side is
     * gone; called once, from the loop, and the owner closes the channel. */
    void (*got)(void *ctx, struct mail *m);
    void (*lost)(void *ctx);
    void *ctx;
    struct channel
        *ahead; /* what has come by this one is taken before; NULL: none. It may be closed */
    struct letter *first, *last; /* waiting */
    size_t waiting;              /* octets of them */
    u32 generation;
};

/* Two connected descriptors, non-blocking and close-on-exec. */
bool channel_pair(int fd[2]) must_use;
/* Use this descriptor, which belongs to the channel from then on. false: it is closed. */
bool channel_open(struct channel *c, struct loop *l, int fd) must_use;
/* Waiting letters are dropped and wiped. Twice is fine. */
void channel_close(struct channel *c);
bool channel_is_open(const struct channel *c);

/* Send; the body is copied when it must wait, the descriptor is duplicated. false: not open, too
 * long, or the queue is full: nothing was sent. */
bool channel_send(struct channel *c, const struct mail *m);
/* Octets that may still wait: whoever produces a stream stops at little room. */
size_t channel_room(const struct channel *c);
int mail_take_fd(struct mail *m); /* the descriptor is the caller's now */

#endif
