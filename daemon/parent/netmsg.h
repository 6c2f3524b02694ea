/* Messages to the system about links, rules, routes and addresses (rtnetlink): as octets. */
#ifndef PARENT_NETMSG_H
#define PARENT_NETMSG_H

#include "ops/prefix.h"
#include <linux/netlink.h>

#define NETMSG_MAX 512 /* octets of a message that we build */

/* Room for a message. */
union netmsg {
    struct nlmsghdr header;
    u8 octets[NETMSG_MAX];
};

/* "not fwmark MARK lookup TABLE pref PRIORITY": what is not our own goes by the table. */
struct netmsg_rule {
    u8 family; /* 4 or 6 */
    u32 mark, table, priority;
};
void netmsg_rule(union netmsg *m, const struct netmsg_rule *r, bool add);

/* "PREFIX dev LINK table TABLE src SOURCE", or "throw PREFIX table TABLE": look in the tables after
 * this one. */
struct netmsg_route {
    struct prefix to;
    u32 table;
    u32 link;                  /* 0: throw */
    struct shrike_addr source; /* family 0: none */
    u16 mtu, mss;              /* of packets, of what TCP asks for; 0: as the link has it */
};
void netmsg_route(union netmsg *m, const struct netmsg_route *r, bool add);
/* All routes of this host, of both families. */
void netmsg_route_list(union netmsg *m);
/* false: not one as netmsg_route() makes them. */
bool netmsg_route_read(const struct nlmsghdr *h, struct netmsg_route *out) must_use;

/* Make a TUN device ready: how large its packets are; that it has no link-local address, which
 * would send packets that no selector fits; up. */
struct netmsg_link {
    u32 link;
    u16 mtu;           /* 0: as it is */
    bool quiet;        /* no IPv6 address of its own making */
    bool up;           /* also: no multicast */
    const char *alias; /* by which to know it again; NULL: as it is */
};
void netmsg_link(union netmsg *m, const struct netmsg_link *l);
/* Is the message about a link of this number and alias? */
bool netmsg_link_is(const struct nlmsghdr *h, u32 link, const char *alias);

/* One address on a device, "ADDRESS/32 dev LINK". One of IPv6 is used without looking for another
 * host that has it, and only for what a route names it as the source of. */
struct netmsg_address {
    u32 link;
    struct shrike_addr address;
};
void netmsg_address(union netmsg *m, const struct netmsg_address *a, bool add);

/* All addresses of this host, of both families; all its links. */
void netmsg_address_list(union netmsg *m);
void netmsg_link_list(union netmsg *m);

#endif
