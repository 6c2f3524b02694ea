/* Which of this host's own addresses speaks for a tunnel. */
#ifndef PARENT_ADDRESSES_H
#define PARENT_ADDRESSES_H

#include "parent/host.h"

/* Local selectors. */
struct addresses_wish {
    const struct shrike_ts *ts;
    u32 count;
};

/* Is this address, of a family and not only of this machine or link, within one of the selectors?
 */
bool addresses_fit(const struct addresses_wish *w, u8 family, const u8 *octets);

/* The first address of the host that fits, one for each family: out[0] of IPv4, out[1] of IPv6;
 * family 0 where there is none. The system is asked. */
void addresses_pick(struct netlink *n, const struct addresses_wish *w, struct shrike_addr out[2]);
/* The same, from what it has said. */
void addresses_choose(const struct host *h, const struct addresses_wish *w,
                      struct shrike_addr out[2]);

#endif
