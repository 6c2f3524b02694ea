/* `shrike list`: the long form and JSON. */
#include "fake.h"
#include "tool/list.h"

static char *const nothing[] = {NULL};

TEST(the_long_form_says_everything)
{
    struct bench b;
    char *should = golden("list.txt");
    bench_open(&b, fake_serve);
    int code = command_list(&b.tool, nothing);
    bench_flush(&b);
    CHECK_EQ(code, TOOL_DONE);
    CHECK_TEXT(b.out, should);
    bench_close(&b);
    free(should);
}

TEST(json_has_everything)
{
    struct bench b;
    char *should = golden("list.json");
    bench_open(&b, fake_serve);
    b.tool.json = true;
    int code = command_list(&b.tool, nothing);
    bench_flush(&b);
    CHECK_EQ(code, TOOL_DONE);
    CHECK_TEXT(b.out, should);
    bench_close(&b);
    free(should);
}

/* Every key that is printed stands in the manual page. */
TEST(the_manual_has_every_key)
{
    char *text = golden("list.json"), *manual = golden("../../../../docs/man/shrike.1.in");
    unsigned keys = 0;
    for (char *end, *at = strstr(text, "\": "); at; at = strstr(end, "\": ")) {
        char *begin = at;
        while (begin[-1] != '"')
            begin--;
        char key[64];
        snprintf(key, sizeof key, "\"%.*s\"", (int)(at - begin), begin);
        if (!strstr(manual, key))
            printf("# %s is not in shrike.1\n", key);
        CHECK(strstr(manual, key));
        keys++;
        end = at + 1;
    }
    CHECK(keys > 50);
    free(text);
    free(manual);
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
    CHECK_TEXT(b.err, "shrike: there is no connection of this name; shrike list shows them all\n");
    bench_close(&b);
}

int main(void)
{
    return RUN(the_long_form_says_everything) | RUN(json_has_everything) |
           RUN(the_manual_has_every_key) | RUN(nothing_has_a_form_too);
}
