/* Sockets of the clients: see clients.h. */
#include "control/clients.h"
#include "base/ct.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_MAX = 65536, ACCEPT_MAX = 16 };

static void close_client(struct client *k)
{
    struct clients *s = k->all;
    vici_ticket busy = vici_server_busy(&s->server, k->place);
    if (busy)
        s->gone(s->ctx, busy);
    loop_watch(s->loop, &k->source, 0);
    close(k->source.fd);
    k->source.fd = -1;
    vici_server_close(&s->server, k->place);
}

/* What can be read at once; false: the client is gone. */
static bool take(struct client *k)
{
    static u8 octets[READ_MAX]; /* used by one call at a time */
    struct clients *s = k->all;
    size_t room = MIN(vici_server_room(&s->server, k->place), sizeof octets);
    if (room == 0)
        return true;
    ssize_t n = recv(k->source.fd, octets, room, MSG_DONTWAIT);
    if (n > 0) {
        vici_server_input(&s->server, k->place, bytes_of(octets, (size_t)n));
        wipe(octets, (size_t)n); /* secrets come this way */
    }
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void ready(void *ctx, u32 events)
{
    struct client *k = ctx;
    if (events & EPOLLOUT)
        k->full = false; /* the settling of this turn writes */
    if (events & EPOLLIN ? !take(k) : (events & (EPOLLHUP | EPOLLERR)) != 0)
        close_client(k);
}

static void take_client(struct clients *s, int fd)
{
    int place = vici_server_open(&s->server);
    if (place < 0) {
        s->turned_away++;
        close(fd);
        return;
    }
    struct client *k = &s->at[place];
    *k = (struct client){.source = {.fd = fd, .ready = ready, .ctx = k}, .all = s, .place = place};
    if (!loop_watch(s->loop, &k->source, EPOLLIN))
        close_client(k);
}

static void accept_some(void *ctx, u32 events)
{
    struct clients *s = ctx;
    (void)events;
    for (int n = 0; n < ACCEPT_MAX; n++) {
        int fd = accept4(s->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take_client(s, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            loop_watch(s->loop, &s->listener, 0); /* it would stay ready, and we would spin */
            loop_alarm(s->loop, &s->pause, loop_now(s->loop) + CLIENTS_PAUSE);
        }
        return;
    }
}

static void accept_again(void *ctx)
{
    struct clients *s = ctx;
    if (s->listener.fd >= 0)
        loop_watch(s->loop, &s->listener, EPOLLIN);
}

bool clients_open(struct clients *s, struct loop *loop, const struct vici_service *service)
{
    s->loop = loop;
    s->listener.fd = -1;
    s->pause = (struct alarm){.ring = accept_again, .ctx = s};
    for (int i = 0; i < VICI_CLIENTS_MAX; i++)
        s->at[i].source.fd = -1;
    return vici_server_init(&s->server, service);
}

static void close_listener(struct clients *s)
{
    loop_disarm(s->loop, &s->pause);
    if (s->listener.fd < 0)
        return;
    loop_watch(s->loop, &s->listener, 0);
    close(s->listener.fd);
    s->listener.fd = -1;
}

void clients_close(struct clients *s)
{
    close_listener(s);
    for (int i = 0; i < VICI_CLIENTS_MAX; i++)
        if (s->at[i].source.fd >= 0)
            close_client(&s->at[i]);
    vici_server_free(&s->server);
}

bool clients_listen(struct clients *s, int fd)
{
    close_listener(s);
    s->listener = (struct source){.fd = fd, .ready = accept_some, .ctx = s};
    if (loop_watch(s->loop, &s->listener, EPOLLIN))
        return true;
    close(fd);
    s->listener.fd = -1;
    return false;
}

/* As much as the socket takes; false: the client is gone. */
static bool write_some(struct client *k, bool *wrote)
{
    struct clients *s = k->all;
    struct bytes out = vici_server_output(&s->server, k->place);
    if (out.len == 0 || k->full)
        return true;
    ssize_t n = send(k->source.fd, out.at, out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
        vici_server_sent(&s->server, k->place, (size_t)n);
        *wrote = true;
    }
    k->full = n < (ssize_t)out.len;
    return n >= 0 || errno == EAGAIN || errno == EINTR;
}

static void watch(struct client *k)
{
    struct clients *s = k->all;
    u32 events = vici_server_room(&s->server, k->place) ? EPOLLIN : 0;
    if (vici_server_output(&s->server, k->place).len)
        events |= EPOLLOUT;
    /* With neither, somebody else's answer is awaited; that he hangs up is then heard later. */
    if (events != k->source.events)
        loop_watch(s->loop, &k->source, events);
}

bool clients_settle(struct clients *s)
{
    bool wrote = vici_server_run(&s->server);
    vici_ticket ticket;
    for (int i = 0; i < VICI_CLIENTS_MAX; i++) {
        struct client *k = &s->at[i];
        if (k->source.fd < 0)
            continue;
        if (!write_some(k, &wrote) || vici_server_fault(&s->server, k->place))
            close_client(k);
        else
            watch(k);
    }
    while (vici_server_starved(&s->server, &ticket)) {
        s->goes_on(s->ctx, ticket);
        wrote = true;
    }
    return wrote;
}
