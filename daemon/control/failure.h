/* One failure: is it one, whom is it owed to, and what is told of it, its reason, both sides'
 * wishes, the rule that decided and what would mend it. All of it follows from event and
 * configuration. */
#ifndef CONTROL_FAILURE_H
#define CONTROL_FAILURE_H

#include "config/config.h"
#include "shrike/event.h"
#include "vici/message.h"

/* Whom a failure is owed to. */
enum failure_rank {
    FAILURE_OURS,      /* this side, or a peer that had proved who it is */
    FAILURE_STRANGER,  /* somebody who is where he says, and came as far as IKE_AUTH */
    FAILURE_FORGEABLE, /* one datagram makes it, from any address */
    FAILURE_RANKS
};

/* Is it one that somebody may ask about? */
bool failure_is(const struct shrike_event *e);
enum failure_rank failure_rank(const struct shrike_event *e);
/* As elements of VICI. config: whose it is; NULL: there is none just now. secret: AUTH_MAC: where
 * the one stands that was tried; file NULL: not known. */
void failure_put(struct vici_writer *w, const struct shrike_event *e, const struct config *config,
                 struct shrike_origin secret);
void failure_put_rule(struct vici_writer *w, struct shrike_origin rule); /* nothing without one */
/* The same of a connection with a name that has no address. */
void failure_put_name(struct vici_writer *w, const struct shrike_conn *conn, const char *name,
                      const char *why);
/* Does nobody begin it here, neither we nor a packet? */
bool failure_waits(const struct shrike_conn *conn);

#endif
