/* Which of this host's own addresses speaks for a tunnel: see addresses.h. */
#include "parent/addresses.h"
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

struct search {
    const struct addresses_wish *wish;
    struct shrike_addr *out;
};

static u32 size_of(u8 family)
{
    return family == 4 ? 4 : 16;
}

/* 127.0.0.0/8, ::1, fe80::/10: nobody else can answer to them. */
static bool is_private_to_host(u8 family, const u8 *octets)
{
    static const u8 loopback[16] = {[15] = 1};
    if (family == 4)
        return octets[0] == 127;
    return memcmp(octets, loopback, 16) == 0 || (octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80);
}

bool addresses_fit(const struct addresses_wish *w, u8 family, const u8 *octets)
{
    if (is_private_to_host(family, octets))
        return false;
    for (u32 i = 0; i < w->count; i++) {
        const struct shrike_ts *ts = &w->ts[i];
        if (ts->family == family && memcmp(octets, ts->from, size_of(family)) >= 0 &&
            memcmp(octets, ts->to, size_of(family)) <= 0)
            return true;
    }
    return false;
}

/* One address of the list. IFA_LOCAL is the host's own where IFA_ADDRESS is the other end's. */
static void row(void *ctx, const struct nlmsghdr *h)
{
    struct search *s = ctx;
    const struct ifaddrmsg *a = mnl_nlmsg_get_payload(h);
    const struct nlattr *at = NULL;
    const u8 *octets = NULL;
    u32 flags = 0;
    if (h->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(h) < sizeof *a ||
        (a->ifa_family != AF_INET && a->ifa_family != AF_INET6))
        return;
    u8 family = a->ifa_family == AF_INET ? 4 : 6;
    flags = a->ifa_flags;
    mnl_attr_for_each(at, h, sizeof *a)
    {
        u16 type = mnl_attr_get_type(at), len = mnl_attr_get_payload_len(at);
        if (type == IFA_FLAGS && len == sizeof flags)
            flags = mnl_attr_get_u32(at);
        else if (len == size_of(family) &&
                 (type == IFA_LOCAL || (type == IFA_ADDRESS && octets == NULL)))
            octets = mnl_attr_get_payload(at);
    }
    struct shrike_addr *out = &s->out[family == 6];
    if (!octets || out->family != 0 || flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED) ||
        !addresses_fit(s->wish, family, octets))
        return;
    out->family = family;
    memcpy(out->octets, octets, size_of(family));
}

void addresses_pick(struct netlink *n, const struct addresses_wish *w, struct shrike_addr out[2])
{
    struct search s = {w, out};
    union netmsg m;
    memset(out, 0, 2 * sizeof *out);
    netmsg_address_list(&m);
    netlink_list(n, &m, row, &s);
}
