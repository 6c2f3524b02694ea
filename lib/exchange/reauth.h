/* Authenticating anew (RFC 7296 2.8.3): a new IKE SA from scratch with the same children; when it
 * is up, the old one is closed. */
#ifndef EXCHANGE_REAUTH_H
#define EXCHANGE_REAUTH_H

#include "sa/shard.h"

struct turn;

/* RFC 4478: the responder of IKE_AUTH says after which time the peer must authenticate anew, when
 * the configuration has one. The IKE SA is up. */
void reauth_tell(struct turn *t);
/* The message may say so: we begin in good time. */
void reauth_heed(struct turn *t);
/* Begin, for one that is up. A peer that has internal addresses of us gets them only when it asks
 * (RFC 7296 2.19), so it is left to begin itself. false: there is no place for it, or nothing to
 * make it for. */
bool reauth_begin(struct shard *s, struct ike_sa *sa);
/* The new one alone, with a handshake and the children of this one, or, as long as that is not up
 * itself, those that it was to have; whom it calls is still to be said. NULL: as above. */
struct ike_sa *reauth_make(struct shard *s, struct ike_sa *sa);
/* Look after an SA: when it is up with all of its children, the one that it succeeds is closed. */
void reauth_settle(struct shard *s, struct ike_sa *sa);
/* This SA is being closed: the one that it was to succeed tries again. */
void reauth_closing(struct shard *s, struct ike_sa *sa);

#endif
