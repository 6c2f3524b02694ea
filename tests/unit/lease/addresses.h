/* Addresses and pools from text. */
#ifndef UNIT_LEASE_ADDRESSES_H
#define UNIT_LEASE_ADDRESSES_H

#include "lease/pool.h"
#include <arpa/inet.h>
#include <stdlib.h>

static inline struct shrike_addr address(const char *text)
{
    struct shrike_addr a = {.family = strchr(text, ':') ? 6 : 4};
    if (inet_pton(a.family == 4 ? AF_INET : AF_INET6, text, a.octets) != 1)
        abort();
    return a;
}

static inline struct lease_pool span(const char *name, const char *from, const char *to, bool block)
{
    struct lease_pool p = {.name = name};
    struct shrike_addr first = address(from), last = address(to);
    lease_pool_span(&p, &first, &last, block);
    return p;
}

static inline bool is(const struct shrike_addr *a, const char *text)
{
    struct shrike_addr b = address(text);
    return a->family == b.family && memcmp(a->octets, b.octets, sizeof b.octets) == 0;
}

#endif
