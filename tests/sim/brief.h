/* What the scenarios of short lives share: two hosts with several Child SAs between them, a storm,
 * and the calm behind it. */
#ifndef SIM_BRIEF_H
#define SIM_BRIEF_H

#include "net.h"

#define BRIEF_CHILDREN_MAX 3
extern const char *const brief_names[BRIEF_CHILDREN_MAX];

/* Both ends call, with so many Child SAs; the second has a key exchange of its own. How many
 * requests may be under way at once is drawn. */
void brief_set_up(struct net *n, unsigned children);
/* Between so many seconds. */
shrike_time brief_draw_seconds(struct net *n, u64 least, u64 most);
void brief_storm(struct net *n);
/* The storm is over and what it has left behind is forgotten: then there is one of each. */
void brief_calm(struct net *n);

#endif
