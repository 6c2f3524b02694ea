/* Tests of parent/notify.c. */
#include "parent/notify.h"
#include "test.h"
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char name[64], heard[2 * NOTIFY_MAX];
static int manager = -1;

/* A manager that listens here; "@" is no file. */
static void listen_at(const char *first)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(name, sizeof name, "%sshrike-notify-%d", first, (int)getpid());
    memcpy(at.sun_path, name, strlen(name));
    if (name[0] == '@')
        at.sun_path[0] = 0;
    else
        unlink(name);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ensure(manager >= 0);
    ensure(bind(manager, (struct sockaddr *)&at,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))) == 0);
    setenv("NOTIFY_SOCKET", name, 1);
}

static void listen_no_more(void)
{
    close(manager);
    if (name[0] == '/')
        unlink(name);
    unsetenv("NOTIFY_SOCKET");
}

/* The next datagram; empty: there is none. */
static const char *hear(void)
{
    ssize_t len = recv(manager, heard, sizeof heard - 1, 0);
    heard[MAX(len, 0)] = 0;
    return heard;
}

TEST(a_manager_is_told)
{
    static const char *const places[] = {"/tmp/", "@"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        listen_at(places[i]);
        CHECK(notify("READY=1\nSTATUS=ports %d and %d", 500, 4500));
        CHECK(strcmp(hear(), "READY=1\nSTATUS=ports 500 and 4500") == 0);
        CHECK(notify("STOPPING=1"));
        CHECK(strcmp(hear(), "STOPPING=1") == 0 && strcmp(hear(), "") == 0);
        listen_no_more();
    }
}

TEST(what_is_too_long_is_cut)
{
    char text[NOTIFY_MAX + 20];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    listen_at("@");
    CHECK(notify("STATUS=%s", text));
    CHECK_EQ(strlen(hear()), NOTIFY_MAX - 1);
    listen_no_more();
}

TEST(without_a_manager_nobody_hears_it)
{
    unsetenv("NOTIFY_SOCKET");
    CHECK(!notify("READY=1"));
    setenv("NOTIFY_SOCKET", "", 1);
    CHECK(!notify("READY=1"));
    setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
    CHECK(!notify("READY=1"));
    setenv("NOTIFY_SOCKET", "/tmp/shrike-notify-of-nobody", 1);
    CHECK(!notify("READY=1"));
}

TEST(names_are_as_long_as_a_socket_takes)
{
    char path[sizeof((struct sockaddr_un *)0)->sun_path + 1];
    memset(path, 'x', sizeof path);
    path[0] = '@';
    path[sizeof path - 1] = 0; /* one too many */
    setenv("NOTIFY_SOCKET", path, 1);
    CHECK(!notify("READY=1"));
}

/* One that does not read: its queue is full, and nobody waits for it. */
TEST(a_manager_that_sleeps_holds_nobody_up)
{
    unsigned told = 0;
    listen_at("@");
    while (told < 100000 && notify("READY=1"))
        told++;
    CHECK(told > 0 && told < 100000);
    listen_no_more();
}

int main(void)
{
    return RUN(a_manager_is_told) | RUN(what_is_too_long_is_cut) |
           RUN(without_a_manager_nobody_hears_it) | RUN(names_are_as_long_as_a_socket_takes) |
           RUN(a_manager_that_sleeps_holds_nobody_up);
}
