/* A 4-ary min-heap of nodes that live inside other objects; ties leave in order of insertion. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include "base/slab.h"

struct heap_node {
    u64 key;
    u64 order; /* set by the heap */
    u32 place; /* 1-based place in the heap; 0: not in one */
};

struct heap {
    struct heap_node **nodes;
    size_t bytes;
    u32 count, count_max;
    u64 order;
    struct page_source *source;
};

bool heap_init(struct heap *h, struct page_source *source, u32 count_max) must_use;
void heap_free(struct heap *h);
/* Put in, or move to another key. There must be room: count_max counts every node that exists. */
void heap_set(struct heap *h, struct heap_node *n, u64 key);
void heap_remove(struct heap *h, struct heap_node *n); /* nothing when it is not in */
struct heap_node *heap_least(const struct heap *h);    /* NULL when empty */

#endif
