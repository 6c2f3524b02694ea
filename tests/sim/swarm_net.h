/* The network of a swarm, drawn from the seed: 2 to 50 hosts around one cloud, some of them behind
 * NATs that several may share, each with connections to some of the others.
 *
 *     host -> [spoils what it sends] -> [NAT] -> cloud (a link) -> router -> [NAT -> router] ->
 * host
 *
 * Of two hosts that know each other, one at least has an address of its own. Who is behind a NAT
 * can only call; else both ends may. */
#ifndef SIM_SWARM_NET_H
#define SIM_SWARM_NET_H

#include "net.h"

#define SWARM_HOSTS_MAX ORACLE_HOSTS_MAX
#define SWARM_NATS_MAX  8
#define SWARM_PEERS_MAX 8 /* of one host */

struct swarm_host {
    struct host host;
    struct shrike_provider *provider;
    struct watch watch;
    struct conf_knobs knobs[SWARM_PEERS_MAX]; /* a connection with each peer */
    char conns[SWARM_PEERS_MAX][CONF_NAME_MAX];
    unsigned peers;
    char name[2], id[CONF_NAME_MAX];
    struct shrike_endpoint address;
    int nat; /* that it is behind; -1: none */
    bool is_evil;
    bool roams; /* from network to network */
    struct evil evil;
};

struct swarm_nat {
    struct nat nat;
    struct router inside;
};

struct swarm {
    struct net *net; /* its world and oracle; its two hosts are not used */
    struct link cloud;
    struct router middle;
    struct swarm_nat nats[SWARM_NATS_MAX];
    unsigned nat_count;
    struct swarm_host *hosts;
    unsigned host_count;
    bool roams;   /* some of them move */
    bool reauths; /* IKE SAs are made from scratch while they are up, so `unique` is REPLACE */
};

/* Draw a swarm and build it; free it whatever has failed. */
struct swarm *swarm_new(struct net *n);
void swarm_free(struct swarm *s);
/* The connection of this host's peer back to it. */
unsigned swarm_back(const struct swarm *s, unsigned host, unsigned conn);
/* May this host call by this connection? */
bool swarm_calls(const struct swarm *s, unsigned host, unsigned conn);

#endif
