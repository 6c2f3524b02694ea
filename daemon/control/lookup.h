/* Names of gateways that others have led us to (RFC 5685): net asks for their addresses. */
#ifndef CONTROL_LOOKUP_H
#define CONTROL_LOOKUP_H

#include "proc/seat.h"
#include "shrike/types.h"

#define LOOKUPS_MAX 16 /* at a time; more fail at once */

struct control;

struct lookups {
    struct lookup {
        struct control *control;
        struct shrike_token token;
        bool asked;
    } at[LOOKUPS_MAX];
};

/* A RESOLVE of net's, to be answered. false: it makes no sense. */
bool lookup_got(struct control *c, const struct mail *m);
/* Nobody waits any more. */
void lookup_close(struct control *c);

#endif
