/* The last messages of the IKE SAs that spoke last: what `shrike trace` shows. */
#ifndef NET_LADDERS_H
#define NET_LADDERS_H

#include "ops/ladder.h"
#include "proc/seat.h"
#include "shrike/shrike.h"

/* 7 KiB each, 456 KiB in all, touched only as far as there are so many. Of peers that have not
 * proved who they are only a part, so that a flood of them drives out nobody else. */
#define LADDERS_MAX       64
#define LADDERS_STRANGERS 16

struct ladders {
    u64 turns;             /* of the clock below */
    u64 used[LADDERS_MAX]; /* when it had its last message; 0: free */
    u64 all[LADDERS_MAX];  /* messages of this IKE SA ever */
    struct mail_ladder at[LADDERS_MAX];
};

/* One message more. */
void ladders_add(struct ladders *l, const struct shrike_rung *r);
/* Who the peer of this message's IKE SA is, when it has proved it and that is not known yet. */
void ladders_look(struct ladders *l, const struct shrike *engine, const struct shrike_rung *r);

/* Is this an IKE SA of him: a connection, #7, an address or an identity; "": of all? */
bool ladders_is_of(const struct mail_ladder *m, const char *peer);
/* The IKE SA that a datagram with these SPIs is of; LADDERS_MAX: of none. */
u32 ladders_of_spis(const struct ladders *l, u64 spi_i, u64 spi_r);

/* One letter to control. false: there is no room. */
bool ladders_send(struct seat *seat, u32 reference, const struct mail_ladder *m);
/* One for each IKE SA of this peer. */
void ladders_tell(const struct ladders *l, struct seat *seat, u32 reference, const char *peer);

#endif
