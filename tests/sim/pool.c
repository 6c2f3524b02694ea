/* A pool of internal addresses: see pool.h. All peers have one identity. */
#include "pool.h"
#include "wire/config.h"

static struct shrike_addr address_of(u8 family, unsigned i)
{
    struct shrike_addr a = {{10, 3, 0, (u8)(i + 1)}, 4};
    if (family == 6)
        a = (struct shrike_addr){{0xfd, 3, [15] = (u8)(i + 1)}, 6};
    return a;
}

static bool same(const struct shrike_addr *a, const struct shrike_addr *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static struct pool_lease *find(struct pool *p, u32 number)
{
    for (unsigned i = 0; i < p->count; i++)
        if (p->leases[i].number == number)
            return &p->leases[i];
    return NULL;
}

static struct pool_lease *add(struct pool *p, u32 number)
{
    struct pool_lease *l = &p->leases[p->count++];
    *l = (struct pool_lease){.number = number};
    p->given++;
    return l;
}

bool pool_in_use(const struct pool *p, const struct shrike_addr *a)
{
    for (unsigned i = 0; i < p->count; i++)
        for (unsigned k = 0; k < p->leases[i].count; k++)
            if (same(&p->leases[i].addrs[k], a))
                return true;
    return false;
}

/* What is wished for, if it is one of ours; else one that nobody has. */
static void choose(const struct pool *p, struct pool_lease *l, const struct shrike_addr *wish)
{
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < POOL_SIZE; i++) {
            struct shrike_addr a = address_of(wish->family, i);
            if (pass == 0 ? same(&a, wish) : !pool_in_use(p, &a)) {
                l->addrs[l->count++] = a;
                return;
            }
        }
}

static const char *begins(struct pool *p, u32 number)
{
    if (number == 0 || find(p, number))
        return "a lease whose number it has given already";
    return p->count == POOL_LEASES ? "more leases than there can be" : NULL;
}

const char *pool_lease(struct pool *p, const struct shrike_lease_op *op, struct writer *value)
{
    const char *complaint = begins(p, op->lease);
    struct pool_lease *l;

    if (complaint)
        return complaint;
    if (op->pool_count != 1 || strcmp(op->pools[0], POOL_NAME) != 0 || op->remote.type == 0)
        return "a lease of no pool, or for nobody";
    if (op->wish_count == 0 || op->wish_count > SHRIKE_ADDRESSES_MAX)
        return "a lease of nothing, or too much";
    l = add(p, op->lease);
    for (unsigned i = 0; i < op->wish_count; i++) {
        if (op->held)
            l->addrs[l->count++] = op->wishes[i];
        else
            choose(p, l, &op->wishes[i]);
    }
    config_write_addrs(value, l->addrs, l->count);
    return NULL;
}

const char *pool_use(struct pool *p, const struct shrike_address_op *op)
{
    const char *complaint = begins(p, op->lease);
    struct pool_lease *l;

    if (complaint)
        return complaint;
    if (op->address_count == 0 || op->address_count > SHRIKE_ADDRESSES_MAX)
        return "no address, or too many";
    l = add(p, op->lease);
    l->count = op->address_count;
    memcpy(l->addrs, op->addresses, l->count * sizeof *l->addrs);
    return NULL;
}

const char *pool_over(struct pool *p, u32 number)
{
    struct pool_lease *l = find(p, number);

    if (!l)
        return "the end of a lease that there is not";
    *l = p->leases[--p->count];
    return NULL;
}

bool pool_has(const struct pool *p, const struct shrike_addr *addrs, unsigned count)
{
    for (unsigned i = 0; i < p->count; i++)
        if (p->leases[i].count == count &&
            memcmp(p->leases[i].addrs, addrs, count * sizeof *addrs) == 0)
            return true;
    return false;
}
