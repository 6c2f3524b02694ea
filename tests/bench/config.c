/* What a large configuration costs: reading it, and reading it again with a change. */
#include "bench.h"
#include "config/diff.h"
#include "config/merge.h"
#include "host.h"
#include "meter.h"
#include "ops/snapshot.h"
#include "report.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONNS = 10000, ROUNDS_MAX = 9, TARGET_US = 2000000 };

static const char conn_text[] = " c%u {\n"
                                "  local_addrs = 192.0.2.1\n"
                                "  remote_addrs = 10.%u.%u.1\n"
                                "  proposals = aes256gcm16-prfsha256-x25519\n"
                                "  dpd_delay = %us\n"
                                "  local {\n   auth = psk\n   id = gw.example.org\n  }\n"
                                "  remote {\n   auth = psk\n   id = c%u.example.org\n  }\n"
                                "  children {\n   net {\n"
                                "    local_ts = 10.0.0.0/16\n"
                                "    remote_ts = 172.%u.%u.%u/28\n"
                                "    esp_proposals = aes256gcm16-x25519\n"
                                "    start_action = trap\n   }\n  }\n }\n";

/* 10,000 connections with a secret each; one of them is another one when `changed`. */
static void write_config(const char *path, bool changed)
{
    FILE *f = fopen(path, "w");
    if (!f)
        bench_fail("no place for a configuration");
    fputs("connections {\n", f);
    for (unsigned i = 0; i < CONNS; i++)
        fprintf(f, conn_text, i, i >> 8, i & 255, changed && i == 77 ? 31u : 30u, i, 16 + (i >> 12),
                i >> 4 & 255, (i & 15) * 16);
    fputs("}\nsecrets {\n", f);
    for (unsigned i = 0; i < CONNS; i++)
        fprintf(f, " ike-c%u {\n  id = c%u.example.org\n  secret = s%u\n }\n", i, i, i);
    fputs("}\n", f);
    if (fclose(f) != 0)
        bench_fail("no room for a configuration");
}

static struct config *load(const char *path)
{
    static struct config_report report;
    const struct config_files from = {.config = path};
    struct config *c = config_load(&from, &report);
    if (!c || report.warnings || c->conf.conn_count != CONNS || c->secret_count != CONNS)
        bench_fail("the configuration is not read as it was written");
    return c;
}

/* What net, esp and the parent do with it, once. */
static void hand_on(const struct config *c)
{
    static struct config_report report;
    const struct config *const parts[] = {c};
    struct config *merged = config_merge(parts, 1, &report);
    int fd = snapshot_seal(&merged->conf, &merged->settings);
    struct snapshot_copy *copy = fd >= 0 ? snapshot_load(fd) : NULL;
    if (!copy || copy->conf.conn_count != CONNS)
        bench_fail("the snapshot cannot be handed on");
    snapshot_free(copy);
    close(fd);
    config_free(merged);
}

/* The floor: its octets, read and looked at. */
static double read_only(const char *path)
{
    static char text[65536];
    double from = meter_cpu_us();
    unsigned long sum = 0;
    FILE *f = fopen(path, "r");
    for (size_t n; f && (n = fread(text, 1, sizeof(text), f)) > 0;)
        for (size_t i = 0; i < n; i++)
            sum += (unsigned char)text[i];
    if (!f || sum == 0)
        bench_fail("the configuration is gone");
    fclose(f);
    return meter_cpu_us() - from;
}

static double load_once(const char *path)
{
    double from = meter_cpu_us();
    struct config *c = load(path);
    hand_on(c);
    double us = meter_cpu_us() - from;
    config_free(c);
    return us;
}

static double reload_once(const struct config *old, const char *path)
{
    struct diff d;
    double from = meter_cpu_us();
    struct config *c = load(path);
    diff_make(&d, old, c);
    hand_on(c);
    double us = meter_cpu_us() - from;
    if (d.changed != 1 || d.unchanged != CONNS - 1 || d.conns[0].key_count != 1)
        bench_fail("the change is not seen as it is");
    diff_free(&d);
    config_free(c);
    return us;
}

static void put(const char *name, double *us, double *floor, unsigned rounds)
{
    struct row row = {.name = name, .unit = "us", .limit = LIMIT_FIGURE, .target = TARGET_US};
    row.figure = median(us, rounds);
    row.floor = median(floor, rounds);
    report_row(&row);
}

void bench_config(const struct bench *b)
{
    char first[] = "/tmp/bench-config-XXXXXX", second[] = "/tmp/bench-config-XXXXXX";
    double loads[ROUNDS_MAX], reloads[ROUNDS_MAX], floors[ROUNDS_MAX];
    unsigned rounds = b->quick ? 3 : ROUNDS_MAX;
    int fd[] = {mkstemp(first), mkstemp(second)};
    if (fd[0] < 0 || fd[1] < 0)
        bench_fail("no place for a configuration");
    close(fd[0]);
    close(fd[1]);
    write_config(first, false);
    write_config(second, true);
    struct config *old = load(first);
    for (unsigned i = 0; i < rounds; i++) {
        floors[i] = read_only(first);
        loads[i] = load_once(first);
        reloads[i] = reload_once(old, second);
    }
    report_heading(
        "10,000 connections with their secrets: CPU; floor: the file's octets summed up");
    put("read, and handed on once", loads, floors, rounds);
    put("read again, compared, handed on", reloads, floors, rounds);
    config_free(old);
    unlink(first);
    unlink(second);
}
