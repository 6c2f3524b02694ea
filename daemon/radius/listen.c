/* The socket of RFC 5176: see listen.h. */
#include "radius/listen.h"
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DATAGRAMS_MAX 16 /* taken in one turn */

struct radius_listen {
    struct loop *loop;
    struct radius_listen_conf conf;
    struct radius_dynamic *dynamic;
    struct source source;
    u8 octets[RADIUS_MAX];
};

union name {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* A socket for all addresses of IPv6 hears IPv4, too: its addresses are ::ffff:0:0/96. */
static struct shrike_endpoint end_of(const union name *n)
{
    static const u8 mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct shrike_endpoint e = {.family = 4};
    if (n->any.sa_family == AF_INET) {
        memcpy(e.octets, &n->in.sin_addr, 4);
        e.port = ntohs(n->in.sin_port);
        return e;
    }
    e.port = ntohs(n->in6.sin6_port);
    if (memcmp(&n->in6.sin6_addr, mapped, sizeof(mapped)) == 0) {
        memcpy(e.octets, n->in6.sin6_addr.s6_addr + sizeof(mapped), 4);
        return e;
    }
    e.family = 6;
    memcpy(e.octets, &n->in6.sin6_addr, 16);
    return e;
}

static socklen_t name_of(const struct shrike_endpoint *e, union name *out)
{
    memset(out, 0, sizeof(*out));
    if (e->family == 4) {
        out->in.sin_family = AF_INET;
        out->in.sin_port = htons(e->port);
        memcpy(&out->in.sin_addr, e->octets, 4);
        return sizeof(out->in);
    }
    out->in6.sin6_family = AF_INET6;
    out->in6.sin6_port = htons(e->port);
    memcpy(&out->in6.sin6_addr, e->octets, 16);
    return sizeof(out->in6);
}

static bool hear(struct radius_listen *l)
{
    union name from;
    socklen_t len = sizeof(from);
    ssize_t n = recvfrom(l->source.fd, l->octets, sizeof(l->octets), MSG_DONTWAIT, &from.any, &len);
    if (n < 0)
        return false;
    struct radius_request r = {.from = end_of(&from),
                               .datagram = bytes_of(l->octets, (size_t)n),
                               .now = loop_now(l->loop),
                               .time_of_day = (u32)time(NULL)};
    struct radius_verdict v = radius_dynamic_heard(l->dynamic, l->conf.sessions, &r);
    if (v.answer.len > 0) /* a lost one is asked for again, and answered in the same way */
        (void)!sendto(l->source.fd, v.answer.at, v.answer.len, MSG_DONTWAIT | MSG_NOSIGNAL,
                      &from.any, len);
    l->conf.heard(l->conf.ctx, &v);
    return true;
}

static void ready(void *ctx, u32 events)
{
    struct radius_listen *l = ctx;
    (void)events;
    for (int i = 0; i < DATAGRAMS_MAX && hear(l); i++)
        ;
}

struct radius_listen *radius_listen_new(struct loop *loop, const struct radius_listen_conf *conf)
{
    union name at;
    socklen_t len = name_of(&conf->at, &at);
    struct radius_listen *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->loop = loop;
    l->conf = *conf;
    l->dynamic = radius_dynamic_new(&l->conf.rules, conf->md5);
    l->source = (struct source){.fd = -1, .ready = ready, .ctx = l};
    if (l->dynamic)
        l->source.fd = socket(at.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->source.fd >= 0 && bind(l->source.fd, &at.any, len) == 0 &&
        loop_watch(loop, &l->source, EPOLLIN))
        return l;
    radius_listen_free(l);
    return NULL;
}

void radius_listen_free(struct radius_listen *l)
{
    if (!l)
        return;
    if (l->source.fd >= 0) {
        if (l->source.events)
            loop_watch(l->loop, &l->source, 0);
        close(l->source.fd);
    }
    radius_dynamic_free(l->dynamic);
    free(l);
}
