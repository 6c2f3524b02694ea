/* Tests of parent/netmsg.c: what stands in the messages, read again attribute by attribute. */
#include "parent/netmsg.h"
#include "test.h"
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

/* The attribute of this type behind a header of so many octets. */
static const struct nlattr *attribute(const union netmsg *m, size_t header, u16 type)
{
    const struct nlattr *a;
    mnl_attr_for_each(a, &m->header, header)
    {
        if (mnl_attr_get_type(a) == type)
            return a;
    }
    return NULL;
}

static u32 number(const union netmsg *m, size_t header, u16 type)
{
    const struct nlattr *a = attribute(m, header, type);
    return a && mnl_attr_get_payload_len(a) == 4 ? mnl_attr_get_u32(a) : 0xdeadbeef;
}

TEST(a_rule_takes_what_has_not_the_mark)
{
    union netmsg m;
    netmsg_rule(&m, &(struct netmsg_rule){6, 221, 1220, 219}, true);
    const struct fib_rule_hdr *h = mnl_nlmsg_get_payload(&m.header);
    CHECK_EQ(m.header.nlmsg_type, RTM_NEWRULE);
    CHECK_EQ(m.header.nlmsg_flags, NLM_F_CREATE | NLM_F_EXCL);
    CHECK_EQ(h->family, AF_INET6);
    CHECK_EQ(h->action, FR_ACT_TO_TBL);
    CHECK_EQ(h->flags, FIB_RULE_INVERT);
    CHECK_EQ(h->table, RT_TABLE_UNSPEC); /* does not fit into it */
    CHECK_EQ(number(&m, sizeof *h, FRA_TABLE), 1220);
    CHECK_EQ(number(&m, sizeof *h, FRA_FWMARK), 221);
    CHECK_EQ(number(&m, sizeof *h, FRA_FWMASK), UINT32_MAX);
    CHECK_EQ(number(&m, sizeof *h, FRA_PRIORITY), 219);
    netmsg_rule(&m, &(struct netmsg_rule){4, 220, 220, 220}, false);
    CHECK_EQ(m.header.nlmsg_type, RTM_DELRULE);
    CHECK_EQ(h->family, AF_INET);
    CHECK_EQ(h->flags, FIB_RULE_INVERT);
    CHECK_EQ(h->table, 220);
}

TEST(a_route_leads_into_the_link)
{
    union netmsg m;
    struct netmsg_route r = {
        .to = {{10, 2}, 4, 16}, .table = 220, .link = 7, .source = {{10, 1, 0, 1}, 4}};
    netmsg_route(&m, &r, true);
    const struct rtmsg *h = mnl_nlmsg_get_payload(&m.header);
    CHECK_EQ(m.header.nlmsg_type, RTM_NEWROUTE);
    CHECK_EQ(h->rtm_family, AF_INET);
    CHECK_EQ(h->rtm_dst_len, 16);
    CHECK_EQ(h->rtm_type, RTN_UNICAST);
    CHECK_EQ(number(&m, sizeof *h, RTA_TABLE), 220);
    CHECK_EQ(number(&m, sizeof *h, RTA_OIF), 7);
    const struct nlattr *to = attribute(&m, sizeof *h, RTA_DST);
    const struct nlattr *from = attribute(&m, sizeof *h, RTA_PREFSRC);
    CHECK(to && mnl_attr_get_payload_len(to) == 4);
    CHECK_BYTES(mnl_attr_get_payload(to), r.to.octets, 4);
    CHECK(from && mnl_attr_get_payload_len(from) == 4);
    CHECK_BYTES(mnl_attr_get_payload(from), r.source.octets, 4);
    CHECK(!attribute(&m, sizeof *h, RTA_METRICS));
}

/* Of one that goes they are not told: it is found whatever they are. */
TEST(a_route_has_metrics)
{
    union netmsg m;
    const struct nlattr *at;
    u32 mtu = 0, mss = 0;
    struct netmsg_route r = {.to = {{10, 2}, 4, 16}, .table = 220, .link = 7, .mss = 1300};
    netmsg_route(&m, &r, true);
    const struct nlattr *all = attribute(&m, sizeof(struct rtmsg), RTA_METRICS);
    CHECK(all);
    mnl_attr_for_each_nested(at, all)
    {
        CHECK_EQ(mnl_attr_get_type(at), RTAX_ADVMSS);
        mss = mnl_attr_get_u32(at);
    }
    CHECK_EQ(mss, 1300);
    r.mtu = 1380;
    netmsg_route(&m, &r, true);
    mnl_attr_for_each_nested(at, attribute(&m, sizeof(struct rtmsg), RTA_METRICS))
    {
        if (mnl_attr_get_type(at) == RTAX_MTU)
            mtu = mnl_attr_get_u32(at);
    }
    CHECK_EQ(mtu, 1380);
    netmsg_route(&m, &r, false);
    CHECK(!attribute(&m, sizeof(struct rtmsg), RTA_METRICS));
}

TEST(a_route_to_everything_has_no_source_when_there_is_none)
{
    union netmsg m;
    netmsg_route(&m, &(struct netmsg_route){.to = {{0}, 6, 0}, .table = 70000, .link = 7}, false);
    const struct rtmsg *h = mnl_nlmsg_get_payload(&m.header);
    CHECK_EQ(m.header.nlmsg_type, RTM_DELROUTE);
    CHECK_EQ(h->rtm_family, AF_INET6);
    CHECK_EQ(h->rtm_dst_len, 0);
    CHECK_EQ(number(&m, sizeof *h, RTA_TABLE), 70000);
    CHECK(!attribute(&m, sizeof *h, RTA_DST));
    CHECK(!attribute(&m, sizeof *h, RTA_PREFSRC));
}

TEST(a_route_without_a_link_leads_out_of_the_table)
{
    union netmsg m;
    netmsg_route(&m, &(struct netmsg_route){.to = {{10, 2}, 4, 16}, .table = 220}, true);
    const struct rtmsg *h = mnl_nlmsg_get_payload(&m.header);
    CHECK_EQ(h->rtm_type, RTN_THROW);
    CHECK_EQ(h->rtm_scope, RT_SCOPE_UNIVERSE);
    CHECK(!attribute(&m, sizeof *h, RTA_OIF));
}

/* What the system lists is in the same form. */
TEST(a_route_is_read_again)
{
    static const struct netmsg_route all[] = {
        {{{10, 2}, 4, 16}, 220, 7, {{10, 1, 0, 1}, 4}, 0, 0},
        {{{0x20, 1, 0x0d, 0xb8}, 6, 32}, 70000, 9, {{0}, 0}, 0, 0},
        {{{10, 1}, 4, 16}, 220, 0, {{0}, 0}, 0, 0},
        {{{0}, 6, 0}, 220, 7, {{0}, 0}, 0, 0},
    };
    union netmsg m;
    struct netmsg_route out;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        netmsg_route(&m, &all[i], true);
        CHECK(netmsg_route_read(&m.header, &out));
        CHECK_BYTES(&out.to, &all[i].to, sizeof out.to);
        CHECK_BYTES(&out.source, &all[i].source, sizeof out.source);
        CHECK(out.table == all[i].table && out.link == all[i].link);
    }
    struct rtmsg *h = mnl_nlmsg_get_payload(&m.header);
    h->rtm_protocol = RTPROT_KERNEL;
    CHECK(!netmsg_route_read(&m.header, &out));
    h->rtm_protocol = RTPROT_STATIC;
    h->rtm_type = RTN_UNREACHABLE;
    CHECK(!netmsg_route_read(&m.header, &out));
    h->rtm_type = RTN_UNICAST;
    h->rtm_dst_len = 129;
    CHECK(!netmsg_route_read(&m.header, &out));
    h->rtm_dst_len = 128;
    h->rtm_family = AF_PACKET;
    CHECK(!netmsg_route_read(&m.header, &out));
    netmsg_route(&m, &all[0], false);
    CHECK(!netmsg_route_read(&m.header, &out));
    netmsg_route_list(&m);
    CHECK_EQ(m.header.nlmsg_type, RTM_GETROUTE);
    CHECK(!netmsg_route_read(&m.header, &out));
}

TEST(a_link_is_known_again_by_its_alias)
{
    union netmsg m;
    netmsg_link(&m, &(struct netmsg_link){.link = 9, .alias = "of ours"});
    const struct nlattr *a = attribute(&m, sizeof(struct ifinfomsg), IFLA_IFALIAS);
    CHECK(a && mnl_attr_get_payload_len(a) == 7);
    CHECK(!netmsg_link_is(&m.header, 9, "of ours")); /* the system ends it with a zero */
    netmsg_link(&m, &(struct netmsg_link){.link = 9});
    CHECK(!netmsg_link_is(&m.header, 9, "of ours"));
    mnl_attr_put_strz(&m.header, IFLA_IFALIAS, "of ours");
    CHECK(netmsg_link_is(&m.header, 9, "of ours"));
    CHECK(!netmsg_link_is(&m.header, 8, "of ours"));
    CHECK(!netmsg_link_is(&m.header, 9, "of others"));
    m.header.nlmsg_type = RTM_DELLINK;
    CHECK(!netmsg_link_is(&m.header, 9, "of ours"));
}

TEST(a_link_is_made_quiet_and_brought_up)
{
    union netmsg m;
    netmsg_link(&m, &(struct netmsg_link){.link = 9, .quiet = true});
    const struct ifinfomsg *h = mnl_nlmsg_get_payload(&m.header);
    CHECK_EQ(m.header.nlmsg_type, RTM_NEWLINK);
    CHECK_EQ(h->ifi_index, 9);
    CHECK_EQ(h->ifi_change, 0);
    CHECK(!attribute(&m, sizeof *h, IFLA_MTU));
    const struct nlattr *spec = attribute(&m, sizeof *h, IFLA_AF_SPEC);
    CHECK(spec);
    const struct nlattr *v6 = mnl_attr_get_payload(spec);
    CHECK_EQ(mnl_attr_get_type(v6), AF_INET6);
    const struct nlattr *mode = mnl_attr_get_payload(v6);
    CHECK_EQ(mnl_attr_get_type(mode), IFLA_INET6_ADDR_GEN_MODE);
    CHECK_EQ(mnl_attr_get_u8(mode), IN6_ADDR_GEN_MODE_NONE);
    netmsg_link(&m, &(struct netmsg_link){.link = 9, .mtu = 1400, .up = true});
    CHECK_EQ(number(&m, sizeof *h, IFLA_MTU), 1400);
    CHECK_EQ(h->ifi_flags, IFF_UP);
    CHECK_EQ(h->ifi_change, IFF_UP | IFF_MULTICAST);
    CHECK(!attribute(&m, sizeof *h, IFLA_AF_SPEC));
}

TEST(an_address_of_a_device)
{
    union netmsg m;
    netmsg_address(&m, &(struct netmsg_address){7, {{10, 3, 0, 1}, 4}}, true);
    const struct ifaddrmsg *h = mnl_nlmsg_get_payload(&m.header);
    CHECK_EQ(m.header.nlmsg_type, RTM_NEWADDR);
    CHECK_EQ(m.header.nlmsg_flags, NLM_F_CREATE | NLM_F_EXCL);
    CHECK(h->ifa_family == AF_INET && h->ifa_prefixlen == 32 && h->ifa_index == 7);
    const struct nlattr *own = attribute(&m, sizeof *h, IFA_LOCAL);
    CHECK(own && mnl_attr_get_payload_len(own) == 4 && !attribute(&m, sizeof *h, IFA_CACHEINFO));
    CHECK_BYTES(mnl_attr_get_payload(own), "\12\3\0\1", 4);
    netmsg_address(&m, &(struct netmsg_address){7, {{0xfd, 3, [15] = 1}, 6}}, true);
    CHECK(h->ifa_family == AF_INET6 && h->ifa_prefixlen == 128);
    CHECK_EQ(number(&m, sizeof *h, IFA_FLAGS), IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
    const struct nlattr *lives = attribute(&m, sizeof *h, IFA_CACHEINFO);
    CHECK(lives && mnl_attr_get_payload_len(lives) == sizeof(struct ifa_cacheinfo));
    const struct ifa_cacheinfo *c = mnl_attr_get_payload(lives);
    CHECK(c->ifa_prefered == 0 && c->ifa_valid == UINT32_MAX);
    netmsg_address(&m, &(struct netmsg_address){7, {{0xfd, 3, [15] = 1}, 6}}, false);
    CHECK(m.header.nlmsg_type == RTM_DELADDR && m.header.nlmsg_flags == 0);
    CHECK(!attribute(&m, sizeof *h, IFA_CACHEINFO) && attribute(&m, sizeof *h, IFA_LOCAL));
}

int main(void)
{
    return RUN(an_address_of_a_device) | RUN(a_rule_takes_what_has_not_the_mark) |
           RUN(a_route_leads_into_the_link) | RUN(a_route_has_metrics) |
           RUN(a_route_to_everything_has_no_source_when_there_is_none) |
           RUN(a_route_without_a_link_leads_out_of_the_table) | RUN(a_route_is_read_again) |
           RUN(a_link_is_known_again_by_its_alias) | RUN(a_link_is_made_quiet_and_brought_up);
}
