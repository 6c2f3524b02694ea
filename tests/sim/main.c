/* The simulator: two engines, a network of faults, and one seed that decides everything. */
#include "oracle_end.h"
#include "scenario.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FAILURES_SHOWN 20
#define TWICE_EVERY    8 /* one seed in so many is run twice and must give the same datagrams */

static struct options current;
static const char *current_name = "two-hosts";

_Noreturn void shrike_panic(const char *file, int line, const char *what)
{
    fflush(stdout);
    fprintf(stderr, "%s:%d: %s does not hold; again with: sim --scenario %s --seed %llu%s%s\n",
            file, line, what, current_name, (unsigned long long)current.seed,
            current.real ? " --real" : "", current.nat ? " --nat" : "");
    abort();
}

struct outcome {
    bool failed;
    char failure[600];
    u64 hash;
    shrike_time took;
    struct world_counts counts;
};

struct totals {
    u64 seeds, failed, twice;
    u64 played; /* handshakes, those of second runs included */
    double virtual_s, cpu_s;
    struct world_counts counts;
};

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct outcome play(const struct scenario *s, const struct options *options)
{
    struct net *n;
    struct outcome o = {0};

    current = *options;
    current_name = s->name;
    n = net_new(options);
    s->play(n);
    o.failed = n->world.failed;
    memcpy(o.failure, n->world.failure, sizeof o.failure);
    o.hash = n->world.hash;
    o.took = n->world.now - WORLD_START;
    o.counts = n->world.counts;
    net_free(n);
    return o;
}

/* With a true random source two runs differ, as they should. */
static struct outcome play_checked(const struct scenario *s, const struct options *options,
                                   bool twice)
{
    struct options quiet = *options;
    struct outcome first = play(s, options), second;

    quiet.verbose = false;
    if (!twice || options->real || first.failed)
        return first;
    second = play(s, &quiet);
    if (second.hash != first.hash || second.counts.events != first.counts.events) {
        first.failed = true;
        snprintf(first.failure, sizeof first.failure,
                 "two runs of one seed send different datagrams");
    }
    return first;
}

static void add(struct totals *t, const struct outcome *o)
{
    const u64 *from = (const u64 *)&o->counts;
    u64 *to = (u64 *)&t->counts;

    for (size_t i = 0; i < sizeof o->counts / sizeof *from; i++)
        to[i] += from[i];
    t->seeds++;
    t->failed += o->failed;
    t->virtual_s += (double)o->took / (double)SHRIKE_SECOND;
}

static void tell_failure(const struct scenario *s, const struct options *o, const char *failure)
{
    printf("# seed %llu: %s\n#   again with: sim --scenario %s --seed %llu -v%s%s",
           (unsigned long long)o->seed, failure, s->name, (unsigned long long)o->seed,
           o->real ? " --real" : "", o->nat ? " --nat" : "");
    if (o->loss >= 0)
        printf(" --loss %d", o->loss);
    putchar('\n');
}

static void tell_totals(const struct totals *t)
{
    const struct world_counts *c = &t->counts;

    printf("# %llu seeds, %llu failed, %llu run twice; %llu handshakes, %llu Child SAs, "
           "%llu commands, %llu ops (%llu made to fail)\n",
           (unsigned long long)t->seeds, (unsigned long long)t->failed,
           (unsigned long long)t->twice, (unsigned long long)c->handshakes,
           (unsigned long long)c->children, (unsigned long long)c->commands,
           (unsigned long long)c->ops, (unsigned long long)c->ops_failed);
    printf("# %llu datagrams: %llu lost, %llu duplicated, %llu corrupted, %llu reordered\n",
           (unsigned long long)c->datagrams, (unsigned long long)c->lost,
           (unsigned long long)c->duplicated, (unsigned long long)c->corrupted,
           (unsigned long long)c->reordered);
    if (c->restarts + c->stale + c->reboots > 0)
        printf("# %llu restarts from records, %llu from a journal that lags, %llu from nothing\n",
               (unsigned long long)c->restarts, (unsigned long long)c->stale,
               (unsigned long long)c->reboots);
    printf("# %.1f hours of virtual time in %.1f s of CPU; %.0f handshakes a second\n",
           t->virtual_s / 3600, t->cpu_s, t->cpu_s > 0 ? (double)t->played / t->cpu_s : 0.0);
}

/* Seeds from options.seed on; prints its line for the counter of tests. */
static bool run_seeds(const struct scenario *s, struct options options, u64 count)
{
    struct totals t = {0};
    double began = cpu_seconds();
    u64 first = options.seed;

    for (u64 i = 0; i < count; i++) {
        bool twice = count == 1 || i % TWICE_EVERY == 0;
        struct outcome o;
        options.seed = first + i;
        o = play_checked(s, &options, twice);
        t.twice += twice && !options.real;
        t.played += o.counts.handshakes * (twice && !options.real ? 2 : 1);
        add(&t, &o);
        if (o.failed && t.failed <= FAILURES_SHOWN)
            tell_failure(s, &options, o.failure);
    }
    t.cpu_s = cpu_seconds() - began;
    if (count > 1 || options.verbose)
        tell_totals(&t);
    printf("%s sim-%s%s", t.failed ? "not ok" : "ok", s->name, options.real ? "-real" : "");
    if (count > 1)
        printf("-seeds-%llu-to-%llu", (unsigned long long)first,
               (unsigned long long)(first + count - 1));
    putchar('\n');
    fflush(stdout);
    return t.failed == 0;
}

/* Every named scenario, with a few seeds each. */
static bool run_named(const struct options *options, u64 count)
{
    const struct scenario *s;
    bool good = true;

    for (unsigned i = 1; (s = scenario_at(i)) != NULL; i++)
        good &= run_seeds(s, *options, s->long_run ? 1 : count);
    return good;
}

static int usage(void)
{
    const struct scenario *s;

    printf("sim [--scenario NAME] [--seed S | --seeds FROM COUNT] [-v] [--loss PERCENT] [--nat] "
           "[--real]\nsim --named COUNT   every scenario but the first, COUNT seeds each\n"
           "scenarios:");
    for (unsigned i = 0; (s = scenario_at(i)) != NULL; i++)
        printf(" %s", s->name);
    putchar('\n');
    return 2;
}

struct arguments {
    struct options options;
    const struct scenario *scenario;
    u64 count;
    bool named;
};

/* One option and its values; returns how many words it took, 0 when it is none of ours. */
static int parse_option(struct arguments *a, int left, char **word)
{
    if (strcmp(word[0], "-v") == 0)
        return a->options.verbose = true;
    if (strcmp(word[0], "--nat") == 0)
        return a->options.nat = true;
    if (strcmp(word[0], "--real") == 0)
        return a->options.real = true;
    if (left < 2)
        return 0;
    if (strcmp(word[0], "--seed") == 0) {
        a->options.seed = strtoull(word[1], NULL, 0);
        return 2;
    }
    if (strcmp(word[0], "--loss") == 0) {
        a->options.loss = atoi(word[1]);
        return a->options.loss >= 0 && a->options.loss <= 100 ? 2 : 0;
    }
    if (strcmp(word[0], "--scenario") == 0) {
        a->scenario = scenario_find(word[1]);
        return a->scenario ? 2 : 0;
    }
    if (strcmp(word[0], "--named") == 0) {
        a->named = true;
        a->count = strtoull(word[1], NULL, 0);
        return 2;
    }
    if (strcmp(word[0], "--seeds") != 0 || left < 3)
        return 0;
    a->options.seed = strtoull(word[1], NULL, 0);
    a->count = strtoull(word[2], NULL, 0);
    return 3;
}

int main(int argc, char **argv)
{
    struct arguments a = {
        .options = {.seed = 1, .loss = -1}, .scenario = scenario_at(0), .count = 1};
    bool good;

    for (int i = 1; i < argc;) {
        int took = parse_option(&a, argc - i, argv + i);
        if (took == 0)
            return usage();
        i += took;
    }
    good = a.named ? run_named(&a.options, a.count) : run_seeds(a.scenario, a.options, a.count);
    pages_forget();
    return good ? 0 : 1;
}
