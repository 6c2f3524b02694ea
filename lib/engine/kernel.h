/* What the data plane tells (shrike_kernel_event): packets that ask for a Child SA, limits reached,
 * that it began anew, and which addresses there are. */
#ifndef ENGINE_KERNEL_H
#define ENGINE_KERNEL_H

#include "sa/shard.h"

#define WAKE_NONE UINT32_MAX

/* Going over all SAs, a few in each tick: after the data plane was lost, and after addresses of
 * this host have changed. */
struct wake {
    u32 next, roam;      /* index of the next SA; WAKE_NONE: no work */
    enum host_news news; /* of the addresses */
};

void kernel_event(struct wake *w, struct shard *s, const struct shrike_kernel_event *k);
/* Go on waking the SAs whose children are to be made anew, and those that are to look at their
 * paths. */
void kernel_wake(struct wake *w, struct shard *s);

#endif
