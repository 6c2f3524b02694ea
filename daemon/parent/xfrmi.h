/* XFRM interfaces that children name (xfrm_interface): made where there are none, and taken away
 * when no child names them any more. What stands in the system decides, not what we remember: ours
 * have an alias. */
#ifndef PARENT_XFRMI_H
#define PARENT_XFRMI_H

#include "parent/netlink.h"
#include "parent/tell.h"
#include "shrike/conf.h"

#define XFRMI_MAX 256 /* of all children */

/* One of the system's. */
struct xfrmi {
    char name[SHRIKE_LINK_MAX + 1];
    u32 link, id;
    bool kind; /* it is an XFRM interface; else another device that has this name */
    bool ours; /* of the system's: by its alias; of those that are wanted: it was just made */
};

struct xfrmis {
    struct netlink *netlink; /* NULL: none are made */
    const struct tell *tell;
    u16 mtu;
    bool looked;                 /* at what a life before has left */
    struct xfrmi all[XFRMI_MAX]; /* those that are wanted, and there */
    u32 count;
};

void xfrmis_open(struct xfrmis *x, struct netlink *n, u16 mtu, const struct tell *t);
/* Have those that these connections want, and no others of ours. */
void xfrmis_apply(struct xfrmis *x, const struct shrike_conf *conf);
/* Ours go; twice is fine. */
void xfrmis_close(struct xfrmis *x);
/* Into which one the child of this reqid is routed; 0: into none. */
u32 xfrmis_link(const struct xfrmis *x, const struct shrike_conf *conf, u32 reqid);

/* The letters. */
void xfrmi_add(union netmsg *m, const char *name, u32 id, u16 mtu);
void xfrmi_delete(union netmsg *m, u32 link);
/* false: it tells of no device. */
bool xfrmi_read(const struct nlmsghdr *h, struct xfrmi *out) must_use;

#endif
