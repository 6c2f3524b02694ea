/* The last messages of the IKE SAs that spoke last: what `shrike trace` shows. */
#ifndef NET_LADDERS_H
#define NET_LADDERS_H

#include "ops/ladder.h"
#include "proc/seat.h"
#include "shrike/shrike.h"

/* 7 KiB each, 448 KiB in all, touched only as far as there are so many. Of peers that have not
 * proved who they are only a part, so that a flood of them drives out nobody else. */
#define LADDERS_MAX       64
#define LADDERS_STRANGERS 16

struct ladders {
    u64 turns;             /* of the clock below */
    u64 used[LADDERS_MAX]; /* when it had its last message; 0: free */
    struct mail_ladder at[LADDERS_MAX];
};

/* One message more. */
void ladders_add(struct ladders *l, const struct shrike_rung *r);
/* What the engine has sent and received since. */
void ladders_take(struct ladders *l, struct shrike *engine);
/* One letter for each, and one that ends it. false: the question makes no sense. */
bool ladders_tell(const struct ladders *l, struct seat *seat, const struct mail *m);

#endif
