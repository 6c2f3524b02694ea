/* Every body: its octets are refused when they are not whole, and have one reading. */
#include "samples.h"
#include "test.h"

#define ROOM 4096

static u8 octets[ROOM], changed[ROOM + 1], again[ROOM + 1];

/* In a piece of memory of their own, so that a read beyond the end is seen. */
static bool refused(enum recode kind, struct bytes b)
{
    u8 *copy = malloc(b.len ? b.len : 1);
    memcpy(copy, b.at, b.len);
    struct writer w = writer_of(again, sizeof(again));
    bool good = recode(kind, bytes_of(copy, b.len), &w);
    free(copy);
    return !good;
}

/* Refused, or read and written again as it was. */
static bool one_encoding(enum recode kind, struct bytes b)
{
    struct writer w = writer_of(again, sizeof(again));
    return !recode(kind, b, &w) || (!w.full && bytes_equal(b, written_bytes(&w)));
}

TEST(samples_are_read_and_written_again)
{
    for (unsigned kind = 0; kind < RECODE_KINDS; kind++) {
        struct bytes b = sample(kind, 0, octets, ROOM);
        CHECK(b.len > 0);
        for (unsigned n = 0; b.len > 0; b = sample(kind, ++n, octets, ROOM)) {
            struct writer w = writer_of(again, sizeof(again));
            CHECK(recode(kind, b, &w));
            CHECK(bytes_equal(b, written_bytes(&w)));
        }
    }
}

TEST(parts_are_refused)
{
    for (unsigned kind = 0; kind < RECODE_KINDS; kind++)
        for (unsigned n = 0; n < 3; n++) {
            struct bytes b = sample(kind, n, octets, ROOM);
            /* a datagram or a slice at the end may be shorter, by its four or five octets */
            size_t rest = kind == RECODE_STRAY ? 4 : kind == RECODE_DATAGRAM ? 5 : 0;
            size_t whole = b.len ? b.len - rest : 0;
            for (size_t len = 0; len < whole; len++)
                CHECK(refused(kind, bytes_of(b.at, len)));
        }
}

TEST(a_rest_is_refused)
{
    for (unsigned kind = 0; kind < RECODE_KINDS; kind++)
        for (unsigned n = 0; n < 3 && kind != RECODE_STRAY && kind != RECODE_DATAGRAM; n++) {
            struct bytes b = sample(kind, n, changed, ROOM);
            changed[b.len] = 0;
            CHECK(b.len == 0 || refused(kind, bytes_of(b.at, b.len + 1)));
        }
}

TEST(every_octet_may_be_any_other)
{
    for (unsigned kind = 0; kind < RECODE_KINDS; kind++)
        for (unsigned n = 0; n < 3; n++) {
            struct bytes b = sample(kind, n, octets, ROOM);
            for (size_t at = 0; at < b.len; at++)
                for (unsigned v = 1; v < 256; v = v * 2 + (v & 2)) {
                    memcpy(changed, octets, b.len);
                    changed[at] ^= (u8)v;
                    CHECK(one_encoding(kind, bytes_of(changed, b.len)));
                }
        }
}

TEST(octets_drawn_at_random_do_no_harm)
{
    u64 seed = 0x9e3779b97f4a7c15;
    for (unsigned round = 0; round < 20000; round++) {
        unsigned kind = round % RECODE_KINDS, flips = 0;
        struct bytes b = sample(kind, round / RECODE_KINDS % 3, octets, ROOM);
        memcpy(changed, octets, b.len);
        for (; flips < 1 + round % 7 && b.len > 0; flips++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            changed[(seed >> 33) % b.len] = (u8)(seed >> 24);
        }
        CHECK(one_encoding(kind, bytes_of(changed, b.len)));
    }
}

TEST(what_does_not_fit_makes_the_writer_full)
{
    for (unsigned kind = 0; kind < RECODE_KINDS; kind++)
        for (unsigned n = 0; n < 3; n++) {
            size_t whole = sample(kind, n, octets, ROOM).len;
            for (size_t size = 0; size < whole; size++)
                CHECK_EQ(sample(kind, n, again, size).len, 0);
        }
}

int main(void)
{
    return RUN(samples_are_read_and_written_again) | RUN(parts_are_refused) |
           RUN(a_rest_is_refused) | RUN(every_octet_may_be_any_other) |
           RUN(octets_drawn_at_random_do_no_harm) | RUN(what_does_not_fit_makes_the_writer_full);
}
