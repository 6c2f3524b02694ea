/* Messages to the system about links, rules, routes and addresses: see netlink.h. */
#include "parent/netlink.h"
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
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

static int ask(struct netlink *n, union netlink_message *m, struct listener *l)
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

int netlink_do(struct netlink *n, union netlink_message *m)
{
    struct listener none = {NULL, NULL};
    m->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    return ask(n, m, &none);
}

int netlink_list(struct netlink *n, union netlink_message *m,
                 void (*row)(void *ctx, const struct nlmsghdr *h), void *ctx)
{
    struct listener l = {row, ctx};
    m->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_DUMP;
    return ask(n, m, &l);
}

/* An empty message of this type with the header that belongs to it, zeroed. */
static void *begin(union netlink_message *m, u16 type, size_t header_size)
{
    memset(m, 0, sizeof *m);
    struct nlmsghdr *h = mnl_nlmsg_put_header(m->octets);
    h->nlmsg_type = type;
    return mnl_nlmsg_put_extra_header(h, header_size);
}

static u8 family_of(u8 family)
{
    return family == 4 ? AF_INET : AF_INET6;
}

void netlink_put_rule(union netlink_message *m, const struct netlink_rule *r, bool add)
{
    struct fib_rule_hdr *h = begin(m, add ? RTM_NEWRULE : RTM_DELRULE, sizeof *h);
    m->header.nlmsg_flags = add ? NLM_F_CREATE | NLM_F_EXCL : 0;
    h->family = family_of(r->family);
    h->action = FR_ACT_TO_TBL;
    h->flags = FIB_RULE_INVERT;
    h->table = r->table < 256 ? (u8)r->table : RT_TABLE_UNSPEC;
    mnl_attr_put_u32(&m->header, FRA_PRIORITY, r->priority);
    mnl_attr_put_u32(&m->header, FRA_FWMARK, r->mark);
    mnl_attr_put_u32(&m->header, FRA_FWMASK, UINT32_MAX);
    mnl_attr_put_u32(&m->header, FRA_TABLE, r->table);
}

void netlink_put_route(union netlink_message *m, const struct netlink_route *r, bool add)
{
    size_t len = r->to.family == 4 ? 4 : 16;
    struct rtmsg *h = begin(m, add ? RTM_NEWROUTE : RTM_DELROUTE, sizeof *h);
    m->header.nlmsg_flags = add ? NLM_F_CREATE | NLM_F_REPLACE : 0;
    h->rtm_family = family_of(r->to.family);
    h->rtm_dst_len = r->to.bits;
    h->rtm_table = r->table < 256 ? (u8)r->table : RT_TABLE_UNSPEC;
    h->rtm_protocol = RTPROT_STATIC;
    h->rtm_scope = r->to.family == 4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    h->rtm_type = RTN_UNICAST;
    mnl_attr_put_u32(&m->header, RTA_TABLE, r->table);
    if (r->to.bits > 0)
        mnl_attr_put(&m->header, RTA_DST, len, r->to.octets);
    mnl_attr_put_u32(&m->header, RTA_OIF, r->link);
    if (r->source.family != 0)
        mnl_attr_put(&m->header, RTA_PREFSRC, len, r->source.octets);
}

void netlink_put_link(union netlink_message *m, const struct netlink_link *l)
{
    struct ifinfomsg *h = begin(m, RTM_NEWLINK, sizeof *h);
    h->ifi_family = AF_UNSPEC;
    h->ifi_index = (int)l->link;
    if (l->up) {
        h->ifi_flags = IFF_UP;
        h->ifi_change = IFF_UP | IFF_MULTICAST;
    }
    if (l->mtu)
        mnl_attr_put_u32(&m->header, IFLA_MTU, l->mtu);
    if (l->quiet) {
        struct nlattr *spec = mnl_attr_nest_start(&m->header, IFLA_AF_SPEC);
        struct nlattr *v6 = mnl_attr_nest_start(&m->header, AF_INET6);
        mnl_attr_put_u8(&m->header, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
        mnl_attr_nest_end(&m->header, v6);
        mnl_attr_nest_end(&m->header, spec);
    }
}

void netlink_put_address_list(union netlink_message *m)
{
    struct ifaddrmsg *h = begin(m, RTM_GETADDR, sizeof *h);
    h->ifa_family = AF_UNSPEC;
}
