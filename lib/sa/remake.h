/* Making Child SAs anew whose data plane has ended (SHRIKE_PLANE_LOST): first a new one with the
 * same selectors, then the old one is deleted. Each end deletes only what it has replaced by one
 * that it asked for itself: so when both ends have lost theirs, the last one made stays. */
#ifndef SA_REMAKE_H
#define SA_REMAKE_H

#include "sa/child.h"

/* Is it up, and was it installed in a data plane that has ended since? */
bool remake_is_due(const struct shard *s, const struct child_sa *child);
/* Go on, when no Child SA is being asked for: the first child that is due gets an heir, to be
 * asked for. One whose heir could not be made is to be deleted, and its configuration's child
 * wanted again after that. */
void remake_next(struct shard *s, struct ike_sa *sa);
/* This child, which we asked for, is up: those that it stands for are to be deleted. */
void remake_done(const struct shard *s, struct ike_sa *sa, struct child_sa *heir);
/* Nothing is to take the place of this child, which is going down. */
void remake_cancel(struct shard *s, struct ike_sa *sa, struct child_sa *child);

#endif
