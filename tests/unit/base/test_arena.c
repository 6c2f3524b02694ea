/* Scratch memory: order, alignment, exhaustion, and that a reset leaves nothing. */
#include "base/arena.h"
#include "tools.h"

static _Alignas(64) u8 memory[1024];

/* Memory as a former user left it. */
static struct arena arena_over(u8 *at, size_t size)
{
    struct arena a;
    unpoison(memory, sizeof(memory));
    memset(memory, 0xcc, sizeof(memory));
    arena_init(&a, at, size);
    return a;
}

static void arena_end(void)
{
    unpoison(memory, sizeof(memory));
}

static bool all_are(const u8 *at, size_t size, u8 what)
{
    for (size_t i = 0; i < size; i++) {
        if (at[i] != what)
            return false;
    }
    return true;
}

TEST(pieces_are_zeroed_aligned_and_apart)
{
    struct arena a = arena_over(memory, sizeof(memory));
    u8 *end = memory;
    for (size_t size = 1; size <= 33; size++) {
        u8 *at = arena_take(&a, size);
        CHECK(at >= end && at + size <= memory + sizeof(memory));
        CHECK_EQ((uintptr_t)at % 16, 0);
        CHECK(all_are(at, size, 0));
        memset(at, 0xff, size);
        end = at + size;
    }
    arena_end();
}

TEST(a_crooked_start_is_aligned)
{
    for (size_t skip = 0; skip < 20; skip++) {
        struct arena a = arena_over(memory + skip, 64);
        u8 *at = arena_take(&a, 16);
        CHECK(at >= memory + skip && (uintptr_t)at % 16 == 0);
        for (u8 *next = at; next; next = arena_take(&a, 16)) {
            CHECK(next + 16 <= memory + skip + 64);
        }
        arena_end();
    }
    struct arena a = arena_over(memory + 1, 3);
    CHECK(arena_take(&a, 1) == NULL);
    arena_end();
}

TEST(exhaustion_says_null_and_goes_on)
{
    struct arena a = arena_over(memory, 100);
    CHECK(arena_take(&a, SIZE_MAX) == NULL);
    CHECK(arena_take(&a, SIZE_MAX - 15) == NULL);
    CHECK(arena_take(&a, 101) == NULL);
    CHECK(arena_take(&a, 80) != NULL);
    CHECK(arena_take(&a, 17) == NULL); /* 20 left, but 32 would be needed */
    CHECK(arena_take(&a, 16) != NULL);
    CHECK(arena_take(&a, 1) == NULL); /* 4 left, not a whole step */
    CHECK_EQ(arena_copy(&a, bytes_of("abc", 3)).len, 0);
    CHECK(arena_copy(&a, bytes_of("abc", 3)).at == NULL);
    arena_reset(&a);
    CHECK(arena_take(&a, 96) == memory);
    arena_end();
}

TEST(copies_are_copies)
{
    struct arena a = arena_over(memory, sizeof(memory));
    u8 source[5] = {1, 2, 3, 4, 5};
    struct bytes b = arena_copy(&a, bytes_of(source, 5));
    source[0] = 9;
    CHECK_EQ(b.len, 5);
    CHECK_BYTES(b.at, "\1\2\3\4\5", 5);
    CHECK_EQ(arena_copy(&a, bytes_of(NULL, 0)).len, 0);
    arena_end();
}

TEST(a_reset_wipes_all_that_was_used)
{
    struct arena a = arena_over(memory, sizeof(memory));
    u8 *first = arena_take(&a, 200), *second = arena_take(&a, 31);
    CHECK(first != NULL && second != NULL);
    memset(first, 0xff, 200);
    memset(second, 0xff, 31);
    arena_reset(&a);
    unpoison(memory, sizeof(memory));
    CHECK(all_are(memory, 208 + 32, 0));
    CHECK(all_are(memory + 208 + 32, sizeof(memory) - 208 - 32, 0xcc)); /* what is not ours */
}

TEST(only_what_is_handed_out_may_be_touched)
{
    struct arena a = arena_over(memory, sizeof(memory));
    CHECK(poisoned(memory, true));
    u8 *at = arena_take(&a, 20);
    CHECK(at == memory);
    CHECK(!poisoned(at, false) && !poisoned(at + 19, false));
    CHECK(poisoned(at + 20, true) && poisoned(at + 32, true));
    arena_reset(&a);
    CHECK(poisoned(at, true) && poisoned(at + 19, true));
    arena_end();
}

int main(void)
{
    return RUN(pieces_are_zeroed_aligned_and_apart) | RUN(a_crooked_start_is_aligned) |
           RUN(exhaustion_says_null_and_goes_on) | RUN(copies_are_copies) |
           RUN(a_reset_wipes_all_that_was_used) | RUN(only_what_is_handed_out_may_be_touched);
}
