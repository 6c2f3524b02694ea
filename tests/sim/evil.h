/* A peer that lies with the right keys: opens sealed messages on their way, spoils what is inside,
 * and seals them again, so that the engine meets malformed messages that are authentic. */
#ifndef SIM_EVIL_H
#define SIM_EVIL_H

#include "host.h"

struct evil {
    struct node node;
    struct node *next;
    struct host *hosts[2]; /* whose keys it knows */
    const struct shrike_provider *provider;
    struct prng prng;
    u8 percent; /* of sealed messages that it spoils */
    u32 spoilt;
};

/* Behind this node of a link, before `next`. The IKE SAs must use EVIL_ENCR. */
#define EVIL_ENCR      ENCR_AES_GCM_16
#define EVIL_ENCR_BITS 256
void evil_init(struct evil *e, struct world *w, struct host *hosts, struct node *next);

#endif
