/* Typed pools: objects of one size, cut from pages, with a cap. An object has an index by which it
 * is found again in constant time. Pages are kept until slab_free(). What is in nobody's hands is
 * zero, and poisoned under ASan. */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include "base/bytes.h"
#include "shrike/shrike.h"

/* All slabs of one engine share this: where pages come from and how many there may be. */
struct page_source {
    struct shrike_pages from;
    u64 bytes, bytes_max; /* taken now, cap */
    u64 bytes_live;       /* of objects handed out */
    u64 allocations;      /* objects ever handed out */
};
void *page_take(struct page_source *s,
                size_t size) must_use; /* rounded up to pages, zeroed; NULL at the cap */
void page_give(struct page_source *s, void *page, size_t size);

struct slab {
    struct page_source *source;
    void **pages;   /* table of pages, itself from the source */
    u32 *free_list; /* stack of free indexes below `cut`, behind it in the same piece */
    u8 *taken;      /* by index: is it handed out? */
    u32 object_size, per_page, page_count, page_max;
    u32 cut; /* objects cut from pages so far */
    u32 free_count, live, live_max;
    bool small; /* the objects lie behind the tables */
};

/* live_max: the cap. false: no memory for the tables. */
bool slab_init(struct slab *s, struct page_source *source, size_t object_size,
               u32 live_max) must_use;
/* A zeroed object, or NULL at the cap or without memory. *index names it. */
void *slab_take(struct slab *s, u32 *index) must_use;
/* Wipe the object and take it back. */
void slab_put(struct slab *s, u32 index);
/* The object of this index, or NULL when there is none now. */
void *slab_at(const struct slab *s, u32 index);
/* Wipe everything, live objects too, and give it back. A slab of zeroes has nothing. */
void slab_free(struct slab *s);

#endif
