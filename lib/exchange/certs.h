/* Certificates in messages (RFC 7296 3.6, 3.7), and which hashes signatures may use (RFC 7427 4),
 * and which ways to sign the peer takes (RFC 9593).
 * What is in a certificate is not known here. */
#ifndef EXCHANGE_CERTS_H
#define EXCHANGE_CERTS_H

#include "exchange/exchange.h"

/* IKE_SA_INIT: which hashes we take. The initiator says so where either side signs; the responder,
 * which does not know yet who it speaks to, to whoever has said so. */
void hashes_offer(struct turn *t);
void hashes_note(struct turn *t); /* which the peer takes */

/* By which methods and schemes we let the peer prove itself, where there is a choice (RFC 9593):
 * beside what asks for certificates. */
void methods_offer(struct turn *t);
/* Of schemes, those that the peer says it takes, in the message that asks for certificates; 0: it
 * has not said. */
u32 certs_wished(const struct turn *t);

/* Ask for certificates by the authorities that the connection trusts. */
void certs_ask(struct turn *t);
/* The one of our credentials that the peer asks for, else the first; NULL: there is none. The
 * initiator is asked in IKE_SA_INIT, the responder in the turn's message. */
const struct shrike_credential *certs_choose(const struct turn *t);
/* Its certificates, where the peer is to have them. */
void certs_add(struct turn *t);
/* Those of the peer in the turn's message, for an op; *count at most SHRIKE_CERTS_MAX. NULL: there
 * are none, or no room. */
const struct shrike_cert *certs_take(struct turn *t, u16 *count);

#endif
