/* The sockets of the servers of RADIUS: see link.h. */
#include "radius/link.h"
#include "base/ct.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAMS_MAX 64 /* that one socket may bring in a turn */

struct line {
    struct radius_link *link;
    struct source source; /* fd 0: not open: no process gives standard input away for this */
    struct radius_place place;
};

struct radius_link {
    struct loop *loop;
    struct radius_link_conf conf;
    struct radius_client *client;
    struct alarm alarm;
    bool draining;
    struct line lines[RADIUS_SERVERS_MAX][RADIUS_DOORS][RADIUS_LANES_MAX];
    u8 octets[RADIUS_MAX];
};

static void drain(struct radius_link *k);

static void ring(void *ctx)
{
    struct radius_link *k = ctx;
    radius_client_tick(k->client, loop_now(k->loop));
    drain(k);
}

struct radius_link *radius_link_new(struct loop *l, const struct radius_link_conf *conf)
{
    struct radius_link *k = calloc(1, sizeof(*k));
    if (!k)
        return NULL;
    k->loop = l;
    k->conf = *conf;
    k->alarm = (struct alarm){.ring = ring, .ctx = k};
    k->client = radius_client_new(&k->conf.client, conf->provider, conf->md5);
    if (k->client)
        return k;
    radius_link_free(k);
    return NULL;
}

static void shut(struct line *n)
{
    if (n->source.fd <= 0)
        return;
    loop_watch(n->link->loop, &n->source, 0);
    close(n->source.fd);
    n->source.fd = 0;
}

void radius_link_free(struct radius_link *k)
{
    if (!k)
        return;
    for (u16 s = 0; s < k->conf.client.count; s++)
        for (u8 d = 0; d < RADIUS_DOORS; d++)
            for (u16 i = 0; i < RADIUS_LANES_MAX; i++)
                shut(&k->lines[s][d][i]);
    loop_disarm(k->loop, &k->alarm);
    radius_client_free(k->client);
    wipe(k->octets, sizeof(k->octets));
    free(k);
}

const struct radius_client *radius_link_client(const struct radius_link *k)
{
    return k->client;
}

/* ---- sockets ---- */

union name {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

static socklen_t name_of(const u8 *octets, u8 family, u16 port, union name *out)
{
    memset(out, 0, sizeof(*out));
    if (family == 4) {
        out->in.sin_family = AF_INET;
        out->in.sin_port = htons(port);
        memcpy(&out->in.sin_addr, octets, 4);
        return sizeof(out->in);
    }
    out->in6.sin6_family = AF_INET6;
    out->in6.sin6_port = htons(port);
    memcpy(&out->in6.sin6_addr, octets, 16);
    return sizeof(out->in6);
}

static void hear(struct line *n)
{
    struct radius_link *k = n->link;
    for (int i = 0; i < DATAGRAMS_MAX; i++) {
        ssize_t len = recv(n->source.fd, k->octets, sizeof(k->octets), MSG_DONTWAIT);
        if (len >= 0)
            radius_client_heard(k->client, loop_now(k->loop), n->place,
                                bytes_of(k->octets, (size_t)len));
        else if (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH)
            radius_client_unreachable(k->client, loop_now(k->loop), n->place);
        else
            return;
    }
}

static void ready(void *ctx, u32 events)
{
    struct line *n = ctx;
    struct radius_link *k = n->link;
    (void)events;
    hear(n);
    drain(k);
}

/* Connected, so that the system brings only what that server says, and errors about it. */
static bool open_line(struct radius_link *k, struct line *n)
{
    const struct shrike_endpoint *end = &k->conf.ends[n->place.server][n->place.door];
    const struct shrike_addr *from = &k->conf.sources[n->place.server];
    union name there, here;
    if (end->family == 0 || (from->family && from->family != end->family))
        return false;
    socklen_t len = name_of(end->octets, end->family, end->port, &there);
    socklen_t here_len = name_of(from->octets, from->family, 0, &here);
    int fd = socket(there.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    n->source = (struct source){.fd = fd, .ready = ready, .ctx = n};
    if ((from->family == 0 || bind(fd, &here.any, here_len) == 0) &&
        connect(fd, &there.any, len) == 0 && loop_watch(k->loop, &n->source, EPOLLIN))
        return true;
    close(fd);
    n->source.fd = 0;
    return false;
}

/* What cannot be sent is sent again, as if it had been lost; nobody there is told at once. */
static void put_out(struct radius_link *k, const struct radius_output *out)
{
    struct line *n = &k->lines[out->place.server][out->place.door][out->place.lane];
    n->link = k;
    n->place = out->place;
    if (n->source.fd <= 0 && !open_line(k, n)) {
        radius_client_unreachable(k->client, loop_now(k->loop), n->place);
        return;
    }
    if (send(n->source.fd, out->data.at, out->data.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
        errno != EAGAIN && errno != EWOULDBLOCK)
        radius_client_unreachable(k->client, loop_now(k->loop), n->place);
}

static void drain(struct radius_link *k)
{
    struct radius_output out;
    if (k->draining)
        return; /* whoever is told something has asked again */
    k->draining = true;
    while (radius_client_next(k->client, loop_now(k->loop), &out)) {
        if (out.kind == RADIUS_SEND)
            put_out(k, &out);
        else
            k->conf.told(k->conf.ctx, &out);
    }
    k->draining = false;
    shrike_time due = radius_client_due(k->client);
    if (due == UINT64_MAX)
        loop_disarm(k->loop, &k->alarm);
    else
        loop_alarm(k->loop, &k->alarm, due);
}

void radius_link_move(struct radius_link *k, u16 server, const struct shrike_addr *to)
{
    for (u8 d = 0; d < RADIUS_DOORS; d++) {
        struct shrike_endpoint *e = &k->conf.ends[server][d];
        e->family = to->family;
        memcpy(e->octets, to->octets, sizeof(e->octets));
        for (u16 i = 0; i < RADIUS_LANES_MAX; i++)
            shut(&k->lines[server][d][i]);
    }
    if (to->family)
        radius_client_hope(k->client, loop_now(k->loop), server);
    drain(k);
}

u64 radius_link_ask(struct radius_link *k, const struct radius_question *q)
{
    u64 number = radius_client_ask(k->client, loop_now(k->loop), q);
    drain(k);
    return number;
}

void radius_link_drop(struct radius_link *k, u64 number)
{
    radius_client_drop(k->client, loop_now(k->loop), number);
    drain(k);
}
