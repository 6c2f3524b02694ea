/* Scratch memory: see arena.h. */
#include "base/arena.h"
#include "base/ct.h"
#include "base/poison.h"

enum { ALIGN = 16 };

void arena_init(struct arena *a, void *memory, size_t size)
{
    size_t skip = MIN(size, -(uintptr_t)memory % ALIGN);
    *a = (struct arena){.start = (u8 *)memory + skip, .size = size - skip};
    poison(a->start, a->size);
}

void *arena_take(struct arena *a, size_t size)
{
    size_t whole = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (whole < size || whole > a->size - a->used)
        return NULL;
    u8 *at = a->start + a->used;
    a->used += whole;
    unpoison(at, size);
    memset(at, 0, size);
    return at;
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
    u8 *at = b.len ? arena_take(a, b.len) : NULL;
    if (!at)
        return bytes_of(NULL, 0);
    memcpy(at, b.at, b.len);
    return bytes_of(at, b.len);
}

void arena_reset(struct arena *a)
{
    unpoison(a->start, a->used);
    wipe(a->start, a->used);
    poison(a->start, a->used);
    a->used = 0;
}
