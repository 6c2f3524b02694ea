/* The UDP sockets of IKE: see udp.h. */
#include "net/udp.h"
#include "base/ct.h"
#include "net/address.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdalign.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MARKER = 4 }; /* RFC 3948 2.2: four zero octets in front of IKE at port 4500 */

#define OPTION_GRO 104 /* UDP_GRO, Linux 5.0 */

/* Room for a source address, its interface, the class of service and the size of what was joined.
 */
struct control {
    alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
                                       2 * CMSG_SPACE(sizeof(int))];
};

/* ---- sockets ---- */

static u16 port_known(const struct udp_socket *s)
{
    return s->is.kind == SOCKET_IKE ? UDP_PORT_IKE : UDP_PORT_NAT_T;
}

u16 udp_port_in(const struct udp *u, u16 port)
{
    for (u32 i = 0; i < u->socket_count; i++)
        if (u->sockets[i].is.port == port)
            return port_known(&u->sockets[i]);
    return port;
}

u16 udp_port_out(const struct udp *u, u16 port)
{
    for (u32 i = 0; i < u->socket_count; i++)
        if (port_known(&u->sockets[i]) == port)
            return u->sockets[i].is.port;
    return port;
}

static const struct udp_socket *choose(const struct udp *u, u16 port, u8 family)
{
    for (u32 i = 0; i < u->socket_count; i++)
        if (port_known(&u->sockets[i]) == port && u->sockets[i].is.family == family)
            return &u->sockets[i];
    return NULL;
}

/* The system shall say to which address a datagram came. */
static bool ask_for_addresses(int fd, u8 family)
{
    int on = 1;
    if (family == 4)
        return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) == 0 &&
               setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof on) == 0;
    return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) == 0 &&
           setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on) == 0;
}

static void receive(void *ctx, u32 events);

/* Before the filter of the group (steer.h) can look at a datagram, the system asks one of its
 * sockets, by a hash of the addresses, whether datagrams may be joined. That may be ours: did we
 * not take joined ones, the ESP of half of all peers would come one by one. */
static void take_joined(int fd)
{
    int on = 1, encap = 0;
    socklen_t size = sizeof encap;
    /* Where the kernel takes ESP out of a socket, it wants it packet by packet. */
    if (getsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &encap, &size) == 0 && encap)
        return;
    (void)setsockopt(fd, IPPROTO_UDP, OPTION_GRO, &on, sizeof on); /* older systems join nothing */
}

bool udp_add(struct udp *u, const struct mail_socket *is, int fd)
{
    bool ours = is->kind == SOCKET_IKE || is->kind == SOCKET_NAT_T;
    struct udp_socket *s = &u->sockets[u->socket_count];
    if (u->socket_count < UDP_SOCKETS_MAX && ours && (is->family == 4 || is->family == 6) &&
        ask_for_addresses(fd, is->family)) {
        *s = (struct udp_socket){.udp = u, .is = *is};
        s->source = (struct source){.fd = fd, .ready = receive, .ctx = s};
        if (is->kind == SOCKET_NAT_T)
            take_joined(fd);
        if (u->deaf || loop_watch(u->loop, &s->source, EPOLLIN)) {
            u->socket_count++;
            return true;
        }
    }
    close(fd);
    return false;
}

u32 udp_listen(struct udp *u)
{
    u32 failed = 0;
    for (u32 i = 0; u->deaf && i < u->socket_count; i++)
        failed += !loop_watch(u->loop, &u->sockets[i].source, EPOLLIN);
    u->deaf = false;
    return failed;
}

void udp_deafen(struct udp *u)
{
    for (u32 i = 0; !u->deaf && i < u->socket_count; i++)
        loop_watch(u->loop, &u->sockets[i].source, 0);
    u->deaf = true;
}

void udp_close(struct udp *u)
{
    for (u32 i = 0; i < u->socket_count; i++) {
        loop_watch(u->loop, &u->sockets[i].source, 0);
        close(u->sockets[i].source.fd);
    }
    u->socket_count = 0;
    u->out_count = u->out_octets = 0;
    wipe(u->out_data, sizeof u->out_data);
}

/* ---- link-local peers ---- */

static u32 *scope_of(struct udp *u, const struct shrike_endpoint *e)
{
    for (u32 i = 0; i < UDP_SCOPES; i++)
        if (memcmp(u->scopes[i].addr, e->octets, 16) == 0)
            return &u->scopes[i].interface;
    return NULL;
}

/* An answer to a link-local address needs the interface that the request came by. */
static void remember_scope(struct udp *u, const struct shrike_endpoint *e, u32 interface)
{
    u32 *known = scope_of(u, e);
    if (known) {
        *known = interface;
        return;
    }
    struct udp_scope *s = &u->scopes[u->scope_next++ % UDP_SCOPES];
    memcpy(s->addr, e->octets, 16);
    s->interface = interface;
}

/* ---- receiving ---- */

/* IKE, for the engine. Whoever looks on sees it as it came: it is decrypted in place. */
static void hear(struct udp *u, const struct shrike_datagram *d)
{
    const u32 marker = d->marker ? MARKER : 0;
    struct captured seen = {.local = d->local, .remote = d->remote, .marker = d->marker};
    u->counts.received++;
    if (u->capture) {
        seen.local.port = udp_port_out(u, d->local.port);
        capture_add(u->capture, &seen, bytes_of(d->data - marker, d->len + marker));
    }
    u->got(u->ctx, d);
}

/* At port 4500: IKE behind its marker, a keepalive, or ESP. */
static void sort(struct udp *u, struct shrike_datagram *d, u8 tos)
{
    static const u8 marker[MARKER];
    if (d->len < MARKER) {
        *(d->len == 1 ? &u->counts.keepalives : &u->counts.odd) += 1;
    } else if (memcmp(d->data, marker, MARKER) != 0) {
        struct mail_stray s = {d->local, d->remote, tos, bytes_of(d->data, d->len)};
        s.local.port = udp_port_out(u, d->local.port);
        u->counts.strays++;
        u->stray(u->ctx, &s);
    } else {
        d->data += MARKER;
        d->len -= MARKER;
        d->marker = true;
        hear(u, d);
    }
}

/* What the control messages tell of a datagram, or of several that were joined. */
struct told {
    u32 interface;
    int size; /* of each that was joined, the last may be shorter; 0: it is one */
    u8 tos;
};

static bool read_control(struct msghdr *m, struct shrike_endpoint *local, struct told *t)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        int number;
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(local->octets, &info.ipi_addr, 4);
            local->family = 4;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(local->octets, &info.ipi6_addr, 16);
            local->family = 6;
            t->interface = info.ipi6_ifindex;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
            t->tos = *CMSG_DATA(c);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
            memcpy(&number, CMSG_DATA(c), sizeof number);
            t->tos = (u8)number;
        } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == OPTION_GRO) {
            memcpy(&t->size, CMSG_DATA(c), sizeof t->size);
        }
    }
    return local->family != 0;
}

/* One datagram, or several of one sender that were joined. */
static void take(struct udp_socket *s, struct msghdr *m, size_t len)
{
    struct udp *u = s->udp;
    struct shrike_datagram from = {.len = 0};
    struct told told = {.size = 0};
    u8 *data = m->msg_iov->iov_base;
    if ((m->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
        !address_read(m->msg_name, &from.remote, NULL) || !read_control(m, &from.local, &told) ||
        from.local.family != from.remote.family) {
        u->counts.odd++;
        return;
    }
    from.local.port = port_known(s);
    if (address_is_link_local(&from.remote))
        remember_scope(u, &from.remote, told.interface);
    size_t size = told.size > 0 ? (size_t)told.size : MAX(len, 1);
    size_t at = 0;
    do {
        struct shrike_datagram d = from;
        d.data = data + at;
        d.len = MIN(size, len - at);
        if (s->is.kind == SOCKET_NAT_T) /* RFC 7296 2.23 (3): on port 500 there is no ESP */
            sort(u, &d, told.tos);
        else
            hear(u, &d);
        at += size;
    } while (at < len);
}

/* One batch; what is left waits for the next turn, so that no socket starves the others. The
 * buffers are used by one call at a time, and wiped: messages are decrypted in them. */
static void receive(void *ctx, u32 events)
{
    static u8 data[UDP_BATCH][UDP_DATAGRAM_MAX];
    static struct sockaddr_storage from[UDP_BATCH];
    static struct control control[UDP_BATCH];
    struct mmsghdr m[UDP_BATCH];
    struct iovec iov[UDP_BATCH];
    struct udp_socket *s = ctx;
    (void)events;
    memset(m, 0, sizeof m);
    for (int i = 0; i < UDP_BATCH; i++) {
        iov[i] = (struct iovec){data[i], sizeof data[i]};
        m[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                       .msg_namelen = sizeof from[i],
                                       .msg_iov = &iov[i],
                                       .msg_iovlen = 1,
                                       .msg_control = &control[i],
                                       .msg_controllen = sizeof control[i]};
    }
    int n = recvmmsg(s->source.fd, m, UDP_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++)
        take(s, &m[i].msg_hdr, m[i].msg_len);
    for (int i = 0; i < n; i++)
        wipe(data[i], m[i].msg_len);
}

void udp_take(struct udp *u, const struct mail_stray *s)
{
    static u8 data[UDP_DATAGRAM_MAX];
    struct shrike_datagram d = {.local = s->local, .remote = s->remote, .data = data};
    if (s->data.len > sizeof data || s->local.family != s->remote.family || !s->local.family) {
        u->counts.odd++;
        return;
    }
    if (s->data.len)
        memcpy(data, s->data.at, s->data.len);
    d.len = s->data.len;
    d.local.port = UDP_PORT_NAT_T;
    sort(u, &d, s->tos);
    wipe(data, s->data.len);
}

/* ---- sending ---- */

void udp_send(struct udp *u, const struct shrike_send *s)
{
    u32 marker = s->marker ? MARKER : 0;
    const struct udp_socket *socket = choose(u, s->local.port, s->remote.family);
    if (!socket || marker + s->data.len > UDP_OUT_OCTETS / 2 ||
        (s->local.family && s->local.family != s->remote.family)) {
        u->counts.unsent++;
        return;
    }
    u32 len = marker + (u32)s->data.len;
    if (u->out_count == UDP_OUT_MAX || len > UDP_OUT_OCTETS - u->out_octets)
        udp_flush(u);
    u8 *at = u->out_data + u->out_octets;
    /* RFC 7296 2 (3): four octets of zero on port 4500. */
    memset(at, 0, marker);
    memcpy(at + marker, s->data.at, s->data.len);
    u->out[u->out_count++] = (struct udp_out){socket, s->local, s->remote, u->out_octets, len};
    u->out_octets += len;
}

/* RFC 7296 2.11 (2): an answer leaves from the address to which the request came. */
static size_t write_control(struct control *out, const struct shrike_endpoint *local, u32 interface)
{
    struct msghdr m = {.msg_control = out, .msg_controllen = sizeof *out};
    memset(out, 0, sizeof *out);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (local->family == 4) {
        struct in_pktinfo info = {.ipi_ifindex = 0};
        memcpy(&info.ipi_spec_dst, local->octets, 4);
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        return CMSG_SPACE(sizeof info);
    }
    if (local->family == 6) {
        struct in6_pktinfo info = {.ipi6_ifindex = interface};
        memcpy(&info.ipi6_addr, local->octets, 16);
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        return CMSG_SPACE(sizeof info);
    }
    return 0;
}

/* What the system needs to send some datagrams by one call. */
struct batch {
    struct mmsghdr m[UDP_OUT_MAX];
    struct iovec iov[UDP_OUT_MAX];
    struct sockaddr_storage to[UDP_OUT_MAX];
    struct control control[UDP_OUT_MAX];
};

static void fill(struct udp *u, struct batch *b)
{
    for (u32 i = 0; i < u->out_count; i++) {
        const struct udp_out *o = &u->out[i];
        const u32 *scope = address_is_link_local(&o->remote) ? scope_of(u, &o->remote) : NULL;
        u32 interface = scope ? *scope : 0;
        struct msghdr *h = &b->m[i].msg_hdr;
        b->iov[i] = (struct iovec){u->out_data + o->at, o->len};
        *h = (struct msghdr){.msg_name = &b->to[i], .msg_iov = &b->iov[i], .msg_iovlen = 1};
        h->msg_namelen = address_write(&b->to[i], &o->remote, interface);
        h->msg_controllen = write_control(&b->control[i], &o->local, interface);
        h->msg_control = h->msg_controllen ? &b->control[i] : NULL;
    }
}

/* The datagrams from `at` on that leave by the same socket. */
static u32 run_end(const struct udp *u, u32 at)
{
    const struct udp_socket *s = u->out[at].socket;
    while (at < u->out_count && u->out[at].socket == s)
        at++;
    return at;
}

/* What has left. */
static void capture_sent(struct udp *u, u32 from, u32 to)
{
    for (u32 i = from; u->capture && i < to; i++) {
        const struct udp_out *o = &u->out[i];
        struct captured d = {.local = o->local, .remote = o->remote, .sent = true};
        d.marker = o->socket->is.kind == SOCKET_NAT_T;
        d.local.port = o->socket->is.port;
        capture_add(u->capture, &d, bytes_of(u->out_data + o->at, o->len));
    }
}

void udp_flush(struct udp *u)
{
    static struct batch b; /* used by one call at a time */
    fill(u, &b);
    for (u32 at = 0; at < u->out_count;) {
        u32 end = run_end(u, at);
        int n = sendmmsg(u->out[at].socket->source.fd, b.m + at, end - at, MSG_DONTWAIT);
        if (n > 0) {
            u->counts.sent += (u32)n;
            capture_sent(u, at, at + (u32)n);
            at += (u32)n;
        } else if (errno != EINTR) {
            u->failed = errno;
            u->failed_to = u->out[at].remote;
            u32 lost = errno == EAGAIN || errno == ENOBUFS ? end - at : 1;
            u->counts.unsent += lost;
            at += lost;
        }
    }
    u->out_count = u->out_octets = 0;
}
