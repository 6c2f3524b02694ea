/* Commands under way. Each is answered exactly once, when the last thing that it waits for is over.
 */
#ifndef SA_PENDING_H
#define SA_PENDING_H

#include "base/slab.h"
#include "shrike/event.h"

#define PENDING_MAX 1024 /* commands under way at once */

struct shard;

struct pending {
    u32 reference;
    u32 holds;  /* things waited for: as many as there may be SAs */
    u32 reason; /* enum shrike_reason_code: of the first that failed */
};

/* Handles are not 0; 0 stands for no command everywhere. */

/* Begin a command with one hold; 0 at the cap. */
u32 pending_begin(struct shard *s, u32 reference) must_use;
/* One more thing to wait for. */
u32 pending_hold(struct shard *s, u32 handle);
/* One thing is over: well (SHRIKE_REASON_NONE), or not. The last one answers the command. */
void pending_release(struct shard *s, u32 handle, enum shrike_reason_code code);
/* The reference that the caller gave. */
u32 pending_reference(const struct shard *s, u32 handle);

#endif
