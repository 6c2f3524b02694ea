/* Commands (shrike/shrike.h): up, down, liveness. */
#ifndef ENGINE_COMMAND_H
#define ENGINE_COMMAND_H

#include "exchange/selectors.h"
#include "sa/shard.h"

/* What one command touches besides the shard. */
struct commander {
    struct shard *shard;
    u32 pending;                           /* the command's handle; 0 without one */
    const struct selectors_packet *packet; /* of an ACQUIRE; NULL without one */
};

void command_run(struct commander *c, const struct shrike_command *command);
/* Call this child of the current configuration up for this packet, unless it is there or under way
 * (selectors_served()). Nobody waits
 * for an answer: an event tells it, with the reason when it cannot be. */
void command_acquire(struct shard *s, const struct shrike_conn *conn,
                     const struct shrike_child_conf *child, const struct selectors_packet *packet);

#endif
