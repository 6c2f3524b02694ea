/* Messages to the system about links, rules, routes and addresses (rtnetlink). */
#ifndef PARENT_NETLINK_H
#define PARENT_NETLINK_H

#include "parent/prefix.h"
#include <linux/netlink.h>

#define NETLINK_MESSAGE_MAX 512 /* octets of a message that we build */

struct mnl_socket;

struct netlink {
    struct mnl_socket *socket;
    u32 seq;
};

/* Not the loop's: the system answers at once. false: errno says why. */
bool netlink_open(struct netlink *n) must_use;
void netlink_close(struct netlink *n); /* twice is fine */

/* Room for a message. */
union netlink_message {
    struct nlmsghdr header;
    u8 octets[NETLINK_MESSAGE_MAX];
};

/* Ask for it to be done. 0, or an errno. */
int netlink_do(struct netlink *n, union netlink_message *m);
/* Ask for a list; row is called with each message. 0, or an errno. */
int netlink_list(struct netlink *n, union netlink_message *m,
                 void (*row)(void *ctx, const struct nlmsghdr *h), void *ctx);

/* "not fwmark MARK lookup TABLE pref PRIORITY": what is not our own goes by the table. */
struct netlink_rule {
    u8 family; /* 4 or 6 */
    u32 mark, table, priority;
};
void netlink_put_rule(union netlink_message *m, const struct netlink_rule *r, bool add);

/* "PREFIX dev LINK table TABLE src SOURCE" */
struct netlink_route {
    struct prefix to;
    u32 table, link;
    struct shrike_addr source; /* family 0: none */
};
void netlink_put_route(union netlink_message *m, const struct netlink_route *r, bool add);

/* Make a TUN device ready: how large its packets are; that it has no link-local address, which
 * would send packets that no selector fits; up. */
struct netlink_link {
    u32 link;
    u16 mtu;    /* 0: as it is */
    bool quiet; /* no IPv6 address of its own making */
    bool up;    /* also: no multicast */
};
void netlink_put_link(union netlink_message *m, const struct netlink_link *l);

/* All addresses of this host, of both families. */
void netlink_put_address_list(union netlink_message *m);

#endif
