/* How long things took, in counts. */
#include "sa/latency.h"
#include "tools.h"

TEST(each_bound_counts_what_took_as_long_at_most)
{
    const struct shrike_latency *l = &shard.stats.took[SHRIKE_TOOK_CHILD_REKEY];
    CHECK(shard_begin());
    shard.now = 100 * SHRIKE_SECOND;
    latency_note(&shard, SHRIKE_TOOK_CHILD_REKEY, shard.now);
    latency_note(&shard, SHRIKE_TOOK_CHILD_REKEY, shard.now - 10 * SHRIKE_MS);
    latency_note(&shard, SHRIKE_TOOK_CHILD_REKEY, shard.now - 10 * SHRIKE_MS - 1);
    latency_note(&shard, SHRIKE_TOOK_CHILD_REKEY, shard.now - 10 * SHRIKE_SECOND);
    latency_note(&shard, SHRIKE_TOOK_CHILD_REKEY, shard.now - 11 * SHRIKE_SECOND);
    CHECK(l->counts[0] == 2 && l->counts[1] == 1 && l->counts[2] == 0);
    CHECK(l->counts[SHRIKE_LATENCY_BOUNDS - 1] == 1 && l->counts[SHRIKE_LATENCY_BOUNDS] == 1);
    CHECK_EQ(l->sum_us, 21 * SHRIKE_SECOND + 20 * SHRIKE_MS + 1);
    CHECK_EQ(shard.stats.took[SHRIKE_TOOK_HANDSHAKE].sum_us, 0);
    for (unsigned i = 1; i < SHRIKE_LATENCY_BOUNDS; i++)
        CHECK(shrike_latency_bounds[i] > shrike_latency_bounds[i - 1]);
    shard_end();
}

int main(void)
{
    return RUN(each_bound_counts_what_took_as_long_at_most);
}
