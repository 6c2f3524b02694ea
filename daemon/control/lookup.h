/* Names of gateways that others have led us to (RFC 5685), and of those who know what is revoked:
 * net and certs ask for their addresses. */
#ifndef CONTROL_LOOKUP_H
#define CONTROL_LOOKUP_H

#include "proc/seat.h"
#include "shrike/types.h"

#define LOOKUPS_MAX 16 /* of each at a time; more fail at once */

struct control;

struct lookups {
    struct lookup {
        struct control *control;
        struct shrike_token token;
        bool asked;
    } at[LOOKUPS_MAX];
    struct lookup_host {
        struct control *control;
        u32 number;
        bool asked;
    } hosts[LOOKUPS_MAX];
};

/* A RESOLVE of net's, to be answered. false: it makes no sense. */
bool lookup_got(struct control *c, const struct mail *m);
/* A HOST of certs', the same. */
bool lookup_got_host(struct control *c, const struct mail *m);
/* Nobody waits any more. */
void lookup_close(struct control *c);

#endif
