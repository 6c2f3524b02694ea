/* EAP in IKE_AUTH (RFC 7296 2.16, 3.16, RFC 5998): between the first request, which has no AUTH,
 * and the last one, which has one made of the key that EAP has made. Methods are not known here;
 * their messages go to the ops that have them. */
#ifndef EXCHANGE_EAP_H
#define EXCHANGE_EAP_H

#include "exchange/exchange.h"

/* The peer is to prove itself by EAP, or we are: does the other side prove itself as well? false:
 * the turn's reason says what is wrong with the connection. */
bool eap_fits(struct turn *t) must_use;
/* EAP alone proves both. */
bool eap_alone(const struct shrike_conn *conn);

/* ---- the initiator: what its request says, what the response says ---- */

/* Its first request: EAP is to stand alone, where it is. */
void eap_offer(struct turn *t);
/* The request of the phase: a response of EAP, or AUTH. */
enum verdict eap_ask(struct turn *t) must_use;
/* The EAP message of the response goes to the method; then what it has made of it: another request
 * follows. Nothing of the peer's may come here that has not proved who it is, unless EAP stands
 * alone. */
enum verdict eap_take(struct turn *t) must_use;
enum verdict eap_taken(struct turn *t) must_use;

/* ---- the responder ---- */

/* The first request asks for EAP: keep what else it asks for, and let the method begin; then keep
 * the method's first message until eap_add(). */
enum verdict eap_begin(struct turn *t) must_use;
/* What the first request asks for is kept, once. false: no memory. */
bool eap_keep_request(struct turn *t) must_use;
/* The first request, while it is kept; it lives as long. false: it is not. */
bool eap_first_request(const struct turn *t, struct message *out);
enum verdict eap_began(struct turn *t) must_use;
void eap_add(struct turn *t);
/* The peer's EAP message goes to the method; then the reply. */
enum verdict eap_answer(struct turn *t) must_use;
enum verdict eap_answered(struct turn *t) must_use;
/* Both are proved: from here on the turn is about the first request. false: no memory. */
bool eap_recall(struct turn *t) must_use;

/* ---- both, when EAP has succeeded ---- */

/* Is the peer's AUTH made of the same key? */
enum verdict eap_verify(struct turn *t) must_use;
/* Ours. false: it could not be made. */
bool eap_prove(struct turn *t) must_use;
/* The same for a responder that lacks the PPK, before the keys are stirred with it. */
bool eap_prove_plain(struct turn *t) must_use;
/* The session is over, and another one may follow in the next round (RFC 4739). */
void eap_end(struct turn *t);

#endif
