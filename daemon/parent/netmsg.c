/* Messages to the system about links, rules, routes and addresses: see netmsg.h. */
#include "parent/netmsg.h"
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

/* An empty message of this type with the header that belongs to it, zeroed. */
static void *begin(union netmsg *m, u16 type, size_t header_size)
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

void netmsg_rule(union netmsg *m, const struct netmsg_rule *r, bool add)
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

void netmsg_route(union netmsg *m, const struct netmsg_route *r, bool add)
{
    size_t len = r->to.family == 4 ? 4 : 16;
    struct rtmsg *h = begin(m, add ? RTM_NEWROUTE : RTM_DELROUTE, sizeof *h);
    m->header.nlmsg_flags = add ? NLM_F_CREATE | NLM_F_REPLACE : 0;
    h->rtm_family = family_of(r->to.family);
    h->rtm_dst_len = r->to.bits;
    h->rtm_table = r->table < 256 ? (u8)r->table : RT_TABLE_UNSPEC;
    h->rtm_protocol = RTPROT_STATIC;
    h->rtm_scope = r->to.family == 4 && r->link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    h->rtm_type = r->link ? RTN_UNICAST : RTN_THROW;
    mnl_attr_put_u32(&m->header, RTA_TABLE, r->table);
    if (r->to.bits > 0)
        mnl_attr_put(&m->header, RTA_DST, len, r->to.octets);
    if (r->link)
        mnl_attr_put_u32(&m->header, RTA_OIF, r->link);
    if (r->source.family != 0)
        mnl_attr_put(&m->header, RTA_PREFSRC, len, r->source.octets);
    if (!add || (!r->mtu && !r->mss))
        return;
    struct nlattr *metrics = mnl_attr_nest_start(&m->header, RTA_METRICS);
    if (r->mtu)
        mnl_attr_put_u32(&m->header, RTAX_MTU, r->mtu);
    if (r->mss)
        mnl_attr_put_u32(&m->header, RTAX_ADVMSS, r->mss);
    mnl_attr_nest_end(&m->header, metrics);
}

void netmsg_route_list(union netmsg *m)
{
    struct rtmsg *h = begin(m, RTM_GETROUTE, sizeof *h);
    h->rtm_family = AF_UNSPEC;
}

bool netmsg_route_read(const struct nlmsghdr *h, struct netmsg_route *out)
{
    const struct rtmsg *r = mnl_nlmsg_get_payload(h);
    const struct nlattr *at = NULL;
    memset(out, 0, sizeof *out);
    if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof *r ||
        (r->rtm_family != AF_INET && r->rtm_family != AF_INET6) ||
        r->rtm_protocol != RTPROT_STATIC ||
        (r->rtm_type != RTN_UNICAST && r->rtm_type != RTN_THROW))
        return false;
    const u16 len = r->rtm_family == AF_INET ? 4 : 16;
    out->to.family = r->rtm_family == AF_INET ? 4 : 6;
    out->to.bits = r->rtm_dst_len;
    out->table = r->rtm_table;
    mnl_attr_for_each(at, h, sizeof *r)
    {
        u16 type = mnl_attr_get_type(at), size = mnl_attr_get_payload_len(at);
        if (type == RTA_TABLE && size == sizeof(u32))
            out->table = mnl_attr_get_u32(at);
        if (type == RTA_OIF && size == sizeof(u32) && r->rtm_type == RTN_UNICAST)
            out->link = mnl_attr_get_u32(at);
        if (type == RTA_DST && size == len)
            memcpy(out->to.octets, mnl_attr_get_payload(at), len);
        if (type == RTA_PREFSRC && size == len) {
            memcpy(out->source.octets, mnl_attr_get_payload(at), len);
            out->source.family = out->to.family;
        }
    }
    return out->to.bits <= 8 * len && (out->link != 0 || r->rtm_type == RTN_THROW);
}

void netmsg_link(union netmsg *m, const struct netmsg_link *l)
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
    if (l->alias)
        mnl_attr_put(&m->header, IFLA_IFALIAS, strlen(l->alias), l->alias);
    if (l->quiet) {
        struct nlattr *spec = mnl_attr_nest_start(&m->header, IFLA_AF_SPEC);
        struct nlattr *v6 = mnl_attr_nest_start(&m->header, AF_INET6);
        mnl_attr_put_u8(&m->header, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
        mnl_attr_nest_end(&m->header, v6);
        mnl_attr_nest_end(&m->header, spec);
    }
}

bool netmsg_link_is(const struct nlmsghdr *h, u32 link, const char *alias)
{
    const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
    const struct nlattr *at = NULL;
    const size_t len = strlen(alias);
    if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < sizeof *i ||
        (u32)i->ifi_index != link)
        return false;
    mnl_attr_for_each(at, h, sizeof *i)
    {
        if (mnl_attr_get_type(at) == IFLA_IFALIAS)
            return mnl_attr_get_payload_len(at) == len + 1 &&
                   memcmp(mnl_attr_get_payload(at), alias, len + 1) == 0;
    }
    return false;
}

void netmsg_address_list(union netmsg *m)
{
    struct ifaddrmsg *h = begin(m, RTM_GETADDR, sizeof *h);
    h->ifa_family = AF_UNSPEC;
}

void netmsg_link_list(union netmsg *m)
{
    struct ifinfomsg *h = begin(m, RTM_GETLINK, sizeof *h);
    h->ifi_family = AF_UNSPEC;
}

void netmsg_address(union netmsg *m, const struct netmsg_address *a, bool add)
{
    size_t len = a->address.family == 4 ? 4 : 16;
    struct ifaddrmsg *h = begin(m, add ? RTM_NEWADDR : RTM_DELADDR, sizeof *h);
    m->header.nlmsg_flags = add ? NLM_F_CREATE | NLM_F_EXCL : 0;
    h->ifa_family = family_of(a->address.family);
    h->ifa_prefixlen = (u8)(len * 8);
    h->ifa_scope = RT_SCOPE_UNIVERSE;
    h->ifa_index = a->link;
    mnl_attr_put(&m->header, IFA_LOCAL, len, a->address.octets);
    mnl_attr_put(&m->header, IFA_ADDRESS, len, a->address.octets);
    if (!add || a->address.family == 4)
        return;
    struct ifa_cacheinfo lives = {.ifa_prefered = 0, .ifa_valid = UINT32_MAX};
    mnl_attr_put_u32(&m->header, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
    mnl_attr_put(&m->header, IFA_CACHEINFO, sizeof lives, &lives);
}
