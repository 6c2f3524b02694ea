/* A shard: SPIs, tokens, jitter, snapshots; made in little memory or not at all. */
#include "tools.h"

TEST(spis_name_the_shard)
{
    for (u8 of = 0; of < 5; of++) {
        CHECK(shard_begin());
        shard.shards = 5;
        shard.shard = of;
        for (unsigned i = 0; i < 1000; i++) {
            u64 spi = shard_draw_spi(&shard);
            CHECK(spi != 0);
            CHECK_EQ((spi >> 56) % 5, of);
        }
        CHECK(shard_end());
    }
}

/* An answer finds its question by the token; each question has another one. */
TEST(tokens)
{
    CHECK(shard_begin());
    struct ike_sa *sa = sa_new(&shard, true), *other = sa_new(&shard, false);
    struct shrike_op *op = shard_ask(&shard, sa, &sa->ours, SHRIKE_PROVE);
    struct shrike_token first = op->token;
    CHECK_EQ(first.incarnation, 3);
    CHECK_EQ(first.serial, sa->serial);
    CHECK(shard_sa_at(&shard, first.index) == sa);
    CHECK(sa->ours.awaiting);
    CHECK_EQ(sa->ours.question, first.slot);
    CHECK_EQ(sa->ours.due, shard.now + OP_TIME_MAX);
    op = shard_ask(&shard, sa, NULL, SHRIKE_CHILD_REMOVE);
    CHECK(op->token.slot != first.slot);
    CHECK_EQ(sa->ours.question, first.slot); /* nobody waits for this one */
    op = shard_ask(&shard, other, &other->theirs, SHRIKE_CHECK);
    CHECK(op->token.serial != first.serial);
    CHECK(op->token.index != first.index);
    sa_free(&shard, sa);
    sa_free(&shard, other);
    CHECK(shard_end());
}

TEST(jitter_stays_within_its_bounds)
{
    CHECK(shard_begin());
    shrike_time least = SHRIKE_NEVER, most = 0;
    for (unsigned i = 0; i < 5000; i++) {
        shrike_time v = shard_vary(&shard, 1000000, 10);
        least = MIN(least, v);
        most = MAX(most, v);
        CHECK(shard_jitter(&shard, 7) < 7);
    }
    CHECK(least >= 900000 && least < 905000);
    CHECK(most <= 1100000 && most > 1095000);
    CHECK_EQ(shard_vary(&shard, 1000000, 0), 1000000);
    CHECK_EQ(shard_vary(&shard, 0, 10), 0);
    CHECK_EQ(shard_jitter(&shard, 0), 0);
    CHECK(shard_end());
}

TEST(snapshots)
{
    struct shrike_conf conf[SNAPSHOTS_MAX + 1] = {0};
    struct shrike_action a;
    CHECK(shard_begin());
    CHECK(shard_conf(&shard, &conf[0]));
    struct snapshot *pinned[SNAPSHOTS_MAX];
    for (unsigned i = 0; i + 1 < SNAPSHOTS_MAX; i++) {
        pinned[i] = snapshot_pin(shard.current);
        CHECK(shard_conf(&shard, &conf[i + 1]));
    }
    CHECK(!ring_next(&shard.ring, &a)); /* all are held */
    CHECK(!shard_conf(&shard, &conf[SNAPSHOTS_MAX]));
    CHECK(shard.current->conf == &conf[SNAPSHOTS_MAX - 1]);
    snapshot_unpin(&shard, pinned[2]);
    CHECK(ring_next(&shard.ring, &a) && a.kind == SHRIKE_CONF_UNUSED && a.conf == &conf[2]);
    CHECK(!ring_next(&shard.ring, &a));
    CHECK(shard_conf(&shard, &conf[SNAPSHOTS_MAX]));
    CHECK(ring_next(&shard.ring, &a) && a.conf == &conf[SNAPSHOTS_MAX - 1]);
    snapshot_unpin(&shard, NULL);
    CHECK(snapshot_pin(NULL) == NULL);
    CHECK(shard_end());
}

/* With too little memory there is no shard, and nothing is left behind; whatever is too little. */
static unsigned granted;

static void *few(void *ctx, size_t size)
{
    return granted && granted-- ? test_take(ctx, size) : NULL;
}

TEST(too_little_memory)
{
    bool made = false;
    for (unsigned pages = 0; pages < 60 && !made; pages++) {
        struct shrike_env env = test_env();
        env.pages.take = few;
        granted = pages;
        memset(&shard, 0, sizeof(shard));
        made = shard_init(&shard, &env, 0);
        if (made)
            shard_free(&shard);
        CHECK_EQ(pages_out, 0);
        provider_toy_free(toy);
    }
    CHECK(made);
}

/* Gives each draw of octets three times; the first ones are zero. */
static unsigned draws;
static bool repeating(void *ctx, u8 *out, size_t len)
{
    (void)ctx;
    memset(out, (int)(draws++ / 3), len);
    return true;
}

/* RFC 7296 2.6 (1), 3.1 (2): never zero, and never one that another SA has. */
TEST(spis_are_drawn_until_one_is_free)
{
    CHECK(shard_begin());
    struct shrike_provider odd = *toy;
    odd.random = repeating;
    shard.provider = &odd;
    draws = 0;
    struct ike_sa *one = sa_new(&shard, true), *two = sa_new(&shard, false);
    CHECK(one && two);
    CHECK_EQ(one->spi_i, 0x0101010101010101);
    CHECK_EQ(two->spi_r, 0x0202020202020202);
    sa_free(&shard, one);
    sa_free(&shard, two);
    CHECK(shard_end());
}

int main(void)
{
    return RUN(spis_name_the_shard) | RUN(tokens) | RUN(jitter_stays_within_its_bounds) |
           RUN(snapshots) | RUN(too_little_memory) | RUN(spis_are_drawn_until_one_is_free);
}
