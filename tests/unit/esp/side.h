/* A data plane with a socket pair in place of its TUN device and a UDP socket on the loopback
 * interface, for tests without rights. */
#ifndef UNIT_ESP_SIDE_H
#define UNIT_ESP_SIDE_H

#include "esp/address.h"
#include "esp/inbound.h"
#include "esp/outbound.h"
#include "sas.h"
#include "test.h"
#include "traffic.h"
#include <fcntl.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIDE_WAIT_MS 2000

struct side {
    struct plane *plane;
    int device; /* the other end of its TUN device */
    struct esp_socket *socket;
    struct shrike_endpoint at;
    struct esp_sa *in, *out;
    u32 acquires, softs, hards, strays, stray_len, first, unknown_spi, mappings, heard;
};

static inline void side_acquire(void *ctx, const struct esp_sa *sa, const struct inner *packet)
{
    (void)sa;
    (void)packet;
    ((struct side *)ctx)->acquires++;
}

static inline void side_life(void *ctx, const struct esp_sa *sa, enum esp_life life)
{
    struct side *s = ctx;
    (void)sa;
    *(life == LIFE_HARD ? &s->hards : &s->softs) += 1;
}

static inline void side_first(void *ctx, const struct esp_sa *sa)
{
    struct side *s = ctx;
    s->first = sa->child_serial;
}

static inline void side_stray(void *ctx, const struct mail_stray *m)
{
    struct side *s = ctx;
    s->strays++;
    s->stray_len = (u32)m->data.len;
}

static inline void side_heard(void *ctx, const struct esp_sa *sa)
{
    (void)sa;
    ((struct side *)ctx)->heard++;
}

static inline void side_mapping(void *ctx, const struct esp_sa *sa, const struct arrival *a)
{
    (void)sa;
    (void)a;
    ((struct side *)ctx)->mappings++;
}

static inline void side_unknown(void *ctx, const struct arrival *a, u32 spi, size_t len)
{
    struct side *s = ctx;
    (void)a;
    (void)len;
    s->unknown_spi = spi;
}

/* A bound UDP socket on the loopback interface; -1: there is none of this family. */
static inline int side_udp(u8 family, struct shrike_endpoint *at)
{
    struct address a;
    *at = (struct shrike_endpoint){.family = family};
    at->octets[family == 4 ? 0 : 15] = family == 4 ? 127 : 1;
    at->octets[3] = family == 4;
    address_of(&a, at);
    int fd = socket(a.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, &a.any, a.len) != 0 || getsockname(fd, &a.any, &a.len) != 0)
        return -1;
    endpoint_of(at, &a);
    return fd;
}

/* The device's two ends have room for a few super-segments. */
static inline void side_device(struct side *s, bool vnet)
{
    int fd[2], size = 4 << 20;
    ensure(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd) == 0);
    for (int i = 0; i < 2; i++)
        setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    plane_take_tun(s->plane, fd[0], vnet);
    s->plane->tun.uso = vnet;
    s->device = fd[1];
}

/* false: this host has no such addresses. */
static inline bool side_open(struct side *s, u8 family)
{
    *s = (struct side){0};
    struct plane_events e = {side_acquire, side_life,    side_first,   side_stray,
                             side_heard,   side_mapping, side_unknown, s};
    struct mail_socket m = {SOCKET_NAT_T, family, 4500};
    int fd = side_udp(family, &s->at);
    if (fd < 0)
        return false;
    s->plane = plane_new(16, &e);
    ensure(s->plane);
    s->plane->now = SHRIKE_SECOND;
    s->socket = plane_take_socket(s->plane, fd, &m);
    ensure(s->socket);
    side_device(s, true);
    return true;
}

static inline void side_close(struct side *s)
{
    if (s->plane)
        plane_free(s->plane);
    if (s->plane)
        close(s->device);
}

/* Everything from everywhere to everywhere. */
static inline void side_everything(struct shrike_ts all[2])
{
    all[0] = (struct shrike_ts){.family = 4, .port_to = UINT16_MAX};
    all[1] = (struct shrike_ts){.family = 6, .port_to = UINT16_MAX};
    memset(all[0].to, 0xff, 4);
    memset(all[1].to, 0xff, 16);
}

static inline struct esp_sa *side_sa(struct side *s, const struct shrike_endpoint *remote,
                                     bool inbound, u32 spi)
{
    struct shrike_ts all[2];
    side_everything(all);
    struct esp_sa_spec spec = sa_spec(spi, all, all);
    spec.local_ts_count = spec.remote_ts_count = 2;
    spec.inbound = inbound;
    spec.encap = true;
    spec.child_serial = 1;
    spec.local = s->at;
    spec.remote = *remote;
    spec.replay_window = 1024;
    struct esp_sa *sa = esp_sa_new(&spec);
    ensure(sa && sadb_add(s->plane->db, sa));
    return sa;
}

static inline void sides_join(struct side *a, struct side *b)
{
    a->in = side_sa(a, &b->at, true, 0x1001);
    a->out = side_sa(a, &b->at, false, 0x1002);
    b->in = side_sa(b, &a->at, true, 0x1002);
    b->out = side_sa(b, &a->at, false, 0x1001);
}

/* As an application of that host would send it; size 0: a plain packet. */
static inline void side_send(struct side *s, u8 *packet, size_t len, u16 size)
{
    struct virtio_net_hdr h = {.gso_size = size};
    struct iovec iov[2] = {{&h, sizeof(h)}, {packet, len}};
    bool v4 = packet[0] >> 4 == 4, udp = packet[v4 ? 9 : 6] == TRAFFIC_UDP;
    if (size > 0)
        h.gso_type = udp ? 5 : v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
    ssize_t n = s->plane->tun.vnet ? writev(s->device, iov, 2) : write(s->device, packet, len);
    ensure(n > 0);
}

/* What that host gets; 0: nothing. */
static inline size_t side_take(struct side *s, u8 *packet, size_t size, u16 *gso)
{
    struct virtio_net_hdr h = {0};
    struct iovec iov[2] = {{&h, sizeof(h)}, {packet, size}};
    size_t head = s->plane->tun.vnet ? sizeof(h) : 0;
    ssize_t n = head ? readv(s->device, iov, 2) : read(s->device, packet, size);
    if (gso)
        *gso = h.gso_size;
    return n > (ssize_t)head ? (size_t)n - head : 0;
}

static inline bool side_wait(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    return poll(&p, 1, SIDE_WAIT_MS) == 1;
}

/* All that one side's host has sent goes through both planes. */
static inline void side_carry(struct side *from, struct side *to)
{
    outbound_turn(from->plane);
    struct pollfd p = {to->socket->fd, POLLIN, 0};
    while (poll(&p, 1, 20) == 1)
        inbound_turn(to->plane, to->socket);
}

static inline u64 side_count(struct side *s, enum esp_drop why)
{
    return esp_counted(&s->plane->counters, why);
}

#endif
