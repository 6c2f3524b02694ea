/* Redirection to another gateway (RFC 5685): the responder of the first exchange leads its
 * initiator away, in IKE_SA_INIT, in IKE_AUTH or later; the initiator follows. */
#ifndef EXCHANGE_REDIRECT_H
#define EXCHANGE_REDIRECT_H

#include "exchange/exchange.h"
#include "wire/gateway.h"

/* ---- the gateway ---- */

/* Note whether the peer, who calls us, says that it can be led elsewhere. */
void redirect_note(struct turn *t);
/* Does the connection lead it elsewhere in this exchange? Not to the address that it has called. */
bool redirect_is_due(const struct ike_sa *sa, enum shrike_redirect where);
/* The response of IKE_SA_INIT does so, and there is no SA. `nonce`: of the peer. */
enum verdict redirect_stranger(struct turn *t, struct bytes nonce) must_use;
/* The response of IKE_AUTH does so: there is an IKE SA, until the peer has gone. */
void redirect_peer(struct turn *t);
/* One that is up is to be led to this gateway. NONE, or why it cannot be. */
enum shrike_reason_code redirect_order(struct shard *s, struct ike_sa *sa,
                                       const struct shrike_id *gateway);
/* The INFORMATIONAL request that does so. */
void redirect_tell(struct turn *t);

/* ---- the initiator ---- */

/* The request of IKE_SA_INIT says that we follow, or who has led us here. */
void redirect_offer(struct turn *t);
/* The gateway that we were led to has a name: DONE once its address is known. */
enum verdict redirect_find(struct turn *t) must_use;
/* The response of IKE_SA_INIT leads elsewhere: `data` of its notify. */
enum verdict redirect_init(struct turn *t, struct bytes data) must_use;
/* Does the response of IKE_AUTH, whose proof is checked, lead us elsewhere? Then follow: DONE, or
 * FAIL. */
bool redirect_in_auth(const struct turn *t, struct gateway *out);
enum verdict redirect_auth(struct turn *t, const struct gateway *g) must_use;
/* The peer's INFORMATIONAL request may lead us elsewhere: the old IKE SA stays until the new one is
 * up. */
void redirect_heed(struct turn *t);

#endif
