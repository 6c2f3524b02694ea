/* Sockets of ESP on the loopback interface. */
#include "side.h"

static struct esp_socket from, to;
static struct shrike_endpoint from_at, to_at;
static struct arrival arrivals[UDP_ARRIVALS];
static struct arrival_buffers *buffers;
static struct esp_counters counters;
static struct esp_sa sa;
static u8 octets[70000];

static bool setup(u8 family)
{
    struct mail_socket m = {SOCKET_NAT_T, family, 4500};
    int one = side_udp(family, &from_at), two = side_udp(family, &to_at);
    memset(&counters, 0, sizeof(counters));
    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (u8)(i * 11 + i / 253);
    sa = (struct esp_sa){.local = from_at, .remote = to_at, .encap = true};
    buffers = arrival_buffers_new();
    ensure(buffers);
    bool opened = esp_socket_open(&from, one, &m);
    return esp_socket_open(&to, two, &m) && opened;
}

static void teardown(void)
{
    esp_socket_close(&from);
    esp_socket_close(&to);
    arrival_buffers_free(buffers);
}

/* All that comes for a while, joined; gives the octets. */
static size_t receive(u8 *out, size_t wanted, u16 size, u8 tos)
{
    size_t len = 0;
    while (len < wanted && side_wait(to.fd)) {
        size_t n = esp_socket_receive(&to, buffers, arrivals);
        for (size_t i = 0; i < n; i++) {
            bool right = arrivals[i].size == MIN(size, arrivals[i].len) && arrivals[i].tos == tos &&
                         arrivals[i].remote.port == from_at.port &&
                         memcmp(arrivals[i].remote.octets, from_at.octets, 16) == 0 &&
                         memcmp(arrivals[i].local.octets, to_at.octets, 16) == 0;
            if (!right)
                return 0;
            memcpy(out + len, arrivals[i].at, arrivals[i].len);
            len += arrivals[i].len;
        }
    }
    return len;
}

static void runs(u8 family)
{
    static u8 got[70000];
    if (!setup(family)) {
        teardown();
        return; /* no IPv6 here */
    }
    struct run r[2] = {
        {.sa = &sa, .at = octets, .len = 20 * 1000 + 7, .size = 1000, .count = 21, .tos = 0x2a},
        {.sa = &sa, .at = octets + 20007, .len = 1000, .size = 1000, .count = 1, .tos = 0x2a},
    };
    r[0].dont_fragment = true;
    CHECK_EQ(from.segments_max, UDP_SEGMENTS_MAX);
    CHECK_EQ(esp_socket_send(&from, r, 2, 1, &counters), 2);
    CHECK_EQ(receive(got, 21007, 1000, 0x2a), 21007);
    CHECK_BYTES(got, octets, 21007);
    CHECK(!from.dont_fragment); /* as the last one wanted */
    esp_socket_keepalive(&from, &from_at, &to_at);
    CHECK_EQ(receive(got, 1, 1, 0), 1);
    CHECK_EQ(got[0], 0xff);
    teardown();
}

TEST(runs_arrive_whole)
{
    runs(4);
    runs(6);
}

/* Nobody listens: the next send is told, but not lost. */
TEST(errors_of_before_lose_nothing)
{
    u8 got[100];
    CHECK(setup(4));
    struct esp_sa nobody = sa;
    int fd = side_udp(4, &nobody.remote);
    close(fd);
    struct run lost = {.sa = &nobody, .at = octets, .len = 10, .size = 10, .count = 1};
    struct run r = {.sa = &sa, .at = octets, .len = 10, .size = 10, .count = 1};
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(esp_socket_send(&from, &lost, 1, 1, &counters), 1);
        CHECK_EQ(esp_socket_send(&from, &r, 1, 1, &counters), 1);
        CHECK_EQ(receive(got, 10, 10, 0), 10);
    }
    CHECK_EQ(esp_counted(&counters, ESP_SEND), 0);
    struct pollfd p = {from.fd, 0, 0};
    esp_socket_send(&from, &lost, 1, 1, &counters);
    CHECK(poll(&p, 1, 1000) == 1 && p.revents & POLLERR);
    esp_socket_errors(&from);
    CHECK_EQ(poll(&p, 1, 0), 0); /* a loop would spin */
    teardown();
}

TEST(what_is_too_big_is_counted)
{
    CHECK(setup(4));
    struct run r = {.sa = &sa, .at = octets, .len = 65520, .size = 65520, .count = 1};
    r.dont_fragment = true;
    CHECK_EQ(esp_socket_send(&from, &r, 1, 5, &counters), 1);
    CHECK_EQ(esp_counted(&counters, ESP_TOO_BIG), 1);
    teardown();
}

TEST(other_sockets_are_refused)
{
    struct shrike_endpoint at;
    struct esp_socket u;
    CHECK(!esp_socket_open(&u, side_udp(4, &at), &(struct mail_socket){SOCKET_IKE, 4, 500}));
    CHECK_EQ(u.fd, -1);
    int fd[2];
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) == 0);
    CHECK(!esp_socket_open(&u, fd[0], &(struct mail_socket){SOCKET_NAT_T, 4, 4500}));
    close(fd[1]);
}

int main(void)
{
    return RUN(runs_arrive_whole) | RUN(errors_of_before_lose_nothing) |
           RUN(what_is_too_big_is_counted) | RUN(other_sockets_are_refused);
}
