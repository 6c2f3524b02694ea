/* What a process says of itself: its number, and time that passes. */
#include "ops/process.h"
#include "test.h"
#include <time.h>
#include <unistd.h>

static u64 number(const struct mail_stats *m, const char *name)
{
    for (u16 i = 0; i < m->count; i++)
        if (strcmp(m->stats[i].name, name) == 0)
            return m->stats[i].value;
    return 0;
}

static struct mail_stats now(void)
{
    struct mail_stats m = {.count = 0};
    stats_add_process(&m);
    return m;
}

TEST(time_is_that_of_this_process)
{
    struct mail_stats before = now();
    CHECK_EQ(number(&before, "pid"), (u64)getpid());
    clock_t begin = clock();
    while (clock() - begin < CLOCKS_PER_SEC / 50)
        continue;
    struct mail_stats after = now();
    u64 spent = number(&after, "cpu_us") - number(&before, "cpu_us");
    CHECK(spent >= 10000 && spent < 10000000);
}

int main(void)
{
    return RUN(time_is_that_of_this_process);
}
