/* Proofs (RFC 7296 2.15): what is signed, and asking those who hold keys and secrets. */
#ifndef EXCHANGE_PROVE_H
#define EXCHANGE_PROVE_H

#include "exchange/exchange.h"

/* Let it be proved that we are who we say. */
enum verdict prove_ask(struct turn *t);
/* Let the peer's AUTH payload be checked, with its certificates in the turn's message. */
enum verdict prove_check(struct turn *t, const struct auth *auth);

#endif
