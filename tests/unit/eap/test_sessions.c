/* The sessions that there are. */
#include "eap/sessions.h"
#include "test.h"

TEST(found_until_dropped)
{
    struct sessions s;
    CHECK(sessions_init(&s));
    struct eap_place *a = sessions_add(&s, 1, 10), *b = sessions_add(&s, 1025, 10);
    CHECK(a && b && sessions_find(&s, 1) == a && sessions_find(&s, 1025) == b);
    CHECK(!sessions_find(&s, 2));
    sessions_drop(&s, a);
    CHECK(!sessions_find(&s, 1) && sessions_find(&s, 1025) == b);
    sessions_clear(&s);
    CHECK(s.count == 0 && !sessions_find(&s, 1025));
    sessions_free(&s);
}

TEST(keys_answers_once)
{
    struct sessions s;
    CHECK(sessions_init(&s));
    struct eap_place *a = sessions_add(&s, 1, 10), *b = sessions_add(&s, 2, 10);
    u32 of_a = sessions_ask(&s, a), of_b = sessions_ask(&s, b);
    CHECK(of_a && of_b && of_a != of_b && !sessions_told(&s, 0));
    CHECK(sessions_told(&s, of_b) == b && !sessions_told(&s, of_b));
    sessions_drop(&s, a);
    CHECK(!sessions_told(&s, of_a));
    s.reference = UINT32_MAX;
    CHECK(sessions_ask(&s, b) == 1);
    sessions_free(&s);
}

TEST(bounded_in_count_and_time)
{
    struct sessions s;
    CHECK(sessions_init(&s));
    for (u32 i = 1; i <= SESSIONS_MAX; i++)
        CHECK(sessions_add(&s, i, i < 3 ? 1 : 2) != NULL);
    CHECK(!sessions_add(&s, SESSIONS_MAX + 1, SESSIONS_AGE));
    CHECK(sessions_add(&s, SESSIONS_MAX + 1, SESSIONS_AGE + 1) != NULL);
    CHECK(!sessions_find(&s, 1) && !sessions_find(&s, 2) && sessions_find(&s, 3));
    CHECK_EQ(s.count, SESSIONS_MAX - 1);
    sessions_free(&s);
}

int main(void)
{
    return RUN(found_until_dropped) | RUN(keys_answers_once) | RUN(bounded_in_count_and_time);
}
