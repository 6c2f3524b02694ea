/* A peer that lies with the right keys: opens sealed messages on their way, spoils what is inside,
 * and seals them again, so that the engine meets malformed messages that are authentic. */
#ifndef SIM_EVIL_H
#define SIM_EVIL_H

#include "host.h"

struct evil {
    struct node node;
    struct node *next;
    struct host *hosts[2]; /* whose keys it knows; NULL: none */
    const struct shrike_provider *provider;
    struct prng prng;
    u8 percent; /* of sealed messages that it spoils */
    u32 spoilt;
};

/* On the way to `next`; it knows the keys of both hosts, of which the second may be NULL. The IKE
 * SAs must use EVIL_ENCR. */
#define EVIL_ENCR      ENCR_AES_GCM_16
#define EVIL_ENCR_BITS 256
void evil_init(struct evil *e, struct world *w, struct host *const hosts[2], struct node *next);

#endif
