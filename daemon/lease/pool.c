/* Pools of virtual addresses: see pool.h. */
#include "lease/pool.h"

/* An address as a number. */
struct number {
    u64 high, low;
};

static u64 load(const u8 *at, u32 n)
{
    u64 v = 0;
    for (u32 i = 0; i < n; i++)
        v = v << 8 | at[i];
    return v;
}

static struct number number_of(const struct shrike_addr *a)
{
    if (a->family == 4)
        return (struct number){0, load(a->octets, 4)};
    return (struct number){load(a->octets, 8), load(a->octets + 8, 8)};
}

static struct number plus(struct number a, u64 n)
{
    u64 low = a.low + n;
    return (struct number){a.high + (low < n), low};
}

/* How far b is above a; UINT64_MAX: below it, or as far as that. */
static u64 distance(struct number a, struct number b)
{
    u64 high = b.high - a.high - (b.low < a.low);
    if (b.high < a.high || (b.high == a.high && b.low < a.low) || high > 0)
        return UINT64_MAX;
    return b.low - a.low;
}

static struct shrike_addr address_of(struct number n, u8 family)
{
    struct shrike_addr a = {.family = family};
    u32 size = family == 4 ? 4 : 16;
    for (u32 i = 0; i < size; i++) {
        u32 shift = 8 * (size - 1 - i);
        a.octets[i] = (u8)(shift < 64 ? n.low >> shift : n.high >> (shift - 64));
    }
    return a;
}

void lease_pool_span(struct lease_pool *p, const struct shrike_addr *from,
                     const struct shrike_addr *to, bool block)
{
    struct number first = number_of(from);
    u64 last = distance(first, number_of(to)); /* counted from the first */
    if (block && last > 1) {
        first = plus(first, 1);
        last = last == UINT64_MAX ? last : last - 2;
    }
    p->base = address_of(first, from->family);
    p->size = last < LEASE_SIZE_MAX ? (u32)last + 1 : LEASE_SIZE_MAX;
}

bool lease_pool_holds(const struct lease_pool *p, const struct shrike_addr *a)
{
    return a->family == p->base.family && distance(number_of(&p->base), number_of(a)) < p->size;
}

struct shrike_addr lease_pool_at(const struct lease_pool *p, u32 n)
{
    return address_of(plus(number_of(&p->base), n), p->base.family);
}

bool lease_pools_overlap(const struct lease_pool *a, const struct lease_pool *b)
{
    return lease_pool_holds(a, &b->base) || lease_pool_holds(b, &a->base);
}
