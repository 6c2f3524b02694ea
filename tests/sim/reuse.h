/* With one key nothing is used twice: no explicit IV, no message ID for two messages, no sequence
 * number of ESP, whatever engines end and go on from whatever record.
 *
 * It knows the keys: each host has a provider of its own that hands everything on to the true one,
 * and notes which key has sealed what. What counts is what has left the host: an engine that ends
 * before its drain has used nothing. */
#ifndef SIM_REUSE_H
#define SIM_REUSE_H

#include "crypto/provider.h"
#include "marks.h"

/* What all hosts of a world have used. */
struct reuse {
    struct marks sealed; /* what was sealed, by its IV and the end of its ICV: by which key */
    struct marks used;   /* (key, IV) and (key, message ID): the message */
    struct marks planes; /* keys of ESP that a data plane sends by, or has sent by: which pair */
};

/* The provider of one host. */
struct watch {
    struct shrike_provider provider; /* for its engine */
    const struct shrike_provider *inner;
    struct reuse *reuse;
    u64 key, iv; /* of the last encrypt(), whose mac() is to come; 0: none */
};

void reuse_free(struct reuse *r);
void watch_init(struct watch *w, struct reuse *r, const struct shrike_provider *inner);

/* This datagram leaves a host. NULL: all is well, else what is not. */
const char *reuse_sent(struct reuse *r, struct bytes datagram);
/* A data plane sends by this key from sequence number 1 on (RFC 4303 2.2). NULL, or what is not
 * well. It goes on with its numbers for as long as it has the key, so installing is all that could
 * use one twice; `pair` tells one installation from another. */
const char *reuse_installed(struct reuse *r, struct bytes key, const void *pair);

#endif
