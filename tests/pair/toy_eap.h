/* A model of whoever has the methods of EAP: the server asks for a word as often as it is told, the
 * peer says it, and both make a key of it. And what such a one does when it is wrong. */
#ifndef PAIR_TOY_EAP_H
#define PAIR_TOY_EAP_H

#include "shrike/action.h"
#include "wire/codes.h"

enum { EAP_TYPE_TOY = 255 }; /* RFC 3748 5.8: for experiments */

struct toy_eap {
    /* as a test wants it */
    const char *word;          /* "sesame" when NULL */
    const char *name;          /* peer: who it says it is; "alice" when NULL */
    unsigned requests;         /* server: before Success; 2 when 0 */
    struct shrike_bytes grant; /* server: what the peer is granted besides */
    bool asks_name;            /* server: who is it? */
    bool keyless;              /* the method makes no key */
    bool other_key;            /* it makes a wrong one */
    bool one_sided;            /* it proves the peer only */
    bool trusting;             /* peer: Success is believed at any time */
    bool stray;                /* the identifier of its messages is wrong */
    bool lost;                 /* it never answers */
    /* what it has seen */
    unsigned asked, begun, over;
    unsigned wrong; /* sessions begun twice, or ended without having begun */
    struct shrike_eap_op last;
    /* of the session */
    uint32_t session;
    unsigned step;
    bool done;
    char heard[64]; /* server: who the peer says it is */
    uint8_t key[64];
};

/* Fills in the answer, and up to 256 octets of its value. false: there is none. */
bool toy_eap_take(struct toy_eap *e, const struct shrike_eap_op *op, struct shrike_answer *answer,
                  uint8_t *value);
void toy_eap_over(struct toy_eap *e, uint32_t session);

#endif
