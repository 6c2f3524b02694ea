/* How long the kernel's IPsec waits for an SA that it has asked for. */
#ifndef PARENT_LARVAL_H
#define PARENT_LARVAL_H

#include "base/bytes.h"
#include "parent/tell.h"
#include "shrike/conf.h"

/* A packet that meets a trap leaves a larval SA behind, and as long as that lives the kernel drops
 * what follows and asks for none again. Its own 30 s would outlive a handshake that has failed at
 * once; to be asked while one is under way costs nothing. */
#define LARVAL_S 7 /* seconds; nobody else sets such a number */

struct larval {
    u32 before; /* what it was; 0: it is as it was */
    u32 is;     /* what it was set to */
};

/* Unless it is less already. Where some connection gives its peer up sooner, so long: whoever asks
 * then is to be heard. */
void larval_open(struct larval *l, const struct shrike_conf *conf, const struct tell *t);
/* Another configuration; nothing where somebody else has set it meanwhile. */
void larval_change(struct larval *l, const struct shrike_conf *conf);
/* As it was before, unless somebody has changed it meanwhile; twice is fine. */
void larval_close(struct larval *l);

#endif
