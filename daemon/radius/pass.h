/* One client with whom a server of RADIUS does EAP (RFC 3579): we carry the messages between both,
 * and look only at those that say who it is. */
#ifndef RADIUS_PASS_H
#define RADIUS_PASS_H

#include "radius/client.h"
#include "radius/grant.h"

#define RADIUS_EAP_MAX 4096 /* octets of a message */

struct radius_pass {
    u64 question; /* that is not answered; 0: none */
    u32 server;   /* that does it; RADIUS_ANY: none yet */
    u8 state_len; /* of its last challenge; RFC 2865 5.24: sent back as it came */
    u8 state[RADIUS_VALUE_MAX];
};

/* What an answer leads to. */
struct radius_pass_said {
    enum radius_pass_step {
        RADIUS_PASS_SAY,  /* eap is for the client */
        RADIUS_PASS_OVER, /* it is let in, by grant, whose parts are the packet's: wipe it */
        RADIUS_PASS_FAIL, /* it is not */
        RADIUS_PASS_VAIN, /* the server has said nothing that makes sense */
    } step;
    struct radius_grant grant;
    size_t len;
    u8 eap[RADIUS_EAP_MAX];
};

void radius_pass_begin(struct radius_pass *p);

/* EAP-Response/Identity in the client's place, for a server that is not asked to begin (RFC 3579
 * 2.1), where nobody has asked it. Empty: the identity is too long. */
struct bytes radius_pass_identity(struct bytes identity, u8 out[RADIUS_EAP_MAX]);
/* Who the client says that it is, if that is what the message says. */
bool radius_pass_is_identity(struct bytes eap, struct bytes *identity) must_use;

/* Behind the attributes that name the session: the state, and the message; an empty one asks the
 * server to begin. false: it is too long. */
bool radius_pass_ask(const struct radius_pass *p, struct bytes eap, struct writer *w) must_use;
/* What has come: RADIUS_ANSWERED, by who knows this secret. */
void radius_pass_take(struct radius_pass *p, const struct radius_output *answer,
                      const struct radius_secret *secret, struct radius_pass_said *said);

#endif
