/* Names of gateways that others have led us to (RFC 5685), of those who know what is revoked, and
 * of servers of RADIUS: net, certs and eap ask for their addresses. */
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
        enum role by;
        bool asked;
    } hosts[LOOKUPS_MAX];
};

/* A RESOLVE of net's, to be answered. false: it makes no sense. */
bool lookup_got(struct control *c, const struct mail *m);
/* A HOST of certs or eap, the same. */
bool lookup_got_host(struct control *c, enum role from, const struct mail *m);
/* Nobody waits any more. */
void lookup_close(struct control *c);

#endif
