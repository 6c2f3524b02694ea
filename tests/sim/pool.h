/* A model of who keeps internal addresses: those leased to peers, or those in use on this host. */
#ifndef SIM_POOL_H
#define SIM_POOL_H

#include "base/cursor.h"
#include "shrike/action.h"

#define POOL_SIZE   4 /* addresses of each family: 10.3.0.1, fd03::1 ... */
#define POOL_LEASES 16
#define POOL_NAME   "people"
#define POOL_VALUE  128 /* octets of the attributes of a lease */

struct pool_lease {
    u32 number;
    u16 count;
    struct shrike_addr addrs[SHRIKE_ADDRESSES_MAX];
};

struct pool {
    struct pool_lease leases[POOL_LEASES];
    unsigned count;
    u64 given; /* leases in all */
};

/* Carry out an op at once. They answer what is wrong with it; NULL: nothing. Of a lease, the
 * attributes are written; none when no address is left. */
const char *pool_lease(struct pool *p, const struct shrike_lease_op *op, struct writer *value);
const char *pool_use(struct pool *p, const struct shrike_address_op *op);
const char *pool_over(struct pool *p, u32 number);
/* Does any lease say this one? */
bool pool_in_use(const struct pool *p, const struct shrike_addr *a);
/* Does a lease say exactly these? */
bool pool_has(const struct pool *p, const struct shrike_addr *addrs, unsigned count);

#endif
