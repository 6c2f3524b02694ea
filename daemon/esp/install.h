/* What the role has put into the plane's tables: Child SAs, orphans, traps. */
#ifndef ESP_INSTALL_H
#define ESP_INSTALL_H

#include "esp/ledger.h"
#include "esp/pair.h"
#include "esp/plane.h"
#include "esp/trap.h"
#include "esp/unknown.h"
#include "ops/snapshot.h"
#include "plane/answers.h"
#include "proc/seat.h"
#include "rules/guard.h"
#include "shrike/action.h"

struct installed {
    struct seat *seat;
    struct plane *plane;
    struct pairs pairs;
    struct ends ends;
    struct traps traps;
    struct unknown unknown;
    struct ledger ledger;
    struct answers answers;
    struct guard guard;
    u32 replay_window, keepalive_s; /* for SAs to come */
    bool quiet;                     /* routes are there already: none is asked for yet */
};

void installed_open(struct installed *i, struct seat *seat, struct plane *plane);
void installed_close(struct installed *i);
/* A new configuration. */
void installed_conf(struct installed *i, const struct snapshot_copy *s);
/* Whoever knows the routes of the esp before has begun anew: ask for all of them. */
void installed_routes(struct installed *i);
/* Can this Child SA be, may it, and by which rule? false: the log says why not. */
bool installed_allows(struct installed *i, const struct shrike_install_op *op,
                      struct rules_verdict *v) must_use;
/* Put a Child SA in, by the rule that allows it. false: it cannot be, and the log says why. Its
 * owner is told when its routes are there, too: answers_add(). */
bool installed_add(struct installed *i, const struct shrike_install_op *op,
                   const struct rules_verdict *v) must_use;
void installed_remove(struct installed *i, u32 serial); /* nothing when it is not there */
/* Send by this one from now on; nothing when it is not there. */
void installed_switch(struct installed *i, u32 serial);
/* These are between other ends from now on; nothing for those that are not there, or may not be
 * there. */
void installed_move(struct installed *i, const struct shrike_move_op *op);
/* A new net is there, whose Child SAs installed_heir() will tell. */
void installed_new_net(struct installed *i);
/* It goes on with these; net is told of those that are not here. Behind the last ones all others
 * are orphans; how many, is the result. */
u32 installed_heir(struct installed *i, const struct mail_heir *m);
/* Orphans whose time is over go, quiet ends get a keepalive, net hears of idle SAs. false: nothing
 * waits any more. */
bool installed_tick(struct installed *i, shrike_time now);
/* What it has carried; all zero when it is not there. */
void installed_count(const struct installed *i, u32 serial, struct mail_count *out);

#endif
