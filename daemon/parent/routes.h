/* Routes into the tunnels, as many as are asked for, and the rule that leads to their table. */
#ifndef PARENT_ROUTES_H
#define PARENT_ROUTES_H

#include "config/settings.h"
#include "ops/mail.h"
#include "parent/bypass.h"
#include "parent/host.h"
#include "parent/netlink.h"
#include "parent/tell.h"
#include "shrike/conf.h"

#define ROUTES_MAX     65536 /* prefixes; a tunnel has one or two */
#define ROUTES_STALE_S 60    /* how long routes live that a new esp has not asked for again */

struct route;

struct routes {
    /* Set by routes_open(). */
    struct netlink *netlink;
    const struct tell *tell;
    u32 table, link;
    u16 mtu, mss; /* 0: as the link has it */
    struct netmsg_rule rules[2];
    u32 rule_count; /* that are in force */
    /* Prefixes by hash. */
    struct route **buckets;
    u32 count;
    struct bypass bypass; /* what leads out of the table again */
    bool warned_rp_filter, warned_full;
};

/* Lead what has not the mark to the table, whose routes will lead into this link. A rule that is
 * there from a former life is taken over. netlink and tell must outlive the routes. false: it
 * cannot be, stderr says why. */
bool routes_open(struct routes *r, struct netlink *n, const struct settings *set, u32 link,
                 const struct tell *t) must_use;
/* Take everything away; twice is fine. */
void routes_close(struct routes *r);

/* Route the remote selectors into this link, or no longer. A prefix is routed as long as it was
 * asked for more often than it was taken back. What of the local selectors lies within the remote
 * ones stays on this side, unless another tunnel has a narrower claim to it. */
void routes_change(struct routes *r, const struct mail_route *m);
/* The addresses of this host are others: routes get the source that fits now. gone: an address has
 * gone, and the system may have dropped the routes that had it as their source. */
void routes_refresh(struct routes *r, const struct host *h, bool gone);
/* Who asked has ended: forget how often, and keep the routes until routes_sweep(). */
void routes_orphan(struct routes *r);
void routes_sweep(struct routes *r);

/* What a life before has left in the table of routes into this link, and out of it again: orphans.
 */
void routes_look(struct routes *r);
/* A prefix that another program has routed into this link: an orphan. */
void routes_adopt(struct routes *r, const struct prefix *p, const struct shrike_addr *source);
/* The next prefix from *bucket and *place on, both 0 at first. false: that was all. */
bool routes_next(const struct routes *r, u32 *bucket, u32 *place, struct prefix *p,
                 struct shrike_addr *source);

/* May these selectors be routed: do they lie within those of a child with this reqid? */
bool routes_allowed(const struct shrike_conf *conf, const struct mail_route *m);
/* Are all of them routed already? Then they may be asked for again: an SA whose child has gone from
 * the configuration is rekeyed. */
bool routes_stand(const struct routes *r, const struct mail_route *m);
/* Say once when a route leads to a peer itself and the system would drop what comes from it. */
void routes_check_peers(struct routes *r, const struct shrike_conf *conf,
                        const struct mail_route *m);

/* Does the table lead out again for this prefix? */
bool routes_thrown(const struct routes *r, const struct prefix *p);
/* How often a prefix was asked for; -1: it is not routed. */
int routes_count(const struct routes *r, const struct prefix *p);

#endif
