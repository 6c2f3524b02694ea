/* Pages kept for the next engine: see page_cache.h. */
#include "page_cache.h"
#include "base/poison.h"
#include <string.h>
#include <sys/mman.h>

#define KEPT_MAX      256        /* pieces: those of several engines at a time */
#define SIZE_MAX_KEPT (1u << 20) /* larger pieces are mostly untouched, and cheaper when new */

struct piece {
    void *at;
    size_t size;
};

static struct piece kept[KEPT_MAX];
static unsigned kept_count;

/* Not calloc: what is not touched must cost nothing. */
static void *from_system(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static void *take(void *ctx, size_t size)
{
    (void)ctx;
    for (unsigned i = kept_count; i-- > 0;) {
        if (kept[i].size != size)
            continue;
        void *at = kept[i].at;
        kept[i] = kept[--kept_count];
        unpoison(at, size);
        memset(at, 0, size);
        return at;
    }
    return from_system(size);
}

static void give(void *ctx, void *at, size_t size)
{
    (void)ctx;
    if (kept_count == KEPT_MAX || size > SIZE_MAX_KEPT) {
        munmap(at, size);
        return;
    }
    poison(at, size);
    kept[kept_count++] = (struct piece){at, size};
}

struct shrike_pages page_cache(void)
{
    return (struct shrike_pages){take, give, NULL};
}
