/* Rules of the system about which routing tables a packet is looked up in (ip-rule(8)), beside the
 * one that leads to the tunnels (netmsg.h): those of shunts. */
#ifndef PARENT_RULE_H
#define PARENT_RULE_H

#include "parent/netmsg.h"

/* What these rules bear as their protocol, by which they are known again: as the number of
 * ip-rule(8) in /etc/iproute2/rt_protos, which has none of this name. */
#define RULE_PROTOCOL 220

enum rule_action {
    RULE_GO_ON,   /* nothing: where others lead to */
    RULE_JUMP,    /* to the first rule of priority `target` */
    RULE_PROHIBIT /* drop it, and say so to the sender */
};

/* Zeroed before it is filled, so that two can be compared as octets. */
struct rule {
    struct prefix from, to;     /* bits 0: any */
    u16 source[2], port[2];     /* ports of source and destination, first and last; 0, 0: any */
    u8 family;                  /* 4 or 6 */
    u8 protocol;                /* 0: any */
    u8 action;                  /* enum rule_action */
    bool unbound;               /* IPv6: also what has no source yet */
    u32 priority, target, mark; /* mark 0: any */
    char device[16];            /* where it comes in; empty: anywhere */
};

void rule_message(union netmsg *m, const struct rule *r, bool add);
void rule_list(union netmsg *m);
/* false: this message tells of no rule of ours. */
bool rule_read(const struct nlmsghdr *h, struct rule *out) must_use;

#endif
