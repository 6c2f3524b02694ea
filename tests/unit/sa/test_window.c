/* Message IDs: new, seen, stale; for one request at a time and for several. */
#include "../test.h"
#include "sa/window.h"

TEST(one_at_a_time)
{
    struct window w = {.theirs = 5, .size = 1};
    CHECK_EQ(window_request(&w, 5), WINDOW_NEW);
    CHECK_EQ(window_request(&w, 4), WINDOW_SEEN);
    CHECK_EQ(window_request(&w, 3), WINDOW_STALE);
    CHECK_EQ(window_request(&w, 0), WINDOW_STALE);
    CHECK_EQ(window_request(&w, 6), WINDOW_STALE);
    CHECK_EQ(window_request(&w, UINT32_MAX), WINDOW_STALE);
    window_accept(&w, 5);
    CHECK_EQ(w.theirs, 6);
    CHECK_EQ(window_request(&w, 5), WINDOW_SEEN);
    window_accept(&w, 4); /* an old one takes nothing back */
    CHECK_EQ(w.theirs, 6);
}

TEST(the_first_of_all)
{
    struct window w = {.size = 1};
    CHECK_EQ(window_request(&w, 0), WINDOW_NEW);
    CHECK_EQ(window_request(&w, 1), WINDOW_STALE);
    CHECK_EQ(window_request(&w, UINT32_MAX), WINDOW_STALE); /* not one before zero */
}

TEST(several_at_a_time)
{
    for (u32 size = 1; size <= 8; size++) {
        struct window w = {.theirs = 20, .size = (u8)size};
        for (u32 id = 0; id < 40; id++) {
            enum window_verdict v = id >= 20 && id < 20 + size   ? WINDOW_NEW
                                    : id < 20 && id >= 20 - size ? WINDOW_SEEN
                                                                 : WINDOW_STALE;
            CHECK_EQ(window_request(&w, id), v);
        }
    }
}

/* RFC 7296 2.2: they never wrap. */
TEST(used_up)
{
    CHECK(!window_spent(&(struct window){.ours = UINT32_MAX - 2, .theirs = UINT32_MAX - 2}));
    CHECK(window_spent(&(struct window){.ours = UINT32_MAX - 1}));
    CHECK(window_spent(&(struct window){.theirs = UINT32_MAX - 1}));
    struct window w = {.theirs = UINT32_MAX, .size = 8};
    CHECK_EQ(window_request(&w, 0), WINDOW_STALE);
    CHECK_EQ(window_request(&w, 6), WINDOW_STALE);
}

int main(void)
{
    return RUN(one_at_a_time) | RUN(the_first_of_all) | RUN(several_at_a_time) | RUN(used_up);
}
