/* Talk with the system about links, rules, routes and addresses (rtnetlink). */
#ifndef PARENT_NETLINK_H
#define PARENT_NETLINK_H

#include "parent/netmsg.h"

struct mnl_socket;

struct netlink {
    struct mnl_socket *socket;
    u32 seq;
};

/* Not the loop's: the system answers at once. false: errno says why. */
bool netlink_open(struct netlink *n) must_use;
void netlink_close(struct netlink *n); /* twice is fine */

/* Ask for it to be done. 0, or an errno. */
int netlink_do(struct netlink *n, union netmsg *m);
/* Ask for a list; row is called with each message. 0, or an errno. */
int netlink_list(struct netlink *n, union netmsg *m,
                 void (*row)(void *ctx, const struct nlmsghdr *h), void *ctx);

#endif
