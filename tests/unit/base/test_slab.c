/* Pages and pools: caps, reuse, wiping, accounts. */
#include "base/slab.h"
#include "tools.h"

static bool all_zero(const void *at, size_t size)
{
    const u8 *octets = at;
    for (size_t i = 0; i < size; i++) {
        if (octets[i])
            return false;
    }
    return true;
}

TEST(pages_are_counted_and_capped)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    source.bytes_max = 4 * SHRIKE_PAGE;
    void *one = page_take(&source, 1), *two = page_take(&source, SHRIKE_PAGE + 1);
    CHECK(one != NULL && two != NULL);
    CHECK_EQ(source.bytes, 3 * SHRIKE_PAGE);
    CHECK_EQ(pages.out, 3 * SHRIKE_PAGE);
    CHECK(page_take(&source, SHRIKE_PAGE + 1) == NULL);
    CHECK(page_take(&source, (size_t)1 << 40) == NULL);
    void *three = page_take(&source, SHRIKE_PAGE);
    CHECK(three != NULL && page_take(&source, 1) == NULL);
    CHECK_EQ(source.bytes, 4 * SHRIKE_PAGE);
    page_give(&source, two, SHRIKE_PAGE + 1);
    CHECK_EQ(source.bytes, 2 * SHRIKE_PAGE);
    page_give(&source, one, 1);
    page_give(&source, three, SHRIKE_PAGE);
    CHECK_EQ(pages.out, 0);
    CHECK_EQ(source.bytes, 0);
    pages.refuse = true;
    CHECK(page_take(&source, 1) == NULL);
    CHECK_EQ(source.bytes, 0);
}

enum { MOST = 3000 };
static u8 *object_at[MOST];
static u32 index_of[MOST];

/* Fill a pool, see that all objects are apart, zero and found again; put back, take again. */
static bool holds(size_t size, u32 most)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct slab s;
    if (!slab_init(&s, &source, size, most))
        return false;
    for (int round = 0; round < 2; round++) {
        for (u32 i = 0; i < most; i++) {
            object_at[i] = slab_take(&s, &index_of[i]);
            if (!object_at[i] || (uintptr_t)object_at[i] % 16 || !all_zero(object_at[i], size))
                return false;
            memset(object_at[i], (int)(i % 255 + 1), size);
        }
        u32 none;
        if (slab_take(&s, &none) || s.live != most || s.cut != most)
            return false;
        for (u32 i = 0; i < most; i++) {
            u8 *at = object_at[i];
            if (slab_at(&s, index_of[i]) != at || at[0] != i % 255 + 1 ||
                at[size - 1] != i % 255 + 1)
                return false; /* or somebody else wrote here */
            slab_put(&s, index_of[i]);
        }
        if (s.live != 0 || source.bytes_live != 0)
            return false;
    }
    bool counted = source.allocations == 2 * (u64)most;
    slab_free(&s);
    return counted && !pages.overrun && pages.out == 0 && source.bytes == 0;
}

TEST(objects_of_all_sizes_are_apart_and_zeroed)
{
    static const size_t sizes[] = {1,     8,     16,    24,    100,   1024,   20000,
                                   32768, 32769, 65535, 65536, 65537, 200000, 1 << 20};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        CHECK(holds(sizes[i], 1));
        CHECK(holds(sizes[i], 7));
        if (sizes[i] <= 1024)
            CHECK(holds(sizes[i], MOST));
    }
}

/* A random walk: no object is in two hands, none of the dead is found, and the accounts hold. */
TEST(a_random_walk_keeps_the_books)
{
    enum { OBJECTS = 500, SIZE = 400 };
    static bool live[OBJECTS];
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct slab s;
    u64 seed = 99;
    u32 count = 0;
    CHECK(slab_init(&s, &source, SIZE, OBJECTS));
    for (int step = 0; step < 200000; step++) {
        u32 index = draw_below(&seed, OBJECTS);
        if (draw_below(&seed, 100) < (step / 2000 % 2 ? 70u : 30u)) {
            u32 cut = s.cut;
            u8 *object = slab_take(&s, &index);
            CHECK_EQ(object != NULL, count < OBJECTS);
            if (!object)
                continue;
            CHECK(index < OBJECTS && !live[index]);
            CHECK(s.cut == cut || count == cut); /* new ground only when nothing is free */
            CHECK(all_zero(object, SIZE));
            memset(object, SECRET, SIZE);
            live[index] = true;
            count++;
        } else if (live[index]) {
            slab_put(&s, index);
            live[index] = false;
            count--;
        }
        CHECK_EQ(s.live, count);
        CHECK_EQ(source.bytes_live, (u64)count * SIZE);
        index = draw_below(&seed, OBJECTS + 10);
        CHECK_EQ(slab_at(&s, index) != NULL, index < OBJECTS && live[index]);
    }
    CHECK_EQ(slab_at(&s, UINT32_MAX) != NULL, false);
    slab_free(&s);
    CHECK(!pages.leaked);
    CHECK_EQ(pages.out, 0);
    CHECK_EQ(source.bytes_live, 0);
}

/* Pages that come back are searched: nothing of the objects, dead or alive, is in them. */
TEST(a_put_object_is_wiped_and_so_are_the_living_at_the_end)
{
    static const u32 caps[] = {4, 400}; /* behind the tables; in pages of their own */
    for (size_t i = 0; i < ARRAY_LEN(caps); i++) {
        struct counted pages;
        struct page_source source = source_of(&pages);
        struct slab s;
        u32 a, b;
        CHECK(slab_init(&s, &source, 1000, caps[i]));
        u8 *dead = slab_take(&s, &a), *alive = slab_take(&s, &b);
        CHECK(dead != NULL && alive != NULL);
        memset(dead, SECRET, 1000);
        memset(alive, SECRET, 1000);
        slab_put(&s, a);
        CHECK(poisoned(dead, true) && poisoned(dead + 999, true));
        unpoison(dead, 1000);
        CHECK(all_zero(dead, 1000));
        poison(dead, 1000);
        CHECK(slab_at(&s, a) == NULL && slab_at(&s, b) == alive);
        slab_free(&s);
        CHECK(!pages.leaked);
        CHECK_EQ(pages.out, 0);
        CHECK_EQ(source.bytes_live, 0);
    }
}

TEST(free_objects_may_not_be_touched)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct slab s;
    u32 a, b;
    CHECK(slab_init(&s, &source, 64, 5000));
    u8 *first = slab_take(&s, &a);
    CHECK(first != NULL);
    CHECK(!poisoned(first, false) && !poisoned(first + 63, false));
    CHECK(poisoned(first + 64, true)); /* the next one is nobody's yet */
    u8 *second = slab_take(&s, &b);
    CHECK(second == first + 64 && !poisoned(second, false));
    slab_put(&s, a);
    CHECK(poisoned(first, true) && poisoned(first + 63, true) && !poisoned(second, false));
    CHECK(slab_take(&s, &a) == first);
    CHECK(!poisoned(first, false));
    slab_free(&s);
}

TEST(no_memory_is_said_and_harms_nothing)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct slab s;
    u32 index;
    pages.refuse = true;
    CHECK(!slab_init(&s, &source, 1000, 1000));
    slab_free(&s);
    pages.refuse = false;
    CHECK(slab_init(&s, &source, 1000, 1000));
    CHECK(slab_take(&s, &index) != NULL);
    pages.refuse = true;
    u32 got = 1;
    while (slab_take(&s, &index))
        got++;
    CHECK_EQ(got, SHRIKE_PAGE / 1008); /* the second page is refused */
    pages.refuse = false;
    CHECK(slab_take(&s, &index) != NULL);
    CHECK_EQ(index, got);
    slab_free(&s);
    CHECK_EQ(pages.out, 0);
    CHECK(!slab_init(&s, &source, 1 << 20, UINT32_MAX)); /* the tables alone pass the cap */
    slab_free(&s);
    struct slab zero = {0};
    slab_free(&zero);
    CHECK_EQ(pages.out, 0);
}

TEST(a_small_pool_costs_one_page)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct slab s;
    u32 index;
    CHECK(slab_init(&s, &source, 1000, 50));
    for (u32 i = 0; i < 50; i++)
        CHECK(slab_take(&s, &index) != NULL);
    CHECK_EQ(pages.out, SHRIKE_PAGE);
    slab_free(&s);
    CHECK(holds(1000, 65)); /* the objects alone would fit, with the tables they do not */
    CHECK(slab_init(&s, &source, 64, 0));
    CHECK(slab_take(&s, &index) == NULL);
    slab_free(&s);
    CHECK_EQ(pages.out, 0);
}

static struct slab ours;
static struct counted our_pages;
static struct page_source our_source;

static void put_twice(void)
{
    u32 a, b;
    our_source = source_of(&our_pages);
    if (!slab_init(&ours, &our_source, 64, 100) || !slab_take(&ours, &a) || !slab_take(&ours, &b))
        return;
    slab_put(&ours, a);
    slab_put(&ours, a);
}

static void put_what_never_was(void)
{
    our_source = source_of(&our_pages);
    if (slab_init(&ours, &our_source, 64, 100))
        slab_put(&ours, 3);
}

TEST(putting_what_is_not_out_is_a_fault_of_ours)
{
    CHECK(panics(put_twice));
    CHECK(panics(put_what_never_was));
}

int main(void)
{
    return RUN(pages_are_counted_and_capped) | RUN(objects_of_all_sizes_are_apart_and_zeroed) |
           RUN(a_random_walk_keeps_the_books) |
           RUN(a_put_object_is_wiped_and_so_are_the_living_at_the_end) |
           RUN(free_objects_may_not_be_touched) | RUN(no_memory_is_said_and_harms_nothing) |
           RUN(a_small_pool_costs_one_page) | RUN(putting_what_is_not_out_is_a_fault_of_ours);
}
