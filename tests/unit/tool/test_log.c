/* `shrike log` and `shrike version`. */
#include "fake.h"
#include "tool/log.h"
#include "tool/version.h"

static char *const nothing[] = {NULL};

TEST(the_last_lines_have_times)
{
    struct bench b;
    bench_open(&b, fake_serve);
    CHECK_EQ(command_log(&b.tool, nothing), TOOL_DONE);
    bench_flush(&b);
    CHECK_TEXT(b.out, "2023-11-14 22:13:20 first \\ line\\x1b[31m\n"
                      "2023-11-14 22:13:20 second line\n");
    bench_close(&b);
}

TEST(scripts_get_a_line_a_line)
{
    prints(command_log, 0, true, "log.json");
    is_documented("log.json", 12);
}

TEST(severity_has_a_colour)
{
    struct bench b;
    bench_open(&b, fake_serve);
    b.tool.colour = true;
    CHECK_EQ(command_log(&b.tool, nothing), TOOL_DONE);
    bench_flush(&b);
    CHECK(strstr(b.out, "\033[33mfirst"));
    CHECK(strstr(b.out, "20 second line\n"));
    bench_close(&b);
}

/* A daemon that tells one line of now after the answer, and goes. */
static void tell_and_go(int fd)
{
    static const u8 confirm[] = {0, 0, 0, 1, VICI_EVENT_CONFIRM};
    static const u8 unknown[] = {0, 0, 0, 1, VICI_CMD_UNKNOWN};
    static const u8 event[] = {0, 0,   0,   15,  VICI_EVENT, 3, 'l', 'o', 'g', 3,
                               3, 'm', 's', 'g', 0,          3, 'n', 'o', 'w'};
    u8 in[256];
    if (read(fd, in, sizeof in) <= 0 || write(fd, confirm, sizeof confirm) < 0 ||
        read(fd, in, sizeof in) <= 0 || write(fd, unknown, sizeof unknown) < 0 ||
        write(fd, event, sizeof event) < 0)
        _exit(1);
}

TEST(following_ends_with_the_daemon)
{
    struct bench b;
    bench_open(&b, tell_and_go);
    b.tool.follow = true;
    CHECK_EQ(command_log(&b.tool, nothing), TOOL_FAILED);
    bench_flush(&b);
    CHECK_TEXT(b.out, "now\n");
    CHECK_TEXT(b.err, "shrike: the daemon closed the connection\n");
    bench_close(&b);
}

TEST(a_daemon_without_past_lines_is_named)
{
    struct bench b;
    bench_open(&b, tell_and_go);
    CHECK_EQ(command_log(&b.tool, nothing), TOOL_FAILED);
    bench_flush(&b);
    CHECK_TEXT(b.err, "shrike: this daemon does not know the command shrike-log\n");
    bench_close(&b);
}

TEST(versions)
{
    struct bench b;
    bench_open(&b, fake_serve);
    CHECK_EQ(command_version(&b.tool, nothing), TOOL_DONE);
    b.tool.json = true;
    CHECK_EQ(command_version(&b.tool, nothing), TOOL_DONE);
    session_close(&b.tool.session);
    CHECK_EQ(command_version(&b.tool, nothing), TOOL_FAILED);
    bench_flush(&b);
    CHECK(strstr(b.out, "\nshriked 0.9 on Linux 6.1 x86_64\n{"));
    CHECK(strstr(b.out, ",\n  \"daemon\": \"shriked\",\n  \"version\": \"0.9\",\n"));
    CHECK(strstr(b.out, ",\n  \"daemon\": null,\n"));
    CHECK(strncmp(b.out, "shrike ", 7) == 0);
    CHECK(strstr(b.err, "no daemon at /nowhere"));
    bench_close(&b);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    return RUN(the_last_lines_have_times) | RUN(scripts_get_a_line_a_line) |
           RUN(severity_has_a_colour) | RUN(following_ends_with_the_daemon) |
           RUN(a_daemon_without_past_lines_is_named) | RUN(versions);
}
