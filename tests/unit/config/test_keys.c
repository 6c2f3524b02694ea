/* The table of keys: what is found, and what is nearest to a slip of the pen. */
#include "config/keys.h"
#include "tools.h"

TEST(found_in_its_section)
{
    CHECK(key_find(KEY_CONN, "proposals")->state == KEY_BUILT);
    CHECK(key_find(KEY_CONN, "dscp")->state == KEY_LATER);
    CHECK(key_find(KEY_CHILD, "label")->state == KEY_REFUSED);
    CHECK(!key_find(KEY_CONN, "esp_proposals") && !key_find(KEY_CHILD, "proposal"));
}

TEST(distances)
{
    CHECK_EQ(word_distance("", ""), 0);
    CHECK_EQ(word_distance("abc", ""), 3);
    CHECK_EQ(word_distance("abc", "abc"), 0);
    CHECK_EQ(word_distance("abcd", "abd"), 1);
    CHECK_EQ(word_distance("abd", "xabcd"), 2);
    CHECK(strcmp(key_nearest(KEY_CONN, "remote_addr"), "remote_addrs") == 0);
    CHECK(strcmp(key_nearest(KEY_CHILD, "locals_ts"), "local_ts") == 0);
    CHECK(key_nearest(KEY_CHILD, "a word of far more than thirty-two letters, as it were"));
}

int main(void)
{
    return RUN(found_in_its_section) | RUN(distances);
}
