/* `shrike upgrade`, as far as the daemon refuses; that it works, tests/net/upgrade.sh shows. */
#include "fake.h"
#include "tool/upgrade.h"

static int upgrade(struct bench *b, const char *path)
{
    char *const arguments[] = {(char *)(uintptr_t)path, NULL};
    bench_open(b, fake_serve);
    int code = command_upgrade(&b->tool, arguments);
    bench_flush(b);
    return code;
}

TEST(the_reason_is_said)
{
    struct bench b;
    CHECK_EQ(upgrade(&b, "/bin/sh"), TOOL_FAILED);
    CHECK_TEXT(b.out, "");
    CHECK(strstr(b.err, "shrike: it is no shriked"));
    bench_close(&b);
}

TEST(scripts_get_json)
{
    static char shell[] = "/bin/sh", *arguments[] = {shell, NULL};
    struct bench b;
    bench_open(&b, fake_serve);
    b.tool.json = true;
    CHECK_EQ(command_upgrade(&b.tool, arguments), TOOL_FAILED);
    bench_flush(&b);
    CHECK_TEXT(b.out, "{\n  \"done\": false,\n  \"why\": \"it is no shriked\",\n"
                      "  \"daemon\": null,\n  \"version\": null\n}\n");
    CHECK_TEXT(b.err, "shrike: it is no shriked\n");
    bench_close(&b);
}

TEST(a_program_must_be_there)
{
    struct bench b;
    CHECK_EQ(upgrade(&b, "/nowhere/at/all"), TOOL_FAILED);
    CHECK_TEXT(b.err, "shrike: there is no such program: No such file or directory\n");
    bench_close(&b);
}

int main(void)
{
    return RUN(the_reason_is_said) | RUN(scripts_get_json) | RUN(a_program_must_be_there);
}
