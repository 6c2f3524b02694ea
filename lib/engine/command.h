/* Commands (shrike/shrike.h): up, down, liveness, list. */
#ifndef ENGINE_COMMAND_H
#define ENGINE_COMMAND_H

#include "sa/shard.h"

/* A listing goes over all SAs, a few in each tick. */
struct listing {
    bool active;
    u32 reference;
    u32 next;  /* index of the next SA */
    u32 sa;    /* serial of the SA there, when it was begun */
    u32 child; /* serial of the last Child SA of it that was told; 0: nothing of it was */
};

/* What one command touches besides the shard. */
struct commander {
    struct shard *shard;
    struct listing *listing;
    u32 pending; /* the command's handle */
};

void command_run(struct commander *c, const struct shrike_command *command);
/* Go on with the listing: at most a few SAs. */
void command_list(struct shard *s, struct listing *l);

#endif
