/* What the role has put into the kernel: Child SAs, orphans, traps, shunts. */
#ifndef XFRM_INSTALL_H
#define XFRM_INSTALL_H

#include "ops/snapshot.h"
#include "plane/answers.h"
#include "plane/keepalive.h"
#include "plane/sums.h"
#include "proc/seat.h"
#include "rules/guard.h"
#include "xfrm/child.h"
#include "xfrm/kernel.h"
#include "xfrm/numbers.h"
#include "xfrm/standing.h"

struct stock {
    struct seat *seat;
    struct kernel kernel;
    struct batch batch;
    struct spd spd;
    struct children children;
    struct standing standing;
    struct ends ends;
    struct answers answers;
    struct guard guard;
    struct sums sums;
    struct numbers numbers;
    u32 replay_window, keepalive_s; /* for SAs to come */
    u32 mark;   /* of packets that come out of an outbound SA: the rule that leads to the routes
                 * leaves   them alone, also where the peer lies within what is routed */
    bool moves; /* the kernel moves SAs by itself */
    u32 moved;  /* SAs that it has moved so */
    bool quiet; /* routes are there already: none is asked for yet */
    u32 failed; /* letters that the kernel has refused */
};

/* The kernel is open. */
void stock_open(struct stock *i, struct seat *seat);
/* Nothing of ours stays in the kernel. */
void stock_clear(struct stock *i);
/* What the kernel has stays. */
void stock_close(struct stock *i);
/* A new configuration. */
void stock_conf(struct stock *i, const struct snapshot_copy *s);
/* Whoever knows the routes of the one before has begun anew: ask for all of them. */
void stock_routes(struct stock *i);
/* Can this Child SA be, may it, and by which rule? false: the log says why not. */
bool stock_allows(struct stock *i, const struct shrike_install_op *op, struct rules_verdict *v,
                  shrike_time now) must_use;
/* Put a Child SA in, as its rule says. false: it cannot be, and the log says why. Its owner is told
 * when its routes are there, too: answers_add(). */
bool stock_add(struct stock *i, const struct shrike_install_op *op, const struct rules_verdict *v,
               shrike_time now) must_use;
void stock_remove(struct stock *i, u32 serial, shrike_time now);
/* Send by this one from now on; nothing when it is not there. */
void stock_switch(struct stock *i, u32 serial);
/* A new net is there, whose Child SAs stock_heir() will tell. */
void stock_new_net(struct stock *i);
/* It goes on with these; net is told of those that are not here. Behind the last ones all others
 * are orphans; how many, is the result. */
u32 stock_heir(struct stock *i, const struct mail_heir *m, shrike_time now);

/* For the files beside. The batch is sent; what was refused is told. */
bool stock_send(struct stock *i, const char *what);
/* Room for so many letters, or the batch is sent first. */
bool stock_room(struct stock *i, u16 letters, const char *what);
/* Its SAs of IPComp, if it has any, go from the batch's kernel or come. */
void stock_comp(struct stock *i, const struct child *child, bool add);
/* The child's SAs and policies go, at once. */
void stock_end(struct stock *i, struct child *child);
/* Which SA of the child that is. */
struct letter_sa_id child_id(const struct child *child, bool inbound, u8 protocol);

#endif
