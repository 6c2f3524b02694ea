/* `shrike why`: failures side by side, what waits, and the same as JSON. */
#include "fake.h"
#include "tool/why.h"

static struct bench b;

static int why(const char *peer, bool json)
{
    char *const arguments[] = {(char *)(uintptr_t)peer, NULL};
    bench_open(&b, fake_serve);
    b.tool.lines = 20;
    b.tool.json = json;
    int code = command_why(&b.tool, arguments);
    bench_flush(&b);
    return code;
}

static void is_golden(const char *file)
{
    char *should = golden(file);
    CHECK_TEXT(b.out, should);
    CHECK_TEXT(b.err, "");
    free(should);
    bench_close(&b);
}

TEST(both_sides_and_what_would_mend_it)
{
    CHECK_EQ(why(NULL, false), TOOL_DONE);
    is_golden("why.txt");
}

/* On a terminal of 80 columns no line is longer. */
TEST(on_a_terminal)
{
    char *const nothing[] = {NULL};
    bench_open(&b, fake_serve);
    b.tool.lines = 20;
    b.tool.width = 80;
    CHECK_EQ(command_why(&b.tool, nothing), TOOL_DONE);
    bench_flush(&b);
    for (const char *at = b.out, *end; (end = strchr(at, '\n')) != NULL; at = end + 1)
        CHECK(end - at <= 80);
    is_golden("why-80.txt");
}

TEST(as_json)
{
    CHECK_EQ(why(NULL, true), TOOL_DONE);
    is_golden("why.json");
}

TEST(json_is_documented)
{
    is_documented("why.json", 51);
}

TEST(differences_have_a_colour)
{
    char *const nothing[] = {NULL};
    bench_open(&b, fake_serve);
    b.tool.lines = 1;
    b.tool.colour = true;
    CHECK_EQ(command_why(&b.tool, nothing), TOOL_DONE);
    bench_flush(&b);
    CHECK(strstr(b.out, "\033[31m  ! encryption") && !strstr(b.out, "office"));
    bench_close(&b);
}

TEST(what_waits)
{
    CHECK_EQ(why("cellar", false), TOOL_DONE);
    is_golden("waits.txt");
}

TEST(nothing_to_tell)
{
    CHECK_EQ(why("home", false), TOOL_DONE);
    CHECK_TEXT(b.out, "it is up, or being made, and no failure of it is known\n");
    bench_close(&b);
    CHECK_EQ(why("attic", false), TOOL_FAILED);
    CHECK(strstr(b.err, "shrike: neither a connection nor a failure has this name"));
    CHECK_TEXT(b.out, "");
    bench_close(&b);
    fake_is_empty = true;
    CHECK_EQ(why(NULL, false), TOOL_DONE);
    CHECK_TEXT(b.out, "nothing has failed\n");
    bench_close(&b);
    CHECK_EQ(why(NULL, true), TOOL_DONE);
    CHECK_TEXT(b.out, "{\n  \"failures\": [],\n  \"waiting\": []\n}\n");
    bench_close(&b);
    fake_is_empty = false;
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    return RUN(both_sides_and_what_would_mend_it) | RUN(on_a_terminal) | RUN(as_json) |
           RUN(json_is_documented) | RUN(differences_have_a_colour) | RUN(what_waits) |
           RUN(nothing_to_tell);
}
