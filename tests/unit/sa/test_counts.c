/* Counters of connections: which, of whom, and where it ends. */
#include "sa/counts.h"
#include "tools.h"
#include "wire/header.h"

static const struct shrike_conn office = {.name = "office"}, home = {.name = "home"};

static struct ike_sa *sa_of(const struct shrike_conn *conn, bool initiator)
{
    struct ike_sa *sa = sa_new(&shard, initiator);
    sa->conn = conn;
    return sa;
}

static u64 count_of(const char *conn, enum shrike_count which)
{
    struct shrike_counts one;
    for (u32 at = 0; counts_next(&shard.counts, &at, &one);)
        if (strcmp(one.conn, conn) == 0)
            return one.of[which];
    return UINT64_MAX;
}

TEST(each_has_a_name_of_its_own)
{
    for (unsigned i = 0; i < SHRIKE_COUNT_COUNT; i++)
        for (unsigned k = 0; k < i; k++)
            CHECK(strcmp(shrike_count_name(i), shrike_count_name(k)) != 0);
    CHECK(strcmp(shrike_count_name(SHRIKE_COUNT_INFO_OUT_RESP), "info-out-resp") == 0);
    CHECK(strcmp(shrike_count_name(SHRIKE_COUNT_COUNT), "unknown") == 0);
}

TEST(the_sum_and_each_connection)
{
    CHECK(shard_begin());
    struct ike_sa *a = sa_of(&office, true), *b = sa_of(&home, false);
    counts_add(&shard, a, SHRIKE_COUNT_CHILD_REKEY);
    counts_add(&shard, a, SHRIKE_COUNT_CHILD_REKEY);
    counts_add(&shard, b, SHRIKE_COUNT_CHILD_REKEY); /* it is not known yet whose it is */
    counts_add(&shard, NULL, SHRIKE_COUNT_CHILD_REKEY);
    CHECK_EQ(count_of("", SHRIKE_COUNT_CHILD_REKEY), 4);
    CHECK_EQ(count_of("office", SHRIKE_COUNT_CHILD_REKEY), 2);
    CHECK_EQ(count_of("home", SHRIKE_COUNT_CHILD_REKEY), UINT64_MAX);
    b->authenticated = true;
    counts_add(&shard, b, SHRIKE_COUNT_CHILD_REKEY);
    CHECK_EQ(count_of("home", SHRIKE_COUNT_CHILD_REKEY), 1);
    CHECK(counts_reset(&shard, "office") && !counts_reset(&shard, "tea"));
    CHECK_EQ(count_of("office", SHRIKE_COUNT_CHILD_REKEY), 0);
    CHECK_EQ(count_of("", SHRIKE_COUNT_CHILD_REKEY), 5);
    CHECK(counts_reset(&shard, ""));
    CHECK_EQ(count_of("", SHRIKE_COUNT_CHILD_REKEY), 0);
    CHECK_EQ(count_of("home", SHRIKE_COUNT_CHILD_REKEY), 1);
    counts_add(&shard, b, SHRIKE_COUNT_CHILD_REKEY);
    CHECK(counts_reset(&shard, NULL));
    CHECK_EQ(count_of("home", SHRIKE_COUNT_CHILD_REKEY), 0);
    CHECK_EQ(count_of("", SHRIKE_COUNT_CHILD_REKEY), 0);
    CHECK(shard_end());
}

TEST(messages_by_exchange_way_and_kind)
{
    CHECK(shard_begin());
    struct header h = {.exchange = EXCHANGE_IKE_SA_INIT};
    counts_message(&shard, NULL, &h, true);
    h.flags = FLAG_RESPONSE;
    counts_message(&shard, NULL, &h, false);
    h.exchange = EXCHANGE_INFORMATIONAL;
    counts_message(&shard, NULL, &h, true);
    counts_message(&shard, NULL, &h, true);
    h.exchange = EXCHANGE_INFORMATIONAL + 1;
    counts_message(&shard, NULL, &h, true);
    h.exchange = EXCHANGE_IKE_SA_INIT - 1;
    counts_message(&shard, NULL, &h, true);
    CHECK_EQ(count_of("", SHRIKE_COUNT_IKE_INIT_IN_REQ), 1);
    CHECK_EQ(count_of("", SHRIKE_COUNT_IKE_INIT_OUT_RESP), 1);
    CHECK_EQ(count_of("", SHRIKE_COUNT_INFO_IN_RESP), 2);
    u64 sum = 0;
    for (unsigned i = 0; i < SHRIKE_COUNT_COUNT; i++)
        sum += count_of("", i);
    CHECK_EQ(sum, 4);
    CHECK(shard_end());
}

TEST(there_is_an_end_to_connections)
{
    static char names[SHRIKE_COUNTED_MAX + 1][SHRIKE_COUNTED_NAME + 8];
    CHECK(shard_begin());
    struct ike_sa *sa = sa_of(NULL, true);
    for (unsigned i = 0; i <= SHRIKE_COUNTED_MAX; i++) {
        struct shrike_conn conn = {.name = names[i]};
        snprintf(names[i], sizeof(names[i]), "c%u", i);
        sa->conn = &conn;
        counts_add(&shard, sa, SHRIKE_COUNT_INVALID);
        counts_add(&shard, sa, SHRIKE_COUNT_INVALID);
    }
    CHECK_EQ(count_of("c0", SHRIKE_COUNT_INVALID), 2);
    CHECK_EQ(count_of(names[SHRIKE_COUNTED_MAX - 1], SHRIKE_COUNT_INVALID), 2);
    CHECK_EQ(count_of(names[SHRIKE_COUNTED_MAX], SHRIKE_COUNT_INVALID), UINT64_MAX);
    memset(names[0], 'n', SHRIKE_COUNTED_NAME);
    struct shrike_conn conn = {.name = names[0]};
    sa->conn = &conn;
    counts_add(&shard, sa, SHRIKE_COUNT_INVALID);
    CHECK_EQ(count_of("", SHRIKE_COUNT_INVALID), 2 * SHRIKE_COUNTED_MAX + 3);
    sa->conn = NULL;
    CHECK(shard_end());
}

int main(void)
{
    return RUN(each_has_a_name_of_its_own) | RUN(the_sum_and_each_connection) |
           RUN(messages_by_exchange_way_and_kind) | RUN(there_is_an_end_to_connections);
}
