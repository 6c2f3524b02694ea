/* Negotiating a Child SA, the same in IKE_AUTH and CREATE_CHILD_SA (RFC 7296 1.2, 1.3, 2.9, 2.17):
 * its proposals, selectors, mode, and putting it into the data plane. */
#ifndef EXCHANGE_OFFER_H
#define EXCHANGE_OFFER_H

#include "exchange/exchange.h"
#include "sa/child.h"

/* Write the nonce and the key exchange. */
struct offer_between;
void offer_fresh(struct turn *t, const struct offer_between *between);
/* Write what we ask for: USE_TRANSPORT_MODE, SA, [Nonce, KE by `between`], TSi, TSr. */
struct offer_between {
    struct bytes nonce; /* empty in IKE_AUTH */
    struct ke ke;       /* value empty without PFS */
};
/* false: it cannot be asked for; the turn's reason says why. */
bool offer_ask(struct turn *t, struct child_sa *child,
               const struct offer_between *between) must_use;

/* The responder's side: choose one of the connection's children for the request and make it. DONE
 * with *child, or REFUSE. `first`: in IKE_AUTH, where no group is negotiated. */
enum verdict offer_choose(struct turn *t, bool first, struct child_sa **child) must_use;
/* The same for one that is to replace `old`: of the same configuration. */
enum verdict offer_choose_like(struct turn *t, const struct child_sa *old,
                               struct child_sa **child) must_use;
/* Write the reply for a child chosen. */
void offer_reply(struct turn *t, const struct child_sa *child, const struct offer_between *between);

/* The initiator's side: is the response made of what we asked for? DONE, or REFUSE (then the peer
 * has a Child SA that must be deleted: child->wants_delete is set). */
enum verdict offer_accept(struct turn *t, struct child_sa *child, bool first) must_use;

/* Ask the data plane to install it, with keys of these nonces and secret. false: they could not be
 * made. */
bool offer_install(struct turn *t, struct child_sa *child, const struct key_seed *seed) must_use;
/* It could not be installed. */
void offer_failed(const struct turn *t, struct child_sa *child);
/* It is installed: say so. */
void offer_up(struct turn *t, struct child_sa *child);

#endif
