/* A pool of virtual addresses as it is configured, and the arithmetic of its addresses. */
#ifndef LEASE_POOL_H
#define LEASE_POOL_H

#include "base/bytes.h"

#define LEASE_POOLS_MAX      1024 /* of one configuration */
#define LEASE_ATTRIBUTES_MAX 64   /* of one pool: they go into one message */
#define LEASE_VALUE_MAX      255  /* octets of one attribute */
#define LEASE_SIZE_MAX                                                                             \
    (1u << 31) /* addresses of one pool; the rest of a larger one is not used                      \
                */

/* A configuration attribute that a client gets beside its address (RFC 7296 3.15.1). */
struct lease_attribute {
    u16 type; /* IANA number */
    struct bytes value;
};

struct lease_pool {
    const char *name;
    struct shrike_addr base; /* the first that is given out */
    u32 size;                /* how many from there on; at least 1 */
    u16 attribute_count;
    const struct lease_attribute *attributes;
    struct shrike_origin origin;
};

/* Addresses that somebody else gives a client: they are of no pool here. */
#define LEASE_GIFT_ADDRESSES 4
#define LEASE_GIFT_DNS       8
#define LEASE_GIFT_POOL      "radius" /* where this stands among the pools of a connection */
struct lease_gift {
    u8 address_count, dns_count;
    struct shrike_addr addresses[LEASE_GIFT_ADDRESSES];
    struct shrike_addr netmask;             /* family 0: none */
    struct shrike_addr dns[LEASE_GIFT_DNS]; /* servers for names */
};

/* Set base and size to what lies from one address to another of the same family, both included.
 * block: it is a subnet, of which neither the first nor the last address is given out when there
 * are more than two. */
void lease_pool_span(struct lease_pool *p, const struct shrike_addr *from,
                     const struct shrike_addr *to, bool block);

/* Is this address one of the pool's? */
bool lease_pool_holds(const struct lease_pool *p, const struct shrike_addr *a);
/* Its n-th address, n below size. */
struct shrike_addr lease_pool_at(const struct lease_pool *p, u32 n);
/* Have the two an address in common? */
bool lease_pools_overlap(const struct lease_pool *a, const struct lease_pool *b);

#endif
