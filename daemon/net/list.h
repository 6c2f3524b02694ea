/* Listings for control: IKE SAs, all or some, with their Child SAs, a few mails in each turn, so
 * that neither the engine nor the channel is held up by a large one. */
#ifndef NET_LIST_H
#define NET_LIST_H

#include "ops/seam.h"
#include "proc/seat.h"
#include "shrike/shrike.h"
#include "shrike/view.h"

#define LISTINGS_MAX  16                      /* under way at once */
#define LIST_PER_TURN 32                      /* mails of all of them in one turn */
#define LIST_LOOKS    64                      /* IKE SAs that are passed over, for one mail */
#define LIST_ROOM     (CHANNEL_QUEUE_MAX / 2) /* of the queue is left for others */

struct listing {
    u32 reference;
    u32 at;                   /* where the walk over the IKE SAs is */
    u32 ike;                  /* serial of the one whose children are told; 0: none */
    u32 child;                /* serial of the last child told */
    u32 only;                 /* serial of the only one that is wanted; 0: any */
    char conn[SEAM_NAME_MAX]; /* of which they are; empty: of any */
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

/* Begin the one that a LIST asks for. With too many under way it is over at once: LIST_END alone is
 * sent. false: it makes no sense. */
bool list_begin(struct listings *l, struct bytes body) must_use;
/* Forget all: who asked is gone. */
void list_clear(struct listings *l);
/* Go on for a turn. true: more may be sent at once; false: nothing is left, or there is no room,
 * and the loop will come back when there is. */
bool list_turn(struct listings *l, const struct shrike *engine);

#endif
