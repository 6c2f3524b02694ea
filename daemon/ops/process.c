/* What this process costs: see process.h. */
#include "ops/process.h"
#include <sys/resource.h>
#include <unistd.h>

static u64 us_of(struct timeval t)
{
    return (u64)t.tv_sec * 1000000 + (u64)t.tv_usec;
}

void stats_add_process(struct mail_stats *m)
{
    struct rusage use;
    stats_add(m, "pid", (u64)getpid());
    if (getrusage(RUSAGE_SELF, &use) != 0)
        return;
    stats_add(m, "cpu_us", us_of(use.ru_utime) + us_of(use.ru_stime));
}
