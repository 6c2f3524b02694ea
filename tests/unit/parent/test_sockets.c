/* Tests of parent/sockets.c on this host's high ports. Without a mark, which needs rights. */
#include "parent/sockets.h"
#include "test.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 20, WAIT_MS = 2000 };

/* What this host has not, for a while. In place of the system's call. */
static bool no_ipv6, no_raw;

int socket(int domain, int type, int protocol)
{
    if ((no_ipv6 && domain == AF_INET6) || (no_raw && (type & 0xf) == SOCK_RAW)) {
        errno = domain == AF_INET6 && no_ipv6 ? EAFNOSUPPORT : EPERM;
        return -1;
    }
    return (int)syscall(SYS_socket, domain, type, protocol);
}

/* Has a port until somebody waits. In place of the system's call: nobody sleeps here. */
static struct sockets *held;

int nanosleep(const struct timespec *pause, struct timespec *left)
{
    (void)pause;
    (void)left;
    if (held)
        sockets_close(held);
    held = NULL;
    return 0;
}

static const struct tell quiet = {.level = SHRIKE_ERROR};

/* A port that is free for the moment. */
static u16 free_port(void)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6};
    struct sockaddr_in at4 = {.sin_family = AF_INET};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    u16 port = 0;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 &&
        getsockname(fd, (struct sockaddr *)&at, &len) == 0)
        port = ntohs(at.sin6_port);
    if (fd >= 0)
        close(fd);
    len = sizeof at4;
    fd = port ? -1 : socket(AF_INET, SOCK_DGRAM, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at4, len) == 0 &&
        getsockname(fd, (struct sockaddr *)&at4, &len) == 0)
        port = ntohs(at4.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}

/* Another program may take a port meanwhile, so try a few. */
static bool open_some(struct sockets *s, struct settings *set)
{
    for (int i = 0; i < TRIES; i++) {
        *set = (struct settings){.port = free_port(), .port_nat_t = free_port()};
        if (set->port != set->port_nat_t && sockets_open(s, set, &quiet))
            return true;
    }
    return false;
}

static const struct open_socket *find(const struct sockets *s, u8 kind, u8 family, enum role r)
{
    for (u32 i = 0; i < s->count; i++)
        if (s->all[i].is.kind == kind && s->all[i].is.family == family && s->all[i].owner == r)
            return &s->all[i];
    return NULL;
}

TEST(net_and_esp_have_what_they_need)
{
    struct sockets s;
    struct settings set;
    CHECK(open_some(&s, &set));
    const struct open_socket *ike = find(&s, SOCKET_IKE, 4, ROLE_NET);
    const struct open_socket *nat = find(&s, SOCKET_NAT_T, 4, ROLE_NET);
    const struct open_socket *esp = find(&s, SOCKET_NAT_T, 4, ROLE_ESP);
    CHECK(ike && nat && esp && find(&s, SOCKET_LOOKUP, 4, ROLE_NET));
    CHECK_EQ(ike->is.port, set.port);
    CHECK_EQ(nat->is.port, set.port_nat_t);
    CHECK_EQ(esp->is.port, set.port_nat_t);
    for (u32 i = 0; i < s.count; i++) {
        CHECK(fcntl(s.all[i].fd, F_GETFL) & O_NONBLOCK);
        CHECK(fcntl(s.all[i].fd, F_GETFD) & FD_CLOEXEC);
    }
    sockets_close(&s);
    CHECK_EQ(s.count, 0);
}

/* Send to the NAT-T port and see who gets it. */
static enum role goes_to(const struct sockets *s, u16 port, const char *data, size_t len)
{
    const struct open_socket *nat = find(s, SOCKET_NAT_T, 4, ROLE_NET);
    const struct open_socket *esp = find(s, SOCKET_NAT_T, 4, ROLE_ESP);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    char sink[64];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool sent = sendto(fd, data, len, 0, (struct sockaddr *)&to, sizeof to) == (ssize_t)len;
    close(fd);
    struct pollfd p[2] = {{nat->fd, POLLIN, 0}, {esp->fd, POLLIN, 0}};
    if (!sent || poll(p, 2, WAIT_MS) != 1)
        return ROLE_COUNT;
    int i = p[0].revents ? 0 : 1;
    return recv(p[i].fd, sink, sizeof sink, 0) == (ssize_t)len ? i == 0 ? ROLE_NET : ROLE_ESP
                                                               : ROLE_COUNT;
}

TEST(ike_goes_to_net_and_esp_to_esp)
{
    struct sockets s;
    struct settings set;
    CHECK(open_some(&s, &set));
    CHECK_EQ(goes_to(&s, set.port_nat_t, "\0\0\0\0ike message", 15), ROLE_NET);
    CHECK_EQ(goes_to(&s, set.port_nat_t, "\x12\x34\x56\x78packet", 10), ROLE_ESP);
    CHECK_EQ(goes_to(&s, set.port_nat_t, "\0\0\0\1packet", 10), ROLE_ESP);
    CHECK_EQ(goes_to(&s, set.port_nat_t, "\xff", 1), ROLE_NET);
    sockets_close(&s);
}

TEST(a_port_that_is_taken_is_not_shared)
{
    struct sockets s, other;
    struct settings set;
    CHECK(open_some(&s, &set));
    CHECK(!sockets_open(&other, &set, &quiet));
    CHECK_EQ(other.count, 0);
    struct settings same_nat = {.port = free_port(), .port_nat_t = set.port_nat_t};
    CHECK(!sockets_open(&other, &same_nat, &quiet)); /* though ours are in a group */
    sockets_close(&s);
    struct settings twice = {.port = set.port, .port_nat_t = set.port};
    CHECK(!sockets_open(&other, &twice, &quiet));
}

/* Of a daemon that was killed, processes may be about to end. */
TEST(a_port_that_gets_free_is_waited_for)
{
    struct sockets s, other;
    struct settings set;
    CHECK(open_some(&other, &set));
    held = &other;
    CHECK(sockets_open(&s, &set, &quiet) && !held);
    sockets_close(&s);
}

TEST(a_host_without_a_family_goes_on)
{
    struct sockets s;
    struct settings set;
    no_ipv6 = true;
    bool opened = open_some(&s, &set);
    no_ipv6 = false;
    CHECK(opened);
    for (u32 i = 0; i < s.count; i++)
        CHECK_EQ(s.all[i].is.family, 4);
    CHECK(find(&s, SOCKET_IKE, 4, ROLE_NET));
    sockets_close(&s);
}

TEST(without_raw_sockets_udp_is_left)
{
    struct sockets s;
    struct settings set;
    no_raw = true;
    bool opened = open_some(&s, &set);
    no_raw = false;
    CHECK(opened);
    CHECK(!find(&s, SOCKET_ESP, 4, ROLE_ESP));
    CHECK(find(&s, SOCKET_NAT_T, 4, ROLE_ESP));
    sockets_close(&s);
}

int main(void)
{
    return RUN(a_host_without_a_family_goes_on) | RUN(without_raw_sockets_udp_is_left) |
           RUN(net_and_esp_have_what_they_need) | RUN(ike_goes_to_net_and_esp_to_esp) |
           RUN(a_port_that_is_taken_is_not_shared) | RUN(a_port_that_gets_free_is_waited_for);
}
