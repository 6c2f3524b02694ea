/* The benchmarks: each prints its rows. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "crypto/provider.h"

struct bench {
    struct shrike_provider *openssl, *toy;
    const char *self; /* this program, to run itself under callgrind */
    bool quick;
};

/* CPU and instructions of each phase, with what OpenSSL allocates and locks on the way. */
void bench_handshake(const struct bench *b);
/* Handshakes by shared keys and by signatures. */
void bench_proofs(const struct bench *b);
/* Cookies for strangers. */
void bench_cookie(const struct bench *b);
/* Octets per SA, half-open and up. */
void bench_memory(const struct bench *b);
/* A handshake beside few SAs and beside many. */
void bench_scale(const struct bench *b);
/* A configuration of 10,000 connections: read, and read again. */
void bench_config(const struct bench *b);
/* Handshakes a second of the simulator. */
void bench_simulator(const struct bench *b);

/* For the processes that count: do one thing so many times, nothing else. */
enum part { PART_WORK, PART_FLOOR, PART_COOKIE, PART_LOCKS };
struct count {
    enum part part;
    unsigned end, phase, rounds;
};
void bench_count_handshake(const struct bench *b, const struct count *c);
void bench_count_cookie(const struct bench *b, const struct count *c);
/* Instructions that this takes under callgrind, in all; 0 when it is not there. */
double bench_instructions(const struct bench *b, const struct count *c);
/* The same of locks, in a process with locks.c before libc. false: that did not work. */
bool bench_locks(const struct bench *b, const struct count *c, double *work, double *floor);

#endif
