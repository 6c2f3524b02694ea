/* Mail between two processes of the daemon: see channel.h. */
#include "proc/channel.h"
#include "base/ct.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SOCKET_BUFFER = 1 << 20 }; /* several bodies of MAIL_BODY_MAX */

/* A message that waits for room in the socket. */
struct letter {
    struct letter *next;
    int fd;
    u16 kind;
    size_t len;
    u8 body[];
};

bool channel_pair(int fd[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        int size = SOCKET_BUFFER; /* with rights the limit of the system does not hold */
        if (setsockopt(fd[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
            setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    return true;
}

static void letter_free(struct letter *l)
{
    if (l->fd >= 0)
        close(l->fd);
    wipe(l->body, l->len);
    free(l);
}

/* 1: sent; 0: no room; -1: nobody will ever read it. */
static int push(const struct channel *c, u16 kind, struct bytes body, int fd)
{
    u8 head[2] = {(u8)(kind >> 8), (u8)kind};
    struct iovec iov[2] = {{head, sizeof head}, {(void *)(uintptr_t)body.at, body.len}};
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = body.len ? 2 : 1};
    if (fd >= 0) {
        memset(&control, 0, sizeof control);
        m.msg_control = control.space;
        m.msg_controllen = sizeof control.space;
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(h), &fd, sizeof fd);
    }
    if (sendmsg(c->source.fd, &m, MSG_NOSIGNAL) >= 0)
        return 1;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == ENOMEM ||
                   errno == EINTR
               ? 0
               : -1;
}

static bool queue(struct channel *c, const struct mail *m)
{
    if (c->waiting + m->body.len + sizeof(struct letter) > CHANNEL_QUEUE_MAX)
        return false;
    struct letter *l = malloc(sizeof *l + m->body.len);
    int fd = m->fd >= 0 ? fcntl(m->fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (!l || (m->fd >= 0 && fd < 0)) {
        free(l);
        return false;
    }
    *l = (struct letter){.fd = fd, .kind = m->kind, .len = m->body.len};
    if (l->len)
        memcpy(l->body, m->body.at, l->len);
    if (c->last)
        c->last->next = l;
    else
        c->first = l;
    c->last = l;
    c->waiting += sizeof *l + l->len;
    return loop_watch(c->loop, &c->source, EPOLLIN | EPOLLOUT);
}

static void flush(struct channel *c)
{
    while (c->first) {
        struct letter *l = c->first;
        if (push(c, l->kind, bytes_of(l->body, l->len), l->fd) == 0)
            return;
        c->first = l->next;
        if (!c->first)
            c->last = NULL;
        c->waiting -= sizeof *l + l->len;
        letter_free(l);
    }
    loop_watch(c->loop, &c->source, EPOLLIN);
}

bool channel_send(struct channel *c, const struct mail *m)
{
    if (!channel_is_open(c) || m->body.len > MAIL_BODY_MAX)
        return false;
    if (c->first)
        return queue(c, m);
    int sent = push(c, m->kind, m->body, m->fd);
    return sent > 0 || (sent == 0 && queue(c, m));
}

size_t channel_room(const struct channel *c)
{
    return channel_is_open(c) ? CHANNEL_QUEUE_MAX - MIN(c->waiting, CHANNEL_QUEUE_MAX) : 0;
}

int mail_take_fd(struct mail *m)
{
    int fd = m->fd;
    m->fd = -1;
    return fd;
}

/* The descriptor that came along, or -1; more than one is closed. */
static int received_fd(struct msghdr *m)
{
    int out = -1;
    for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = 0; at + CMSG_LEN(sizeof(int)) <= h->cmsg_len; at += sizeof(int)) {
            int fd;
            memcpy(&fd, CMSG_DATA(h) + at, sizeof fd);
            if (out < 0)
                out = fd;
            else
                close(fd);
        }
    }
    return out;
}

enum taken { TAKEN, TAKEN_NOTHING, TAKEN_END };

/* Take one message and deliver it. One that is cut or has no kind is dropped: nobody sends such. */
static enum taken take_one(struct channel *c)
{
    static u8 body[MAIL_BODY_MAX]; /* in a loop of one thread; free between two messages */
    u8 head[2];
    struct iovec iov[2] = {{head, sizeof head}, {body, sizeof body}};
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct msghdr m = {.msg_iov = iov,
                       .msg_iovlen = 2,
                       .msg_control = control.space,
                       .msg_controllen = sizeof control.space};
    ssize_t n = recvmsg(c->source.fd, &m, MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return TAKEN_NOTHING;
    if (n <= 0)
        return TAKEN_END;
    struct mail mail = {.fd = received_fd(&m)};
    if (n >= 2 && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
        mail.kind = (u16)(head[0] << 8 | head[1]);
        mail.body = bytes_of(body, (size_t)n - 2);
        c->got(c->ctx, &mail);
    }
    if (mail.fd >= 0)
        close(mail.fd);
    wipe(body, n < 2 ? 0 : (size_t)n - 2);
    return TAKEN;
}

/* Who says by both what belongs together says it there first. */
static void take_ahead(struct channel *c)
{
    enum taken taken = c->ahead && channel_is_open(c->ahead) ? TAKEN : TAKEN_NOTHING;
    for (int i = 0; i < CHANNEL_BATCH && taken == TAKEN; i++)
        taken = channel_is_open(c->ahead) ? take_one(c->ahead) : TAKEN_NOTHING;
}

static void ready(void *ctx, u32 events)
{
    struct channel *c = ctx;
    u32 generation = c->generation;
    enum taken taken = TAKEN;
    if (events & EPOLLOUT)
        flush(c);
    for (int i = 0; i < CHANNEL_BATCH && taken == TAKEN; i++) {
        take_ahead(c);
        if (c->generation == generation)
            taken = take_one(c);
        if (c->generation != generation)
            return; /* closed, and perhaps opened anew, by what it got */
    }
    if (taken != TAKEN_END)
        return;
    loop_watch(c->loop, &c->source, 0);
    c->lost(c->ctx);
}

bool channel_open(struct channel *c, struct loop *l, int fd)
{
    c->loop = l;
    c->generation++;
    c->source = (struct source){.fd = fd, .ready = ready, .ctx = c};
    c->first = c->last = NULL;
    c->waiting = 0;
    if (loop_watch(l, &c->source, EPOLLIN))
        return true;
    close(fd);
    c->source.fd = -1;
    c->loop = NULL;
    return false;
}

void channel_close(struct channel *c)
{
    if (!channel_is_open(c))
        return;
    c->generation++;
    loop_watch(c->loop, &c->source, 0);
    close(c->source.fd);
    c->source.fd = -1;
    c->loop = NULL;
    while (c->first) {
        struct letter *l = c->first;
        c->first = l->next;
        letter_free(l);
    }
    c->last = NULL;
    c->waiting = 0;
}

bool channel_is_open(const struct channel *c)
{
    return c->loop != NULL;
}
