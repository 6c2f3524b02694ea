/* The kernel's IPsec at the other end of a socket: see kernel.h. */
#include "xfrm/kernel.h"
#include "base/ct.h"
#include <errno.h>
#include <libmnl/libmnl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    ANSWER_MAX = 32768,
    WAIT_S = 2,            /* the kernel answers before sendmsg() returns */
    ROOM = 2 << 20,        /* octets of the buffers: answers to a batch, a burst of events */
    ANSWERS_MAX = 1 << 20, /* messages that are read for one batch */
};

static const u32 groups =
    1u << (XFRMNLGRP_ACQUIRE - 1) | 1u << (XFRMNLGRP_EXPIRE - 1) | 1u << (XFRMNLGRP_MAPPING - 1);

static void set(int fd, int level, int name, int value)
{
    /* What an old kernel has not, it can do without. */
    (void)setsockopt(fd, level, name, &value, sizeof value);
}

static int open_one(int type, u32 heard)
{
    struct sockaddr_nl local = {.nl_family = AF_NETLINK, .nl_groups = heard};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | type, NETLINK_XFRM);
    if (fd < 0)
        return -1;
    set(fd, SOL_SOCKET, SO_RCVBUF, ROOM);
    set(fd, SOL_SOCKET, SO_RCVBUFFORCE, ROOM);
    set(fd, SOL_SOCKET, SO_SNDBUF, ROOM);
    if (bind(fd, (struct sockaddr *)&local, sizeof local) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

bool kernel_open(struct kernel *k, bool events)
{
    struct timeval wait = {.tv_sec = WAIT_S};
    *k = (struct kernel){.ask = -1, .events = -1};
    k->ask = open_one(0, 0);
    if (k->ask >= 0) {
        set(k->ask, SOL_NETLINK, NETLINK_EXT_ACK, 1);
        set(k->ask, SOL_NETLINK, NETLINK_CAP_ACK, 1); /* keys are not sent back */
    }
    if (k->ask >= 0 && events)
        k->events = open_one(SOCK_NONBLOCK, groups);
    if (k->ask >= 0 && (!events || k->events >= 0) &&
        setsockopt(k->ask, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0)
        return true;
    int error = errno;
    kernel_close(k);
    errno = error;
    return false;
}

void kernel_close(struct kernel *k)
{
    if (k->ask >= 0)
        close(k->ask);
    if (k->events >= 0)
        close(k->events);
    k->ask = k->events = -1;
}

static void number(struct kernel *k, struct batch *b)
{
    int left = (int)b->len;
    struct nlmsghdr *h = (void *)b->octets;
    for (u16 i = 0; i < b->count && mnl_nlmsg_ok(h, left); i++) {
        h->nlmsg_seq = k->seq + i;
        b->errors[i] = ETIMEDOUT; /* until it is answered */
        h = mnl_nlmsg_next(h, &left);
    }
}

/* Attributes behind the error, when the kernel has added any. */
static void note_why(struct kernel *k, const struct nlmsghdr *h)
{
    const struct nlattr *at;
    k->why[0] = 0;
    if (!(h->nlmsg_flags & NLM_F_ACK_TLVS) || !(h->nlmsg_flags & NLM_F_CAPPED))
        return;
    mnl_attr_for_each(at, h, sizeof(struct nlmsgerr))
    {
        size_t len = mnl_attr_get_payload_len(at);
        if (mnl_attr_get_type(at) != NLMSGERR_ATTR_MSG || len == 0)
            continue;
        len = MIN(len, sizeof k->why - 1);
        memcpy(k->why, mnl_attr_get_payload(at), len);
        k->why[len] = 0;
    }
}

/* One message of the kernel. true: it ends the answer to its letter. */
static bool take(struct kernel *k, struct batch *b, const struct nlmsghdr *h,
                 const struct kernel_reader *reader)
{
    u32 letter = h->nlmsg_seq - k->seq;
    if (letter >= b->count)
        return false; /* to one that was given up */
    if (h->nlmsg_type == NLMSG_DONE) {
        b->errors[letter] = 0;
        return true;
    }
    if (h->nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
        if (mnl_nlmsg_get_payload_len(h) < sizeof *e)
            return false;
        b->errors[letter] = (u16)-e->error;
        if (e->error)
            note_why(k, h);
        return true;
    }
    if (reader)
        reader->row(reader->ctx, (u16)letter, h);
    return false;
}

static bool listen_to(struct kernel *k, struct batch *b, const struct kernel_reader *reader)
{
    static _Alignas(8) u8 answer[ANSWER_MAX]; /* one thread; there may be keys in it */
    u32 ended = 0;
    for (u32 n = 0; ended < b->count && n < ANSWERS_MAX; n++) {
        ssize_t got = recv(k->ask, answer, sizeof answer, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        int left = (int)got;
        for (const struct nlmsghdr *h = (const void *)answer; mnl_nlmsg_ok(h, left);
             h = mnl_nlmsg_next(h, &left))
            ended += take(k, b, h, reader);
        wipe(answer, (size_t)got);
    }
    return ended == b->count;
}

bool kernel_send(struct kernel *k, struct batch *b, const struct kernel_reader *reader)
{
    struct sockaddr_nl to = {.nl_family = AF_NETLINK};
    struct iovec octets = {b->octets, b->len};
    struct msghdr m = {
        .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &octets, .msg_iovlen = 1};
    bool good = true;
    if (b->count == 0)
        return true;
    number(k, b);
    k->letters += b->count;
    k->sends++;
    if (sendmsg(k->ask, &m, 0) == (ssize_t)b->len)
        listen_to(k, b, reader);
    k->seq += b->count;
    for (u16 i = 0; i < b->count; i++) {
        good &= b->errors[i] == 0;
        if (b->errors[i] && b->holds[i] && !fault(215))
            *b->holds[i] = false;
    }
    return good;
}

bool kernel_happening(struct kernel *k, u8 out[KERNEL_EVENT_MAX], size_t *len, bool *lost)
{
    *lost = false;
    ssize_t got = recv(k->events, out, KERNEL_EVENT_MAX, MSG_DONTWAIT);
    *len = got > 0 ? (size_t)got : 0;
    if (got > 0)
        return true;
    *lost = got < 0 && errno == ENOBUFS;
    return *lost;
}
