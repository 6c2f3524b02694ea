/* IKE SAs that are made without a Child SA (RFC 6023): who offers that, asks for it, takes it. */
#ifndef EXCHANGE_CHILDLESS_H
#define EXCHANGE_CHILDLESS_H

#include "exchange/exchange.h"

/* The response of IKE_SA_INIT says that we take them (RFC 6023 3). */
void childless_offer(struct turn *t);
/* The initiator notes whether that response says so. */
void childless_note(struct turn *t);
/* How the initiator goes on. */
enum childless_way {
    CHILDLESS_WITH,    /* with a Child SA */
    CHILDLESS_WITHOUT, /* without: it is asked for when the IKE SA is up */
    CHILDLESS_REFUSED, /* not at all: it has to be without, and the peer takes no such */
};
/* `wanted`: is there a Child SA to ask for? */
enum childless_way childless_way(const struct ike_sa *sa, bool wanted);
/* May the responder take an IKE_AUTH request that has a Child SA, or that has none? */
bool childless_takes(const struct shrike_conn *conn, bool with_child);

#endif
