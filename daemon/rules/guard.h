/* Stands in front of a data plane: lets in what the rules allow, says what they do not, and keeps
 * in a vault what the next process has to know of former configurations. */
#ifndef RULES_GUARD_H
#define RULES_GUARD_H

#include "proc/seat.h"
#include "proc/vault.h"
#include "rules/rules.h"

#define GUARD_LINES 10                   /* of the log, in ... */
#define GUARD_EACH  (60 * SHRIKE_SECOND) /* ... this time: what is beyond is counted */

struct guard {
    struct seat *seat;
    struct rules rules;
    struct vault vault;
    u64 forbidden;     /* ops and other mail refused */
    u32 lines;         /* of these in the log, since ... */
    shrike_time since; /* ... then */
    bool warned;       /* that the vault takes no more */
};

void guard_open(struct guard *g, struct seat *seat);
void guard_close(struct guard *g);

/* The vault, which is the guard's from then on; before anything else is asked. */
void guard_vault(struct guard *g, int fd, shrike_time now);
/* A new configuration, which is the guard's from then on. */
void guard_conf(struct guard *g, struct snapshot_copy *s, shrike_time now);
/* Another program takes over, which reads its configuration later: the vault gets all rules by
 * which Child SAs are there. */
void guard_yield(struct guard *g, shrike_time now);
/* Rules that nobody needs any more go. true: others will have to. */
bool guard_tick(struct guard *g, shrike_time now);

/* As rules_judge() and rules_judge_move(); the log is told what is refused. */
struct rules_verdict guard_install(struct guard *g, const struct shrike_install_op *op,
                                   const struct allowed_before *before, u64 rule, shrike_time now);
bool guard_move(struct guard *g, u64 rule, const struct shrike_move_op *op, shrike_time now);
/* Mail of net was none that it may write: as what is refused. */
void guard_nonsense(struct guard *g, shrike_time now);

#endif
