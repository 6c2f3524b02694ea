/* What the processes take: see usage.h. */
#include "parent/usage.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STAT_MAX 1024

enum { STARTED = 22, RSS = 24 }; /* proc(5): fields, counted from 1 */

/* The fields behind the name, which may hold anything but ends at the last ")". */
static bool read_fields(pid_t pid, u64 fields[RSS + 1])
{
    char path[32], text[STAT_MAX];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = 0;
    char *at = strrchr(text, ')');
    for (unsigned i = 3; at && i <= RSS; i++) {
        at = strchr(at + 1, ' ');
        if (at)
            fields[i] = strtoull(at + 1, NULL, 10);
    }
    return at != NULL;
}

/* When the system was started, since 1970. */
static u64 boot_us(void)
{
    struct timespec wall, boot;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return (u64)(wall.tv_sec - boot.tv_sec) * 1000000 + (u64)wall.tv_nsec / 1000 -
           (u64)boot.tv_nsec / 1000;
}

/* 0: the system does not say. */
static u64 cpu_us(pid_t pid)
{
    struct timespec t;
    clockid_t clock;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
}

static void add(struct mail_stats *m, const char *name, const char *what, u64 value)
{
    char all[32];
    snprintf(all, sizeof all, "%s_%s", name, what);
    stats_add(m, all, value);
}

void usage_add(struct mail_stats *m, const char *name, pid_t pid)
{
    u64 fields[RSS + 1] = {0};
    const long tick = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE);
    if (pid <= 0 || tick <= 0 || page <= 0 || !read_fields(pid, fields))
        return;
    add(m, name, "pid", (u64)pid);
    add(m, name, "cpu_us", cpu_us(pid));
    add(m, name, "rss", fields[RSS] * (u64)page);
    add(m, name, "started_us", boot_us() + fields[STARTED] * 1000000 / (u64)tick);
}
