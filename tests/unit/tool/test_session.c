/* The session: daemons that are not there, go, keep silent, or talk nonsense. */
#include "fake.h"
#include "tool/session.h"
#include <sys/un.h>

static struct bytes answer;

static enum session_told ask(struct session *s, const char *command, int silence_ms)
{
    return session_ask(s, &(struct session_question){.command = command, .silence_ms = silence_ms},
                       &answer);
}

static void go(int fd)
{
    (void)fd;
}

static void keep_silent(int fd)
{
    u8 in[256];
    while (read(fd, in, sizeof in) > 0)
        continue;
}

static void talk_nonsense(int fd)
{
    if (write(fd, "SSH-2.0-OpenSSH\r\n", 17) == 17)
        keep_silent(fd);
}

/* A part of a packet, and then one octet after the other, for ever. */
static void drip(int fd)
{
    static const u8 head[] = {0, 0, 100, 0, VICI_CMD_RESPONSE};
    ssize_t n = write(fd, head, sizeof head);
    while (n > 0) {
        usleep(10000);
        n = write(fd, "\3", 1);
    }
}

static void answer_unasked(int fd)
{
    static const u8 packet[] = {0, 0, 0, 1, VICI_EVENT_CONFIRM};
    if (write(fd, packet, sizeof packet) > 0)
        keep_silent(fd);
}

TEST(bad_daemons_are_given_up)
{
    static const struct {
        void (*serve)(int fd);
        const char *why;
    } rows[] = {
        {go, "the daemon closed the connection"},
        {keep_silent, "the daemon does not answer; its log may say why"},
        {drip, "the daemon does not answer; its log may say why"},
        {talk_nonsense, "the daemon does not speak VICI: a packet of a length that is not allowed"},
        {answer_unasked, "the daemon does not speak VICI: a packet that nobody asked for"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench b;
        bench_open(&b, rows[i].serve);
        enum session_told told = ask(&b.tool.session, "version", 150);
        CHECK_EQ(told, SESSION_LOST);
        /* One that goes may be noticed when something is sent to it. */
        if (rows[i].serve == go)
            CHECK(strstr(b.tool.session.why, "the daemon "));
        else
            CHECK_TEXT(b.tool.session.why, rows[i].why);
        bench_close(&b);
    }
}

TEST(unknown_words_leave_the_session_usable)
{
    struct bench b;
    struct session *s = &b.tool.session;
    bench_open(&b, fake_serve);
    CHECK_EQ(ask(s, "dance", 0), SESSION_UNKNOWN);
    CHECK_TEXT(s->why, "this daemon does not know the command dance");
    CHECK_EQ(session_events(s, "sunrise", true), SESSION_UNKNOWN);
    CHECK_TEXT(s->why, "this daemon has no events called sunrise");
    CHECK_EQ(ask(s, "version", 0), SESSION_ANSWER);
    CHECK(vici_value_is(answer, "daemon", "shriked"));
    bench_close(&b);
}

TEST(failures_have_reasons)
{
    struct session s = {.fd = -1};
    u8 at[256];
    struct vici_writer w = vici_writer_of(at, sizeof at);
    struct bytes m;
    vici_put_text(&w, "success", "no");
    CHECK(vici_written(&w, &m) && !session_success(&s, m));
    CHECK_TEXT(s.why, "the daemon gives no reason; see its log");
    vici_put_text(&w, "errmsg", "it\nis so");
    CHECK(vici_written(&w, &m) && !session_success(&s, m));
    CHECK_TEXT(s.why, "it\\x0ais so");
    CHECK(!session_success(&s, bytes_of(NULL, 0)));
}

TEST(sockets_that_cannot_be_used)
{
    struct session s;
    char path[] = "/tmp/test_session_XXXXXX", socket_path[64], long_path[300];
    CHECK(mkdtemp(path) != NULL);
    snprintf(socket_path, sizeof socket_path, "%s/s", path);
    CHECK(!session_open(&s, socket_path));
    CHECK(strncmp(s.why, "no daemon at /tmp/", 18) == 0);

    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(at.sun_path, socket_path);
    CHECK(bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    CHECK(!session_open(&s, socket_path)); /* a left-over: nobody listens */
    CHECK(strstr(s.why, "is shriked running?"));
    CHECK(listen(fd, 1) == 0 && session_open(&s, socket_path));
    session_close(&s);
    CHECK_EQ(ask(&s, "version", 600000), SESSION_LOST); /* at once */
    session_close(&s);
    CHECK_TEXT(s.why, "there is no connection to the daemon");
    close(fd);
    unlink(socket_path);
    rmdir(path);

    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    CHECK(!session_open(&s, long_path));
    CHECK(strncmp(s.why, "the path is too long", 20) == 0);
}

int main(void)
{
    return RUN(bad_daemons_are_given_up) | RUN(unknown_words_leave_the_session_usable) |
           RUN(failures_have_reasons) | RUN(sockets_that_cannot_be_used);
}
