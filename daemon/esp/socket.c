/* Sockets of ESP. */
#include "esp/socket.h"
#include "esp/address.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* linux/errqueue.h and netinet/in.h share no definitions; linux/in6.h would clash. */
#include <linux/errqueue.h>

#define OPTION_SEGMENT 103 /* UDP_SEGMENT, Linux 4.18 */
#define OPTION_GRO     104 /* UDP_GRO, Linux 5.0 */

#define ERRORS_MAX 64 /* read away in one go */

static bool option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

static bool options_v4(int fd)
{
    return option(fd, IPPROTO_IP, IP_PKTINFO, 1) && option(fd, IPPROTO_IP, IP_RECVTOS, 1) &&
           option(fd, IPPROTO_IP, IP_RECVERR, 1);
}

static bool options_v6(int fd)
{
    return option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
           option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1) &&
           option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

bool esp_socket_open(struct esp_socket *u, int fd, const struct mail_socket *m)
{
    int size;
    socklen_t len = sizeof(size);
    *u = (struct esp_socket){
        .fd = fd, .family = m->family, .raw = m->kind == SOCKET_ESP, .port = m->port};
    if (fd < 0 || m->kind == SOCKET_IKE || !(m->family == 4 ? options_v4(fd) : options_v6(fd))) {
        esp_socket_close(u);
        return false;
    }
    u->segments_max = 1;
    if (u->raw)
        return true;
    if (getsockopt(fd, IPPROTO_UDP, OPTION_SEGMENT, &size, &len) == 0)
        u->segments_max = UDP_SEGMENTS_MAX;
    u->gro = option(fd, IPPROTO_UDP, OPTION_GRO, 1);
    return true;
}

void esp_socket_close(struct esp_socket *u)
{
    if (u->fd >= 0)
        close(u->fd);
    u->fd = -1;
}

/* DF is a property of the socket, not of a packet. */
static void set_df(struct esp_socket *u, bool df)
{
    if (u->df_known && u->dont_fragment == df)
        return;
    if (u->family == 4)
        option(u->fd, IPPROTO_IP, IP_MTU_DISCOVER, df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT);
    else
        option(u->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, df ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT);
    u->dont_fragment = df;
    u->df_known = true;
}

/* What a message to the system points to. */
struct outgoing {
    struct address to;
    struct iovec iov;
    _Alignas(struct cmsghdr) u8 control[ADDRESS_CONTROL_MAX];
};

static void message_of(const struct esp_socket *u, const struct run *r, struct msghdr *m,
                       struct outgoing *o)
{
    struct shrike_endpoint remote = r->sa->remote;
    if (u->raw)
        remote.port = 0; /* the raw sockets of IPv6 want none */
    address_of(&o->to, &remote);
    o->iov = (struct iovec){r->at, r->len};
    *m = (struct msghdr){
        .msg_name = &o->to.any,
        .msg_namelen = o->to.len,
        .msg_iov = &o->iov,
        .msg_iovlen = 1,
        .msg_control = o->control,
    };
    struct controls c = controls_begin(o->control);
    controls_source(&c, &r->sa->local);
    controls_tos(&c, u->family, r->tos);
    if (r->count > 1)
        controls_add(&c, IPPROTO_UDP, OPTION_SEGMENT, &r->size, sizeof(r->size));
    m->msg_controllen = c.len;
}

u16 esp_socket_errors(struct esp_socket *u)
{
    u16 mtu = 0;
    int pending;
    socklen_t len = sizeof(pending);
    for (int i = 0; i < ERRORS_MAX; i++) {
        _Alignas(struct cmsghdr) u8 control[512];
        struct msghdr m = {.msg_control = control, .msg_controllen = sizeof(control)};
        if (recvmsg(u->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            break;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
            struct sock_extended_err e;
            bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
            bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
            if ((!v4 && !v6) || c->cmsg_len < CMSG_LEN(sizeof(e)))
                continue;
            memcpy(&e, CMSG_DATA(c), sizeof(e));
            if (e.ee_errno == EMSGSIZE && e.ee_info <= UINT16_MAX)
                mtu = (u16)e.ee_info;
        }
    }
    getsockopt(u->fd, SOL_SOCKET, SO_ERROR, &pending, &len); /* clears it */
    return mtu;
}

static void lost(struct esp_counters *c, enum esp_drop why, u16 count)
{
    for (u16 i = 0; i < count; i++)
        esp_count(c, why);
}

/* Send one run. false: the socket is full. */
static bool send_one(struct esp_socket *u, const struct run *r, shrike_time now,
                     struct esp_counters *c)
{
    struct msghdr m;
    struct outgoing o;
    message_of(u, r, &m, &o);
    int error = 0;
    /* An error of an earlier packet, which ICMP brought, is told to whoever sends next: twice. */
    for (int i = 0; i < 2 && error != EMSGSIZE; i++) {
        if (sendmsg(u->fd, &m, MSG_DONTWAIT) >= 0)
            return true;
        error = errno;
        if (error == EAGAIN)
            return false;
        u16 mtu = esp_socket_errors(u);
        if (error == EMSGSIZE && mtu > 0) {
            r->sa->path_max = mtu;
            r->sa->path_until = now + PATH_LESS_FOR;
        }
    }
    lost(c, error == EMSGSIZE ? ESP_TOO_BIG : ESP_SEND, r->count);
    return true;
}

/* The packets of a run one by one: the system says more of a single packet that is too big, and
 * some devices refuse segmentation. What the socket does not take is lost. */
static void send_singly(struct esp_socket *u, const struct run *r, shrike_time now,
                        struct esp_counters *c)
{
    struct run one = *r;
    one.count = 1;
    for (u32 done = 0; done < r->len; done += one.len) {
        one.at = r->at + done;
        one.len = MIN(r->size, r->len - done);
        if (!send_one(u, &one, now, c))
            esp_count(c, ESP_SEND);
    }
}

/* The first run was refused with this error. false: the socket is full. */
static bool send_refused(struct esp_socket *u, const struct run *r, shrike_time now,
                         struct esp_counters *c)
{
    if (errno == EAGAIN)
        return false;
    if (errno == EIO)
        u->segments_max = 1; /* the device has no checksum offload */
    else if (errno != EMSGSIZE && errno != EINVAL)
        return send_one(u, r, now, c);
    send_singly(u, r, now, c);
    return true;
}

size_t esp_socket_send(struct esp_socket *u, const struct run *runs, size_t count, shrike_time now,
                       struct esp_counters *c)
{
    struct mmsghdr messages[UDP_RUNS_MAX];
    struct outgoing outgoing[UDP_RUNS_MAX];
    size_t done = 0;
    count = MIN(count, UDP_RUNS_MAX);
    for (size_t i = 0; i < count; i++)
        message_of(u, &runs[i], &messages[i].msg_hdr, &outgoing[i]);
    while (done < count) {
        size_t same = done + 1;
        while (same < count && runs[same].dont_fragment == runs[done].dont_fragment)
            same++;
        set_df(u, runs[done].dont_fragment);
        int sent = sendmmsg(u->fd, messages + done, (unsigned)(same - done), MSG_DONTWAIT);
        if (sent > 0)
            done += (size_t)sent;
        else if (send_refused(u, &runs[done], now, c))
            done++;
        else
            break;
    }
    return done;
}

void esp_socket_keepalive(struct esp_socket *u, const struct shrike_endpoint *local,
                          const struct shrike_endpoint *remote)
{
    u8 octet = 0xff;
    struct address to;
    struct iovec iov = {&octet, 1};
    _Alignas(struct cmsghdr) u8 control[ADDRESS_CONTROL_MAX];
    address_of(&to, remote);
    struct controls c = controls_begin(control);
    controls_source(&c, local);
    struct msghdr m = {.msg_name = &to.any,
                       .msg_namelen = to.len,
                       .msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = c.len};
    (void)!sendmsg(u->fd, &m, MSG_DONTWAIT); /* another one comes */
}

struct arrival_buffers {
    struct mmsghdr messages[UDP_ARRIVALS];
    struct iovec iov[UDP_ARRIVALS];
    struct address from[UDP_ARRIVALS];
    _Alignas(struct cmsghdr) u8 control[UDP_ARRIVALS][256];
    u8 octets[UDP_ARRIVALS][UDP_ARRIVAL_MAX];
};

struct arrival_buffers *arrival_buffers_new(void)
{
    struct arrival_buffers *b = calloc(1, sizeof(*b));
    for (int i = 0; b && i < UDP_ARRIVALS; i++)
        b->iov[i] = (struct iovec){b->octets[i], UDP_ARRIVAL_MAX};
    return b;
}

void arrival_buffers_free(struct arrival_buffers *b)
{
    free(b);
}

static void arrival_controls(struct msghdr *m, struct arrival *a)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        int size;
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == OPTION_GRO) {
            memcpy(&size, CMSG_DATA(c), sizeof(size));
            if (size > 0)
                a->size = (size_t)size;
        } else {
            control_read(c, &a->local, &a->tos);
        }
    }
}

/* Raw sockets of IPv4 give the IP header too. */
static void skip_header(struct arrival *a)
{
    size_t head = a->len > 0 ? (size_t)(a->at[0] & 15) * 4 : 0;
    head = MIN(head, a->len);
    a->at += head;
    a->len -= head;
}

size_t esp_socket_receive(struct esp_socket *u, struct arrival_buffers *b,
                          struct arrival out[UDP_ARRIVALS])
{
    for (int i = 0; i < UDP_ARRIVALS; i++)
        b->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &b->from[i].any,
            .msg_namelen = sizeof(b->from[i].v6),
            .msg_iov = &b->iov[i],
            .msg_iovlen = 1,
            .msg_control = b->control[i],
            .msg_controllen = sizeof(b->control[i]),
        };
    int n = recvmmsg(u->fd, b->messages, UDP_ARRIVALS, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        struct arrival *a = &out[i];
        *a = (struct arrival){.at = b->octets[i], .len = b->messages[i].msg_len};
        a->local.port = u->port;
        endpoint_of(&a->remote, &b->from[i]);
        if (u->raw && u->family == 4)
            skip_header(a);
        a->size = a->len;
        arrival_controls(&b->messages[i].msg_hdr, a);
    }
    return n < 0 ? 0 : (size_t)n;
}
