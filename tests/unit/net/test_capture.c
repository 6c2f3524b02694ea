/* Tests of net/capture.c: which datagrams are kept, in what order, and who has missed which. */
#include "net/capture.h"
#include "ops/ladder.h"
#include "test.h"

static struct capture *c;
static u8 octets[LADDER_DATAGRAM_MAX + 1];

/* A datagram that has this number where the SPI of the initiator stands, and in all other places.
 */
static void add(u8 number, size_t len)
{
    const struct captured d = {.sent = number % 2, .local = {{192, 0, 2, number}, 500, 4, 0}};
    memset(octets, number, sizeof octets);
    capture_add(c, &d, bytes_of(octets, len));
}

static u8 number_of(u32 i)
{
    const struct captured *d = capture_at(c, i);
    return d ? d->local.octets[3] : 0;
}

/* Each octet of all that are kept is what it was. */
static bool is_whole(void)
{
    struct captured *d;
    for (u32 n = 0; (d = capture_at(c, n)) != NULL; n++) {
        struct bytes b = capture_data(c, d);
        for (size_t i = 0; i < b.len; i++)
            if (b.at[i] != d->local.octets[3])
                return false;
    }
    return true;
}

TEST(spis_stand_behind_the_marker)
{
    const struct captured none = {.at = 0}, marked = {.marker = true};
    static const u8 data[] = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    c = capture_new();
    capture_add(c, &marked, bytes_of(data, sizeof data));
    capture_add(c, &none, bytes_of(data + 4, sizeof data - 4));
    capture_add(c, &none, bytes_of(data + 4, 9)); /* cut: no SA has this SPI of the responder */
    capture_add(c, &none, bytes_of(data, 3));     /* nothing */
    CHECK_EQ(c->count, 3);
    for (u32 i = 0; i < 2; i++) {
        CHECK_EQ(capture_at(c, i)->spi_i, 0x0102030405060708);
        CHECK_EQ(capture_at(c, i)->spi_r, 0x090a0b0c0d0e0f10);
    }
    CHECK_EQ(capture_at(c, 2)->spi_r, 0);
    CHECK(capture_at(c, 0)->when > 0 && capture_at(c, 1)->when >= capture_at(c, 0)->when);
    CHECK_EQ(capture_data(c, capture_at(c, 0)).len, sizeof data);
    capture_free(c);
}

TEST(the_oldest_make_room)
{
    c = capture_new();
    for (unsigned i = 0; i < CAPTURE_MAX + 5; i++)
        add((u8)(1 + i % 200), 28);
    CHECK_EQ(c->count, CAPTURE_MAX);
    CHECK_EQ(number_of(0), 6);
    CHECK(is_whole());
    capture_free(c);
}

/* Sizes of all kinds, many times round: what is kept is the newest, whole and in order. */
TEST(round_and_round)
{
    u32 least = CAPTURE_MAX, seed = 1;
    c = capture_new();
    for (u32 i = 0; i < 20000; i++) {
        seed = seed * 1664525 + 1013904223;
        add((u8)(1 + i % 250), 4 + (seed >> 8) % (i % 97 ? 3000 : LADDER_DATAGRAM_MAX - 4));
        if (i % 501 == 0)
            CHECK(is_whole());
        for (u32 n = 1; i % 97 == 0 && n < c->count; n++)
            CHECK_EQ(number_of(n), 1 + number_of(n - 1) % 250);
        if (i > 200)
            least = MIN(least, c->count);
    }
    CHECK_EQ(number_of(c->count - 1), 1 + 19999 % 250);
    CHECK(least >= 3);
    add(1, LADDER_DATAGRAM_MAX + 1); /* is not kept */
    CHECK_EQ(number_of(c->count - 1), 1 + 19999 % 250);
    capture_free(c);
}

TEST(what_nobody_got_is_counted)
{
    c = capture_new();
    for (u8 i = 1; i <= 6; i++)
        add(i, 28);
    for (u32 i = 0; i < 6; i++)
        capture_at(c, i)->meant = 5;
    capture_at(c, 0)->told = 1;
    capture_at(c, 1)->told = 5;
    for (u32 i = 0; i < CAPTURE_MAX; i++)
        add(9, 28);
    CHECK(c->lost[0] == 4 && c->lost[1] == 0 && c->lost[2] == 5);
    capture_free(c);
    capture_free(NULL);
}

int main(void)
{
    return RUN(spis_stand_behind_the_marker) | RUN(the_oldest_make_room) | RUN(round_and_round) |
           RUN(what_nobody_got_is_counted);
}
