/* How long handshakes and rekeys take: see latency.h. */
#include "sa/latency.h"

const shrike_time shrike_latency_bounds[SHRIKE_LATENCY_BOUNDS] = {
    10 * SHRIKE_MS,  25 * SHRIKE_MS,   50 * SHRIKE_MS,   100 * SHRIKE_MS,  250 * SHRIKE_MS,
    500 * SHRIKE_MS, 1000 * SHRIKE_MS, 2500 * SHRIKE_MS, 5000 * SHRIKE_MS, 10000 * SHRIKE_MS};

void latency_note(struct shard *s, enum shrike_took kind, shrike_time began)
{
    struct shrike_latency *l = &s->stats.took[kind];
    const shrike_time took = s->now - began;
    unsigned i = 0;
    while (i < SHRIKE_LATENCY_BOUNDS && took > shrike_latency_bounds[i])
        i++;
    l->counts[i]++;
    l->sum_us += took;
}
