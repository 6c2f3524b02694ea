/* The UDP and raw sockets of IKE and ESP: see sockets.h. */
#include "parent/sockets.h"
#include "net/steer.h"
#include <errno.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BUFFER_NET = 4 << 20,  /* octets: a burst of first messages of several thousand peers */
    BUFFER_ESP = 16 << 20, /* several milliseconds at tens of Gbit/s */
    ENDS = 2,              /* families */
    PORT_TRIES = 100,      /* to get a port, ... */
    PORT_PAUSE = 20,       /* ... milliseconds between them */
};
static const u8 families[ENDS] = {4, 6};

static bool set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/* Forced, past the limit of the system; in a container without that right, as much as it gives. */
static void set_buffers(int fd, int size)
{
    if (!set(fd, SOL_SOCKET, SO_RCVBUFFORCE, size))
        set(fd, SOL_SOCKET, SO_RCVBUF, size);
    if (!set(fd, SOL_SOCKET, SO_SNDBUFFORCE, size / 4))
        set(fd, SOL_SOCKET, SO_SNDBUF, size / 4);
}

static bool set_mark(int fd, u32 mark)
{
    return mark == 0 || set(fd, SOL_SOCKET, SO_MARK, (int)mark) ||
           complain("cannot mark packets (SO_MARK): %s: run as root with CAP_NET_ADMIN",
                    strerror(errno));
}

/* What every socket of ours needs: its own address with each packet, and the mark that keeps what
 * it sends out of the tunnel. */
static bool prepare(const struct open_socket *o, u32 mark)
{
    bool esp = o->owner == ROLE_ESP, v4 = o->is.family == 4;
    bool done =
        v4 ? set(o->fd, IPPROTO_IP, IP_PKTINFO, 1) : set(o->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    if (!v4 && o->is.kind != SOCKET_ESP) /* raw ones are of one family anyway */
        done = done && set(o->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (esp)
        done = done && (v4 ? set(o->fd, IPPROTO_IP, IP_RECVTOS, 1)
                           : set(o->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1));
    set_buffers(o->fd, esp ? BUFFER_ESP : BUFFER_NET);
    if (!done)
        return complain("cannot prepare a socket of IPv%d: %s", o->is.family, strerror(errno));
    return set_mark(o->fd, mark);
}

static bool bind_to(int fd, u8 family, u16 port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    return family == 4 ? bind(fd, (struct sockaddr *)&v4, sizeof v4) == 0
                       : bind(fd, (struct sockaddr *)&v6, sizeof v6) == 0;
}

static int socket_of(u8 family, int type, int protocol)
{
    return socket(family == 4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

static bool say_taken(u16 port)
{
    switch (errno) {
    case EADDRINUSE:
        return complain("UDP port %u is taken: another IKE daemon runs (ss -ulpn 'sport = :%u' "
                        "shows it): end it, or set shrike.port and shrike.port_nat_t",
                        port, port);
    case EACCES:
    case EPERM:
        return complain("no right to UDP port %u: run as root, with CAP_NET_BIND_SERVICE", port);
    }
    return complain("cannot use UDP port %u: %s", port, strerror(errno));
}

enum found { FOUND, FOUND_NONE, FOUND_BAD };

/* Where a daemon was killed just now, the port is free when the last of its processes has ended. */
static bool bind_in_time(int fd, u8 family, u16 port)
{
    struct timespec pause = {.tv_nsec = PORT_PAUSE * 1000000L};
    for (int i = 0; i < PORT_TRIES; i++) {
        if (bind_to(fd, family, port))
            return true;
        if (errno != EADDRINUSE)
            return false;
        nanosleep(&pause, NULL);
        errno = EADDRINUSE;
    }
    return false;
}

/* Does the host have this family, and is the port free? The sockets proper share their port, and
 * would share it with another program's that asks for that too; this one does not. */
static enum found probe(u8 family, u16 port, const struct tell *t)
{
    int fd = socket_of(family, SOCK_DGRAM, 0);
    enum found found = FOUND;
    if (fd < 0 || (family == 6 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) ||
        !bind_in_time(fd, family, port)) {
        bool none = errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL;
        found = none ? FOUND_NONE : FOUND_BAD;
        if (none)
            tell(t, SHRIKE_NOTICE, "this host has no IPv%d: going on without", family);
        else
            say_taken(port);
    }
    if (fd >= 0)
        close(fd);
    return found;
}

static bool keep(struct sockets *s, struct open_socket o)
{
    ensure(s->count < SOCKETS_MAX);
    if (o.fd >= 0)
        s->all[s->count++] = o;
    return o.fd >= 0;
}

/* One UDP socket; the first of a group brings the filter that tells whose a datagram is. */
static bool open_udp(struct sockets *s, struct open_socket o, u32 mark, const struct steer *steer)
{
    o.fd = socket_of(o.is.family, SOCK_DGRAM, 0);
    if (!keep(s, o))
        return complain("cannot open a socket of IPv%d: %s", o.is.family, strerror(errno));
    if (!prepare(&o, mark))
        return false;
    if (o.is.kind == SOCKET_NAT_T && !set(o.fd, SOL_SOCKET, SO_REUSEPORT, 1))
        return complain("cannot share UDP port %u among our sockets: %s", o.is.port,
                        strerror(errno));
    if (steer && !steer_attach(o.fd, steer))
        return complain("cannot attach the filter of UDP port %u: %s", o.is.port, strerror(errno));
    return bind_to(o.fd, o.is.family, o.is.port) || say_taken(o.is.port);
}

/* ESP without UDP, for those who want it; the daemon can do without. */
static bool open_raw(struct sockets *s, u8 family, u32 mark, const struct tell *t)
{
    struct open_socket o = {{SOCKET_ESP, family, 0}, ROLE_ESP, -1};
    o.fd = socket_of(family, SOCK_RAW, IPPROTO_ESP);
    if (keep(s, o))
        return prepare(&o, mark);
    tell(t, SHRIKE_WARNING,
         "no raw socket for ESP over IPv%d: %s: encap = no will not work; CAP_NET_RAW is needed",
         family, strerror(errno));
    return true;
}

/* Bound to nothing: it only asks the system for its choice of a source. */
static bool open_lookup(struct sockets *s, u8 family, u32 mark)
{
    struct open_socket o = {{SOCKET_LOOKUP, family, 0}, ROLE_NET, -1};
    o.fd = socket_of(family, SOCK_DGRAM, 0);
    if (!keep(s, o))
        return complain("cannot open a socket of IPv%d: %s", family, strerror(errno));
    return set_mark(o.fd, mark);
}

/* What is ours to say is for no policy to protect, block or hold up: a policy of the socket's own
 * comes before all others. */
static bool set_past_policies(const struct open_socket *o)
{
    bool v4 = o->is.family == 4;
    struct xfrm_userpolicy_info is = {.action = XFRM_POLICY_ALLOW};
    is.sel.family = v4 ? AF_INET : AF_INET6;
    for (u8 dir = XFRM_POLICY_IN; dir <= XFRM_POLICY_OUT; dir++) {
        is.dir = dir;
        if (setsockopt(o->fd, v4 ? IPPROTO_IP : IPPROTO_IPV6,
                       v4 ? IP_XFRM_POLICY : IPV6_XFRM_POLICY, &is, sizeof is) != 0)
            return complain("IKE cannot be kept out of the policies of IPsec: %s", strerror(errno));
    }
    return true;
}

/* RFC 3948: the kernel takes what is ESP, and leaves IKE. */
static bool set_encap(const struct open_socket *o)
{
    return set(o->fd, IPPROTO_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP) ||
           complain("the kernel takes no ESP in UDP over IPv%d: %s", o->is.family, strerror(errno));
}

/* For the data plane of the kernel: net's sockets are the only ones. */
static bool open_for_kernel(struct sockets *s, u8 family, const struct settings *set_)
{
    const struct open_socket ike = {{SOCKET_IKE, family, set_->port}, ROLE_NET, -1};
    const struct open_socket nat = {{SOCKET_NAT_T, family, set_->port_nat_t}, ROLE_NET, -1};
    if (!open_udp(s, ike, set_->mark, NULL) || !set_past_policies(&s->all[s->count - 1]) ||
        !open_udp(s, nat, set_->mark, NULL) || !set_past_policies(&s->all[s->count - 1]))
        return false;
    return set_encap(&s->all[s->count - 1]) && open_lookup(s, family, set_->mark);
}

static bool open_family(struct sockets *s, u8 family, const struct settings *set_,
                        const struct tell *t)
{
    static const struct steer steer = {.shards = 1, .esp = 1};
    const struct open_socket ike = {{SOCKET_IKE, family, set_->port}, ROLE_NET, -1};
    const struct open_socket nat = {{SOCKET_NAT_T, family, set_->port_nat_t}, ROLE_NET, -1};
    struct open_socket esp = nat;
    if (set_->plane != PLANE_USER)
        return open_for_kernel(s, family, set_);
    esp.owner = ROLE_ESP;
    /* The filter numbers the sockets of a group in the order of their binds: net's, then esp's. */
    return open_udp(s, ike, set_->mark, NULL) && open_udp(s, nat, set_->mark, &steer) &&
           open_udp(s, esp, set_->mark, NULL) && open_lookup(s, family, set_->mark) &&
           open_raw(s, family, set_->mark, t);
}

bool sockets_open(struct sockets *s, const struct settings *set_, const struct tell *t)
{
    s->count = 0;
    if (set_->port == set_->port_nat_t)
        return complain("shrike.port and shrike.port_nat_t are both %u: they must differ",
                        set_->port);
    for (int i = 0; i < ENDS; i++) {
        enum found ike = probe(families[i], set_->port, t);
        enum found nat = ike == FOUND ? probe(families[i], set_->port_nat_t, t) : ike;
        if (nat == FOUND_NONE)
            continue;
        if (nat == FOUND_BAD || !open_family(s, families[i], set_, t)) {
            sockets_close(s);
            return false;
        }
    }
    return s->count > 0 || complain("this host has neither IPv4 nor IPv6");
}

bool sockets_of_kernel(const struct sockets *s)
{
    for (u32 i = 0; i < s->count; i++)
        if (s->all[i].owner == ROLE_ESP)
            return false;
    return true;
}

/* With the data plane of the kernel, its role has those of net, too, to send keepalives by. */
static bool is_for(const struct sockets *s, const struct open_socket *o, enum role r)
{
    return o->owner == r || (r == ROLE_ESP && o->is.kind == SOCKET_NAT_T && sockets_of_kernel(s));
}

void sockets_hand(const struct sockets *s, struct supervisor *v, enum role r)
{
    for (u32 i = 0; i < s->count; i++) {
        const struct open_socket *o = &s->all[i];
        u8 body[16];
        struct writer w = writer_of(body, sizeof body);
        if (!is_for(s, o, r))
            continue;
        socket_write(&w, &o->is);
        struct mail m = {.kind = MAIL_SOCKET, .body = written_bytes(&w), .fd = o->fd};
        supervisor_send(v, r, &m);
    }
}

void sockets_close(struct sockets *s)
{
    for (u32 i = 0; i < s->count; i++)
        close(s->all[i].fd);
    s->count = 0;
}
