/* One run of EAP (RFC 3748), as the server or as the peer: who it is, which method, and its end.
 * Success and Failure of a server are not made here. Pure: keys is asked by whoever holds it. */
#ifndef EAP_SESSION_H
#define EAP_SESSION_H

#include "eap/method.h"

/* As the first op of a session says; it was none before, or is closed. */
void session_init(struct eap_session *s, const struct shrike_eap_op *op);
void session_close(struct eap_session *s); /* wipes it; twice is fine */
/* A message of the other side; none: the server begins. */
void session_take(struct eap_session *s, struct eap_turn *t, struct bytes message);
/* What keys, or certs, has answered. */
void session_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a);
/* What the op is answered: of EAP_SAY, EAP_OVER and EAP_FAIL. Slices of both. */
struct shrike_answer session_answer(const struct eap_session *s, const struct eap_turn *t);

#endif
