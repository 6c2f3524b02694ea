/* Tests of proc/line.c. */
#include "proc/line.h"
#include "test.h"

__attribute__((format(printf, 3, 4))) static bool
format(struct log_text *l, enum shrike_level level, const char *text, ...)
{
    va_list args;
    va_start(args, text);
    bool good = line_format(l, level, text, args);
    va_end(args);
    return good;
}

TEST(a_line_is_its_level_and_its_text)
{
    struct log_text l;
    CHECK(format(&l, SHRIKE_WARNING, "%s: %d", "count", 7));
    CHECK_EQ(l.body.len, 9);
    CHECK_EQ(l.body.at[0], SHRIKE_WARNING);
    CHECK_BYTES(l.body.at + 1, "count: 7", 8);
    CHECK(strcmp(l.text, "count: 7") == 0);
}

TEST(a_long_line_is_cut)
{
    struct log_text l;
    CHECK(format(&l, SHRIKE_INFO, "%*d", 2 * LOG_LINE_MAX, 1));
    CHECK_EQ(l.body.len, LOG_LINE_MAX);
    CHECK_EQ(strlen(l.text), LOG_LINE_MAX - 1);
}

TEST(levels_have_words_of_their_own)
{
    for (enum shrike_level a = SHRIKE_ERROR; a <= SHRIKE_DEBUG; a++)
        for (enum shrike_level b = SHRIKE_ERROR; b < a; b++)
            CHECK(strcmp(line_level(a), line_level(b)) != 0);
    CHECK(strcmp(line_level(SHRIKE_WARNING), "warning") == 0);
}

int main(void)
{
    return RUN(a_line_is_its_level_and_its_text) | RUN(a_long_line_is_cut) |
           RUN(levels_have_words_of_their_own);
}
