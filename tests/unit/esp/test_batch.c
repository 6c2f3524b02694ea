/* Packets gathered into runs. */
#include "esp/batch.h"
#include "test.h"

static struct batch b;
static struct esp_sa sa, other;

static bool add(const struct esp_sa *to, u32 len, u8 tos, u16 segments_max)
{
    size_t size;
    struct run r = {.sa = (struct esp_sa *)to, .len = len, .tos = tos};
    memset(batch_room(&b, &size), tos, len);
    return size >= len && batch_add(&b, &r, segments_max);
}

TEST(equal_ones_share_a_run)
{
    CHECK(batch_open(&b));
    for (int i = 0; i < 10; i++)
        CHECK(add(&sa, 100, 1, 64));
    CHECK_EQ(b.count, 1);
    CHECK_EQ(b.runs[0].count, 10);
    CHECK_EQ(b.runs[0].len, 1000);
    CHECK_EQ(b.runs[0].size, 100);
    CHECK(add(&sa, 60, 1, 64)); /* the last may be shorter */
    CHECK_EQ(b.count, 1);
    CHECK_EQ(b.runs[0].len, 1060);
    CHECK(add(&sa, 60, 1, 64)); /* but the last only */
    CHECK_EQ(b.count, 2);
    CHECK(b.runs[1].at == b.octets + 1060);
    CHECK(add(&sa, 61, 1, 64)); /* longer */
    CHECK_EQ(b.count, 3);
    CHECK(add(&sa, 61, 2, 64)); /* another mark */
    CHECK_EQ(b.count, 4);
    CHECK(add(&other, 61, 2, 64)); /* another way */
    CHECK_EQ(b.count, 5);
    batch_gone(&b, 4);
    CHECK_EQ(b.count, 1);
    CHECK(b.runs[0].sa == &other);
    batch_gone(&b, 1);
    CHECK_EQ(b.used, 0);
    batch_close(&b);
}

TEST(runs_have_an_end)
{
    CHECK(batch_open(&b));
    for (int i = 0; i < 65; i++)
        CHECK(add(&sa, 100, 1, 64));
    CHECK_EQ(b.count, 2);
    CHECK_EQ(b.runs[0].count, 64);
    batch_gone(&b, 2);
    for (int i = 0; i < 50; i++)
        CHECK(add(&sa, 1400, 1, 64));
    CHECK_EQ(b.count, 2);
    CHECK(b.runs[0].len <= UDP_SEND_MAX);
    batch_gone(&b, 2);
    for (int i = 0; i < UDP_RUNS_MAX; i++)
        CHECK(add(&sa, 100, 1, 1)); /* without segmentation: one each */
    CHECK_EQ(b.count, UDP_RUNS_MAX);
    CHECK(!add(&sa, 100, 1, 1));
    CHECK_EQ(b.used, UDP_RUNS_MAX * 100);
    batch_close(&b);
}

/* What waits keeps its octets when it moves to where those stood that are gone. */
TEST(those_that_wait_close_up)
{
    CHECK(batch_open(&b));
    CHECK_EQ(batch_waiting(&b), 0);
    CHECK(add(&sa, 100, 1, 64) && add(&sa, 70, 2, 64) && add(&sa, 50, 3, 64));
    CHECK_EQ(batch_waiting(&b), 220);
    batch_gone(&b, 1);
    CHECK_EQ(b.used, 220); /* it costs nothing yet */
    CHECK_EQ(batch_waiting(&b), 120);
    batch_close_up(&b);
    CHECK_EQ(b.used, 120);
    CHECK_EQ(batch_waiting(&b), 120);
    CHECK(b.runs[0].at == b.octets && b.runs[1].at == b.octets + 70);
    for (u32 i = 0; i < 120; i++)
        CHECK_EQ(b.octets[i], i < 70 ? 2 : 3);
    CHECK(add(&sa, 50, 3, 64)); /* the last one still takes what is like it */
    CHECK_EQ(b.count, 2);
    batch_gone(&b, 2);
    batch_close_up(&b);
    CHECK_EQ(b.used, 0);
    batch_close(&b);
}

int main(void)
{
    return RUN(equal_ones_share_a_run) | RUN(runs_have_an_end) | RUN(those_that_wait_close_up);
}
