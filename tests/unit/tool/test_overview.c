/* `shrike`: what it prints, to the last blank. */
#include "fake.h"
#include "tool/overview.h"

static char *const nothing[] = {NULL};

TEST(a_file_gets_all_columns)
{
    prints(command_overview, 0, false, "overview-0.txt");
}

TEST(a_narrow_terminal_gets_what_matters)
{
    prints(command_overview, 100, false, "overview-100.txt");
    prints(command_overview, 80, false, "overview-80.txt");
    prints(command_overview, 50, false, "overview-50.txt");
    prints(command_overview, 10, false,
           "overview-10.txt"); /* names and states are never left out */
}

TEST(states_have_colours_on_a_terminal)
{
    struct bench b;
    bench_open(&b, fake_serve);
    b.tool.colour = true;
    int code = command_overview(&b.tool, nothing);
    bench_flush(&b);
    CHECK_EQ(code, TOOL_DONE);
    CHECK(strstr(b.out, "  \033[32mup\033[0m           2001:db8::1 "));
    CHECK(strstr(b.out, "  \033[31mdown\033[0m "));
    CHECK(strstr(b.out, "  \033[33mconnecting\033[0m   198.51.100.1\n"));
    CHECK(!strstr(b.out, "\033[2Jevil"));
    bench_close(&b);
}

TEST(json_is_that_of_the_list)
{
    prints(command_overview, 0, true, "list.json");
}

TEST(nothing_configured_is_said)
{
    struct bench b;
    fake_is_empty = true;
    bench_open(&b, fake_serve);
    fake_is_empty = false;
    int code = command_overview(&b.tool, nothing);
    bench_flush(&b);
    CHECK_EQ(code, TOOL_DONE);
    CHECK_TEXT(b.out, "no connection is configured\n");
    bench_close(&b);
}

TEST(no_daemon_is_an_error_with_a_remedy)
{
    struct bench b;
    bench_open(&b, fake_serve);
    session_close(&b.tool.session);
    int code = command_overview(&b.tool, nothing);
    bench_flush(&b);
    CHECK_EQ(code, TOOL_FAILED);
    CHECK_TEXT(b.out, "");
    CHECK_TEXT(b.err, "shrike: no daemon at /nowhere; is shriked running? Start it, or name its "
                      "socket with --socket PATH\n");
    bench_close(&b);
}

int main(void)
{
    return RUN(a_file_gets_all_columns) | RUN(a_narrow_terminal_gets_what_matters) |
           RUN(states_have_colours_on_a_terminal) | RUN(json_is_that_of_the_list) |
           RUN(nothing_configured_is_said) | RUN(no_daemon_is_an_error_with_a_remedy);
}
