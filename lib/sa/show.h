/* Views of one SA: what listings and events show of it. */
#ifndef SA_SHOW_H
#define SA_SHOW_H

#include "sa/child.h"
#include "shrike/event.h"
#include "shrike/view.h"

/* Slices point into the SA and its configuration. */
void show_ike(const struct ike_sa *sa, struct shrike_ike_view *out);
void show_child(const struct child_sa *child, struct shrike_child_view *out);

/* What an event is about; NULL: nothing of it. `was` has been replaced by the other. */
struct sighting {
    const struct ike_sa *sa, *sa_was;
    const struct child_sa *child, *child_was;
};
/* Their views, with all that they point to, kept until the drain is over; NULL: there is no room.
 */
const struct shrike_seen *show_seen(struct ring *r, const struct sighting *of);

#endif
