/* Typed pools: see slab.h. */
#include "base/slab.h"
#include "base/ct.h"
#include "base/poison.h"

enum { ALIGN = 16, OBJECT_MAX = 1 << 24 };

static size_t whole_pages(size_t size)
{
    return (MAX(size, 1) + SHRIKE_PAGE - 1) / SHRIKE_PAGE * SHRIKE_PAGE;
}

void *page_take(struct page_source *s, size_t size)
{
    size = whole_pages(size);
    if (size > s->bytes_max - s->bytes)
        return NULL;
    void *page = s->from.take(s->from.ctx, size);
    if (page)
        s->bytes += size;
    return page;
}

void page_give(struct page_source *s, void *page, size_t size)
{
    size = whole_pages(size);
    unpoison(page, size);
    s->bytes -= size;
    s->from.give(s->from.ctx, page, size);
}

static size_t table_size(const struct slab *s)
{
    size_t size = s->page_max * sizeof(void *) + s->live_max * (sizeof(u32) + sizeof(u8));
    return (size + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t page_size(const struct slab *s)
{
    return (size_t)s->per_page * s->object_size;
}

bool slab_init(struct slab *s, struct page_source *source, size_t object_size, u32 live_max)
{
    memset(s, 0, sizeof(*s));
    ensure(object_size > 0 && object_size <= OBJECT_MAX);
    s->source = source;
    s->object_size = (u32)((object_size + ALIGN - 1) / ALIGN * ALIGN);
    s->per_page = MAX(1, SHRIKE_PAGE / s->object_size);
    s->live_max = live_max;
    s->page_max = (u32)(((u64)live_max + s->per_page - 1) / s->per_page);
    size_t tables = table_size(s);
    s->pages = page_take(source, tables);
    if (!s->pages)
        return false;
    s->free_list = (u32 *)(void *)(s->pages + s->page_max);
    s->taken = (u8 *)(s->free_list + live_max);
    /* A small pool costs one page: what is left of it holds all the objects. */
    s->small = (u64)live_max * s->object_size <= whole_pages(tables) - tables;
    if (s->small)
        s->per_page = live_max;
    return true;
}

static bool cut_page(struct slab *s)
{
    if (s->page_count == s->page_max)
        return false;
    void *page = s->small ? (u8 *)s->pages + table_size(s) : page_take(s->source, page_size(s));
    if (!page)
        return false;
    poison(page, page_size(s));
    s->pages[s->page_count++] = page;
    return true;
}

void *slab_take(struct slab *s, u32 *index)
{
    if (s->live == s->live_max)
        return NULL;
    if (s->free_count > 0) {
        *index = s->free_list[--s->free_count];
    } else {
        if (s->cut == s->page_count * s->per_page && !cut_page(s))
            return NULL;
        *index = s->cut++;
    }
    s->taken[*index] = 1;
    s->live++;
    s->source->bytes_live += s->object_size;
    s->source->allocations++;
    void *object = slab_at(s, *index);
    unpoison(object, s->object_size);
    return object;
}

void slab_put(struct slab *s, u32 index)
{
    void *object = slab_at(s, index);
    ensure(object != NULL);
    wipe(object, s->object_size);
    poison(object, s->object_size);
    s->free_list[s->free_count++] = index;
    s->taken[index] = 0;
    s->live--;
    s->source->bytes_live -= s->object_size;
}

void *slab_at(const struct slab *s, u32 index)
{
    if (index >= s->cut || !s->taken[index])
        return NULL;
    return (u8 *)s->pages[index / s->per_page] + (size_t)(index % s->per_page) * s->object_size;
}

void slab_free(struct slab *s)
{
    if (!s->pages)
        return;
    for (u32 i = 0; i < s->page_count; i++) {
        /* What was never cut is still zero, and perhaps not even there: leave it alone. */
        size_t used = (size_t)MIN(s->per_page, s->cut - i * s->per_page) * s->object_size;
        unpoison(s->pages[i], used);
        wipe(s->pages[i], used);
        if (!s->small)
            page_give(s->source, s->pages[i], page_size(s));
    }
    s->source->bytes_live -= (u64)s->live * s->object_size;
    page_give(s->source, s->pages, table_size(s));
    memset(s, 0, sizeof(*s));
}
