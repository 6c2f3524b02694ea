/* Certificates on tokens: keys is asked for them, some at a time, and again when one could not be
 * had. What comes is put into the wallet. */
#ifndef CONTROL_OBJECTS_H
#define CONTROL_OBJECTS_H

#include "config/wallet.h"
#include "ops/mail.h"
#include "proc/loop.h"

#define OBJECTS_AT_ONCE 8                    /* half of what keys asks its tokens for */
#define OBJECTS_AGAIN   (60 * SHRIKE_SECOND) /* until what could not be had is asked for again */

struct control;
struct mail;

struct objects {
    bool wanting; /* there may be one that nobody has asked for */
    u32 under_way, last;
    struct alarm again;
};

void objects_open(struct control *c);
void objects_close(struct control *c);
/* Those of the wallet that are new, or all of them anew. */
void objects_want(struct control *c, bool all);
/* Ask, if there is somebody to be asked. */
void objects_settle(struct control *c);
bool objects_got(struct control *c, const struct mail *m) must_use;
void objects_keys_gone(struct control *c);

struct mail_handle objects_handle(const struct config_object *o);

#endif
