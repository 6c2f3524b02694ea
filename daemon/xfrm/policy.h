/* The policies that this program has in the kernel. One of them may be wanted by several: Child SAs
 * of which one takes the place of the other, and the trap that has called for them. The most
 * pressing claim is what the kernel has. */
#ifndef XFRM_POLICY_H
#define XFRM_POLICY_H

#include "base/list.h"
#include "xfrm/letter.h"

#define POLICY_BUCKETS 4096 /* a power of two */
/* Our policies are known by their index in the kernel, whose own begin with 0. */
#define POLICY_INDEX_FIRST 0xc0000000u

struct spd {
    struct list buckets[POLICY_BUCKETS];
    u32 count;
    u32 next; /* for an index */
};

struct policy;

/* Somebody wants it. Owned by who that is, zeroed before. */
struct claim {
    struct list link; /* of the policy */
    struct policy *policy;
    struct letter_policy wanted; /* in order of priority: the least first, then the latest */
};

void spd_open(struct spd *p);
void spd_close(struct spd *p); /* claims are forgotten; the kernel is told nothing */

/* A claim comes, or changes, or goes; a letter is added to the batch when that changes what the
 * kernel is to have. There must be room for one. false: no memory. */
bool spd_claim(struct spd *p, struct claim *c, const struct letter_policy *wanted,
               struct batch *b) must_use;
/* The kernel may have changed by itself what it has there: it is told again. */
void spd_renew(const struct claim *c, struct batch *b);
void spd_release(struct spd *p, struct claim *c, struct batch *b);

/* The kernel has this one from a life before: as if it had been claimed. */
bool spd_adopt(struct spd *p, struct claim *c, const struct letter_policy *is) must_use;
/* A claim of the process before; what the kernel has, spd_seen() tells. false: no memory. */
bool spd_restore(struct spd *p, struct claim *c, const struct letter_policy *wanted) must_use;
/* The kernel has this one. false: nobody has claimed it. */
bool spd_seen(struct spd *p, const struct letter_policy *is) must_use;
/* Is this index one of ours? */
bool policy_is_ours(u32 index);

#endif
