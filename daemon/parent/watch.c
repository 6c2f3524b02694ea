/* Changes of this host's addresses, links and routes: see watch.h. */
#include "parent/watch.h"
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>

enum {
    GROUPS = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
             RTMGRP_IPV6_ROUTE,
    MESSAGES_MAX = 32768, /* octets taken at once */
    TURN_MAX = 64,        /* times in one turn */
};

static enum watch_news read_link(const struct nlmsghdr *h, u32 tunnel)
{
    const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
    bool ours = mnl_nlmsg_get_payload_len(h) < sizeof *i || (u32)i->ifi_index == tunnel;
    return ours ? NEWS_NONE : NEWS_HERE;
}

static enum watch_news read_address(const struct nlmsghdr *h, u32 tunnel)
{
    const struct ifaddrmsg *a = mnl_nlmsg_get_payload(h);
    if (mnl_nlmsg_get_payload_len(h) < sizeof *a)
        return NEWS_NONE;
    if (h->nlmsg_type == RTM_DELADDR)
        return NEWS_GONE;
    return a->ifa_index == tunnel ? NEWS_NONE : NEWS_HERE;
}

/* The table of local addresses says nothing that the addresses do not say, and what was learned
 * about the path to one host (RTM_F_CLONED) is no other way. */
static enum watch_news read_route(const struct nlmsghdr *h, u32 tunnel, u32 ours)
{
    const struct rtmsg *r = mnl_nlmsg_get_payload(h);
    const struct nlattr *at = NULL;
    if (mnl_nlmsg_get_payload_len(h) < sizeof *r || r->rtm_flags & RTM_F_CLONED)
        return NEWS_NONE;
    u32 table = r->rtm_table, link = 0;
    mnl_attr_for_each(at, h, sizeof *r)
    {
        if (mnl_attr_get_payload_len(at) != sizeof(u32))
            continue;
        if (mnl_attr_get_type(at) == RTA_TABLE)
            table = mnl_attr_get_u32(at);
        if (mnl_attr_get_type(at) == RTA_OIF)
            link = mnl_attr_get_u32(at);
    }
    bool ours_or_local = table == ours || table == RT_TABLE_LOCAL || link == tunnel;
    return ours_or_local ? NEWS_NONE : NEWS_ROUTES;
}

enum watch_news watch_read(const struct nlmsghdr *h, u32 tunnel, u32 table)
{
    switch (h->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        return read_link(h, tunnel);
    case RTM_NEWADDR:
    case RTM_DELADDR:
        return read_address(h, tunnel);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        return read_route(h, tunnel, table);
    }
    return NEWS_NONE;
}

static void note(struct watch *w, enum watch_news news)
{
    shrike_time now = loop_now(w->loop), due = now + WATCH_SETTLE;
    if (news == NEWS_NONE)
        return;
    if (news == NEWS_ROUTES)
        due = MAX(due, w->looked + WATCH_ROUTES);
    w->gone |= news == NEWS_GONE;
    if (due >= w->due)
        return;
    w->due = due;
    loop_alarm(w->loop, &w->settle, due);
}

static void settled(void *ctx)
{
    struct watch *w = ctx;
    bool gone = w->gone;
    w->gone = false;
    w->due = SHRIKE_NEVER;
    w->looked = loop_now(w->loop);
    w->changed(w->ctx, gone);
}

/* More came than the socket could hold: all may be different. */
static void note_loss(struct watch *w)
{
    note(w, NEWS_GONE);
}

static void ready(void *ctx, u32 events)
{
    static char messages[MESSAGES_MAX]; /* the parent has one thread */
    struct watch *w = ctx;
    (void)events;
    for (int n = 0; n < TURN_MAX; n++) {
        ssize_t got = mnl_socket_recvfrom(w->socket, messages, sizeof messages);
        if (got < 0 && errno == ENOBUFS)
            note_loss(w);
        if (got <= 0)
            return;
        int left = (int)got;
        const struct nlmsghdr *h = (const void *)messages;
        for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
            note(w, watch_read(h, w->tunnel, w->table));
    }
}

bool watch_open(struct watch *w)
{
    w->due = SHRIKE_NEVER;
    w->settle = (struct alarm){.ring = settled, .ctx = w};
    w->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (!w->socket)
        return false;
    w->source = (struct source){.fd = mnl_socket_get_fd(w->socket), .ready = ready, .ctx = w};
    if (mnl_socket_bind(w->socket, GROUPS, MNL_SOCKET_AUTOPID) == 0 &&
        loop_watch(w->loop, &w->source, EPOLLIN))
        return true;
    watch_close(w);
    return false;
}

void watch_close(struct watch *w)
{
    if (!w->socket)
        return;
    loop_watch(w->loop, &w->source, 0);
    loop_disarm(w->loop, &w->settle);
    mnl_socket_close(w->socket);
    w->socket = NULL;
}
