/* Talk with the system about links, rules, routes and addresses: see netlink.h. */
#include "parent/netlink.h"
#include <errno.h>
#include <libmnl/libmnl.h>
#include <sys/time.h>

enum { ANSWER_MAX = 32768, WAIT_S = 2 };

bool netlink_open(struct netlink *n)
{
    struct timeval wait = {.tv_sec = WAIT_S};
    n->seq = 0;
    n->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (!n->socket)
        return false;
    if (mnl_socket_bind(n->socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
        setsockopt(mnl_socket_get_fd(n->socket), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0)
        return true;
    netlink_close(n);
    return false;
}

void netlink_close(struct netlink *n)
{
    if (n->socket)
        mnl_socket_close(n->socket);
    n->socket = NULL;
}

struct listener {
    void (*row)(void *ctx, const struct nlmsghdr *h);
    void *ctx;
};

static int each(const struct nlmsghdr *h, void *data)
{
    const struct listener *l = data;
    if (l->row)
        l->row(l->ctx, h);
    return MNL_CB_OK;
}

static int ask(struct netlink *n, union netmsg *m, struct listener *l)
{
    static char answer[ANSWER_MAX]; /* the parent has one thread */
    m->header.nlmsg_seq = ++n->seq;
    if (!n->socket)
        return EBADF;
    if (mnl_socket_sendto(n->socket, &m->header, m->header.nlmsg_len) < 0)
        return errno;
    for (int run = MNL_CB_OK; run > MNL_CB_STOP;) {
        ssize_t got = mnl_socket_recvfrom(n->socket, answer, sizeof answer);
        if (got < 0)
            return errno;
        /* An answer to what we gave up waiting for is not ours. */
        const struct nlmsghdr *h = (const void *)answer;
        if ((size_t)got >= sizeof *h && h->nlmsg_seq != n->seq)
            continue;
        run = mnl_cb_run(answer, (size_t)got, n->seq, mnl_socket_get_portid(n->socket), each, l);
        if (run < 0)
            return errno;
    }
    return 0;
}

int netlink_do(struct netlink *n, union netmsg *m)
{
    struct listener none = {NULL, NULL};
    m->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    return ask(n, m, &none);
}

int netlink_list(struct netlink *n, union netmsg *m,
                 void (*row)(void *ctx, const struct nlmsghdr *h), void *ctx)
{
    struct listener l = {row, ctx};
    m->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_DUMP;
    return ask(n, m, &l);
}
