/* What processes take. */
#include "parent/usage.h"
#include "test.h"
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static struct mail_stats m;

static u64 of(const char *name)
{
    for (u16 i = 0; i < m.count; i++)
        if (strcmp(m.stats[i].name, name) == 0)
            return m.stats[i].value;
    return 0;
}

TEST(this_process)
{
    struct rusage r;
    do {
        for (volatile int i = 0; i < 1000000; i++)
            ;
        (void)getrusage(RUSAGE_SELF, &r);
    } while (r.ru_utime.tv_sec == 0 && r.ru_utime.tv_usec < 200000);
    m.count = 0;
    usage_add(&m, "me", getpid());
    CHECK(m.count == 4 && of("me_pid") == (u64)getpid());
    CHECK(of("me_cpu_us") >= 200000 && of("me_cpu_us") < 60000000);
    CHECK(of("me_rss") > 100000 && of("me_rss") <= (u64)r.ru_maxrss * 1024 + (64 << 20));
    const u64 now = (u64)time(NULL) * 1000000;
    CHECK(of("me_started_us") <= now + 2000000 && of("me_started_us") > now - 600000000);
}

TEST(one_that_is_not_there)
{
    m.count = 0;
    usage_add(&m, "none", 0);
    usage_add(&m, "none", 0x7ffffff0);
    CHECK_EQ(m.count, 0);
}

int main(void)
{
    return RUN(this_process) | RUN(one_that_is_not_there);
}
