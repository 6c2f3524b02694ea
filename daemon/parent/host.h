/* The addresses of this host: which of them IKE and ESP can be sent from, and which speak for it in
 * a tunnel. */
#ifndef PARENT_HOST_H
#define PARENT_HOST_H

#include "parent/netlink.h"
#include "shrike/shrike.h"

#define HOST_LOOKED_AT 1024 /* addresses; a host with more has them unseen */
#define HOST_LINKS     1024 /* links that do not carry; more are taken to carry */

/* What the system says of one address. */
struct host_address {
    struct shrike_addr addr;
    u32 link;
    bool last;    /* to be tried last: deprecated, IPv6 of one link only, or of no network (at the
                   * loopback    link, where addresses of tunnels often are) */
    bool carried; /* host_look(): its link carries, and is not our tunnel */
};
/* false: this message tells of no address that can be used: tentative ones, those that another host
 * has, 127.0.0.0/8 and ::1 are none. */
bool host_address_read(const struct nlmsghdr *h, struct host_address *out) must_use;

struct host {
    struct host_address all[HOST_LOOKED_AT];
    u32 count;
    u32 down[HOST_LINKS], down_count; /* links that do not carry */
};
/* Ask the system for all of it. `tunnel`: our own link. false: it did not say. */
bool host_look(struct host *h, struct netlink *n, u32 tunnel) must_use;
u32 host_carried(const struct host *h); /* how many are */
/* Those that are carried, for the engine, at most SHRIKE_HOST_ADDRESSES_MAX; gives how many. Where
 * there are more, those of `before` come first: it must not take an address that it uses to be
 * gone. */
u16 host_list(const struct host *h, const struct shrike_addr *before, u16 before_count,
              struct shrike_addr out[SHRIKE_HOST_ADDRESSES_MAX]);

#endif
