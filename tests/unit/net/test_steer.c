/* Tests of net/steer.c: real sockets on the loopback interface. */
#include "net/steer.h"
#include "test.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKETS 6000
#define BURST   20 /* sent before they are read: they fit into any receive buffer */
#define SENDERS 16 /* so many source ports: the system's own choice would spread them */
#define GROUP   6

struct group {
    int fd[GROUP];
    int senders[SENDERS];
    struct steer steer;
    struct sockaddr_in6 to;
    socklen_t to_len;
    bool six;
};

static int bound(struct group *g)
{
    int on = 1;
    int fd = socket(g->six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&g->to, g->to_len) != 0 ||
        getsockname(fd, (struct sockaddr *)&g->to, &g->to_len) != 0)
        abort();
    return fd;
}

static struct group open_group(struct steer s, bool six)
{
    struct group g = {.steer = s, .six = six};
    struct sockaddr_in *four = (struct sockaddr_in *)&g.to;
    g.to_len = six ? sizeof g.to : sizeof *four;
    if (six) {
        g.to.sin6_family = AF_INET6;
        g.to.sin6_addr = in6addr_loopback;
    } else {
        four->sin_family = AF_INET;
        four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    for (int i = 0; i < s.shards + s.esp; i++)
        g.fd[i] = bound(&g);
    for (int i = 0; i < SENDERS; i++) {
        g.senders[i] = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
        if (g.senders[i] < 0)
            abort();
    }
    return g;
}

static void close_group(struct group *g)
{
    for (int i = 0; i < g->steer.shards + g->steer.esp; i++)
        close(g->fd[i]);
    for (int i = 0; i < SENDERS; i++)
        close(g->senders[i]);
}

static void send_one(struct group *g, int sender, const void *at, size_t len)
{
    if (sendto(g->senders[sender % SENDERS], at, len, 0, (struct sockaddr *)&g->to, g->to_len) !=
        (ssize_t)len)
        abort();
}

/* Which socket has got one datagram: its number; -1: none. The loopback interface delivers at
 * once. */
static int who_got(struct group *g, u8 *data, ssize_t *len)
{
    for (int i = 0; i < g->steer.shards + g->steer.esp; i++) {
        *len = recv(g->fd[i], data, 256, 0);
        if (*len >= 0)
            return i;
    }
    return -1;
}

static int one(struct group *g, const void *at, size_t len)
{
    u8 data[256];
    ssize_t got;
    send_one(g, rand(), at, len);
    return who_got(g, data, &got);
}

/* A datagram of random octets; first its wanted socket, which all of the random choices keep. */
static size_t draw(const struct steer *s, u8 *out)
{
    u8 *ike = out + (s->esp ? 4 : 0);
    u8 want = (u8)(rand() % s->shards);
    u8 ours = (u8)(rand() % (255 / s->shards) * s->shards + want);
    size_t len = 40 + (size_t)(rand() % 100);
    for (size_t i = 0; i < len; i++)
        out[i] = (u8)rand();
    if (s->esp && rand() % 4 == 0) { /* ESP: an SPI of at least 256 */
        out[0] |= 1;
        return len;
    }
    memset(out, 0, s->esp ? 4 : 0);
    switch (rand() % 4) {
    case 0: /* a first request: the last octet of the peer's SPI */
        memset(ike + 8, 0, 8);
        ike[7] = ours;
        ike[19] = 0x08;
        break;
    case 1: /* of the original initiator: SPIr is ours, which may begin with zeros */
        memset(ike + 8, 0, rand() % 2 ? 4 : 0);
        ike[8] = ours;
        ike[15] |= 1;
        ike[19] |= 0x08;
        break;
    default: /* of the original responder: SPIi is ours; SPIr may be zero still (a cookie) */
        memset(ike + 8, 0, rand() % 2 ? 8 : 0);
        ike[0] = ours;
        ike[19] &= (u8)~0x08;
        break;
    }
    ike[28] = want; /* for who looks whether it came to the right one */
    return len;
}

static int wanted(const struct steer *s, const u8 *at)
{
    if (s->esp && (at[0] | at[1] | at[2] | at[3]))
        return -1; /* any of esp's */
    return at[(s->esp ? 4 : 0) + 28];
}

static bool all_go_right(struct steer s, bool six)
{
    struct group g = open_group(s, six);
    unsigned wrong = 0, lost = 0, counts[GROUP] = {0};
    bool attached = steer_attach(g.fd[0], &s);
    for (int i = 0; i < PACKETS / BURST && attached; i++) {
        u8 data[256];
        ssize_t len;
        int got, n = 0;
        for (int k = 0; k < BURST; k++)
            send_one(&g, k, data, draw(&s, data));
        while ((got = who_got(&g, data, &len)) >= 0) {
            int want = wanted(&s, data);
            wrong += want < 0 ? got < s.shards : got != want;
            counts[got]++;
            n++;
        }
        lost += (unsigned)(BURST - n);
    }
    for (int i = 0; i < s.shards + s.esp; i++)
        wrong += counts[i] < PACKETS / 50; /* every one of them is in use */
    close_group(&g);
    if (wrong || lost)
        printf("# %u wrong, %u lost\n", wrong, lost);
    return attached && !wrong && !lost;
}

TEST(one_shard_and_esp)
{
    CHECK(all_go_right((struct steer){1, 1}, false));
    CHECK(all_go_right((struct steer){1, 1}, true));
    CHECK(all_go_right((struct steer){1, 3}, false));
}

TEST(three_shards)
{
    CHECK(all_go_right((struct steer){3, 0}, false));
    CHECK(all_go_right((struct steer){3, 1}, false));
    CHECK(all_go_right((struct steer){3, 3}, true));
}

/* By hand, without the helpers above. */
TEST(known_messages)
{
    struct group g = open_group((struct steer){3, 1}, false);
    u8 first[32] = {0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 5, [23] = 0x08};
    u8 request[32] = {0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 5, 4, 1, [23] = 0x08};
    u8 response[32] = {0, 0, 0, 0, 6, 9, 9, 9, 9, 9, 9, 5, 4, 1, [23] = 0x20};
    u8 zeros[32] = {0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 7, [23] = 0x28};
    u8 esp[32] = {0, 0, 1, 0};
    CHECK(steer_attach(g.fd[2], &g.steer));
    CHECK_EQ(one(&g, first, sizeof first), 2);
    CHECK_EQ(one(&g, request, sizeof request), 1);
    CHECK_EQ(one(&g, response, sizeof response), 0);
    CHECK_EQ(one(&g, zeros, sizeof zeros), 0);
    CHECK_EQ(one(&g, esp, sizeof esp), 3);
    CHECK_EQ(one(&g, esp, 4), 3);
    close_group(&g);
}

TEST(what_is_too_short_goes_to_the_first)
{
    struct group g = open_group((struct steer){3, 1}, false);
    u8 keepalive = 0xff, zeros[23] = {0};
    CHECK(steer_attach(g.fd[0], &g.steer));
    for (int i = 0; i < 50; i++) {
        CHECK_EQ(one(&g, &keepalive, 1), 0);
        CHECK_EQ(one(&g, "\377\377\377", 3), 0);
        CHECK_EQ(one(&g, zeros, 0), 0);
        CHECK_EQ(one(&g, zeros, 4), 0);
        CHECK_EQ(one(&g, zeros, sizeof zeros), 0);
    }
    close_group(&g);
}

TEST(impossible_groups_are_refused)
{
    struct group g = open_group((struct steer){1, 0}, false);
    CHECK(!steer_attach(g.fd[0], &(struct steer){0, 1}));
    CHECK(!steer_attach(g.fd[0], &(struct steer){1, STEER_SOCKETS_MAX}));
    CHECK(!steer_attach(-1, &g.steer));
    CHECK(steer_attach(g.fd[0], &g.steer));
    close_group(&g);
}

int main(void)
{
    srand(1);
    return RUN(one_shard_and_esp) | RUN(three_shards) | RUN(known_messages) |
           RUN(what_is_too_short_goes_to_the_first) | RUN(impossible_groups_are_refused);
}
