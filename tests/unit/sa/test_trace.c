/* Events and reasons: names, levels, sentences; what an event says; how many there may be. */
#include "tools.h"

TEST(every_event_and_reason_has_words)
{
    for (unsigned i = 0; i < SHRIKE_EVENT_COUNT; i++) {
        CHECK(shrike_event_name(i)[0] != 0);
        CHECK(shrike_event_text(i)[0] != 0);
        CHECK(shrike_event_level(i) <= SHRIKE_DEBUG);
        for (unsigned j = 0; j < i; j++)
            CHECK(strcmp(shrike_event_name(i), shrike_event_name(j)) != 0);
    }
    for (unsigned i = 0; i < SHRIKE_REASON_COUNT; i++) {
        CHECK(shrike_reason_text(i)[0] != 0);
        CHECK(shrike_reason_remedy(i) != NULL);
        for (unsigned j = 0; j < i; j++)
            CHECK(strcmp(shrike_reason_text(i), shrike_reason_text(j)) != 0 &&
                  strcmp(shrike_reason_name(i), shrike_reason_name(j)) != 0);
    }
    CHECK(strcmp(shrike_event_name(SHRIKE_EVENT_IKE_UP), "IKE_UP") == 0);
    CHECK_EQ(shrike_event_level(SHRIKE_EVENT_IKE_UP), SHRIKE_NOTICE);
    CHECK_EQ(shrike_event_level(SHRIKE_EVENT_IKE_FAILED), SHRIKE_WARNING);
}

TEST(numbers_out_of_range)
{
    CHECK(strcmp(shrike_event_name(SHRIKE_EVENT_COUNT), "unknown") == 0);
    CHECK(shrike_event_text(SHRIKE_EVENT_COUNT)[0] != 0);
    CHECK_EQ(shrike_event_level(SHRIKE_EVENT_COUNT), SHRIKE_ERROR);
    CHECK(shrike_reason_text(SHRIKE_REASON_COUNT)[0] != 0);
    CHECK(strcmp(shrike_reason_name(SHRIKE_REASON_COUNT), "unknown") == 0);
    CHECK_EQ(shrike_reason_remedy(SHRIKE_REASON_COUNT)[0], 0);
}

TEST(an_event_names_its_sa)
{
    struct shrike_action a;
    struct shrike_conn conn = {.name = "office"};
    struct shrike_child_conf conf = {.name = "lan"};
    u8 offered[] = "what they said", beside[] = "and";
    CHECK(shard_begin());
    struct ike_sa *sa = sa_new(&shard, true);
    sa->conn = &conn;
    sa->spi_r = 99;
    sa->remote.port = 4500;
    struct child_sa *child = child_new(&shard, sa, &conf);
    child->spi_out = 77;
    struct shrike_reason why = {.code = SHRIKE_REASON_KERNEL,
                                .notify = 5,
                                .offered = bytes_of(offered, sizeof(offered)),
                                .beside = bytes_of(beside, sizeof(beside)),
                                .origin = {"file", 3}};
    trace_child_reason(&shard, SHRIKE_EVENT_CHILD_FAILED, sa, child, &why);
    memset(offered, 0, sizeof(offered)); /* the message is gone before the drain */
    memset(beside, 0, sizeof(beside));
    CHECK(ring_next(&shard.ring, &a));
    CHECK_EQ(a.event.id, SHRIKE_EVENT_CHILD_FAILED);
    CHECK_EQ(a.event.ike, sa->serial);
    CHECK_EQ(a.event.child, child->serial);
    CHECK(a.event.child != a.event.ike);
    CHECK(strcmp(a.event.conn, "office") == 0);
    CHECK(strcmp(a.event.child_conf, "lan") == 0);
    CHECK_EQ(a.event.spi_i, sa->spi_i);
    CHECK_EQ(a.event.spi_r, 99);
    CHECK_EQ(a.event.esp_out, 77);
    CHECK_EQ(a.event.remote.port, 4500);
    CHECK_EQ(a.event.reason.code, SHRIKE_REASON_KERNEL);
    CHECK_EQ(a.event.reason.origin.line, 3);
    CHECK(bytes_equal(a.event.reason.offered, bytes_of("what they said", 15)));
    CHECK(bytes_equal(a.event.reason.beside, bytes_of("and", 4)));
    CHECK(!a.event.stranger);
    CHECK(!ring_next(&shard.ring, &a));
    sa->conn = NULL;
    sa_free(&shard, sa);
    CHECK(shard_end());
}

/* What the peer sends has its share of the room, and no more. */
TEST(offers_have_limits)
{
    static const u8 long_one[4096];
    struct shrike_reason why = {.code = SHRIKE_REASON_TS_MISMATCH};
    CHECK(shard_begin());
    for (size_t len = 1024; len <= sizeof long_one; len *= 2) {
        why.offered = why.beside = bytes_of(long_one, len);
        trace_keep_offers(&shard, &why);
        CHECK(why.offered.len == len && why.offered.at != long_one);
        CHECK_EQ(why.beside.len, len <= 2048 ? len : 0);
    }
    CHECK(shard_end());
}

/* Who begins it is a stranger until he has proved who he is. */
TEST(strangers)
{
    struct shrike_action a;
    CHECK(shard_begin());
    struct ike_sa *sa = sa_new(&shard, false);
    for (unsigned i = 0; i < 2; i++) {
        sa->authenticated = i == 1;
        trace_ike_reason(&shard, SHRIKE_EVENT_IKE_FAILED, sa, NULL);
        CHECK(ring_next(&shard.ring, &a));
        CHECK_EQ(a.event.stranger, i == 0);
    }
    sa->authenticated = false;
    sa->handshake->proved = true; /* its child may be refused before we have proved ourselves */
    trace_ike_reason(&shard, SHRIKE_EVENT_CHILD_FAILED, sa, NULL);
    CHECK(ring_next(&shard.ring, &a) && !a.event.stranger);
    CHECK(trace_limited(&shard, SHRIKE_EVENT_STRANGER_REFUSED, NULL)->stranger);
    CHECK(ring_next(&shard.ring, &a) && !ring_next(&shard.ring, &a));
    sa_free(&shard, sa);
    CHECK(shard_end());
}

TEST(ten_a_second)
{
    CHECK(shard_begin());
    for (unsigned second = 0; second < 3; second++) {
        for (unsigned i = 0; i < 100; i++) {
            struct shrike_event *e = trace_limited(&shard, SHRIKE_EVENT_STRANGER_REFUSED, NULL);
            CHECK((e != NULL) == (i < SHRIKE_STRANGER_EVENTS));
        }
        shard.now += SHRIKE_SECOND - 1;
        CHECK(trace_limited(&shard, SHRIKE_EVENT_STRANGER_REFUSED, NULL) == NULL);
        shard.now += 1;
    }
    CHECK_EQ(count_actions(&shard.ring, SHRIKE_EVENT), 30);
    CHECK(shard_end());
}

int main(void)
{
    return RUN(every_event_and_reason_has_words) | RUN(numbers_out_of_range) |
           RUN(an_event_names_its_sa) | RUN(offers_have_limits) | RUN(strangers) |
           RUN(ten_a_second);
}
