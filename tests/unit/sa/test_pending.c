/* Commands under way: one answer, when the last hold is released, with the first reason. */
#include "tools.h"

static bool answered(enum shrike_event_id id, u32 reference, enum shrike_reason_code code)
{
    struct shrike_action a, none;
    return ring_next(&shard.ring, &a) && a.kind == SHRIKE_EVENT && a.event.id == id &&
           a.event.command == reference && a.event.reason.code == code &&
           !ring_next(&shard.ring, &none);
}

TEST(answered_when_the_last_is_over)
{
    struct shrike_action a;
    CHECK(shard_begin());
    u32 h = pending_begin(&shard, 42);
    CHECK(h != 0);
    CHECK_EQ(pending_hold(&shard, h), h);
    CHECK_EQ(pending_hold(&shard, h), h);
    CHECK_EQ(pending_reference(&shard, h), 42);
    pending_release(&shard, h, SHRIKE_REASON_NONE);
    pending_release(&shard, h, SHRIKE_REASON_NONE);
    CHECK(!ring_next(&shard.ring, &a));
    pending_release(&shard, h, SHRIKE_REASON_NONE);
    CHECK(answered(SHRIKE_EVENT_COMMAND_DONE, 42, SHRIKE_REASON_NONE));
    CHECK_EQ(shard.commands.live, 0);
    CHECK(shard_end());
}

TEST(the_first_failure_is_the_reason)
{
    CHECK(shard_begin());
    u32 h = pending_begin(&shard, 1);
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(pending_hold(&shard, h), h);
    pending_release(&shard, h, SHRIKE_REASON_NONE);
    pending_release(&shard, h, SHRIKE_REASON_TIMEOUT);
    pending_release(&shard, h, SHRIKE_REASON_KERNEL);
    pending_release(&shard, h, SHRIKE_REASON_NONE);
    CHECK(answered(SHRIKE_EVENT_COMMAND_FAILED, 1, SHRIKE_REASON_TIMEOUT));
    CHECK(shard_end());
}

TEST(no_command)
{
    struct shrike_action a;
    CHECK(shard_begin());
    CHECK_EQ(pending_hold(&shard, 0), 0);
    CHECK_EQ(pending_reference(&shard, 0), 0);
    pending_release(&shard, 0, SHRIKE_REASON_TIMEOUT);
    CHECK(!ring_next(&shard.ring, &a));
    CHECK(shard_end());
}

/* As many SAs as a large gateway has may hang on one command. */
TEST(very_many_holds)
{
    struct shrike_action a;
    CHECK(shard_begin());
    u32 h = pending_begin(&shard, 9);
    for (unsigned i = 0; i < 200000; i++)
        (void)pending_hold(&shard, h);
    for (unsigned i = 0; i < 200000; i++)
        pending_release(&shard, h, SHRIKE_REASON_NONE);
    CHECK(!ring_next(&shard.ring, &a));
    pending_release(&shard, h, SHRIKE_REASON_NONE);
    CHECK(answered(SHRIKE_EVENT_COMMAND_DONE, 9, SHRIKE_REASON_NONE));
    CHECK(shard_end());
}

TEST(the_cap)
{
    CHECK(shard_begin());
    for (unsigned i = 0; i < PENDING_MAX; i++)
        CHECK(pending_begin(&shard, i) != 0);
    CHECK_EQ(pending_begin(&shard, 1), 0);
    pending_release(&shard, 1, SHRIKE_REASON_NONE);
    CHECK(pending_begin(&shard, 1) != 0);
    CHECK(shard_end());
}

int main(void)
{
    return RUN(answered_when_the_last_is_over) | RUN(the_first_failure_is_the_reason) |
           RUN(no_command) | RUN(very_many_holds) | RUN(the_cap);
}
