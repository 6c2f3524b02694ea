/* ESP that comes before its SA. */
#include "esp/early.h"
#include "test.h"

static struct early e;
static u8 octets[EARLY_SIZE + 1];
static const shrike_time now = 100 * SHRIKE_SECOND;

static void come(u32 spi, u8 first, size_t len)
{
    struct arrival a = {.at = octets, .len = len, .size = len, .tos = 3, .remote = {.port = 7}};
    octets[0] = first;
    early_keep(&e, &a, spi, now);
}

static int take(u32 spi, shrike_time when)
{
    struct arrival a;
    if (!early_take(&e, spi, when, &a))
        return -1;
    return a.tos == 3 && a.remote.port == 7 && a.at != octets ? a.at[0] : -2;
}

TEST(in_the_order_in_which_they_came_and_once)
{
    memset(&e, 0, sizeof(e));
    come(5, 1, 60);
    come(6, 2, 60);
    come(5, 3, EARLY_SIZE);
    CHECK_EQ(take(5, now), 1);
    CHECK_EQ(take(5, now), 3);
    CHECK_EQ(take(5, now), -1);
    CHECK_EQ(take(0, now), -1);
    CHECK_EQ(take(6, now + EARLY_TIME), 2);
}

TEST(not_for_long)
{
    memset(&e, 0, sizeof(e));
    come(5, 1, 60);
    CHECK_EQ(take(5, now + EARLY_TIME + 1), -1);
    CHECK_EQ(take(5, now), -1);
}

TEST(a_flood_takes_the_oldest)
{
    memset(&e, 0, sizeof(e));
    for (u32 i = 0; i <= EARLY_MAX; i++)
        come(5 + i, (u8)i, 60);
    CHECK_EQ(take(5, now), -1);
    CHECK_EQ(take(6, now), 1);
    CHECK_EQ(take(5 + EARLY_MAX, now), EARLY_MAX);
}

TEST(what_is_too_long_is_left)
{
    struct arrival two = {.at = octets, .len = 200, .size = 100};
    memset(&e, 0, sizeof(e));
    come(5, 1, EARLY_SIZE + 1);
    CHECK_EQ(take(5, now), -1);
    early_keep(&e, &two, 5, now);
    CHECK_EQ(take(5, now), -1);
}

int main(void)
{
    return RUN(in_the_order_in_which_they_came_and_once) | RUN(not_for_long) |
           RUN(a_flood_takes_the_oldest) | RUN(what_is_too_long_is_left);
}
