/* What the data plane tells (shrike_kernel_event): packets that ask for a Child SA, limits reached,
 * and that it began anew. */
#ifndef ENGINE_PLANE_H
#define ENGINE_PLANE_H

#include "sa/shard.h"

#define PLANE_NONE UINT32_MAX

/* Going over all SAs after the data plane was lost, a few in each tick. */
struct plane {
    u32 next; /* index of the next SA; PLANE_NONE: no work */
};

void plane_event(struct plane *p, struct shard *s, const struct shrike_kernel_event *k);
/* Go on waking the SAs whose children are to be made anew. */
void plane_work(struct plane *p, struct shard *s);

#endif
