/* What Child SAs have carried: the kernel is asked. */
#ifndef XFRM_COUNT_H
#define XFRM_COUNT_H

#include "xfrm/install.h"

#define COUNT_AT_ONCE 32 /* Child SAs that one batch asks for */

/* Ask for these, at most COUNT_AT_ONCE; child->count is what the kernel says, and when it has
 * changed. */
void count_children(struct stock *i, struct child *const *all, u16 n, shrike_time now);

/* What a Child SA has carried, as the kernel said last, goes into the sums. */
void count_fold(struct stock *i, struct child *child);
/* Ask for all of them, and answer TRAFFIC. */
void count_traffic(struct stock *i, u32 reference, shrike_time now);

/* The time of the loop's clock that was so many seconds after 1970, if these two are the same
 * moment. */
shrike_time count_moment(u64 seconds, u64 real_now, shrike_time now);

#endif
