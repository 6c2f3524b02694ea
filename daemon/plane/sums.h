/* What the Child SAs of each reqid have carried, those that are gone too: sums that never fall.
 * They begin with the first question, so that they cost nothing where nobody asks. */
#ifndef PLANE_SUMS_H
#define PLANE_SUMS_H

#include "ops/mail.h"
#include "proc/seat.h"

#define SUMS_ROWS 4096 /* places for reqids, a power of two; three quarters of them are used */

struct sums {
    struct mail_carried *rows; /* by reqid, open addressing; NULL: nobody has asked yet */
    struct mail_carried other; /* what has no place */
    u32 count;
};

/* A question: Child SAs that are there are counted anew. false: no memory. */
bool sums_begin(struct sums *s) must_use;
void sums_free(struct sums *s);

/* This Child SA has carried so much by now: octets and packets in, then out. told: of it, what is
 * in the sums. Nothing as long as nobody has asked. Gives the row of its reqid; NULL likewise. */
struct mail_carried *sums_fold(struct sums *s, u32 reqid, u64 told[4], const u64 now[4]);

/* To control: the answer to TRAFFIC. */
void sums_post(const struct sums *s, struct seat *seat, u32 reference);

#endif
