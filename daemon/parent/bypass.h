/* Prefixes of our own side within what is routed into a tunnel: with remote_ts = 0.0.0.0/0, or
 * 10.0.0.0/8 at a site that is 10.1.0.0/16, packets for the own site must not follow that route. */
#ifndef PARENT_BYPASS_H
#define PARENT_BYPASS_H

#include "ops/prefix.h"

#define BYPASS_MAX 1024 /* pairs; few tunnels have any */

struct bypass {
    struct bypass_pair {
        struct prefix own, within; /* the second, a remote one, is the wider */
        u32 asked;                 /* how often */
        bool orphan;               /* who asked has ended; he may ask again */
        bool thrown;               /* the table has a route that leads out of it */
    } pairs[BYPASS_MAX];
    u32 count;
};

/* `own` is strictly within `within`: a child asks for both. false: too many. */
bool bypass_add(struct bypass *b, const struct prefix *own, const struct prefix *within) must_use;
/* One that the table leads out of already: an orphan. */
void bypass_adopt(struct bypass *b, const struct prefix *own, const struct prefix *within);
/* A child no longer asks; nothing when none did. */
void bypass_undo(struct bypass *b, const struct prefix *own, const struct prefix *within);
/* Forget how often, and keep the pairs until the sweep. */
void bypass_orphan(struct bypass *b);
void bypass_sweep(struct bypass *b);

/* What a pair must come to. */
bool bypass_wanted(const struct bypass_pair *p);
/* Drop the pairs that nobody wants; their routes are out of the table by now. */
void bypass_clean(struct bypass *b);

#endif
