/* Message IDs: new, seen, stale; for one request at a time and for several. */
#include "../test.h"
#include "sa/window.h"

TEST(one_at_a_time)
{
    struct window w = {.theirs = 5, .kept = 1};
    CHECK_EQ(window_request(&w, 5), WINDOW_NEW);
    CHECK_EQ(window_request(&w, 4), WINDOW_SEEN);
    CHECK_EQ(window_request(&w, 3), WINDOW_STALE);
    CHECK_EQ(window_request(&w, 0), WINDOW_STALE);
    CHECK_EQ(window_request(&w, 6), WINDOW_STALE);
    CHECK_EQ(window_request(&w, UINT32_MAX), WINDOW_STALE);
    window_accept(&w, 5);
    CHECK_EQ(w.theirs, 6);
    CHECK_EQ(window_request(&w, 5), WINDOW_SEEN);
    CHECK_EQ(window_top(&w), 6);
}

TEST(the_first_of_all)
{
    struct window w;
    window_init(&w);
    CHECK_EQ(window_request(&w, 0), WINDOW_NEW);
    CHECK_EQ(window_request(&w, 1), WINDOW_STALE);
    CHECK_EQ(window_request(&w, UINT32_MAX), WINDOW_STALE); /* not one before zero */
}

TEST(several_at_a_time)
{
    for (u32 size = 1; size <= 8; size++) {
        struct window w = {.theirs = 20, .kept = (u8)size};
        for (u32 id = 0; id < 40; id++) {
            enum window_verdict v = id >= 20 && id < 20 + size   ? WINDOW_NEW
                                    : id < 20 && id >= 20 - size ? WINDOW_SEEN
                                                                 : WINDOW_STALE;
            CHECK_EQ(window_request(&w, id), v);
        }
    }
}

/* Requests in any order that a window allows: each is new once, against a list of all that came.
 * Taking one of the last back makes it new again, and nothing else. */
TEST(out_of_order)
{
    enum { IDS = 3000 };
    static bool came[IDS + 16];
    u32 random = 1;
    for (u32 size = 1; size <= WINDOW_MAX; size++) {
        struct window w = {.kept = (u8)size, .allowed = 1};
        memset(came, 0, sizeof(came));
        while (w.theirs < IDS) {
            random = random * 1664525 + 1013904223;
            u32 id = w.theirs + (random >> 8) % (size + 3), top = 0;
            bool fits = id < w.theirs + size;
            CHECK_EQ(window_request(&w, id), !fits      ? WINDOW_STALE
                                             : came[id] ? WINDOW_SEEN
                                                        : WINDOW_NEW);
            if (!fits || came[id])
                continue;
            window_accept(&w, id);
            came[id] = true;
            for (u32 n = 0; n < IDS + 16; n++)
                top = came[n] ? n + 1 : top;
            CHECK_EQ(window_top(&w), top);
            CHECK(!came[w.theirs] && (w.theirs == 0 || came[w.theirs - 1]));
            if (top - id > size || random >> 30)
                continue;
            struct window before = w;
            window_forget(&w, id);
            CHECK_EQ(window_request(&w, id), WINDOW_NEW);
            window_accept(&w, id);
            CHECK(memcmp(&w, &before, sizeof(w)) == 0);
        }
    }
}

/* RFC 7296 2.3: request X waits for the responses to all up to X - N. */
TEST(how_far_requests_of_ours_reach)
{
    struct window w = {.ours = 10, .allowed = 1};
    CHECK(!window_reaches(&w, 9));
    w.allowed = 3;
    CHECK(window_reaches(&w, 9) && window_reaches(&w, 8) && !window_reaches(&w, 7));
}

/* RFC 7296 2.2: they never wrap. */
TEST(used_up)
{
    u32 last = UINT32_MAX - WINDOW_MAX;
    CHECK(!window_spent(&(struct window){.ours = last - 1, .theirs = last - 1}));
    CHECK(window_spent(&(struct window){.ours = last}));
    CHECK(window_spent(&(struct window){.theirs = last}));
    struct window w = {.theirs = UINT32_MAX, .kept = 8};
    CHECK_EQ(window_request(&w, UINT32_MAX), WINDOW_STALE);
    CHECK_EQ(window_request(&w, 0), WINDOW_STALE);
    CHECK_EQ(window_request(&w, 6), WINDOW_STALE);
}

/* RFC 6311 5.1, 9, A: as the peer says, or as far as either end has come. */
TEST(begun_anew)
{
    struct window w = {.ours = 5, .kept = 1, .allowed = 1};
    CHECK(window_sync(&w, 0, 5));
    CHECK(w.ours == 5 && w.theirs == 0);
    w = (struct window){.ours = 2, .theirs = 4, .kept = 1};
    CHECK(!window_sync(&w, 2, 5));
    CHECK(w.ours == 2 && w.theirs == 4);
    CHECK(window_sync(&w, 4, 5));
    CHECK(w.ours == 5 && w.theirs == 4);
    /* Of five requests the first has not come, and is not waited for. */
    w = (struct window){.ours = 8, .theirs = 3, .kept = 5, .early = 15};
    CHECK(!window_sync(&w, 7, 3));
    CHECK(window_sync(&w, 8, 3));
    CHECK(w.ours == 8 && w.theirs == 8 && w.early == 0);
    CHECK_EQ(window_request(&w, 8), WINDOW_NEW);
    CHECK_EQ(window_request(&w, 12), WINDOW_NEW);
    CHECK_EQ(window_request(&w, 13), WINDOW_STALE);
}

/* RFC 6311 5.1, 11: each time with a higher ID than any before, used or only spoken of. */
TEST(begun_anew_once)
{
    struct window w = {.kept = 1, .allowed = 1};
    for (u32 id = 0; id < 50; id += 10) {
        CHECK(window_sync(&w, id, id));
        struct window before = w;
        for (u32 old = 0; old <= id; old++)
            CHECK(!window_sync(&w, old, 1000));
        CHECK(memcmp(&w, &before, sizeof(w)) == 0);
        window_accept(&w, id);
        CHECK(!window_sync(&w, id, 1000));
    }
    CHECK(window_sync(&w, 41, 0));
    CHECK(!window_sync(&w, UINT32_MAX - WINDOW_MAX, 0));
    CHECK(!window_sync(&w, 42, UINT32_MAX - WINDOW_MAX));
    CHECK(window_sync(&w, 42, 0));
}

/* What was being answered then is not asked for once more. */
TEST(begun_anew_for_good)
{
    struct window w = {.theirs = 6, .kept = 4, .allowed = 1};
    CHECK(window_sync(&w, 7, 0));
    window_forget(&w, 5);
    CHECK(w.theirs == 7 && w.early == 0);
    window_accept(&w, 7);
    window_forget(&w, 7);
    CHECK(w.theirs == 7 && w.early == 0);
}

int main(void)
{
    return RUN(one_at_a_time) | RUN(the_first_of_all) | RUN(several_at_a_time) | RUN(out_of_order) |
           RUN(how_far_requests_of_ours_reach) | RUN(used_up) | RUN(begun_anew) |
           RUN(begun_anew_once) | RUN(begun_anew_for_good);
}
