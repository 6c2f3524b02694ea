/* The heap against a search through all nodes. */
#include "base/heap.h"
#include "tools.h"

enum { NODES = 200 };

struct naive {
    bool in;
    u64 key, order;
};

static struct heap_node nodes[NODES];
static struct naive model[NODES];

/* The node that must leave first, or NODES. */
static u32 naive_least(void)
{
    u32 least = NODES;
    for (u32 i = 0; i < NODES; i++) {
        if (!model[i].in)
            continue;
        if (least == NODES || model[i].key < model[least].key ||
            (model[i].key == model[least].key && model[i].order < model[least].order))
            least = i;
    }
    return least;
}

static bool is_a_heap(const struct heap *h)
{
    for (u32 i = 0; i < h->count; i++) {
        if (h->nodes[i]->place != i + 1)
            return false;
        if (i > 0 && h->nodes[(i - 1) / 4]->key > h->nodes[i]->key)
            return false;
    }
    return true;
}

static struct heap_node *expected(void)
{
    u32 least = naive_least();
    return least == NODES ? NULL : &nodes[least];
}

TEST(least_is_what_a_search_finds)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct heap h;
    u64 seed = 4, order = 0;
    u32 count = 0;
    memset(nodes, 0, sizeof(nodes));
    memset(model, 0, sizeof(model));
    CHECK(heap_init(&h, &source, NODES));
    CHECK(heap_least(&h) == NULL);
    for (int step = 0; step < 200000; step++) {
        u32 i = draw_below(&seed, NODES);
        u32 what = draw_below(&seed, 100);
        if (what < (step / 1000 % 2 ? 60u : 30u)) {
            /* Few keys, so that ties are common; now and then the ends of the range. */
            u64 key = draw_below(&seed, 20);
            key = key == 0 ? UINT64_MAX - draw_below(&seed, 2) : key == 1 ? 0 : key;
            count += !model[i].in;
            model[i] = (struct naive){true, key, ++order};
            heap_set(&h, &nodes[i], key);
        } else {
            if (what % 2 && naive_least() < NODES)
                i = naive_least();
            count -= model[i].in;
            model[i].in = false;
            heap_remove(&h, &nodes[i]);
            CHECK_EQ(nodes[i].place, 0);
        }
        CHECK_EQ(h.count, count);
        CHECK(heap_least(&h) == expected());
        if (step % 16 == 0)
            CHECK(is_a_heap(&h));
    }
    while (expected()) {
        u32 i = naive_least();
        CHECK(heap_least(&h) == &nodes[i]);
        model[i].in = false;
        heap_remove(&h, &nodes[i]);
    }
    CHECK_EQ(h.count, 0);
    heap_free(&h);
    CHECK_EQ(pages.out, 0);
}

TEST(ties_leave_in_order_of_insertion)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct heap h;
    memset(nodes, 0, sizeof(nodes));
    CHECK(heap_init(&h, &source, NODES));
    for (u32 i = 0; i < NODES; i++)
        heap_set(&h, &nodes[i], 5);
    heap_set(&h, &nodes[0], 5); /* again: goes behind the others */
    for (u32 i = 0; i < NODES; i++) {
        struct heap_node *n = heap_least(&h);
        CHECK(n == &nodes[(i + 1) % NODES]);
        heap_remove(&h, n);
    }
    heap_free(&h);
}

TEST(removing_what_is_not_in_does_nothing)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct heap h;
    memset(nodes, 0, sizeof(nodes));
    CHECK(heap_init(&h, &source, 2));
    heap_remove(&h, &nodes[0]);
    heap_set(&h, &nodes[1], 1);
    heap_remove(&h, &nodes[0]);
    CHECK(heap_least(&h) == &nodes[1]);
    heap_remove(&h, &nodes[1]);
    heap_remove(&h, &nodes[1]);
    CHECK(heap_least(&h) == NULL);
    heap_free(&h);
}

static void overfill(void)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct heap h;
    memset(nodes, 0, sizeof(nodes));
    for (u32 i = 0; i < 4 && (i > 0 || heap_init(&h, &source, 3)); i++)
        heap_set(&h, &nodes[i], i);
}

static void move_when_full(void)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct heap h;
    memset(nodes, 0, sizeof(nodes));
    for (u32 i = 0; i < 30 && (i > 0 || heap_init(&h, &source, 3)); i++)
        heap_set(&h, &nodes[i % 3], i);
    heap_free(&h);
}

TEST(a_full_heap_takes_moves_but_no_more)
{
    CHECK(panics(overfill));
    CHECK(!panics(move_when_full));
}

TEST(no_memory_is_said)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct heap h;
    source.bytes_max = SHRIKE_PAGE;
    CHECK(!heap_init(&h, &source, SHRIKE_PAGE / sizeof(void *) + 1));
    heap_free(&h);
    CHECK(!heap_init(&h, &source, UINT32_MAX));
    heap_free(&h);
    CHECK(heap_init(&h, &source, SHRIKE_PAGE / sizeof(void *)));
    heap_free(&h);
    CHECK_EQ(pages.out, 0);
    CHECK_EQ(source.bytes, 0);
}

int main(void)
{
    return RUN(least_is_what_a_search_finds) | RUN(ties_leave_in_order_of_insertion) |
           RUN(removing_what_is_not_in_does_nothing) | RUN(a_full_heap_takes_moves_but_no_more) |
           RUN(no_memory_is_said);
}
