/* Every interleaving of two deeds that meet: rekeys, deletes, a new child (RFC 7296 2.8.1, 2.8.2,
 * 2.25), another address (RFC 4555 3.5, 3.6); where there are too many, some that are drawn. Prints
 * how many there were.
 *
 *     collide                            all of them, with a window of one request and of two
 *     collide MOST                       so many of each kind at most: the first ones
 *     collide WINDOW DEED DEED FREEDOM LOWEST PATH   one again, with what happens */
#include "meeting.h"
#include "page_cache.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAILURES_SHOWN 10
#define DRAWN          5000 /* of each kind of which there are too many */

_Noreturn void shrike_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
    abort();
}

static const enum deed meetings[][2] = {
    {REKEY_CHILD, REKEY_CHILD},
    {REKEY_IKE, REKEY_IKE},
    {REKEY_CHILD, REKEY_IKE},
    {REKEY_IKE, REKEY_CHILD},
    {REKEY_CHILD, DELETE_CHILD},
    {DELETE_CHILD, REKEY_CHILD},
    {REKEY_IKE, DELETE_CHILD},
    {DELETE_CHILD, REKEY_IKE},
    {REKEY_CHILD, DELETE_IKE},
    {DELETE_IKE, REKEY_CHILD},
    {REKEY_IKE, DELETE_IKE},
    {DELETE_IKE, REKEY_IKE},
    {DELETE_CHILD, DELETE_CHILD},
    {DELETE_IKE, DELETE_IKE},
    {CREATE, CREATE},
    {CREATE, REKEY_IKE},
    {REKEY_IKE, CREATE},
    {CREATE, REKEY_CHILD},
    {REKEY_CHILD, CREATE},
    {DELETE_CHILD, DELETE_IKE},
    {DELETE_IKE, DELETE_CHILD},
    {MOVE, REKEY_CHILD},
    {REKEY_CHILD, MOVE},
    {MOVE, REKEY_IKE},
    {REKEY_IKE, MOVE},
    {MOVE, DELETE_CHILD},
    {DELETE_CHILD, MOVE},
    {MOVE, DELETE_IKE},
    {DELETE_IKE, MOVE},
    {MOVE, CREATE},
    {CREATE, MOVE},
};

struct count {
    unsigned long runs, failed;
};

static void tell(const struct meeting *m, const struct explore *x)
{
    char path[EXPLORE_DEPTH + 1];
    explore_print(x, path, sizeof(path));
    printf("# %s\n#   again with: collide %u %d %d %d %u %s\n", m->what, m->window, (int)m->deed[0],
           (int)m->deed[1], (int)m->freedom, m->lowest, path);
}

/* A move is said by the old IKE SA and by the new one, and each asks and is asked: beyond counting.
 */
static bool has_too_many(const struct meeting *m)
{
    return (m->deed[0] == MOVE && m->deed[1] == REKEY_IKE) ||
           (m->deed[0] == REKEY_IKE && m->deed[1] == MOVE);
}

static void explore_some(struct meeting *m, unsigned long most, struct count *c)
{
    struct explore x;
    for (unsigned n = 0; n < MIN(most, (unsigned long)DRAWN); n++) {
        explore_draw(&x, n);
        c->runs++;
        if (!meeting_run(m, &x) && ++c->failed <= FAILURES_SHOWN)
            tell(m, &x);
    }
}

/* All runs of one kind. */
static void explore_all(struct meeting *m, unsigned long most, struct count *c)
{
    struct explore x = {0};
    unsigned long runs = 0;
    do {
        c->runs++;
        if (!meeting_run(m, &x) && ++c->failed <= FAILURES_SHOWN)
            tell(m, &x);
    } while (++runs < most && explore_next(&x));
}

static int again(char **argv)
{
    struct meeting m = {
        .window = (unsigned)atoi(argv[1]),
        .deed = {(enum deed)atoi(argv[2]), (enum deed)atoi(argv[3])},
        .freedom = (enum freedom)atoi(argv[4]),
        .lowest = (unsigned)atoi(argv[5]),
        .verbose = true,
    };
    struct explore x;
    explore_replay(&x, argv[6]);
    printf("# A: %s, B: %s, %s\n", deed_names[m.deed[0]], deed_names[m.deed[1]],
           freedom_names[m.freedom]);
    bool good = meeting_run(&m, &x);
    printf("# %s\n", good ? "everything holds" : m.what);
    return !good;
}

static void meet_all(unsigned window, unsigned long most, struct count *all)
{
    for (unsigned i = 0; i < ARRAY_LEN(meetings); i++) {
        struct count c = {0};
        for (unsigned lowest = 0; lowest < 2; lowest++)
            for (unsigned freedom = 0; freedom < FREEDOM_COUNT; freedom++) {
                struct meeting m = {.deed = {meetings[i][0], meetings[i][1]},
                                    .freedom = (enum freedom)freedom,
                                    .window = window,
                                    .lowest = lowest};
                if (has_too_many(&m))
                    explore_some(&m, most, &c);
                else
                    explore_all(&m, most, &c);
            }
        printf("# window %u, %s, %s: %lu cases, %lu failed\n%s collide-%u-%u\n", window,
               deed_names[meetings[i][0]], deed_names[meetings[i][1]], c.runs, c.failed,
               c.failed ? "not ok" : "ok", window, i);
        fflush(stdout);
        all->runs += c.runs;
        all->failed += c.failed;
    }
}

int main(int argc, char **argv)
{
    unsigned long most = argc == 2 ? strtoul(argv[1], NULL, 10) : ULONG_MAX, failed = 0;
    if (argc == 7)
        return again(argv);
    for (unsigned window = 1; window <= 2; window++) {
        struct count all = {0};
        meet_all(window, most, &all);
        printf("say %lu cases of two exchanges that meet with a window of %u, %lu failed\n",
               all.runs, window, all.failed);
        failed += all.failed;
    }
    return failed != 0;
}
