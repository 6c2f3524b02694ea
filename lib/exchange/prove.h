/* Proofs (RFC 7296 2.15): what is signed, and asking those who hold keys and secrets; or, of the
 * key that EAP has made, giving them. */
#ifndef EXCHANGE_PROVE_H
#define EXCHANGE_PROVE_H

#include "exchange/exchange.h"

/* Let it be proved that we are who we say. */
enum verdict prove_ask(struct turn *t);
/* Let the peer's AUTH payload be checked, with its certificates in the turn's message. */
enum verdict prove_check(struct turn *t, const struct auth *auth);

/* AUTH of one side made of this key (RFC 7296 2.16), as long as the PRF's output. false: it could
 * not be made. */
bool prove_by(struct turn *t, bool ours, struct bytes key, u8 *out) must_use;
/* The response proves nothing: does it say why? The turn's reason has it then. */
bool prove_refused(struct turn *t) must_use;

#endif
