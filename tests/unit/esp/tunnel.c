/* A tunnel with keys from nowhere, for measuring the data plane between two network namespaces:
 *
 *     tunnel DEVICE 0|1 LOCAL REMOTE [raw] [openssl] [chacha]
 *
 * Makes the TUN device and carries IPv4 and IPv6 between it and the other end's. Ends with its
 * input, and then says what it carried. */
#include "crypto/suite.h"
#include "esp/inbound.h"
#include "esp/outbound.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PORT        4500
#define SPI         0x51000
#define RECEIVE_MIB 16

struct tunnel {
    struct plane *plane;
    bool raw;
    u16 encr, bits;
};

static void nothing_acquire(void *ctx, const struct esp_sa *sa, const struct inner *packet)
{
    (void)ctx;
    (void)sa;
    (void)packet;
}

static void nothing_sa(void *ctx, const struct esp_sa *sa)
{
    (void)ctx;
    (void)sa;
}

static void nothing_life(void *ctx, const struct esp_sa *sa, enum esp_life life)
{
    (void)ctx;
    (void)sa;
    (void)life;
}

static void nothing_stray(void *ctx, const struct mail_stray *m)
{
    (void)ctx;
    (void)m;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int open_tun(const char *name)
{
    struct ifreq r = {0};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    r.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
    if (fd < 0 || ioctl(fd, TUNSETIFF, &r) != 0)
        die("TUN");
    return fd;
}

static int open_socket(const struct tunnel *t, struct in_addr local)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = local, .sin_port = htons(PORT)};
    int size = RECEIVE_MIB << 20;
    int fd = t->raw ? socket(AF_INET, SOCK_RAW, IPPROTO_ESP) : socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
        perror("SO_RCVBUFFORCE");
    return fd;
}

static void add_sa(struct tunnel *t, bool inbound, u32 spi, struct in_addr ends[2])
{
    static const u8 keys[ENCR_KEY_MAX] = {1, 2, 3};
    struct shrike_ts all[2] = {{.family = 4, .port_to = UINT16_MAX},
                               {.family = 6, .port_to = UINT16_MAX}};
    const struct encr_suite *encr = suite_encr(t->encr, t->bits);
    memset(all[0].to, 0xff, 4);
    memset(all[1].to, 0xff, 16);
    struct esp_sa_spec s = {
        .spi = spi,
        .child_serial = 1,
        .local = {.family = 4, .port = PORT},
        .remote = {.family = 4, .port = PORT},
        .encap = !t->raw,
        .inbound = inbound,
        .cipher = {.encr = t->encr, .encr_bits = t->bits, .integ = INTEG_NONE, .esn = true},
        .replay_window = 1024,
        .local_ts = all,
        .remote_ts = all,
        .local_ts_count = 2,
        .remote_ts_count = 2,
    };
    memcpy(s.local.octets, &ends[0], 4);
    memcpy(s.remote.octets, &ends[1], 4);
    s.cipher.encr_key = bytes_of(keys, (size_t)encr->key_len + encr->salt_len);
    struct esp_sa *sa = esp_sa_new(&s);
    if (!sa || !sadb_add(t->plane->db, sa))
        die("SA");
}

static void run(struct plane *p, struct esp_socket *u)
{
    for (;;) {
        struct pollfd f[3] = {{p->tun.fd, POLLIN, 0}, {u->fd, POLLIN, 0}, {0, POLLIN, 0}};
        if (outbound_waits_for(p)) {
            f[0].events = 0;
            f[1].events |= POLLOUT;
        }
        if (poll(f, 3, -1) < 0 || f[2].revents)
            return;
        if (f[1].revents & POLLERR)
            esp_socket_errors(u);
        if (f[1].revents & POLLIN)
            inbound_turn(p, u);
        if (f[0].revents || f[1].revents & POLLOUT)
            outbound_turn(p);
    }
}

static void nothing_mapping(void *ctx, const struct esp_sa *sa, const struct arrival *a)
{
    (void)ctx;
    (void)sa;
    (void)a;
}

static void nothing_unknown(void *ctx, const struct arrival *a, u32 spi, size_t len)
{
    (void)ctx;
    (void)a;
    (void)spi;
    (void)len;
}

static void options(struct tunnel *t, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "raw") == 0)
            t->raw = true;
        if (strcmp(argv[i], "openssl") == 0)
            cipher_prefer(CIPHER_OPENSSL);
        if (strcmp(argv[i], "chacha") == 0) {
            t->encr = ENCR_CHACHA20_POLY1305;
            t->bits = 0;
        }
    }
}

int main(int argc, char **argv)
{
    struct plane_events e = {nothing_acquire, nothing_life,    nothing_sa,      nothing_stray,
                             nothing_sa,      nothing_mapping, nothing_unknown, NULL};
    struct tunnel t = {plane_new(4, &e), false, ENCR_AES_GCM_16, 128};
    struct in_addr ends[2];
    if (argc < 5 || !t.plane || inet_pton(AF_INET, argv[3], &ends[0]) != 1 ||
        inet_pton(AF_INET, argv[4], &ends[1]) != 1)
        return 2;
    options(&t, argc - 5, argv + 5);
    struct mail_socket m = {t.raw ? SOCKET_ESP : SOCKET_NAT_T, 4, PORT};
    u32 side = argv[2][0] == '1';
    plane_take_tun(t.plane, open_tun(argv[1]), true);
    struct esp_socket *u = plane_take_socket(t.plane, open_socket(&t, ends[0]), &m);
    if (!u)
        die("socket options");
    add_sa(&t, true, SPI + side, ends);
    add_sa(&t, false, SPI + !side, ends);
    fprintf(stderr, "segments %u, gro %d, tso %d, uso %d\n", u->segments_max, u->gro,
            t.plane->tun.tso, t.plane->tun.uso);
    run(t.plane, u);
    for (int i = 0; i < ESP_DROP_COUNT; i++)
        if (esp_counted(&t.plane->counters, (enum esp_drop)i))
            fprintf(stderr, "%s %ju\n", esp_drop_text((enum esp_drop)i),
                    (uintmax_t)esp_counted(&t.plane->counters, (enum esp_drop)i));
    fprintf(stderr, "sends %ju received %ju\n", (uintmax_t)t.plane->sends,
            (uintmax_t)t.plane->received);
    plane_free(t.plane);
    return 0;
}
