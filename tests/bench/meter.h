/* What a piece of work costs: CPU time, and calls of malloc and of locks by the cryptographic
 * library. */
#ifndef BENCH_METER_H
#define BENCH_METER_H

#include "shrike/shrike.h"
#include "tape.h"

struct box;
struct crowd;
struct host;

struct meter {
    double cpu_us;
    u64 mallocs, locks;
    u64 allocations; /* pool objects of the host */
};

/* Before anything else: from now on OpenSSL's allocations are counted. */
void meter_init(void);
/* Are calls of locks counted in this process (locks.c is loaded before libc)? */
bool meter_counts_locks(void);
double meter_cpu_us(void);
/* host_take(), crowd_command() and tape_play(), added to the meter; with NULL only done. What is
 * measured here is what callgrind collects, by the names of these functions. */
void metered_take(struct host *h, struct box *in, struct box *out, struct meter *m);
void metered_command(struct crowd *c, enum shrike_command_kind kind, const char *child,
                     struct box *out, struct meter *m);
void metered_play(const struct tape *t, unsigned times, struct meter *m);
/* Octets of this process that lie in memory. */
u64 meter_resident(void);

double median(double *values, unsigned count); /* sorts them */

#endif
