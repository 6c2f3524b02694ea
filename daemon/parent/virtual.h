/* Virtual addresses on the TUN device: those that gateways have given this host, and the DNS
 * servers that came with them. */
#ifndef PARENT_VIRTUAL_H
#define PARENT_VIRTUAL_H

#include "base/list.h"
#include "parent/nameservers.h"
#include "parent/netlink.h"
#include "shrike/action.h"

#define VIRTUALS_MAX     1024 /* leases: one for each connection that asks for addresses */
#define VIRTUALS_STALE_S 60   /* how long they live that a new net has not asked for again */

struct virtuals {
    /* Set by the owner. */
    struct netlink *netlink;
    const struct tell *tell;
    struct nameservers *nameservers;
    u32 link;       /* the device */
    bool untouched; /* install_virtual_ip = no: the addresses are somebody else's business */
    /* Its own. */
    struct list all; /* of struct granted, the oldest first */
    u32 count;
};

void virtuals_init(struct virtuals *v); /* when the owner has set his part */
/* Take everything away; twice is fine. */
void virtuals_close(struct virtuals *v);

/* May net ask for this: does the connection ask for virtual addresses, and are these such? They
 * came from a peer: none of its own, of groups or of this host's other ends. false, with a reason.
 */
bool virtuals_allowed(const struct shrike_conf *conf, const struct shrike_address_op *op,
                      const char **why) must_use;

/* Set up the addresses of a lease, and its DNS servers. An address that several leases have stays
 * as long as one of them; one of IPv6 is left out where there is no IPv6. A lease that is `held`
 * goes on, if it is there. false: the system refuses, and the log says why; nothing of it is left.
 */
bool virtuals_add(struct virtuals *v, const struct shrike_address_op *op) must_use;
/* The DNS servers that came with this address; gives how many. */
u16 virtuals_dns(const struct virtuals *v, const struct shrike_addr *address,
                 struct shrike_addr out[SHRIKE_ADDRESSES_MAX]);
void virtuals_remove(struct virtuals *v, u32 lease); /* nothing when it is not there */

/* The program has taken over from another: what the device has is nobody's until net asks for it.
 */
void virtuals_adopt(struct virtuals *v);
/* Who asked has ended: he may ask again, before virtuals_sweep(). */
void virtuals_orphan(struct virtuals *v);
void virtuals_sweep(struct virtuals *v);

#endif
