/* Tests of parent/parent.c as far as nothing is opened: what --check says, and a start that fails.
 * Control is a fake that brings what the case says. The rest is tests/net/parent.sh. */
#include "ops/mail.h"
#include "ops/snapshot.h"
#include "parent/parent.h"
#include "test.h"
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static enum { GOOD, BAD, GARBAGE, SILENT } brings;

static void *start(struct seat *s)
{
    static const struct shrike_conf conf;
    static const struct settings settings = {.port = 500, .port_nat_t = 4500};
    int fd = -1, pipes[2];
    switch (brings) {
    case GOOD:
        fd = snapshot_seal(&conf, &settings);
        seat_send_fd(s, ROLE_PARENT, MAIL_SNAPSHOT, bytes_of(NULL, 0), fd);
        break;
    case BAD:
        seat_send(s, ROLE_PARENT, MAIL_FATAL, bytes_of(NULL, 0));
        return NULL;
    case GARBAGE:
        if (pipe(pipes) != 0)
            return NULL;
        seat_send_fd(s, ROLE_PARENT, MAIL_SNAPSHOT, bytes_of(NULL, 0), pipes[0]);
        close(pipes[0]);
        close(pipes[1]);
        break;
    case SILENT:
        return NULL;
    }
    if (fd >= 0)
        close(fd);
    return s;
}

static void mail(void *self, enum role from, struct mail *m)
{
    if (from == ROLE_PARENT && m->kind == MAIL_QUIT)
        seat_send(self, ROLE_PARENT, MAIL_DONE, bytes_of(NULL, 0));
}

static void peer(void *self, enum role who, bool there)
{
    (void)self, (void)who, (void)there;
}

static void stop(void *self)
{
    (void)self;
}

static const struct role_type control = {ROLE_CONTROL, start, mail, peer, stop};
static const struct role_type *const types[ROLE_PROGRAMS] = {[ROLE_CONTROL] = &control};

static int run(int what, bool check_only)
{
    struct options o = {.config = "x", .one_process = true, .check_only = check_only};
    brings = what;
    return parent_run(&o, types);
}

TEST(a_good_configuration_passes_the_check)
{
    CHECK_EQ(run(GOOD, true), 0);
}

TEST(a_bad_one_does_not)
{
    CHECK_EQ(run(BAD, true), 1);
    CHECK_EQ(run(BAD, false), 1);
}

TEST(what_is_no_snapshot_ends_the_start)
{
    CHECK_EQ(run(GARBAGE, false), 1);
}

TEST(without_control_nothing_begins)
{
    CHECK_EQ(run(SILENT, false), 1);
}

/* A start that fails tells the service manager; a check is nobody's service. */
TEST(a_service_manager_is_told_of_the_end)
{
    char name[64], heard[64] = "";
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int len = snprintf(name, sizeof name, "@shrike-manager-%d", (int)getpid());
    memcpy(at.sun_path + 1, name + 1, (size_t)len - 1);
    CHECK(manager >= 0 &&
          bind(manager, (struct sockaddr *)&at,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)) == 0);
    setenv("NOTIFY_SOCKET", name, 1);
    CHECK_EQ(run(GOOD, true), 0);
    CHECK(recv(manager, heard, sizeof heard - 1, 0) < 0);
    CHECK_EQ(run(BAD, false), 1);
    CHECK(recv(manager, heard, sizeof heard - 1, 0) > 0 && strcmp(heard, "STOPPING=1") == 0);
    unsetenv("NOTIFY_SOCKET");
    close(manager);
}

int main(void)
{
    return RUN(a_good_configuration_passes_the_check) | RUN(a_bad_one_does_not) |
           RUN(what_is_no_snapshot_ends_the_start) | RUN(without_control_nothing_begins) |
           RUN(a_service_manager_is_told_of_the_end);
}
