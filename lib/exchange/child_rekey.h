/* Rekeying Child SAs: a CREATE_CHILD_SA that says what it replaces (RFC 7296 1.3.3, 2.8, 2.8.1,
 * 2.25). */
#ifndef EXCHANGE_CHILD_REKEY_H
#define EXCHANGE_CHILD_REKEY_H

#include "exchange/exchange.h"
#include "sa/child.h"

/* The first child whose time has come gets a replacement, to be asked for; one that has been
 * replaced by the peer and not deleted since is to be deleted. */
void child_rekey_next(struct shard *s, struct ike_sa *sa);

/* Say in our request what this replacement is for. false: that is not there any more. */
bool child_rekey_name(struct turn *t, const struct child_sa *child) must_use;
/* The peer's request: *old gets the child that it is to replace, NULL when it is to be a further
 * one. DONE, or REFUSE. */
enum verdict child_rekey_find(struct turn *t, struct child_sa **old) must_use;
/* Is the child there that this one is to replace, and is it to stay until then? */
bool child_rekey_still(const struct ike_sa *sa, const struct child_sa *child);

/* Ours, about to be installed: is it known already that it will not stay? */
bool child_rekey_has_lost(const struct ike_sa *sa, const struct child_sa *child);
/* A replacement of the child with this serial is up, or has failed: what follows? */
void child_rekey_settle(struct shard *s, struct ike_sa *sa, u32 serial);
/* Ours has failed, for the turn's reason, and is dead or to be deleted. */
void child_rekey_failed(struct turn *t, const struct child_sa *child);

#endif
