/* Listings for control: every IKE SA with its Child SAs, a few mails in each turn, so that neither
 * the engine nor the channel is held up by a large one. */
#ifndef NET_LIST_H
#define NET_LIST_H

#include "proc/seat.h"
#include "shrike/shrike.h"
#include "shrike/view.h"

#define LISTINGS_MAX  16                      /* under way at once */
#define LIST_PER_TURN 32                      /* mails of all of them in one turn */
#define LIST_ROOM     (CHANNEL_QUEUE_MAX / 2) /* of the queue is left for others */

struct listing {
    u32 reference;
    u32 at;    /* where the walk over the IKE SAs is */
    u32 ike;   /* serial of the one whose children are told; 0: none */
    u32 child; /* serial of the last child told */
};

struct listings {
    struct seat *seat;
    /* Ports as the engine knows them become real ones (net/udp.h); NULL: they stay. */
    u16 (*port)(void *ctx, u16 port);
    void *ctx;
    struct listing all[LISTINGS_MAX];
    u32 count;
    u32 next; /* whose turn it is */
};

/* Begin one. With too many under way it is over at once: LIST_END alone is sent. */
void list_begin(struct listings *l, u32 reference);
/* Forget all: who asked is gone. */
void list_clear(struct listings *l);
/* Go on for a turn. true: more may be sent at once; false: nothing is left, or there is no room,
 * and the loop will come back when there is. */
bool list_turn(struct listings *l, const struct shrike *engine);

#endif
