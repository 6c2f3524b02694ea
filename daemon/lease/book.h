/* The book of leases: who has which virtual address, and who had it last.
 *
 * A lease is online while at least one IKE SA holds it, and offline afterwards: then it is kept for
 * its client, who gets the same address again, until nobody else can be served otherwise. Memory is
 * taken for leases alone, so a pool may be as large as it likes. No I/O and no clock. */
#ifndef LEASE_BOOK_H
#define LEASE_BOOK_H

#include "base/list.h"
#include "lease/pool.h"

#define BOOK_OFFLINE_MAX 65536 /* leases kept for clients that are away; the oldest go first */

struct lease {
    struct lease *next_address, *next_client; /* of the same bucket */
    struct list link; /* of its pool: online, or offline, the oldest first */
    struct list away; /* offline: of all pools, the oldest first */
    u64 serial;       /* never used twice */
    struct shrike_addr address;
    u32 pool;                /* its place */
    u32 holders;             /* IKE SAs; 0: offline */
    struct shrike_id client; /* its octets stand behind */
};

struct book;

/* key: random octets that no client knows. NULL: no memory. */
struct book *book_new(const u8 key[16]) must_use;
void book_free(struct book *b); /* NULL is fine */

/* The pools are these from now on; they are copied. Leases stay in a pool that keeps its name as
 * far as they fit. Of the others, those that are offline end; those that are online go to the pool
 * that has their address now, or wait without one until they are given back. false: no memory; all
 * stays as it was. */
bool book_pools(struct book *b, const struct lease_pool *pools, u32 count) must_use;

struct book_ask {
    const char *const *pools; /* names, in the order in which they are tried */
    u32 pool_count;
    struct shrike_id client;
    struct shrike_addr wish; /* of the family wanted; all zero: whichever */
};

/* What a holder has, to give it back. A lease may have ended before, as its pool did. */
struct book_ticket {
    u64 serial;
    struct shrike_addr address;
};

struct book_got {
    struct shrike_addr address;
    const struct lease_pool *pool; /* that it is of; valid until book_pools() */
    struct book_ticket ticket;
};

/* Lease an address, and count a holder. The client's own comes first: the one wished for, when it
 * is his, even while it is online (an IKE SA that takes the place of another), else one that is
 * offline. Then the one wished for if nobody has or had it, then any that nobody has or had, then
 * that of the client who is away for longest. false: none of these pools, or none left, or no
 * memory. */
bool book_take(struct book *b, const struct book_ask *ask, struct book_got *got) must_use;

/* Count a holder of the address wished for, which the client has from before this process began.
 * false: it is of none of these pools, another client has it, or there is no memory. */
bool book_claim(struct book *b, const struct book_ask *ask, struct book_got *got) must_use;
/* A holder less. */
void book_give_back(struct book *b, const struct book_ticket *t);

/* ---- looking ---- */

struct book_pool {
    struct lease_pool conf;
    struct list online, offline; /* of struct lease, by link */
    u32 online_count, offline_count;
    u32 next; /* place of the next address to be looked at */
};

u32 book_count(const struct book *b);
const struct book_pool *book_pool(const struct book *b, u32 n);

#endif
