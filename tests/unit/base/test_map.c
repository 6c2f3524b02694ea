/* The map against a list that is searched from its start. */
#include "base/map.h"
#include "tools.h"

enum { KEEP_MAX = 48 };

struct entry {
    u64 key;
    u32 value;
};

/* The naive map. */
struct naive {
    struct entry list[KEEP_MAX];
    u32 count;
};

static u32 naive_find(const struct naive *n, u64 key, u32 value)
{
    u32 i = 0;
    while (i < n->count && (n->list[i].key != key || n->list[i].value != value))
        i++;
    return i;
}

static u32 naive_count(const struct naive *n, u64 key)
{
    u32 found = 0;
    for (u32 i = 0; i < n->count; i++)
        found += n->list[i].key == key;
    return found;
}

/* Do both know the same values of this key, each as often? Sum and count tell. */
static bool same_values(const struct map *m, const struct naive *n, u64 key)
{
    u32 cursor = 0, found = 0, value;
    u64 sum = 0;
    while ((value = map_next(m, key, &cursor)) != MAP_NONE) {
        if (naive_find(n, key, value) == n->count)
            return false;
        found++;
        sum += value;
    }
    for (u32 i = 0; i < n->count; i++)
        sum -= n->list[i].key == key ? n->list[i].value : 0;
    return found == naive_count(n, key) && sum == 0 && map_next(m, key, &cursor) == MAP_NONE &&
           (map_get(m, key) != MAP_NONE) == (found > 0);
}

/* Keys that crowd: few homes, so that runs are long, meet and wrap around the end of the table. */
static u64 crowded_key(u64 *seed)
{
    u64 home = draw_below(seed, 8) < 6 ? 60 + draw_below(seed, 6) : draw_below(seed, 64);
    return (home & 63) | (u64)(1 + draw_below(seed, 3)) << 40;
}

TEST(keeps_what_a_list_keeps)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct map m;
    struct naive n = {.count = 0};
    u64 seed = 2026;
    CHECK(map_init(&m, &source, KEEP_MAX - 1));
    CHECK_EQ(m.mask, 63);
    for (int step = 0; step < 300000; step++) {
        struct entry e = {crowded_key(&seed), draw_below(&seed, 5)};
        /* Waves: the table fills, then empties. */
        if (draw_below(&seed, 100) < (step / 500 % 2 ? 65u : 35u)) {
            bool room = n.count < KEEP_MAX - 1;
            CHECK_EQ(map_put(&m, e.key, e.value), room);
            if (room)
                n.list[n.count++] = e;
        } else {
            u32 at = naive_find(&n, e.key, e.value);
            if (n.count && draw_below(&seed, 2)) {
                at = draw_below(&seed, n.count);
                e = n.list[at];
            }
            map_remove(&m, e.key, e.value);
            if (at < n.count)
                n.list[at] = n.list[--n.count];
        }
        CHECK_EQ(m.count, n.count);
        CHECK(same_values(&m, &n, e.key));
        for (u32 i = 0; step % 64 == 0 && i < n.count; i++)
            CHECK(same_values(&m, &n, n.list[i].key));
    }
    map_free(&m);
    CHECK_EQ(pages.out, 0);
}

/* After every remove the table looks as if the removed had never been there: no marks, no holes. */
TEST(every_entry_stands_in_an_unbroken_run_from_its_home)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct map m;
    u64 seed = 7;
    CHECK(map_init(&m, &source, KEEP_MAX - 1));
    for (int step = 0; step < 20000; step++) {
        u64 key = crowded_key(&seed);
        if (draw_below(&seed, 2)) {
            if (!map_put(&m, key, 1))
                map_remove(&m, key, 1);
        } else {
            map_remove(&m, key, 1);
        }
        u32 used = 0;
        for (u32 at = 0; at <= m.mask; at++) {
            u64 there = m.slots[at].key;
            used += there != 0;
            for (u32 i = (u32)there & m.mask; there && i != at; i = (i + 1) & m.mask)
                CHECK(m.slots[i].key != 0);
        }
        CHECK_EQ(used, m.count);
    }
    map_free(&m);
}

TEST(is_never_more_than_three_quarters_full)
{
    for (u32 most = 0; most < 3000; most += most < 50 ? 1 : 97) {
        struct counted pages;
        struct page_source source = source_of(&pages);
        struct map m;
        CHECK(map_init(&m, &source, most));
        CHECK_EQ((m.mask + 1) & m.mask, 0);
        CHECK(most * 4 <= (m.mask + 1) * 3);
        u64 seed = most;
        for (u32 i = 0; i < most; i++)
            CHECK(map_put(&m, draw(&seed) | 1, i));
        CHECK(!map_put(&m, 12345, 1));
        seed = most;
        for (u32 i = 0; i < most; i++)
            CHECK_EQ(map_get(&m, draw(&seed) | 1), i);
        CHECK_EQ(map_get(&m, 12344), MAP_NONE);
        map_free(&m);
        CHECK_EQ(pages.out, 0);
    }
}

TEST(key_zero_is_found_nowhere)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct map m;
    u32 cursor = 0;
    CHECK(map_init(&m, &source, 10));
    CHECK_EQ(map_get(&m, 0), MAP_NONE);
    CHECK(map_put(&m, (u64)1 << 32, 0)); /* stands where 0 would */
    CHECK_EQ(map_get(&m, 0), MAP_NONE);
    CHECK_EQ(map_next(&m, 0, &cursor), MAP_NONE);
    map_remove(&m, 0, 0);
    CHECK_EQ(m.count, 1);
    CHECK_EQ(map_get(&m, (u64)1 << 32), 0);
    map_free(&m);
}

static void put_key_zero(void)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct map m;
    if (map_init(&m, &source, 10) && map_put(&m, 0, 1))
        map_free(&m);
}

TEST(key_zero_is_a_fault_of_ours)
{
    CHECK(panics(put_key_zero));
}

TEST(no_memory_is_said)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct map m;
    source.bytes_max = SHRIKE_PAGE;
    CHECK(map_init(&m, &source, 3000));
    map_free(&m);
    CHECK(!map_init(&m, &source, 4000));
    map_free(&m);
    CHECK_EQ(pages.out, 0);
    CHECK_EQ(source.bytes, 0);
}

TEST(too_many_entries_are_not_even_asked_for)
{
    struct counted pages;
    struct page_source source = source_of(&pages);
    struct map m;
    source.bytes_max = UINT64_MAX;
    pages.refuse = true;
    CHECK(!map_init(&m, &source, MAP_COUNT_MAX + 1));
    CHECK(!map_init(&m, &source, UINT32_MAX));
    CHECK_EQ(pages.asked, 0);
    map_free(&m);
}

int main(void)
{
    return RUN(keeps_what_a_list_keeps) | RUN(every_entry_stands_in_an_unbroken_run_from_its_home) |
           RUN(is_never_more_than_three_quarters_full) | RUN(key_zero_is_found_nowhere) |
           RUN(key_zero_is_a_fault_of_ours) | RUN(no_memory_is_said) |
           RUN(too_many_entries_are_not_even_asked_for);
}
