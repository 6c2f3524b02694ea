/* Traps: policies of children with `start_action = trap`. A packet that meets one asks for the
 * Child SA. */
#ifndef ESP_TRAP_H
#define ESP_TRAP_H

#include "base/list.h"
#include "esp/sadb.h"
#include "shrike/conf.h"

#define TRAPS_MAX     2048          /* half of the policies there may be */
#define TRAP_PATIENCE SHRIKE_SECOND /* between two times that one is told of */

struct traps {
    struct list all;
    u32 count;
    struct sadb *db;
    /* Called for each trap that comes (add) or is about to go. */
    void (*route)(void *ctx, const struct esp_sa *sa, bool add);
    void *ctx;
};

/* db, route and ctx are set. */
void traps_open(struct traps *t);
void traps_close(struct traps *t);  /* all go, with their routes */
void traps_forget(struct traps *t); /* all go; their SAs and routes stay */
/* Have the traps of this configuration, and no others; those that stay as they are are left alone.
 * Gives how many could not be: too many, or no memory. */
u32 traps_apply(struct traps *t, const struct shrike_conf *conf);
/* A packet met the trap of this reqid: is it time to tell? Not when there is no such trap. */
bool traps_met(struct traps *t, u32 reqid, shrike_time now);
/* What selects this packet, and no more (RFC 7296 2.9): of the sender's side and of the other. */
void trap_selectors(const struct inner *packet, struct shrike_ts *local, struct shrike_ts *remote);
/* It could not be told after all. */
void traps_untold(struct traps *t, u32 reqid);

#endif
