/* A 4-ary min-heap: see heap.h. */
#include "base/heap.h"

enum { ARITY = 4 };

bool heap_init(struct heap *h, struct page_source *source, u32 count_max)
{
    *h = (struct heap){.source = source, .count_max = count_max};
    h->bytes = count_max * sizeof(struct heap_node *);
    h->nodes = page_take(source, h->bytes);
    return h->nodes != NULL;
}

void heap_free(struct heap *h)
{
    if (h->nodes)
        page_give(h->source, h->nodes, h->bytes);
    h->nodes = NULL;
}

static bool before(const struct heap_node *a, const struct heap_node *b)
{
    return a->key != b->key ? a->key < b->key : a->order < b->order;
}

static void place(struct heap *h, u32 at, struct heap_node *n)
{
    h->nodes[at] = n;
    n->place = at + 1;
}

static void rise(struct heap *h, u32 at, struct heap_node *n)
{
    while (at > 0) {
        u32 parent = (at - 1) / ARITY;
        if (!before(n, h->nodes[parent]))
            break;
        place(h, at, h->nodes[parent]);
        at = parent;
    }
    place(h, at, n);
}

static void sink(struct heap *h, u32 at, struct heap_node *n)
{
    for (;;) {
        u32 first = at * ARITY + 1, least = first;
        if (first >= h->count)
            break;
        for (u32 i = first + 1; i < h->count && i < first + ARITY; i++) {
            if (before(h->nodes[i], h->nodes[least]))
                least = i;
        }
        if (!before(h->nodes[least], n))
            break;
        place(h, at, h->nodes[least]);
        at = least;
    }
    place(h, at, n);
}

void heap_set(struct heap *h, struct heap_node *n, u64 key)
{
    heap_remove(h, n);
    ensure(h->count < h->count_max);
    n->key = key;
    n->order = ++h->order;
    h->count++;
    rise(h, h->count - 1, n);
}

void heap_remove(struct heap *h, struct heap_node *n)
{
    if (n->place == 0)
        return;
    u32 at = n->place - 1;
    struct heap_node *last = h->nodes[--h->count];
    n->place = 0;
    if (last == n)
        return;
    if (at > 0 && before(last, h->nodes[(at - 1) / ARITY]))
        rise(h, at, last);
    else
        sink(h, at, last);
}

struct heap_node *heap_least(const struct heap *h)
{
    return h->count ? h->nodes[0] : NULL;
}
