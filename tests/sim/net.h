/* Two hosts, a link each way, a router between, and when wanted a NAT in front of the first host
 * and somebody who listens:  A -> [NAT] -> link -> router -> B, and back. */
#ifndef SIM_NET_H
#define SIM_NET_H

#include "attacker.h"
#include "evil.h"
#include "host.h"
#include "oracle.h"
#include "sim/link.h"
#include "sim/nat.h"
#include "sim/router.h"

/* What the command line asks for. */
struct options {
    u64 seed;
    bool verbose, real, nat;
    int loss; /* percent, of every storm; -1: drawn from the seed */
};

struct net_setup {
    struct conf_knobs knobs[2];
    struct shrike_limits limits;
    const char *secret[2];
    bool nat, attacker, evil;
    bool keeps;       /* hosts keep records of their SAs: host_restart() */
    u64 pages_max[2]; /* pieces of memory; 0: no limit */
};

struct net {
    struct world world;
    struct options options;
    struct net_setup setup;
    struct shrike_provider *providers[2];
    struct watch watches[2]; /* of what they seal */
    struct router router;
    struct link link[2];     /* 0: from A to B */
    struct nat nat, far_nat; /* in front of A; of B, when a scenario puts it there */
    struct attacker attacker;
    struct evil evil; /* between both links and the router, when wanted */
    struct host host[2];
    struct oracle oracle;
    bool built;
};

/* Defaults of a scenario, to be changed before net_build(). */
struct net *net_new(const struct options *options);
void net_build(struct net *n);
void net_free(struct net *n);

struct shrike_endpoint net_address(unsigned host, bool nat_inside);
void net_faults(struct net *n, const struct link_faults *f);
void net_cut(struct net *n, bool down);
void net_run(struct net *n, shrike_time duration);

/* Run until a question has the answer true; a failure when that takes longer than `within`. */
bool net_until(struct net *n, bool (*done)(struct net *), shrike_time within, const char *what);
bool net_settled(struct net *n);
bool net_empty(struct net *n);
bool net_answered(struct net *n); /* every command */
/* Close everything from A and look that nothing is left: no SA, no memory, no secret. */
void net_close(struct net *n);
/* End its engine, with every page kept: no page holds a secret. */
void net_end_host(struct net *n, struct host *h);
/* The same, when the SAs are gone already. */
void net_leave(struct net *n);

/* A scenario's own checks. */
#define expect(n, x)                                                                               \
    ((x) ? (void)0 : world_fail(&(n)->world, "%s:%d: %s does not hold", __FILE__, __LINE__, #x))

#endif
