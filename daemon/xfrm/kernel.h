/* The kernel's IPsec at the other end of a socket: letters go to it, its answers and events come
 * back. */
#ifndef XFRM_KERNEL_H
#define XFRM_KERNEL_H

#include "xfrm/letter.h"

#define KERNEL_WHY 128

struct kernel {
    int ask;    /* for letters; -1: not open */
    int events; /* non-blocking; -1: not open */
    u32 seq;
    u64 letters, sends;   /* counted */
    char why[KERNEL_WHY]; /* what the kernel has said of its last refusal, besides the errno; "" */
};

/* What the kernel sends as an answer to the letter of this number in the batch. */
struct kernel_reader {
    void (*row)(void *ctx, u16 letter, const struct nlmsghdr *h);
    void *ctx;
};

/* events: the socket for them is wanted, too. false: errno says why. */
bool kernel_open(struct kernel *k, bool events) must_use;
void kernel_close(struct kernel *k); /* twice is fine */

/* Send the batch by one system call, and wait for what becomes of each letter: the kernel answers
 * at once. What is refused does not hold. true: all was done. reader: NULL when nothing is asked
 * for. */
bool kernel_send(struct kernel *k, struct batch *b, const struct kernel_reader *reader);

/* Take what has happened. false: there is nothing more for now; *lost: events were lost, since they
 * came faster than they were taken. */
#define KERNEL_EVENT_MAX 8192
bool kernel_happening(struct kernel *k, u8 out[KERNEL_EVENT_MAX], size_t *len, bool *lost) must_use;

#endif
