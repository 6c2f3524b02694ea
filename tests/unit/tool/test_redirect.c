/* `shrike redirect`: by the name of a connection, and by the number of an IKE SA. */
#include "fake.h"
#include "tool/redirect.h"

static int redirect(struct bench *b, const char *name, const char *gateway)
{
    char *const arguments[] = {(char *)(uintptr_t)name, (char *)(uintptr_t)gateway, NULL};
    bench_open(b, fake_serve);
    int code = command_redirect(&b->tool, arguments);
    bench_flush(b);
    return code;
}

TEST(by_name_and_number)
{
    static const char *const names[] = {"home", "#7"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct bench b;
        char should[64];
        snprintf(should, sizeof should, "redirecting\n%s is led to gw2.example\n", names[i]);
        CHECK_EQ(redirect(&b, names[i], "gw2.example"), TOOL_DONE);
        CHECK_TEXT(b.out, should);
        CHECK_TEXT(b.err, "");
        bench_close(&b);
    }
}

TEST(by_peer_for_scripts)
{
    static char peer[] = "right.example", gateway[] = "gw2.example";
    static char *arguments[] = {peer, gateway, NULL};
    char *should = golden("redirect.json");
    struct bench b;
    is_documented("redirect.json", 16);
    bench_open(&b, fake_serve);
    b.tool.json = true;
    CHECK_EQ(command_redirect(&b.tool, arguments), TOOL_DONE);
    bench_flush(&b);
    CHECK_TEXT(b.out, should);
    free(should);
    bench_close(&b);
}

TEST(what_cannot_be)
{
    struct bench b;
    CHECK_EQ(redirect(&b, "home", "no name"), TOOL_FAILED);
    CHECK_TEXT(b.err, "shrike: gateway is no name\n");
    bench_close(&b);
    CHECK_EQ(redirect(&b, "cellar", "gw2.example"), TOOL_FAILED); /* it is not up */
    bench_close(&b);
    static const char *const children[] = {"net", "#7.12"};
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        CHECK_EQ(redirect(&b, children[i], "gw2.example"), TOOL_FAILED);
        CHECK_TEXT(b.out, "");
        CHECK_TEXT(b.err, "shrike: only whole IKE SAs are led elsewhere; shrike list shows them\n");
        bench_close(&b);
    }
}

int main(void)
{
    return RUN(by_name_and_number) | RUN(by_peer_for_scripts) | RUN(what_cannot_be);
}
