/* `shrike reload`: what is shown of a difference, of mistakes, and which SAs it says go on. */
#include "fake.h"
#include "tool/reload.h"

static int reload(struct bench *b, bool dry)
{
    char *const arguments[] = {NULL};
    bench_open(b, fake_serve);
    b->tool.dry_run = dry;
    int code = command_reload(&b->tool, arguments);
    bench_flush(b);
    return code;
}

TEST(the_difference_is_shown)
{
    struct bench b;
    CHECK_EQ(reload(&b, false), TOOL_DONE);
    CHECK_TEXT(b.out, "- cellar\n"
                      "~ home: children.net.rekey_time, remote.id, + children.dmz\n"
                      "  its 1 IKE SA goes on as it is: shrike down home, then shrike up, makes it "
                      "anew\n"
                      "+ new\\x1b\n"
                      "~ office: what the section shrike says of every connection\n"
                      "  its 2 IKE SAs go on as they are: shrike down office, then shrike up, "
                      "makes them anew\n"
                      "  and 7 more\n"
                      "settings: keep_alive\n"
                      "connections: 3 added, 2 removed, 6 changed, 4 as they were, 5 left out\n");
    CHECK_TEXT(b.err, "warning: a.conf:3: dscp is ignored\n");
    bench_close(&b);
}

TEST(scripts_get_json)
{
    static char *const nothing[] = {NULL};
    struct bench b;
    bench_open(&b, fake_serve);
    b.tool.json = b.tool.dry_run = true;
    CHECK_EQ(command_reload(&b.tool, nothing), TOOL_FAILED);
    bench_flush(&b);
    CHECK(strstr(b.out, "{\n  \"done\": false,\n  \"why\": \"the files have errors\",\n"
                        "  \"dry_run\": true,\n  \"errors\": [\n"
                        "    \"a.conf:7: what\\u0009\"\n  ],\n  \"warnings\": [],\n"));
    CHECK_TEXT(b.err, "shrike: the files have errors\n");
    bench_close(&b);
    prints(command_reload, 0, true, "reload.json");
    is_documented("reload.json", 30);
}

TEST(mistakes_are_shown)
{
    struct bench b;
    CHECK_EQ(reload(&b, true), TOOL_FAILED);
    CHECK_TEXT(b.out, "");
    CHECK_TEXT(b.err, "a.conf:7: what\\x09\nshrike: the files have errors\n");
    bench_close(&b);
}

int main(void)
{
    return RUN(the_difference_is_shown) | RUN(scripts_get_json) | RUN(mistakes_are_shown);
}
