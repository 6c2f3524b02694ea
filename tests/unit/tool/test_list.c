/* `shrike list`: the long form and JSON. */
#include "fake.h"
#include "tool/list.h"

static char *const nothing[] = {NULL};

TEST(the_long_form_says_everything)
{
    prints(command_list, 0, false, "list.txt");
}

TEST(json_has_everything)
{
    prints(command_list, 0, true, "list.json");
}

TEST(the_manual_has_every_key)
{
    is_documented("list.json", 51);
}

/* By the address or identity of the peer, of what is up or configured. */
TEST(of_a_peer)
{
    static const struct {
        const char *peer, *has, *has_not;
    } rows[] = {{"right.example", "home", "office"},
                {"2001:db8::1", "home", "cellar"},
                {"198.51.100.2", "office", "home"},
                {"office.example", "office", "home"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench b;
        bench_open(&b, fake_serve);
        CHECK_EQ(command_list(&b.tool, (char *const[]){(char *)(uintptr_t)rows[i].peer, NULL}),
                 TOOL_DONE);
        bench_flush(&b);
        CHECK(strstr(b.out, rows[i].has) && !strstr(b.out, rows[i].has_not));
        bench_close(&b);
    }
}

TEST(nothing_has_a_form_too)
{
    struct bench b;
    fake_is_empty = true;
    bench_open(&b, fake_serve);
    fake_is_empty = false;
    int code = command_list(&b.tool, (char *const[]){(char *)"home", NULL});
    CHECK_EQ(code, TOOL_FAILED);
    b.tool.json = true;
    code = command_list(&b.tool, nothing);
    bench_flush(&b);
    CHECK_EQ(code, TOOL_DONE);
    CHECK_TEXT(b.out, "{\n  \"connections\": []\n}\n");
    CHECK_TEXT(b.err,
               "shrike: there is no connection or peer of this name; shrike list shows them all\n");
    bench_close(&b);
}

int main(void)
{
    return RUN(the_long_form_says_everything) | RUN(json_has_everything) |
           RUN(the_manual_has_every_key) | RUN(of_a_peer) | RUN(nothing_has_a_form_too);
}
