/* IKE_AUTH: who is who, and the first Child SA (RFC 7296 1.2, 2.15, 2.16). The initiator's verbs
 * are in auth_ask.c, the responder's in auth_answer.c; what happens between them with EAP in eap.c.
 */
#ifndef EXCHANGE_AUTH_H
#define EXCHANGE_AUTH_H

#include "exchange/eap.h"

/* Where EAP is. */
enum eap_phase auth_phase(const struct turn *t);
/* Whom the peer says that it is. false: no memory. */
bool auth_keep_peer(struct turn *t, const struct ident *id) must_use;
/* Is the peer's proof of the kind that the rule of its round demands? */
bool auth_as_demanded(const struct shrike_auth *rule, u8 method);
/* An ID payload; the AUTH payload of the proof that an op has given for us. */
void auth_add_id(struct turn *t, u8 payload, const struct shrike_id *id);
void auth_add_proof(struct turn *t);
/* Does the peer say that it knows no other IKE SA with us? */
bool auth_first_contact(const struct turn *t);
/* The peer is who it should be: the IKE SA is up, whatever becomes of its Child SA. */
void auth_up(struct turn *t);
/* All is done. */
enum verdict auth_over(struct turn *t);

#endif
