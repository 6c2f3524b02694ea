/* Tests of parent/takeover.c: this very program takes over from itself. */
#include "ops/parts.h"
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
    for (u32 r = 0; r < TAKEOVER_ROLES; r++)
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

/* What the version before handed on: vaults of five roles. */
TEST(version_1_is_known)
{
    struct takeover t;
    u8 octets[128];
    struct writer w = writer_of(octets, sizeof(octets));
    int ends[2];
    CHECK(pipe2(ends, 0) == 0);
    write_u32(&w, 0x5348544f);
    write_u16(&w, 1);
    write_u32(&w, 0); /* sockets */
    for (u32 i = 0; i < 5; i++)
        write_u32(&w, i == ROLE_NET ? (u32)ends[0] : UINT32_MAX);
    write_u32(&w, (u32)ends[1]); /* the TUN device; key files, control socket, Child SAs */
    for (u32 i = 0; i < 4; i++)
        write_u32(&w, UINT32_MAX);
    write_u32(&w, 7);
    write_u8(&w, 10);
    write_u64(&w, 99);
    write_text(&w, "", 1); /* paths */
    write_text(&w, "", 1);
    int fd = memfd_create("version 1", MFD_CLOEXEC);
    CHECK(write(fd, octets, written(&w)) == (ssize_t)written(&w));
    CHECK(takeover_read(&t, fd));
    CHECK_EQ(t.vaults[ROLE_NET], ends[0]);
    CHECK_EQ(t.vaults[ROLE_CERTS], -1);
    CHECK_EQ(t.tun.fd, ends[1]);
    CHECK(t.listener == -1 && t.esp == -1 && t.esp_life == 99 && t.route_count == 0);
    CHECK(fcntl(ends[0], F_GETFD) & FD_CLOEXEC);
    takeover_free(&t);
    close(ends[0]);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--take-over") == 0)
        return go_on(atoi(argv[2]));
    return RUN(the_next_program_has_what_this_one_had) |
           RUN(what_cannot_be_executed_changes_nothing) | RUN(what_makes_no_sense_is_refused) |
           RUN(version_1_is_known);
}
