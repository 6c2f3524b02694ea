/* The output ring: order, what lives how long, and its bounds. */
#include "tools.h"

TEST(in_order_and_only_once)
{
    struct shrike_action a;
    struct shrike_conf conf;
    CHECK(shard_begin());
    struct ring *r = &shard.ring;
    CHECK(!ring_next(r, &a));
    ring_event(r)->id = SHRIKE_EVENT_IKE_UP;
    ring_op(r)->kind = SHRIKE_CHECK;
    ring_conf_unused(r, &conf);
    CHECK(ring_next(r, &a) && a.kind == SHRIKE_EVENT && a.event.id == SHRIKE_EVENT_IKE_UP);
    CHECK(ring_next(r, &a) && a.kind == SHRIKE_OP && a.op.kind == SHRIKE_CHECK);
    ring_event(r)->id = SHRIKE_EVENT_IKE_DOWN; /* in the middle of a drain */
    CHECK(ring_next(r, &a) && a.kind == SHRIKE_CONF_UNUSED && a.conf == &conf);
    CHECK(ring_next(r, &a) && a.event.id == SHRIKE_EVENT_IKE_DOWN);
    CHECK_EQ(a.event.number, 0);
    CHECK(!ring_next(r, &a));
    CHECK(!ring_next(r, &a));
    CHECK(shard_end());
}

/* A packet lives until the drain is over, even when its owner drops it. */
TEST(sends_hold_their_packets)
{
    struct shrike_action a;
    struct ring_path path = {.remote = {{1, 2, 3, 4}, 5, 4, 0}, .marker = true};
    CHECK(shard_begin());
    struct packet *one = packet_copy(&shard.packets, bytes_of("one", 3));
    one->next = packet_copy(&shard.packets, bytes_of("second", 6));
    ring_send(&shard.ring, one, &path);
    packet_drop(&shard.packets, one);
    CHECK_EQ(packets_live(&shard.packets), 2);
    CHECK(ring_next(&shard.ring, &a) && a.kind == SHRIKE_SEND);
    CHECK(bytes_equal(a.send.data, bytes_of("one", 3)));
    CHECK(a.send.marker);
    CHECK_EQ(a.send.remote.port, 5);
    CHECK(ring_next(&shard.ring, &a));
    CHECK(bytes_equal(a.send.data, bytes_of("second", 6)));
    CHECK_EQ(packets_live(&shard.packets), 2);
    CHECK(!ring_next(&shard.ring, &a));
    CHECK_EQ(packets_live(&shard.packets), 0);
    CHECK(shard_end());
}

TEST(what_is_kept_is_wiped_after_the_drain)
{
    struct shrike_action a;
    CHECK(shard_begin());
    struct bytes kept = ring_keep(&shard.ring, bytes_of("a secret", 8));
    CHECK(bytes_equal(kept, bytes_of("a secret", 8)));
    u8 *taken = ring_take(&shard.ring, 16);
    CHECK(taken != NULL && taken[0] == 0);
    CHECK(ring_take(&shard.ring, RING_DATA) == NULL);
    CHECK(ring_keep(&shard.ring, bytes_of(NULL, 0)).at == NULL);
    CHECK(!ring_next(&shard.ring, &a));
    CHECK_EQ(shard.ring.data.used, 0);
    u8 *again = ring_take(&shard.ring, 16);
    CHECK(again == kept.at); /* the same place */
    CHECK(again[0] == 0);
    CHECK(!ring_next(&shard.ring, &a));
    CHECK(shard_end());
}

TEST(the_room_of_an_input)
{
    CHECK(shard_begin());
    for (unsigned input = 0; input < SHRIKE_BATCH; input++) {
        ring_input(&shard.ring);
        for (unsigned i = 0; i < ACTIONS_PER_INPUT; i++) {
            CHECK_EQ(ring_room(&shard.ring), ACTIONS_PER_INPUT - i);
            (void)ring_event(&shard.ring);
        }
        CHECK_EQ(ring_room(&shard.ring), 0);
    }
    ring_input(&shard.ring);
    CHECK_EQ(ring_room(&shard.ring), 0); /* it is full: more than a batch */
    CHECK_EQ(count_actions(&shard.ring, SHRIKE_EVENT), RING_MAX);
    CHECK_EQ(ring_room(&shard.ring), ACTIONS_PER_INPUT);
    CHECK(shard_end());
}

/* What was never drained is given back, too. */
TEST(freed_full)
{
    CHECK(shard_begin());
    struct packet *k = packet_copy(&shard.packets, bytes_of("x", 1));
    ring_send(&shard.ring, k, &(struct ring_path){0});
    packet_drop(&shard.packets, k);
    CHECK(shard_end());
}

int main(void)
{
    return RUN(in_order_and_only_once) | RUN(sends_hold_their_packets) |
           RUN(what_is_kept_is_wiped_after_the_drain) | RUN(the_room_of_an_input) | RUN(freed_full);
}
