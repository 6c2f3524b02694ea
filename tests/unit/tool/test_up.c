/* `shrike up`: whom it asks for, what it shows meanwhile, how it ends. */
#include "fake.h"
#include "tool/up.h"

static int up(struct bench *b, const char *name, const char *child)
{
    char *const arguments[] = {(char *)(uintptr_t)name, (char *)(uintptr_t)child, NULL};
    bench_open(b, fake_serve);
    int code = command_up(&b->tool, arguments);
    bench_flush(b);
    return code;
}

TEST(a_child_of_a_connection)
{
    struct bench b;
    CHECK_EQ(up(&b, "home", "net"), TOOL_DONE);
    CHECK_TEXT(b.out, "sending IKE_SA_INIT\nhome/net is up\n");
    CHECK_TEXT(b.err, "");
    bench_close(&b);
}

TEST(all_children_of_a_connection)
{
    struct bench b;
    CHECK_EQ(up(&b, "home", NULL), TOOL_FAILED);
    CHECK_TEXT(b.out, "sending IKE_SA_INIT\nhome/net is up\nsending IKE_SA_INIT\n");
    CHECK_TEXT(b.err, "shrike: home/dmz: the traffic selectors have nothing in common; "
                      "compare\\x1b local_ts\n"
                      "shrike: shrike why home shows what either side wanted\n");
    bench_close(&b);
}

TEST(a_name_may_be_that_of_children)
{
    struct bench b;
    CHECK_EQ(up(&b, "net", NULL), TOOL_DONE);
    CHECK_TEXT(b.out, "sending IKE_SA_INIT\nhome/net is up\n"
                      "sending IKE_SA_INIT\noffice/net is up\n");
    bench_close(&b);
}

TEST(a_connection_without_children_comes_up_alone)
{
    struct bench b;
    CHECK_EQ(up(&b, "cellar", NULL), TOOL_DONE);
    CHECK_TEXT(b.out, "sending IKE_SA_INIT\ncellar is up\n");
    bench_close(&b);
}

TEST(a_name_may_be_that_of_the_peer)
{
    static const char *const names[] = {"198.51.100.1", "office.example"};
    struct bench b;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CHECK_EQ(up(&b, names[i], NULL), TOOL_DONE);
        CHECK_TEXT(b.out, "sending IKE_SA_INIT\noffice/net is up\n");
        bench_close(&b);
    }
}

TEST(scripts_get_json)
{
    static char home[] = "home", *arguments[] = {home, NULL, NULL};
    struct bench b;
    bench_open(&b, fake_serve);
    b.tool.json = true;
    CHECK_EQ(command_up(&b.tool, arguments), TOOL_FAILED);
    bench_flush(&b);
    CHECK(strstr(b.out, "{\n  \"command\": \"up\",\n  \"results\": [\n    {\n") == b.out);
    CHECK(strstr(b.out, "\"connection\": \"home\",\n      \"child\": \"net\",\n"));
    CHECK(strstr(b.out, "\"text\": \"sending IKE_SA_INIT\"\n        }\n      ],\n"
                        "      \"done\": true,\n      \"why\": null\n    },\n"));
    CHECK(strstr(b.out,
                 "      \"done\": false,\n      \"why\": \"the traffic selectors have nothing in "
                 "common; compare\\\\x1b local_ts\"\n    }\n  ],\n  \"done\": false\n}\n"));
    CHECK(!strstr(b.out, "is up"));
    bench_close(&b);
}

TEST(unknown_names_are_refused_with_a_remedy)
{
    struct bench b;
    CHECK_EQ(up(&b, "attic", NULL), TOOL_FAILED);
    CHECK_TEXT(b.err, "shrike: no connection or child of this name is configured; shrike list "
                      "shows what is\n");
    bench_close(&b);
    CHECK_EQ(up(&b, "home", "attic"), TOOL_FAILED);
    CHECK_TEXT(b.err, "shrike: no child of this name is configured; shrike list shows what is\n");
    CHECK_TEXT(b.out, "");
    bench_close(&b);
    CHECK_EQ(up(&b, "net", "net"), TOOL_FAILED); /* net is no connection */
    bench_close(&b);
}

int main(void)
{
    return RUN(a_child_of_a_connection) | RUN(all_children_of_a_connection) |
           RUN(a_name_may_be_that_of_children) | RUN(a_connection_without_children_comes_up_alone) |
           RUN(a_name_may_be_that_of_the_peer) | RUN(scripts_get_json) |
           RUN(unknown_names_are_refused_with_a_remedy);
}
