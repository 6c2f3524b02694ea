/* Tests of parent/tell.c: where lines go. */
#include "base/cursor.h"
#include "ops/mail.h"
#include "parent/tell.h"
#include "proc/line.h"
#include "proc/seat.h"
#include "test.h"
#include <fcntl.h>
#include <unistd.h>

static int saved, pipes[2];
static char said[4096];

/* stderr is read by us for a while. */
static void listen_to_stderr(void)
{
    fflush(stderr);
    saved = dup(STDERR_FILENO);
    if (saved < 0 || pipe2(pipes, O_NONBLOCK) != 0 || dup2(pipes[1], STDERR_FILENO) < 0)
        abort();
}

static const char *what_stderr_got(void)
{
    fflush(stderr);
    ssize_t n = read(pipes[0], said, sizeof said - 1);
    said[n > 0 ? n : 0] = 0;
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(pipes[0]);
    close(pipes[1]);
    return said;
}

static struct {
    u32 count;
    u16 kind;
    u8 level;
    char text[LOG_LINE_MAX + 1];
} line;

static void got(void *ctx, struct mail *m)
{
    struct reader r = reader_of(m->body);
    (void)ctx;
    line.count++;
    line.kind = m->kind;
    line.level = read_u8(&r);
    struct bytes text = read_rest(&r);
    snprintf(line.text, sizeof line.text, "%.*s", (int)text.len, (const char *)text.at);
}

static void lost(void *ctx)
{
    channel_close(ctx);
}

TEST(a_line_goes_to_control)
{
    struct loop *l = loop_new();
    struct channel near = {.got = got, .lost = lost, .ctx = &near};
    struct channel far = {.got = got, .lost = lost, .ctx = &far};
    struct tell t = {.control = &near, .level = SHRIKE_ERROR};
    char longest[2 * LOG_LINE_MAX];
    int fd[2];
    CHECK(l && channel_pair(fd) && channel_open(&near, l, fd[0]) && channel_open(&far, l, fd[1]));
    tell(&t, SHRIKE_DEBUG, "%s and %d", "words", 7);
    loop_turn(l, SHRIKE_SECOND);
    CHECK_EQ(line.count, 1);
    CHECK_EQ(line.kind, MAIL_LOG);
    CHECK_EQ(line.level, SHRIKE_DEBUG); /* control knows what is shown */
    CHECK(strcmp(line.text, "words and 7") == 0);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    tell(&t, SHRIKE_ERROR, "%s", longest);
    loop_turn(l, SHRIKE_SECOND);
    CHECK_EQ(strlen(line.text), LOG_LINE_MAX - 1);
    channel_close(&near);
    channel_close(&far);
    loop_free(l);
}

TEST(without_control_it_goes_to_stderr_when_it_is_grave_enough)
{
    struct channel closed = {.source = {.fd = -1}};
    struct tell t = {.control = &closed, .level = SHRIKE_WARNING};
    listen_to_stderr();
    tell(&t, SHRIKE_NOTICE, "not this");
    tell(&t, SHRIKE_WARNING, "but %s", "this");
    CHECK(strcmp(what_stderr_got(), "shriked: but this\n") == 0);
}

TEST(a_complaint_is_one_line_and_false)
{
    listen_to_stderr();
    bool answer = complain("no %s: buy one", "bread");
    CHECK(strcmp(what_stderr_got(), "shriked: no bread: buy one\n") == 0);
    CHECK(!answer);
}

int main(void)
{
    return RUN(a_line_goes_to_control) |
           RUN(without_control_it_goes_to_stderr_when_it_is_grave_enough) |
           RUN(a_complaint_is_one_line_and_false);
}
