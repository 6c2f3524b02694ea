/* Every interleaving of two deeds that meet: rekeys, deletes, a new child (RFC 7296 2.8.1, 2.8.2,
 * 2.25), another address (RFC 4555 3.5, 3.6). Prints how many there were.
 *
 *     collide                            all of them
 *     collide DEED DEED FREEDOM LOWEST PATH   one again, with what happens */
#include "meeting.h"
#include "page_cache.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAILURES_SHOWN 10

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
    {CREATE, REKEY_IKE},
    {REKEY_IKE, CREATE},
    {CREATE, REKEY_CHILD},
    {REKEY_CHILD, CREATE},
    {DELETE_CHILD, DELETE_IKE},
    {DELETE_IKE, DELETE_CHILD},
    {MOVE, REKEY_CHILD},
    {REKEY_CHILD, MOVE},

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
    printf("# %s\n#   again with: collide %d %d %d %u %s\n", m->what, (int)m->deed[0],
           (int)m->deed[1], (int)m->freedom, m->lowest, path);
}

/* All runs of one kind. */
static void explore_all(struct meeting *m, struct count *c)
{
    struct explore x = {0};
    do {
        c->runs++;
        if (!meeting_run(m, &x) && ++c->failed <= FAILURES_SHOWN)
            tell(m, &x);
    } while (explore_next(&x));
}

static int again(char **argv)
{
    struct meeting m = {
        .deed = {(enum deed)atoi(argv[1]), (enum deed)atoi(argv[2])},
        .freedom = (enum freedom)atoi(argv[3]),
        .lowest = (unsigned)atoi(argv[4]),
        .verbose = true,
    };
    struct explore x;
    explore_replay(&x, argv[5]);
    printf("# A: %s, B: %s, %s\n", deed_names[m.deed[0]], deed_names[m.deed[1]],
           freedom_names[m.freedom]);
    bool good = meeting_run(&m, &x);
    printf("# %s\n", good ? "everything holds" : m.what);
    return !good;
}

int main(int argc, char **argv)
{
    struct count all = {0};
    if (argc == 6)
        return again(argv);
    for (unsigned i = 0; i < ARRAY_LEN(meetings); i++) {
        struct count c = {0};
        for (unsigned lowest = 0; lowest < 2; lowest++)
            for (unsigned freedom = 0; freedom < FREEDOM_COUNT; freedom++) {
                struct meeting m = {.deed = {meetings[i][0], meetings[i][1]},
                                    .freedom = (enum freedom)freedom,
                                    .lowest = lowest};
                explore_all(&m, &c);
            }
        printf("# %s, %s: %lu cases, %lu failed\n%s collide-%u\n", deed_names[meetings[i][0]],
               deed_names[meetings[i][1]], c.runs, c.failed, c.failed ? "not ok" : "ok", i);
        fflush(stdout);
        all.runs += c.runs;
        all.failed += c.failed;
    }
    printf("say %lu cases of two exchanges that meet, %lu failed\n", all.runs, all.failed);
    return all.failed != 0;
}
