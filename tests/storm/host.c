/* A host without rights, or with those of a namespace of its own. */
#include "host.h"
#include "esp/address.h"
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ROOM     (4 << 20) /* octets of a socket's queue */
#define LOOPBACK 1         /* the index of lo, in each namespace */

struct in6_request { /* struct in6_ifreq, whose header clashes with others */
    struct in6_addr addr;
    u32 prefix_bits;
    int index;
};

/* fd00::a and so on, to lo. */
static bool add_addresses(void)
{
    bool ok = true;
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    for (u8 i = 1; i <= 4 && ok; i++) {
        struct in6_request r = {.prefix_bits = 128, .index = LOOPBACK};
        r.addr.s6_addr[0] = 0xfd;
        r.addr.s6_addr[15] = i;
        ok = ioctl(fd, SIOCSIFADDR, &r) == 0;
    }
    close(fd);
    return ok;
}

bool host_namespace(void)
{
    struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    bool ok = ioctl(fd, SIOCSIFFLAGS, &r) == 0;
    close(fd);
    return ok && add_addresses();
}

static _Noreturn void lacking(const char *what)
{
    perror(what);
    exit(1);
}

static void room(int fd)
{
    int size = ROOM;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* who: 1 to 4, one for each end that there is. */
static int open_socket(enum plane_socket kind, u8 who, struct shrike_endpoint *at)
{
    bool v4 = kind == PLANE_RAW_V4 || kind == PLANE_UDP_V4;
    bool raw = kind == PLANE_RAW_V4 || kind == PLANE_RAW_V6;
    struct address a;
    *at = (struct shrike_endpoint){.family = v4 ? 4 : 6};
    at->octets[0] = v4 ? 127 : raw ? 0xfd : 0;
    at->octets[v4 ? 3 : 15] = v4 || raw ? who : 1;
    address_of(&a, at);
    int fd = socket(a.any.sa_family, (raw ? SOCK_RAW : SOCK_DGRAM) | SOCK_NONBLOCK,
                    raw ? IPPROTO_ESP : 0);
    if (fd < 0 || bind(fd, &a.any, a.len) != 0 || getsockname(fd, &a.any, &a.len) != 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    endpoint_of(at, &a);
    room(fd);
    return fd;
}

static void open_transport(struct host *h, enum plane_socket kind, int side)
{
    struct mail_socket m = {SOCKET_NAT_T, 4, 4500};
    int on = 1, fd = open_socket(kind, (u8)(1 + side), &h->at[kind]);
    h->wire[kind] = fd < 0 ? -1 : open_socket(kind, (u8)(3 + side), &h->peer[kind]);
    if (fd >= 0 && h->wire[kind] < 0)
        close(fd);
    if (h->wire[kind] < 0)
        return;
    m.family = h->at[kind].family;
    if (kind == PLANE_RAW_V4 || kind == PLANE_RAW_V6)
        m.kind = SOCKET_ESP;
    if (!plane_take_socket(h->plane, fd, &m))
        lacking("storm: a socket for ESP");
    setsockopt(h->wire[kind], m.family == 4 ? IPPROTO_IP : IPPROTO_IPV6,
               m.family == 4 ? IP_RECVTOS : IPV6_RECVTCLASS, &on, sizeof(on));
}

static void on_acquire(void *ctx, const struct esp_sa *sa, const struct inner *met)
{
    ((struct host *)ctx)->acquires += esp_sa_takes(sa, met);
}

static void on_life(void *ctx, const struct esp_sa *sa, enum esp_life life)
{
    struct host *h = ctx;
    (void)sa;
    *(life == LIFE_HARD ? &h->hards : &h->softs) += 1;
}

/* As the role does. */
static void on_first(void *ctx, const struct esp_sa *sa)
{
    struct host *h = ctx;
    installed_switch(&h->installed, sa->child_serial);
    h->firsts++;
}

static void on_stray(void *ctx, const struct mail_stray *m)
{
    (void)m;
    ((struct host *)ctx)->strays++;
}

static void on_heard(void *ctx, const struct esp_sa *sa)
{
    (void)ctx;
    (void)sa;
}

static void on_mapping(void *ctx, const struct esp_sa *sa, const struct arrival *a)
{
    (void)ctx;
    (void)sa;
    (void)a;
}

static void on_unknown(void *ctx, const struct arrival *a, u32 spi, size_t len)
{
    (void)ctx;
    (void)a;
    (void)spi;
    (void)len; /* the drops are counted */
}

static void parent_got(void *ctx, struct mail *m)
{
    struct host *h = ctx;
    struct mail_route route;
    struct reader r = reader_of(m->body);
    if (m->kind == MAIL_ROUTE && read_u32(&r) && route_read(&r, &route))
        h->routes += route.add ? 1 : -1;
}

static void control_got(void *ctx, struct mail *m)
{
    (void)ctx;
    (void)m; /* lines for the log */
}

static void lost(void *ctx)
{
    (void)ctx;
}

static void meet(struct host *h, enum role who, struct channel *far)
{
    int fd[2];
    if (!channel_pair(fd) || !channel_open(&h->seat.channels[who], h->seat.loop, fd[0]) ||
        !channel_open(far, h->seat.loop, fd[1]))
        lacking("storm: a channel");
}

static void open_device(struct host *h)
{
    int fd[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd) != 0)
        lacking("storm: a device");
    room(fd[0]);
    room(fd[1]);
    plane_take_tun(h->plane, fd[0], h->vnet);
    h->plane->tun.uso = h->vnet;
    h->device = fd[1];
}

void host_open(struct host *h, int side, bool raw, bool vnet)
{
    struct plane_events e = {on_acquire, on_life,    on_first,   on_stray,
                             on_heard,   on_mapping, on_unknown, h};
    h->vnet = vnet;
    h->plane = plane_new(256, &e);
    h->seat = (struct seat){.type = &esp_role, .loop = loop_new()};
    if (!h->plane || !h->seat.loop)
        lacking("storm: memory");
    h->parent = (struct channel){.got = parent_got, .lost = lost, .ctx = h};
    h->control = (struct channel){.got = control_got, .lost = lost, .ctx = h};
    for (int who = ROLE_PARENT; who <= ROLE_CONTROL; who++)
        h->seat.channels[who] = (struct channel){.got = control_got, .lost = lost, .ctx = h};
    meet(h, ROLE_PARENT, &h->parent);
    meet(h, ROLE_CONTROL, &h->control);
    open_device(h);
    for (int t = 0; t < TRANSPORTS; t++) {
        h->wire[t] = -1;
        if (raw || t >= PLANE_UDP_V4)
            open_transport(h, (enum plane_socket)t, side);
    }
    installed_open(&h->installed, &h->seat, h->plane);
}

void host_close(struct host *h)
{
    installed_close(&h->installed);
    for (int t = 0; t < TRANSPORTS; t++)
        if (h->wire[t] >= 0)
            close(h->wire[t]);
    for (int who = ROLE_PARENT; who <= ROLE_CONTROL; who++)
        channel_close(&h->seat.channels[who]);
    channel_close(&h->parent);
    channel_close(&h->control);
    loop_free(h->seat.loop);
    close(h->device);
    plane_free(h->plane);
}

void host_letters(struct host *h)
{
    while (host_waits(h->parent.source.fd) || host_waits(h->control.source.fd))
        loop_turn(h->seat.loop, 0);
}

void host_send(struct host *h, const void *head, const u8 *packet, size_t len)
{
    struct iovec iov[2] = {{(void *)head, sizeof(struct virtio_net_hdr)}, {(void *)packet, len}};
    if (writev(h->device, h->vnet ? iov : iov + 1, h->vnet ? 2 : 1) < 0)
        lacking("storm: writing to the device");
}

size_t host_take(struct host *h, void *head, u8 *packet, size_t size)
{
    size_t front = h->vnet ? sizeof(struct virtio_net_hdr) : 0;
    struct iovec iov[2] = {{head, sizeof(struct virtio_net_hdr)}, {packet, size}};
    ssize_t n = readv(h->device, h->vnet ? iov : iov + 1, h->vnet ? 2 : 1);
    return n > (ssize_t)front ? (size_t)n - front : 0;
}

bool host_waits(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}
