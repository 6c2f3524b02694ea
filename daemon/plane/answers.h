/* INSTALLs that are carried out here and not answered yet: the routes of their Child SAs are with
 * the parent. What a host sends when it is told that the tunnel is there must go through it. */
#ifndef PLANE_ANSWERS_H
#define PLANE_ANSWERS_H

#include "base/list.h"
#include "proc/seat.h"
#include "shrike/types.h"

#define ANSWERS_MAX 16384 /* as many ops as net keeps; beyond them nobody waits */
#define ANSWERS_PATIENCE                                                                           \
    (5 * SHRIKE_SECOND) /* a parent that is slower is not waited for any longer */

struct answers {
    struct seat *seat;
    struct list waiting; /* in the order of their routes */
    u32 count;
    u32 asked, done; /* the number of the last route letter, and of the last that is carried out */
    u64 unsaid;      /* that net did not take */
    bool late_told;
};

void answers_open(struct answers *a, struct seat *seat);
void answers_close(struct answers *a);
/* The number of the next route letter. */
u32 answers_next(struct answers *a);
/* This INSTALL has been carried out: yes is said when all letters up to now are. */
void answers_add(struct answers *a, struct shrike_token token, shrike_time now);
/* The parent has carried out the letters up to this one. */
void answers_routed(struct answers *a, u32 number);
/* Those that have waited for too long are given. false: none waits any more. */
bool answers_tick(struct answers *a, shrike_time now);

#endif
