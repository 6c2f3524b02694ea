/* Fast checksums against the slow one. */
#include "esp/checksum.h"
#include "esp/inner.h"
#include "test.h"
#include "traffic.h"

static u8 octets[70000], copy[70016];

static void fill(void)
{
    u32 state = 1;
    for (size_t i = 0; i < sizeof(octets); i++) {
        state = state * 1664525 + 1013904223;
        octets[i] = (u8)(state >> 24);
    }
}

/* As sum_store() writes it. */
static u16 stored(u64 sum)
{
    u8 at[2];
    sum_store(at, sum);
    return (u16)(at[0] << 8 | at[1]);
}

TEST(sums_agree_at_every_length)
{
    fill();
    for (size_t len = 0; len < 300; len++)
        for (size_t off = 0; off < 3; off++)
            CHECK_EQ(stored(sum_octets(octets + off, len)), inner_checksum(octets + off, len, 0));
    CHECK_EQ(stored(sum_octets(octets, 65535)), inner_checksum(octets, 65535, 0));
}

TEST(the_largest_sum_has_room)
{
    static u8 ones[SUM_LEN_MAX];
    memset(ones, 0xff, sizeof(ones));
    CHECK_EQ(stored(sum_octets(ones, sizeof(ones))), inner_checksum(ones, sizeof(ones), 0));
    ones[sizeof(ones) - 1] = 0xfe;
    CHECK_EQ(stored(sum_octets(ones, sizeof(ones))), inner_checksum(ones, sizeof(ones), 0));
}

TEST(copies_are_whole_and_no_longer)
{
    fill();
    for (size_t len = 0; len < 300; len++) {
        memset(copy, 0xee, 400);
        CHECK_EQ(stored(sum_copy(copy, octets + 1, len)), inner_checksum(octets + 1, len, 0));
        CHECK_BYTES(copy, octets + 1, len);
        CHECK_EQ(copy[len], 0xee);
    }
}

TEST(packets_of_both_versions_are_right)
{
    for (int i = 0; i < 4; i++) {
        struct traffic t = {
            .family = i & 1 ? 6 : 4, .protocol = i & 2 ? TRAFFIC_UDP : TRAFFIC_TCP, .len = 99};
        size_t len = traffic_write(copy, sizeof(copy), &t), head = t.family == 4 ? 20 : 40;
        u64 sum = sum_pseudo(copy, t.protocol, len - head) + sum_octets(copy + head, len - head);
        CHECK(sum_right(sum));
        copy[len - 1] ^= 1;
        CHECK(!sum_right(sum_pseudo(copy, t.protocol, len - head) +
                         sum_octets(copy + head, len - head)));
    }
}

int main(void)
{
    return RUN(sums_agree_at_every_length) | RUN(the_largest_sum_has_room) |
           RUN(copies_are_whole_and_no_longer) | RUN(packets_of_both_versions_are_right);
}
