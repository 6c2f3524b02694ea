/* The simulator's only source of chance: splitmix64, so that a seed is a whole history. */
#ifndef SIM_PRNG_H
#define SIM_PRNG_H

#include "base/bytes.h"

struct prng {
    u64 state;
};

u64 prng_next(struct prng *p);
u64 prng_below(struct prng *p, u64 n);               /* 0 when n is 0 */
u64 prng_between(struct prng *p, u64 low, u64 high); /* both included */
bool prng_percent(struct prng *p, unsigned percent);
void prng_fill(struct prng *p, void *out, size_t len);
/* A stream of its own, so that one part's draws do not shift another's. */
struct prng prng_fork(struct prng *p);

#endif
