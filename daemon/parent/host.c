/* The addresses of this host: see host.h. */
#include "parent/host.h"
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

static bool is_loopback(const struct shrike_addr *a)
{
    static const u8 loopback[16] = {[15] = 1};
    return a->family == 4 ? a->octets[0] == 127 : memcmp(a->octets, loopback, 16) == 0;
}

/* RFC 4291 2.5.6 */
static bool is_link_local(const struct shrike_addr *a)
{
    return a->family == 6 && a->octets[0] == 0xfe && (a->octets[1] & 0xc0) == 0x80;
}

/* IFA_LOCAL is the host's own address where IFA_ADDRESS is the other end's. */
bool host_address_read(const struct nlmsghdr *h, struct host_address *out)
{
    const struct ifaddrmsg *a = mnl_nlmsg_get_payload(h);
    const struct nlattr *at = NULL;
    bool local = false;
    memset(out, 0, sizeof *out);
    if (h->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(h) < sizeof *a ||
        (a->ifa_family != AF_INET && a->ifa_family != AF_INET6))
        return false;
    u16 size = a->ifa_family == AF_INET ? 4 : 16;
    u32 flags = a->ifa_flags;
    mnl_attr_for_each(at, h, sizeof *a)
    {
        u16 type = mnl_attr_get_type(at), len = mnl_attr_get_payload_len(at);
        if (type == IFA_FLAGS && len == sizeof flags)
            flags = mnl_attr_get_u32(at);
        if (len != size || (type != IFA_LOCAL && (type != IFA_ADDRESS || local)))
            continue;
        memcpy(out->addr.octets, mnl_attr_get_payload(at), size);
        out->addr.family = size == 4 ? 4 : 6;
        local = type == IFA_LOCAL;
    }
    out->link = a->ifa_index;
    out->last = flags & IFA_F_DEPRECATED || is_link_local(&out->addr);
    return out->addr.family != 0 && !(flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) &&
           !is_loopback(&out->addr);
}

/* ---- asking ---- */

struct look {
    struct host *host;
    u32 tunnel, loopback; /* links */
};

static void link_row(void *ctx, const struct nlmsghdr *h)
{
    struct look *l = ctx;
    const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
    if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < sizeof *i)
        return;
    if (i->ifi_flags & IFF_LOOPBACK)
        l->loopback = (u32)i->ifi_index;
    bool carries = (i->ifi_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
    if (!carries && l->host->down_count < HOST_LINKS)
        l->host->down[l->host->down_count++] = (u32)i->ifi_index;
}

static bool carries(const struct host *h, u32 link)
{
    for (u32 i = 0; i < h->down_count; i++)
        if (h->down[i] == link)
            return false;
    return true;
}

static void address_row(void *ctx, const struct nlmsghdr *h)
{
    struct look *l = ctx;
    struct host_address a;
    if (!host_address_read(h, &a) || l->host->count == HOST_LOOKED_AT)
        return;
    a.last |= a.link == l->loopback;
    a.carried = a.link != l->tunnel && carries(l->host, a.link);
    l->host->all[l->host->count++] = a;
}

bool host_look(struct host *h, struct netlink *n, u32 tunnel)
{
    struct look l = {.host = h, .tunnel = tunnel};
    union netmsg m;
    h->count = h->down_count = 0;
    netmsg_link_list(&m);
    if (netlink_list(n, &m, link_row, &l) != 0)
        return false;
    netmsg_address_list(&m);
    return netlink_list(n, &m, address_row, &l) == 0;
}

/* ---- the list ---- */

struct list_of {
    struct shrike_addr *out;
    u16 count;
};

static bool holds(const struct shrike_addr *all, u16 count, const struct shrike_addr *a)
{
    for (u16 i = 0; i < count; i++)
        if (memcmp(&all[i], a, sizeof *a) == 0)
            return true;
    return false;
}

static void put(struct list_of *l, const struct shrike_addr *a)
{
    if (l->count < SHRIKE_HOST_ADDRESSES_MAX && !holds(l->out, l->count, a))
        l->out[l->count++] = *a;
}

u32 host_carried(const struct host *h)
{
    u32 carried = 0;
    for (u32 i = 0; i < h->count; i++)
        carried += h->all[i].carried;
    return carried;
}

u16 host_list(const struct host *h, const struct shrike_addr *before, u16 before_count,
              struct shrike_addr out[SHRIKE_HOST_ADDRESSES_MAX])
{
    struct list_of l = {out, 0};
    bool many = host_carried(h) > SHRIKE_HOST_ADDRESSES_MAX;
    for (u32 i = 0; many && i < h->count; i++)
        if (h->all[i].carried && holds(before, before_count, &h->all[i].addr))
            put(&l, &h->all[i].addr);
    for (int last = 0; last < 2; last++)
        for (u32 i = 0; i < h->count; i++)
            if (h->all[i].carried && h->all[i].last == (last == 1))
                put(&l, &h->all[i].addr);
    return l.count;
}
