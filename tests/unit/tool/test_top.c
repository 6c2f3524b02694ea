/* `shrike top`: its picture to the last blank, once and on a terminal. */
#include "fake.h"
#include "tool/top.h"
#include <pty.h>

static char *const nothing[] = {NULL};

static void once_equals(unsigned width, bool empty, const char *file)
{
    struct bench b;
    char *should = golden(file);
    fake_is_empty = empty;
    bench_open(&b, fake_serve);
    fake_is_empty = false;
    b.tool.width = width;
    b.tool.once = true;
    b.tool.interval_ms = 100;
    int code = command_top(&b.tool, nothing);
    bench_flush(&b);
    char *failed = strstr(b.out, "failed ");
    CHECK(failed && atoi(failed + 7) > 100 && atoi(failed + 7) <= 1000); /* 100 in 100 ms or more */
    if (failed)
        memmove(failed + 7, failed + 7 + strcspn(failed + 7, "/"),
                strlen(failed + 7) + 1 - strcspn(failed + 7, "/"));
    CHECK_EQ(code, TOOL_DONE);
    CHECK_TEXT(b.out, should);
    CHECK_TEXT(b.err, "");
    bench_close(&b);
    free(should);
}

TEST(once_at_each_width)
{
    once_equals(80, false, "top-80.txt");
    once_equals(50, false, "top-50.txt");
}

TEST(one_process_is_one)
{
    once_equals(80, true, "top-one.txt");
}

TEST(scripts_get_json)
{
    struct bench b;
    bench_open(&b, fake_serve);
    b.tool.json = true;
    b.tool.interval_ms = 10;
    CHECK_EQ(command_top(&b.tool, nothing), TOOL_DONE);
    bench_flush(&b);
    CHECK(strstr(b.out, "\n  \"ike_sas\": 4,\n  \"half_open\": 1,\n  \"child_sas\": 1,\n"));
    CHECK(strstr(b.out, "\"handshakes_per_s\": 0.0,\n"));
    CHECK(strstr(b.out, "\"name\": \"esp\",\n      \"pid\": 103,\n      \"cpu_percent\": 0.0,\n"
                        "      \"memory\": 4194304\n"));
    CHECK(strstr(b.out, "\"bytes_in\": 1258291,\n"));
    bench_close(&b);
}

/* In a process of its own, at the other end of a terminal; what it wrote, up to its end. */
static int on_terminal(const char *keys, char *seen, size_t size)
{
    struct winsize is = {.ws_row = 12, .ws_col = 80};
    int fd, status = -1;
    size_t len = 0;
    fflush(stdout);
    pid_t pid = forkpty(&fd, NULL, NULL, &is);
    if (pid == 0) {
        struct bench b;
        alarm(20);
        bench_open(&b, fake_serve);
        fclose(b.tool.out);
        b.tool.out = stdout;
        b.tool.interval_ms = 50;
        int code = command_top(&b.tool, nothing);
        session_close(&b.tool.session);
        fflush(stdout);
        _exit(code);
    }
    for (bool asked = false; len < size - 1;) {
        ssize_t n = read(fd, seen + len, size - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
        seen[len] = '\0';
        if (!asked && strstr(seen, "CONNECTION"))
            asked = write(fd, keys, strlen(keys)) > 0;
    }
    waitpid(pid, &status, 0);
    close(fd);
    return status;
}

TEST(a_terminal_is_drawn_in_place_and_given_back)
{
    static char seen[65536];
    CHECK_EQ(on_terminal("q", seen, sizeof seen), 0);
    CHECK(strstr(seen, "\033[?1049h") && strstr(seen, "\033[H") && strstr(seen, "\033[J"));
    CHECK(strstr(seen, "home        net    2001:db8::1"));
    char *end = strstr(seen, "\033[?1049l");
    CHECK(end && strcmp(end, "\033[?1049l") == 0); /* and nothing behind it */
    CHECK_EQ(on_terminal("\003", seen, sizeof seen), 0);
}

TEST(no_terminal_is_said)
{
    struct bench b;
    bench_open(&b, fake_serve);
    CHECK_EQ(command_top(&b.tool, nothing), TOOL_FAILED);
    bench_flush(&b);
    CHECK_TEXT(b.err, "shrike: this is no terminal; shrike top --once shows it once\n");
    bench_close(&b);
}

int main(void)
{
    return RUN(once_at_each_width) | RUN(one_process_is_one) | RUN(scripts_get_json) |
           RUN(a_terminal_is_drawn_in_place_and_given_back) | RUN(no_terminal_is_said);
}
