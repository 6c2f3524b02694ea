/* For the tests of lib/base: pages that are counted, numbers from a seed, calls that must panic. */
#ifndef UNIT_BASE_TOOLS_H
#define UNIT_BASE_TOOLS_H

#include "../test.h"
#include "base/poison.h"
#include "base/slab.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the tests put into objects that must be wiped: a run of SECRET. */
enum { SECRET = 0xa5, SECRET_RUN = 8 };

/* What stands behind each piece; neither writing nor wiping goes unseen. */
enum { GUARD = 0x5a, GUARD_SIZE = 1024 };

struct counted {
    u64 out;   /* octets handed out and not given back */
    u64 asked; /* calls */
    bool refuse;
    bool overrun; /* somebody wrote behind a piece */
    bool leaked;  /* a page came back with a secret in it */
};

static void *counted_take(void *ctx, size_t size)
{
    struct counted *c = ctx;
    c->asked++;
    if (size == 0 || size % SHRIKE_PAGE != 0 || c->refuse)
        return NULL;
    void *page = aligned_alloc(64, size + GUARD_SIZE);
    if (!page)
        return NULL;
    memset(page, 0, size);
    memset((u8 *)page + size, GUARD, GUARD_SIZE);
    c->out += size;
    return page;
}

static void counted_give(void *ctx, void *page, size_t size)
{
    struct counted *c = ctx;
    const u8 *octets = page;
    size_t run = 0;
    for (size_t i = 0; i < size; i++) {
        run = octets[i] == SECRET ? run + 1 : 0;
        c->leaked |= run == SECRET_RUN;
    }
    for (size_t i = size; i < size + GUARD_SIZE; i++)
        c->overrun |= octets[i] != GUARD;
    c->out -= size;
    free(page);
}

static inline struct page_source source_of(struct counted *c)
{
    *c = (struct counted){0};
    return (struct page_source){.from = {counted_take, counted_give, c}, .bytes_max = 1u << 30};
}

/* Numbers from a seed: Steele, Lea, Flood, "Fast splittable pseudorandom number generators". */
static inline u64 draw(u64 *state)
{
    u64 z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static inline u32 draw_below(u64 *state, u32 n)
{
    return (u32)(draw(state) % n);
}

/* Does f() end in shrike_panic()? Done in a child, so that the parent goes on. */
static inline bool panics(void (*f)(void))
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        f();
        _exit(0);
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}

/* Would AddressSanitizer object? Always `without` in a build that has none. */
#ifdef POISON
int __asan_address_is_poisoned(void const volatile *at);
#define poisoned(at, without) (__asan_address_is_poisoned(at) != 0)
#else
#define poisoned(at, without) ((void)(at), (without))
#endif

#endif
