/* What a piece of work costs: see meter.h. */
#include "meter.h"
#include "crowd.h"
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static u64 mallocs;
static const u64 *locks; /* in locks.c; NULL when it is not loaded */

static void *counted_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    mallocs++;
    return malloc(size);
}

static void *counted_realloc(void *at, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    mallocs++;
    return realloc(at, size);
}

static void counted_free(void *at, const char *file, int line)
{
    (void)file;
    (void)line;
    free(at);
}

void meter_init(void)
{
    if (CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free) != 1)
        bench_fail("OpenSSL's allocations cannot be counted");
    locks = dlsym(RTLD_DEFAULT, "bench_locks");
}

bool meter_counts_locks(void)
{
    return locks != NULL;
}

double meter_cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void add_since(struct meter *m, const struct meter *before)
{
    m->cpu_us += meter_cpu_us() - before->cpu_us;
    m->mallocs += mallocs - before->mallocs;
    m->locks += locks ? *locks - before->locks : 0;
}

static struct meter now(void)
{
    return (struct meter){
        .mallocs = mallocs, .locks = locks ? *locks : 0, .cpu_us = meter_cpu_us()};
}

/* callgrind switches its counter at the entry and the exit of these three. */
__attribute__((noinline)) void bench_collect_take(struct host *h, struct box *in, struct box *out);
__attribute__((noinline)) void bench_collect_command(struct crowd *c, enum shrike_command_kind kind,
                                                     const char *child, struct box *out);
__attribute__((noinline)) void bench_collect_play(const struct tape *t, unsigned times);

void bench_collect_take(struct host *h, struct box *in, struct box *out)
{
    host_take(h, in, out);
    __asm__ volatile("" ::: "memory"); /* no tail call, which would not come back here */
}

void bench_collect_command(struct crowd *c, enum shrike_command_kind kind, const char *child,
                           struct box *out)
{
    crowd_command(c, kind, child, out);
    __asm__ volatile("" ::: "memory");
}

void bench_collect_play(const struct tape *t, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        tape_play(t);
    __asm__ volatile("" ::: "memory");
}

void metered_take(struct host *h, struct box *in, struct box *out, struct meter *m)
{
    if (!m) {
        host_take(h, in, out);
        return;
    }
    u64 allocations = host_stats(h).allocations;
    struct meter before = now();
    bench_collect_take(h, in, out);
    add_since(m, &before);
    m->allocations += host_stats(h).allocations - allocations;
}

void metered_command(struct crowd *c, enum shrike_command_kind kind, const char *child,
                     struct box *out, struct meter *m)
{
    if (!m) {
        crowd_command(c, kind, child, out);
        return;
    }
    u64 allocations = host_stats(&c->host).allocations;
    struct meter before = now();
    bench_collect_command(c, kind, child, out);
    add_since(m, &before);
    m->allocations += host_stats(&c->host).allocations - allocations;
}

void metered_play(const struct tape *t, unsigned times, struct meter *m)
{
    struct meter before = now();
    bench_collect_play(t, times);
    add_since(m, &before);
}

u64 meter_resident(void)
{
    unsigned long size, resident;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%lu %lu", &size, &resident) != 2)
        bench_fail("cannot read /proc/self/statm");
    fclose(f);
    return (u64)resident * (u64)sysconf(_SC_PAGESIZE);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *values, unsigned count)
{
    qsort(values, count, sizeof(*values), by_size);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}
