/* What shells are told that a word may become. */
#include "fake.h"
#include "tool/complete.h"

/* What is said of each word goes. */
static void leave_words(char *text)
{
    char *to = text;
    for (; *text; text++) {
        if (*text == '\t')
            text += strcspn(text, "\n");
        *to++ = *text;
    }
    *to = 0;
}

/* The words of a command line, and what is offered for the last of them. */
static void offers(char *const *words, const char *should)
{
    struct bench b;
    bench_open(&b, fake_serve);
    int code = command_complete(&b.tool, words);
    bench_flush(&b);
    CHECK_EQ(code, TOOL_DONE);
    leave_words(b.out);
    CHECK_TEXT(b.out, should);
    CHECK_TEXT(b.err, "");
    bench_close(&b);
}
#define OFFERS(should, ...)                                                                        \
    do {                                                                                           \
        char words_[][16] = {__VA_ARGS__};                                                         \
        char *all_[ARRAY_LEN(words_) + 1] = {NULL};                                                \
        for (size_t i_ = 0; i_ < ARRAY_LEN(words_); i_++)                                          \
            all_[i_] = words_[i_];                                                                 \
        offers(all_, should);                                                                      \
    } while (0)

TEST(commands)
{
    OFFERS("up\nupgrade\n", "up");
    OFFERS("trace\n", "--json", "tr");
    OFFERS("", "nonsense", "");
    OFFERS("", "complet"); /* is not for people */
    struct bench b;
    char *none[] = {NULL};
    bench_open(&b, fake_serve);
    CHECK_EQ(command_complete(&b.tool, none), TOOL_DONE);
    bench_flush(&b);
    CHECK(strstr(b.out, "overview\tall tunnels at a glance; "));
    CHECK(strstr(b.out, "\nlog\tthe last lines of the log\n"));
    leave_words(b.out);
    CHECK(strstr(b.out, "overview\nlist\nup\n") == b.out);
    bench_close(&b);
}

TEST(options_that_the_command_has)
{
    OFFERS("--once\n", "top", "--o");
    OFFERS("--json\n--socket\n--help\n--version\n", "upgrade", "--");
    OFFERS("", "list", "--once");
    OFFERS("--interval\n", "--in");
    OFFERS("", "log", "-n", "u"); /* a number */
    OFFERS("log\n", "--lines", "3", "lo");
}

TEST(names_that_the_daemon_has)
{
    OFFERS("cellar\nhome\noffice\n", "up", ""); /* and none that a terminal would obey */
    OFFERS("home\n", "down", "h");
    OFFERS("net\ndmz\n", "rekey", "home", "");
    OFFERS("net\n", "up", "home", "n");
    OFFERS("", "up", "home", "net", "");
    OFFERS("", "version", "");
    OFFERS("", "check", "h"); /* files: the shell knows */
}

TEST(without_a_daemon_there_are_no_names)
{
    char up[] = "up", empty[] = "", socket[] = "--socket", path[] = "/nowhere";
    char *words[] = {socket, path, up, empty, NULL};
    struct bench b;
    bench_open(&b, fake_serve);
    session_close(&b.tool.session);
    CHECK_EQ(command_complete(&b.tool, words), TOOL_DONE);
    bench_flush(&b);
    CHECK_TEXT(b.out, "");
    CHECK_TEXT(b.err, "");
    CHECK(b.tool.socket == path);
    bench_close(&b);
}

int main(void)
{
    return RUN(commands) | RUN(options_that_the_command_has) | RUN(names_that_the_daemon_has) |
           RUN(without_a_daemon_there_are_no_names);
}
