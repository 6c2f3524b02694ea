/* Tests of parent/prefix.c: ranges to prefixes, against counting address by address. */
#include "ops/prefix.h"
#include "test.h"
#include <arpa/inet.h>

static struct shrike_ts range(const char *from, const char *to)
{
    struct shrike_ts ts = {.family = strchr(from, ':') ? 6 : 4, .port_to = 65535};
    int family = ts.family == 4 ? AF_INET : AF_INET6;
    if (inet_pton(family, from, ts.from) != 1 || inet_pton(family, to, ts.to) != 1)
        abort();
    return ts;
}

/* "10.0.0.0/8 11.0.0.0/32" */
static const char *split(const char *from, const char *to)
{
    static char out[PREFIXES_MAX * PREFIX_TEXT];
    struct prefix all[PREFIXES_MAX];
    struct shrike_ts ts = range(from, to);
    u32 n = prefix_split(&ts, all);
    out[0] = 0;
    for (u32 i = 0; i < n; i++) {
        char text[PREFIX_TEXT];
        strcat(out, i ? " " : "");
        strcat(out, prefix_text(&all[i], text));
    }
    return out;
}

#define CHECK_SPLIT(from, to, expected) CHECK(strcmp(split(from, to), expected) == 0)

TEST(ranges_become_prefixes)
{
    CHECK_SPLIT("10.1.0.0", "10.1.255.255", "10.1.0.0/16");
    CHECK_SPLIT("192.0.2.7", "192.0.2.7", "192.0.2.7/32");
    CHECK_SPLIT("0.0.0.0", "255.255.255.255", "0.0.0.0/0");
    CHECK_SPLIT("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0");
    CHECK_SPLIT("2001:db8::", "2001:db8::ffff", "2001:db8::/112");
    CHECK_SPLIT("10.0.0.1", "10.0.0.6", "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32");
    CHECK_SPLIT("255.255.255.254", "255.255.255.255", "255.255.255.254/31");
    CHECK_SPLIT("10.255.255.255", "11.0.0.0", "10.255.255.255/32 11.0.0.0/32");
}

TEST(worst_ranges_fit)
{
    struct prefix all[PREFIXES_MAX];
    struct shrike_ts ts = range("::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
    CHECK_EQ(prefix_split(&ts, all), PREFIXES_MAX);
    ts = range("0.0.0.1", "255.255.255.254");
    CHECK_EQ(prefix_split(&ts, all), 62);
}

TEST(what_is_no_range_gives_nothing)
{
    struct prefix all[PREFIXES_MAX];
    struct shrike_ts ts = range("10.0.0.2", "10.0.0.1");
    CHECK_EQ(prefix_split(&ts, all), 0);
    ts = (struct shrike_ts){.family = 0};
    CHECK_EQ(prefix_split(&ts, all), 0);
    ts.family = 5;
    CHECK_EQ(prefix_split(&ts, all), 0);
}

/* Every range within 64 addresses: each address in exactly one prefix, none outside. */
TEST(prefixes_cover_the_range_and_nothing_else)
{
    for (u32 from = 0; from < 64; from++) {
        for (u32 to = from; to < 64; to++) {
            struct prefix all[PREFIXES_MAX];
            struct shrike_ts ts = {
                .family = 4, .from = {10, 0, 0, (u8)from}, .to = {10, 0, 0, (u8)to}};
            u32 n = prefix_split(&ts, all);
            for (u32 a = 0; a < 128; a++) {
                u8 address[4] = {10, 0, 0, (u8)a};
                u32 in = 0;
                for (u32 i = 0; i < n; i++)
                    in += prefix_covers(&all[i], 4, address);
                CHECK_EQ(in, a >= from && a <= to);
            }
        }
    }
}

TEST(a_prefix_covers_its_own_family_only)
{
    struct prefix p = {.family = 6, .bits = 0};
    u8 address[16] = {10};
    CHECK(prefix_covers(&p, 6, address));
    CHECK(!prefix_covers(&p, 4, address));
    p = (struct prefix){.family = 4, .bits = 9, .octets = {10, 128}};
    CHECK(prefix_covers(&p, 4, (const u8[]){10, 200, 0, 0}));
    CHECK(!prefix_covers(&p, 4, (const u8[]){10, 127, 0, 0}));
}

int main(void)
{
    return RUN(ranges_become_prefixes) | RUN(worst_ranges_fit) |
           RUN(what_is_no_range_gives_nothing) | RUN(prefixes_cover_the_range_and_nothing_else) |
           RUN(a_prefix_covers_its_own_family_only);
}
