/* Shunts: what goes past the tunnels (mode = pass), or is dropped where no tunnel takes it
 * (mode = drop), by rules in front of and behind the one that leads to the tunnels:
 *
 *     P - 1  what is passed: on behind all of these
 *     P      all but IKE and ESP: into the tunnels (routes.h)
 *     P + 1  IKE, ESP and what came out of a tunnel: on behind all of these
 *     P + 2  what is dropped of this host itself
 *     P + 3  what else this host sends: on behind all of these
 *     P + 4  what is dropped on its way through this host, in either direction
 *     P + 5  behind all of these
 *
 * What stands in the system decides, not what we remember: a parent that begins, or takes over,
 * finds there what the one before has left. */
#ifndef PARENT_SHUNTS_H
#define PARENT_SHUNTS_H

#include "config/settings.h"
#include "parent/host.h"
#include "parent/rule.h"
#include "parent/tell.h"
#include "shrike/conf.h"

#define SHUNT_RULES_MAX 512 /* the system looks at each of them for each new flow */
#define SHUNT_OWN_MAX   32  /* addresses of this host that get rules of their own */

struct shunts {
    struct netlink *netlink; /* NULL: there are no rules */
    const struct tell *tell;
    u32 priority, mark; /* of the rule that leads to the tunnels */
    u16 ports[2];       /* of IKE */
    const struct host *host;
    char device[SETTINGS_INTERFACE];
    /* Which of its addresses this host would send from to there; family 0: none. */
    struct shrike_addr (*source)(u32 mark, const struct prefix *to);
    bool only_passes; /* what is dropped, the data plane drops */
    u32 failed;       /* rules, at the last time */
    bool warned_full;
};

/* The host is looked at whenever they are applied. */
void shunts_open(struct shunts *s, struct netlink *n, const struct settings *set,
                 const struct tell *t);
/* Have the rules of these connections, and no others. Again whenever addresses of the host have
 * changed. */
void shunts_apply(struct shunts *s, const struct shrike_conf *conf);
void shunts_close(struct shunts *s); /* all go; twice is fine */

/* Ask the system, by a socket that sends nothing. */
struct shrike_addr shunts_source(u32 mark, const struct prefix *to);

#endif
