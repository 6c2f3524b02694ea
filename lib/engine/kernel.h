/* What the data plane tells (shrike_kernel_event): packets that ask for a Child SA, limits reached,
 * and that it began anew. */
#ifndef ENGINE_KERNEL_H
#define ENGINE_KERNEL_H

#include "sa/shard.h"

#define WAKE_NONE UINT32_MAX

/* Going over all SAs after the data plane was lost, a few in each tick. */
struct wake {
    u32 next; /* index of the next SA; WAKE_NONE: no work */
};

void kernel_event(struct wake *w, struct shard *s, const struct shrike_kernel_event *k);
/* Go on waking the SAs whose children are to be made anew. */
void kernel_wake(struct wake *w, struct shard *s);

#endif
