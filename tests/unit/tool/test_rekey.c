/* `shrike rekey`: by the name of a connection, of a child, of both, by number. */
#include "fake.h"
#include "tool/rekey.h"

static int rekey(struct bench *b, const char *name, const char *child)
{
    char *const arguments[] = {(char *)(uintptr_t)name, (char *)(uintptr_t)child, NULL};
    bench_open(b, fake_serve);
    int code = command_rekey(&b->tool, arguments);
    bench_flush(b);
    return code;
}

TEST(by_name_and_number)
{
    static const char *const names[] = {"home", "net", "#7", "#7.12"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct bench b;
        char should[64];
        snprintf(should, sizeof should, "rekeyed\n%s is rekeyed\n", names[i]);
        CHECK_EQ(rekey(&b, names[i], NULL), TOOL_DONE);
        CHECK_TEXT(b.out, should);
        CHECK_TEXT(b.err, "");
        bench_close(&b);
    }
}

TEST(a_child_of_a_connection)
{
    struct bench b;
    CHECK_EQ(rekey(&b, "home", "net"), TOOL_DONE);
    CHECK_TEXT(b.out, "rekeyed\nhome/net is rekeyed\n");
    bench_close(&b);
    CHECK_EQ(rekey(&b, "home", "dmz"), TOOL_FAILED);
    CHECK_TEXT(b.out, "rekeyed\n");
    CHECK_TEXT(b.err, "shrike: the peer does not answer\n");
    bench_close(&b);
    CHECK_EQ(rekey(&b, "net", "net"), TOOL_FAILED); /* a child, not a connection */
    CHECK_TEXT(b.err, "shrike: no connection of this name is up; shrike list shows what is\n");
    bench_close(&b);
}

TEST(a_child_for_scripts)
{
    static char home[] = "home", net[] = "net", *arguments[] = {home, net, NULL};
    struct bench b;
    bench_open(&b, fake_serve);
    b.tool.json = true;
    CHECK_EQ(command_rekey(&b.tool, arguments), TOOL_DONE);
    bench_flush(&b);
    CHECK(strstr(b.out, "{\n  \"command\": \"rekey\",\n"));
    CHECK(strstr(b.out, "\"connection\": \"home\",\n      \"child\": \"net\",\n"));
    bench_close(&b);
    CHECK_EQ(rekey(&b, "right.example", NULL), TOOL_DONE);
    CHECK_TEXT(b.out, "rekeyed\nhome #7 is rekeyed\n");
    bench_close(&b);
    CHECK_EQ(rekey(&b, "right.example", "net"), TOOL_FAILED); /* not of a peer */
    bench_close(&b);
}

TEST(what_is_not_up_is_not_asked_for)
{
    static const char *const wrong[] = {"cellar", "#8.12"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct bench b;
        CHECK_EQ(rekey(&b, wrong[i], NULL), TOOL_FAILED);
        CHECK_TEXT(b.out, "");
        bench_close(&b);
    }
}

TEST(numbers_stand_alone)
{
    struct bench b;
    CHECK_EQ(rekey(&b, "#7", "net"), TOOL_USAGE);
    bench_close(&b);
    CHECK_EQ(rekey(&b, "#7.", NULL), TOOL_USAGE);
    bench_close(&b);
}

int main(void)
{
    return RUN(by_name_and_number) | RUN(a_child_of_a_connection) | RUN(a_child_for_scripts) |
           RUN(what_is_not_up_is_not_asked_for) | RUN(numbers_stand_alone);
}
