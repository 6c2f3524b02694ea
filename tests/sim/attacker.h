/* Somebody on the path: sees every datagram, and sends what it saw again, spoiled, or under other
 * addresses. */
#ifndef SIM_ATTACKER_H
#define SIM_ATTACKER_H

#include "sim/router.h"
#include "sim/world.h"

#define ATTACKER_SEEN_MAX 4096

enum attack { ATTACK_NONE, ATTACK_REPLAY, ATTACK_GARBAGE, ATTACK_FLOOD };

struct attacker {
    struct node node;
    struct router *router;
    struct prng prng;
    struct packet *seen[ATTACKER_SEEN_MAX]; /* the first ones that passed */
    unsigned count;
    bool learning;
    enum attack attack;
    shrike_time interval; /* between two datagrams */
    u32 left;             /* how many are still to be sent */
    u32 next;             /* of seen, for the replay */
    bool moved;           /* the replay comes from an address of its own */
    u32 sources;          /* spoofed source addresses of a flood, one after another */
};

void attacker_init(struct attacker *a, struct world *w, struct router *r);
void attacker_free(struct attacker *a);
/* Begin: count datagrams, one each interval. */
void attacker_start(struct attacker *a, enum attack attack, u32 count, shrike_time interval);
/* The first IKE_SA_INIT request that was seen; NULL for none. */
const struct packet *attacker_init_request(const struct attacker *a);

#endif
