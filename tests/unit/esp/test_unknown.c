/* Which ESP packets of no SA are told of. */
#include "esp/unknown.h"
#include "test.h"

#define LONG 100

static struct unknown u;
static const struct shrike_endpoint v4 = {.family = 4, .octets = {192, 0, 2, 1}, .port = 4500};
static const struct shrike_endpoint v6 = {.family = 6, .octets = {0x20, 1, 0xd, 0xb8}};

TEST(a_few_in_a_second)
{
    shrike_time now = 100 * SHRIKE_SECOND;
    u32 told = 0;
    memset(&u, 0, sizeof(u));
    for (u32 i = 0; i < 1000; i++)
        told += unknown_tell(&u, 1000 + i, LONG, i % 2 ? &v4 : &v6, now + i);
    CHECK_EQ(told, UNKNOWN_EACH_SECOND);
    CHECK(!unknown_tell(&u, 5000, LONG, &v4, now + SHRIKE_SECOND - 1));
    CHECK(unknown_tell(&u, 5000, LONG, &v4, now + SHRIKE_SECOND));
}

TEST(not_of_what_has_just_gone)
{
    shrike_time now = 100 * SHRIKE_SECOND;
    memset(&u, 0, sizeof(u));
    unknown_gone(&u, 0x12345678, now);
    CHECK(!unknown_tell(&u, 0x12345678, LONG, &v4, now));
    CHECK(unknown_tell(&u, 0x12345678 + UNKNOWN_GONE, LONG, &v4, now)); /* another one */
    CHECK(!unknown_tell(&u, 0x12345678, LONG, &v4, now + UNKNOWN_QUIET - 1));
    CHECK(unknown_tell(&u, 0x12345678, LONG, &v4, now + UNKNOWN_QUIET));
    unknown_gone(&u, 0x12345678, now);
    unknown_gone(&u, 0x12345678 + UNKNOWN_GONE, now); /* takes its place */
    CHECK(!unknown_tell(&u, 0x12345678 + UNKNOWN_GONE, LONG, &v4, now));
}

TEST(not_of_what_is_no_esp_for_us)
{
    shrike_time now = 100 * SHRIKE_SECOND;
    struct shrike_endpoint all = {.family = 4, .octets = {224, 0, 0, 1}};
    memset(&u, 0, sizeof(u));
    CHECK(!unknown_tell(&u, 0, LONG, &v4, now));
    CHECK(!unknown_tell(&u, 255, LONG, &v4, now));
    CHECK(!unknown_tell(&u, 256, UNKNOWN_LEN_MIN - 1, &v4, now));
    CHECK(!unknown_tell(&u, 256, LONG, &all, now));
    memset(all.octets, 255, 4);
    CHECK(!unknown_tell(&u, 256, LONG, &all, now));
    all = (struct shrike_endpoint){.family = 6, .octets = {0xff, 2}};
    CHECK(!unknown_tell(&u, 256, LONG, &all, now));
    all.family = 0; /* where to is not known */
    CHECK(!unknown_tell(&u, 256, LONG, &all, now));
    CHECK_EQ(u.told, 0);
    CHECK(unknown_tell(&u, 256, UNKNOWN_LEN_MIN, &v4, now));
}

int main(void)
{
    return RUN(a_few_in_a_second) | RUN(not_of_what_has_just_gone) |
           RUN(not_of_what_is_no_esp_for_us);
}
