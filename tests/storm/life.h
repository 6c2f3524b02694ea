/* Child SAs, traps and time, meanwhile. */
#ifndef STORM_LIFE_H
#define STORM_LIFE_H

#include "storm.h"

/* Draw the networks of all slots, and settings; traps come. */
void life_begin(struct storm *s);
/* Everything goes: Child SAs, orphans, traps. */
void life_end(struct storm *s);

void life_install(struct storm *s); /* a new Child SA, or one more of a slot: a rekey */
void life_remove(struct storm *s);
void life_switch(struct storm *s);
void life_orphan(struct storm *s);
void life_settings(struct storm *s, int side); /* other traps, another window, another library */
void life_time(struct storm *s);
/* Look at the books of one that is there. */
void life_audit(struct storm *s);

/* Where a packet may come from and go to, seen from this side. */
struct craft_ends life_ends(struct storm *s, int side);

#endif
