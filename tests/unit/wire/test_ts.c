/* Traffic selectors: round trips, ranges that end before they begin, unknown types. */
#include "random.h"
#include "wire/codes.h"
#include "wire/ts.h"

static uint8_t buffer[16384];

static bool reads(const char *text, struct ts_list *list)
{
    return ts_read(bytes_of(buffer, hex(text, buffer, sizeof buffer)), list);
}

#define TEN "0a000000 0affffff" /* 10.0.0.0 to 10.255.255.255 */

TEST(addresses_and_ports)
{
    struct ts_list list;

    CHECK(reads("02000000 07060010 01bb01bb" TEN "08000028 0000ffff"
                "20010db8000000000000000000000001 20010db80000000000000000000000ff",
                &list));
    CHECK_EQ(list.count, 2);
    CHECK_EQ(list.ts[0].family, 4);
    CHECK_EQ(list.ts[0].protocol, 6);
    CHECK_EQ(list.ts[0].port_from, 443);
    CHECK_EQ(list.ts[0].port_to, 443);
    CHECK_BYTES(list.ts[0].from, "\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    CHECK_BYTES(list.ts[0].to, "\x0a\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    CHECK_EQ(list.ts[1].family, 6);
    CHECK_EQ(list.ts[1].protocol, 0);
    CHECK_EQ(list.ts[1].port_from, 0);
    CHECK_EQ(list.ts[1].port_to, 65535);
    CHECK_EQ(list.ts[1].from[15], 1);
    CHECK_EQ(list.ts[1].to[15], 0xff);
}

/* RFC 7296 3.13.1 (4) */
TEST(ranges_do_not_end_before_they_begin)
{
    struct ts_list list;

    CHECK(reads("01000000 07000010 0000ffff 0a000001 0a000001", &list)); /* one address */
    CHECK(!reads("01000000 07000010 0000ffff 0a000002 0a000001", &list));
    CHECK(!reads("01000000 07000010 0000ffff 0b000000 0affffff", &list));
    CHECK(!reads("01000000 08000028 0000ffff 20010db8000000000000000000000001"
                 "20010db8000000000000000000000000",
                 &list));
    CHECK(reads("01000000 07060010 01bb01bb" TEN, &list)); /* one port */
    CHECK(!reads("01000000 07060010 01bc01bb" TEN, &list));
    CHECK(reads("01000000 07060010 ffff0000" TEN, &list)); /* OPAQUE */
    CHECK_EQ(list.ts[0].port_from, 65535);
    CHECK_EQ(list.ts[0].port_to, 0);
    CHECK(!reads("01000000 07060010 ffff0001" TEN, &list));
    CHECK(!reads("01000000 07060010 fffe0000" TEN, &list));
    CHECK(!reads("01000000 07060010 ffff0000 0b000000 0affffff", &list));
}

TEST(unknown_types_are_passed_over)
{
    struct ts_list list;

    CHECK(reads("02000000 0a000008 deadbeef 07000010 0000ffff" TEN, &list)); /* SECLABEL */
    CHECK_EQ(list.count, 1);
    CHECK_EQ(list.ts[0].from[0], 10);
    CHECK(reads("01000000 ff000004", &list)); /* nothing is left of it */
    CHECK_EQ(list.count, 0);
    CHECK(!reads("01000000 ff000003", &list)); /* less than its own head */
    CHECK(!reads("01000000 ff000000", &list));
    CHECK(!reads("01000000 ff000005", &list));
    CHECK(!reads("02000000 ff000014 07000010 0000ffff" TEN "00", &list));
}

TEST(counts_and_lengths_are_exact)
{
    struct ts_list list;

    CHECK(reads("01ffffff 07000010 0000ffff" TEN, &list)); /* reserved: ignored */
    CHECK(!reads("00000000", &list));
    CHECK(!reads("00000000 07000010 0000ffff" TEN, &list));
    CHECK(!reads("01000000", &list));
    CHECK(!reads("02000000 07000010 0000ffff" TEN, &list));
    CHECK(!reads("01000000 07000010 0000ffff" TEN "00", &list));
    CHECK(!reads("01000000 07000010 0000ffff" TEN "07000010 0000ffff" TEN, &list));
    CHECK(!reads("01000000 0700000f 0000ffff 0a000000 0affff", &list));
    CHECK(!reads("01000000 07000011 0000ffff" TEN "00", &list));
    CHECK(!reads("01000000 08000010 0000ffff" TEN, &list)); /* IPv6 in the length of IPv4 */
    CHECK(!ts_read(bytes_of(NULL, 0), &list));
}

static struct shrike_ts random_ts(void)
{
    struct shrike_ts ts = {.protocol = (u8)random_u32(), .family = random_below(2) ? 4 : 6};
    size_t size = ts.family == 4 ? 4 : 16;

    random_fill(ts.from, size);
    random_fill(ts.to, size);
    ts.from[0] &= 0x7f;
    ts.to[0] |= 0x80;
    ts.port_from = (u16)random_below(30000);
    ts.port_to = (u16)(ts.port_from + random_below(30000));
    if (random_below(8) == 0) {
        ts.port_from = 65535;
        ts.port_to = 0;
    }
    return ts;
}

static bool same(const struct shrike_ts *a, const struct shrike_ts *b)
{
    return memcmp(a->from, b->from, 16) == 0 && memcmp(a->to, b->to, 16) == 0 &&
           a->port_from == b->port_from && a->port_to == b->port_to && a->protocol == b->protocol &&
           a->family == b->family;
}

TEST(random_selectors_come_back)
{
    static uint8_t again[sizeof buffer];

    for (unsigned round = 0; round < 2000; round++) {
        struct shrike_ts sent[SHRIKE_TS_MAX];
        struct ts_list got;
        unsigned count = 1 + random_below(SHRIKE_TS_MAX);
        for (unsigned i = 0; i < count; i++)
            sent[i] = random_ts();
        struct writer w = writer_of(buffer, sizeof buffer), copy = writer_of(again, sizeof again);
        ts_write(&w, sent, count);
        CHECK(ts_read(written_bytes(&w), &got));
        CHECK_EQ(got.count, count);
        for (unsigned i = 0; i < count; i++)
            CHECK(same(&sent[i], &got.ts[i]));
        ts_write(&copy, got.ts, got.count);
        CHECK(bytes_equal(written_bytes(&w), written_bytes(&copy)));
    }
}

/* Beyond the cap selectors are checked but not kept. */
TEST(limits)
{
    struct shrike_ts sent[255];
    struct ts_list got;

    for (unsigned i = 0; i < 255; i++)
        sent[i] = random_ts();
    struct writer w = writer_of(buffer, sizeof buffer);
    ts_write(&w, sent, 255);
    CHECK(ts_read(written_bytes(&w), &got));
    CHECK_EQ(got.count, SHRIKE_TS_MAX);
    CHECK(same(&sent[SHRIKE_TS_MAX - 1], &got.ts[SHRIKE_TS_MAX - 1]));
    CHECK(!ts_read(bytes_of(buffer, written(&w) - 1), &got));

    w = writer_of(buffer, 50);
    buffer[50] = 0x5a;
    ts_write(&w, sent, 255);
    CHECK(w.full && buffer[50] == 0x5a);
}

static bool read_all(struct bytes body)
{
    struct ts_list list;
    bool ok = ts_read(body, &list);

    ensure(list.count <= SHRIKE_TS_MAX);
    for (unsigned i = 0; ok && i < list.count; i++) {
        ensure(list.ts[i].family == 4 || list.ts[i].family == 6);
        ensure(memcmp(list.ts[i].from, list.ts[i].to, 16) <= 0);
    }
    return ok;
}

TEST(truncations_are_refused)
{
    static uint8_t body[1024];
    struct shrike_ts sent[5];

    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 5; i++)
            sent[i] = random_ts();
        struct writer w = writer_of(body, sizeof body);
        ts_write(&w, sent, 5);
        CHECK_EQ(torment(written_bytes(&w), read_all), 0);
    }
}

int main(void)
{
    return RUN(addresses_and_ports) | RUN(ranges_do_not_end_before_they_begin) |
           RUN(unknown_types_are_passed_over) | RUN(counts_and_lengths_are_exact) |
           RUN(random_selectors_come_back) | RUN(limits) | RUN(truncations_are_refused);
}
