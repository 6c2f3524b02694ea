/* EAP with its real methods, as whoever runs them and keys do it together: one side of one session,
 * of a user with a password. */
#ifndef PAIR_PASSWORDS_H
#define PAIR_PASSWORDS_H

#include "eap/session.h"
#include "keys/password.h"

struct passwords {
    struct eap_session session;
    struct eap_turn turn;
    struct password_room room;
    u32 number;           /* of the session; 0: there is none */
    const char *password; /* as a test wants it */
    /* what keys was asked last, with copies of its octets */
    struct mail_password asked;
    u8 octets[256];
};

/* Answer the op; slices of the answer point into *p. */
struct shrike_answer passwords_take(struct passwords *p, const struct shrike_eap_op *op);

#endif
