/* TLS in messages of EAP, as all methods that have it carry it (RFC 5216 3.1): in pieces, each of
 * which is acknowledged; its handshake, the signatures for that, and whether the other side is whom
 * it has to be. What goes through the tunnel when it is open, is the method's. */
#ifndef EAP_CARRY_H
#define EAP_CARRY_H

#include "eap/method.h"

/* What came of an input. */
enum carry {
    CARRY_SAID,  /* the turn says what is next */
    CARRY_OPEN,  /* once: the handshake is over, the other side is the right one, the key is made */
    CARRY_HEARD, /* something came since then: carry_hear() */
    CARRY_ACKED, /* all that we have said since then is heard */
};

void carry_begin(struct eap_session *s, struct eap_turn *t); /* the server's first message */
enum carry carry_take(struct eap_session *s, struct eap_turn *t, struct bytes data);
enum carry carry_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a);
/* The next piece of what is to be said; where there is nothing, an acknowledgement. */
void carry_next(struct eap_session *s, struct eap_turn *t);
/* This, through the tunnel. */
void carry_say(struct eap_session *s, struct eap_turn *t, struct bytes octets);
/* All that came through it, as far as there is room: octets, 0 for none, or -1: it is broken. */
int carry_hear(struct eap_session *s, u8 *out, size_t size) must_use;
/* It is: what for. */
enum shrike_reason_code carry_why(const struct eap_session *s);

#endif
