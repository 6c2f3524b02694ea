/* What other programs count: instructions by callgrind, locks with locks.c loaded before libc,
 * handshakes by the simulator. */
#include "bench.h"
#include "host.h"
#include "report.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { COMMAND_MAX = 1024, LINE = 256 };

/* The number behind `word` in the first line that begins with it. */
static bool find_number(FILE *f, const char *word, double *out)
{
    char line[LINE];
    while (fgets(line, sizeof(line), f)) {
        if (strncmp(line, word, strlen(word)) == 0 && sscanf(line + strlen(word), "%lf", out) == 1)
            return true;
    }
    return false;
}

double bench_instructions(const struct bench *b, const struct count *c)
{
    char command[COMMAND_MAX], path[] = "/tmp/bench-callgrind-XXXXXX";
    double total = 0;
    int fd = mkstemp(path);
    if (fd < 0)
        return 0;
    close(fd);
    snprintf(command, sizeof(command),
             "valgrind --tool=callgrind --callgrind-out-file=%s --collect-atstart=no "
             "--toggle-collect=bench_collect_take --toggle-collect=bench_collect_command "
             "--toggle-collect=bench_collect_play '%s' --count %u %u %u %u >/dev/null 2>&1",
             path, b->self, (unsigned)c->part, c->end, c->phase, c->rounds);
    bool done = system(command) == 0;
    FILE *f = fopen(path, "r");
    if (!done || !f || !find_number(f, "totals:", &total))
        total = 0;
    if (f)
        fclose(f);
    unlink(path);
    return total;
}

bool bench_locks(const struct bench *b, const struct count *c, double *work, double *floor)
{
    char command[COMMAND_MAX];
    snprintf(command, sizeof(command), "LD_PRELOAD='%s' '%s' --count %u %u %u %u", LIBLOCKS,
             b->self, (unsigned)c->part, c->end, c->phase, c->rounds);
    FILE *f = popen(command, "r");
    bool found = f && fscanf(f, "%lf %lf", work, floor) == 2;
    return f && pclose(f) == 0 && found;
}

/* The simulator says so itself: "...; 1234 handshakes a second". */
static double simulated(const char *scenario, unsigned seeds)
{
    char command[COMMAND_MAX], line[LINE], *at;
    double rate = 0;
    snprintf(command, sizeof(command), "'%s' --scenario %s --seeds 1 %u", SIM, scenario, seeds);
    FILE *f = popen(command, "r");
    while (f && fgets(line, sizeof(line), f)) {
        if (strstr(line, "handshakes a second") && (at = strrchr(line, ';')) != NULL)
            rate = strtod(at + 1, NULL);
    }
    return f && pclose(f) == 0 ? rate : 0;
}

static void report_simulated(const char *name, double rate, const char *note)
{
    if (rate > 0)
        report_row(&(struct row){.name = name, .unit = "/s", .figure = rate, .note = note});
    else
        report_missing(name, "the simulator did not run well");
}

void bench_simulator(const struct bench *b)
{
    report_heading("Simulator, one core, toy cryptography");
    report_simulated("handshakes without faults", simulated("many", b->quick ? 2 : 10),
                     "both sides, with the checks after every event");
    report_simulated("handshakes in storms", simulated("two-hosts", b->quick ? 20 : 200),
                     "loss, duplicates, NAT; each eighth seed is run twice");
}
