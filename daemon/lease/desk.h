/* Answers LEASE ops: which addresses a peer gets, and what it is told with them. Each lease op has
 * a number; under it the desk knows what is to be given back. No I/O and no clock. */
#ifndef LEASE_DESK_H
#define LEASE_DESK_H

#include "base/cursor.h"
#include "lease/book.h"
#include "shrike/action.h"

/* Octets of an answer: the attributes of all pools that gave an address. What does not fit is left
 * out, but never an address. */
#define DESK_ANSWER_MAX 8192

struct desk {
    struct book *book;
    struct holding **buckets; /* by number */
    u32 bucket_count, count;
    u8 octets[DESK_ANSWER_MAX];
};

/* key: random octets that no peer knows. false: no memory. */
bool desk_open(struct desk *d, const u8 key[16]) must_use;
void desk_close(struct desk *d); /* twice is fine */

/* Answer a LEASE. One address of each wish: of the gift, where that is among the pools, else from
 * the pools of its family. When `held` is set, the wishes are the peer's already, from a former
 * life of this process. gift: NULL, there is none. The octets of the answer are valid until the
 * next call. */
struct shrike_answer desk_ask(struct desk *d, const struct shrike_lease_op *op,
                              const struct lease_gift *gift);
/* That lease is over; nothing when there is none. */
void desk_over(struct desk *d, u32 number);

#endif
