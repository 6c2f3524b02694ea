/* splitmix64 (Steele, Lea, Flood 2014): one addition and two multiplications a draw. */
#include "sim/prng.h"

u64 prng_next(struct prng *p)
{
    u64 z = p->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

u64 prng_below(struct prng *p, u64 n)
{
    /* The bias of the remainder is below 2^-32 for every n that the simulator uses. */
    return n == 0 ? 0 : prng_next(p) % n;
}

u64 prng_between(struct prng *p, u64 low, u64 high)
{
    return low + prng_below(p, high - low + 1);
}

bool prng_percent(struct prng *p, unsigned percent)
{
    return prng_below(p, 100) < percent;
}

void prng_fill(struct prng *p, void *out, size_t len)
{
    u8 *at = out;
    for (size_t i = 0; i < len; i++)
        at[i] = (u8)prng_next(p);
}

struct prng prng_fork(struct prng *p)
{
    return (struct prng){prng_next(p)};
}
