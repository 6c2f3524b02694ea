/* Tests of parent/takeover.c: this very program takes over from itself. */
#include "parent/takeover.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct routes none;

static struct takeover sample(int a, int b)
{
    struct takeover t = {.sockets = {.all = {{{SOCKET_NAT_T, 6, 4500}, ROLE_ESP, a}}, .count = 1},
                         .tun = {.fd = b, .link = 7, .vnet_hdr = 10},
                         .keyfiles = {.fd = {-1, -1}},
                         .listener = -1,
                         .esp = -1,
                         .esp_life = 0x1122334455667788,
                         .control_socket = "/run/x",
                         .journal = ""};
    for (enum role r = ROLE_PARENT; r < ROLE_COUNT; r++)
        t.vaults[r] = -1;
    t.vaults[ROLE_KEYS] = a;
    return t;
}

/* The program after: an exit code says what it has found. */
static int go_on(int fd)
{
    struct takeover t;
    char c = 0;
    if (!takeover_read(&t, fd) || fcntl(fd, F_GETFD) >= 0)
        return 10;
    const struct open_socket *s = &t.sockets.all[0];
    if (t.sockets.count != 1 || s->is.kind != SOCKET_NAT_T || s->is.family != 6 ||
        s->is.port != 4500 || s->owner != ROLE_ESP)
        return 11;
    if (t.tun.link != 7 || t.tun.vnet_hdr != 10 || t.esp_life != 0x1122334455667788 ||
        strcmp(t.control_socket, "/run/x") != 0 || t.journal[0] || t.route_count)
        return 12;
    if (t.vaults[ROLE_KEYS] != s->fd || t.vaults[ROLE_NET] != -1 || t.listener != -1)
        return 13;
    if (read(s->fd, &c, 1) != 1 || c != 'x' || !(fcntl(s->fd, F_GETFD) & FD_CLOEXEC))
        return 14; /* it is open, holds what came, and will not be left to others */
    takeover_free(&t);
    return 0;
}

TEST(the_next_program_has_what_this_one_had)
{
    int ends[2], status;
    struct options o = {.config = "c"};
    CHECK(pipe2(ends, O_CLOEXEC) == 0 && write(ends[1], "x", 1) == 1);
    pid_t pid = fork();
    if (pid == 0) {
        struct takeover t = sample(ends[0], ends[1]);
        (void)takeover_exec(&t, &none, &o, "/proc/self/exe");
        _exit(20);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
    close(ends[0]);
    close(ends[1]);
}

TEST(what_cannot_be_executed_changes_nothing)
{
    int ends[2];
    struct options o = {.config = "c"};
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    struct takeover t = sample(ends[0], ends[1]);
    CHECK(!takeover_exec(&t, &none, &o, "/nowhere/at/all"));
    CHECK(fcntl(ends[0], F_GETFD) & FD_CLOEXEC);
    CHECK(fcntl(ends[1], F_GETFD) & FD_CLOEXEC);
    close(ends[0]);
    close(ends[1]);
}

TEST(what_makes_no_sense_is_refused)
{
    struct takeover t;
    int fd = memfd_create("odd", MFD_CLOEXEC);
    CHECK(write(fd, "SHTOx and more of it", 20) == 20);
    CHECK(!takeover_read(&t, fd));
    takeover_free(&t);
    CHECK(!takeover_read(&t, memfd_create("empty", MFD_CLOEXEC)));
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--take-over") == 0)
        return go_on(atoi(argv[2]));
    return RUN(the_next_program_has_what_this_one_had) |
           RUN(what_cannot_be_executed_changes_nothing) | RUN(what_makes_no_sense_is_refused);
}
