/* Queues of octets: order, cap, growth, and that what left is wiped. */
#include "random.h"
#include "test.h"
#include "vici/queue.h"

TEST(order_is_kept_under_random_use)
{
    struct vici_queue q = vici_queue_of(100000);
    u64 s = 1;
    u8 in = 0, out = 0, octets[9000];
    for (int round = 0; round < 5000; round++) {
        u32 n = draw(&s, sizeof(octets));
        size_t before = q.len;
        for (u32 i = 0; i < n; i++)
            octets[i] = (u8)(in + i);
        bool put = vici_queue_put(&q, bytes_of(octets, n));
        CHECK_EQ(put, n <= 100000 - before);
        CHECK_EQ(q.len, before + (put ? n : 0));
        CHECK_EQ(vici_queue_room(&q), 100000 - q.len);
        in = (u8)(in + (put ? n : 0));
        struct bytes front = vici_queue_front(&q);
        u32 most = (u32)MIN(front.len, 8000u);
        u32 take = draw(&s, 9) == 0 ? (u32)front.len : draw(&s, most + 1);
        for (u32 i = 0; i < take; i++)
            CHECK_EQ(front.at[i], (u8)(out + i));
        out = (u8)(out + take);
        vici_queue_drop(&q, take);
    }
    CHECK(q.size <= 2 * 100000);
    vici_queue_free(&q);
    CHECK(q.data == NULL && q.max == 100000);
}

TEST(what_left_is_wiped)
{
    static const u8 zero[3000];
    struct vici_queue q = vici_queue_of(4096);
    u8 secret[3000];
    memset(secret, 0x5a, sizeof(secret));
    CHECK(vici_queue_put(&q, bytes_of(secret, 3000)));
    vici_queue_drop(&q, 2000);
    CHECK_BYTES(q.data, zero, 2000);
    CHECK(vici_queue_put(&q, bytes_of(secret, 1500))); /* moves what waits to the start */
    CHECK_BYTES(q.data, secret, 2500);
    CHECK_BYTES(q.data + 2500, zero, 500);
    CHECK_EQ(q.len, 2500);
    vici_queue_drop(&q, 2500);
    CHECK_BYTES(q.data, zero, 3000);
    vici_queue_free(&q);
}

TEST(an_empty_queue_gives_large_memory_back)
{
    static u8 octets[200000];
    struct vici_queue q = vici_queue_of(sizeof(octets));
    CHECK(vici_queue_put(&q, bytes_of(octets, sizeof(octets))));
    CHECK(!vici_queue_put(&q, bytes_of(octets, 1)));
    vici_queue_drop(&q, sizeof(octets) - 1);
    CHECK(q.data);
    vici_queue_drop(&q, 1);
    CHECK(!q.data && vici_queue_room(&q) == sizeof(octets));
    CHECK(vici_queue_put(&q, bytes_of("a", 1)) && vici_queue_front(&q).at[0] == 'a');
    vici_queue_free(&q);
}

int main(void)
{
    return RUN(order_is_kept_under_random_use) | RUN(what_left_is_wiped) |
           RUN(an_empty_queue_gives_large_memory_back);
}
