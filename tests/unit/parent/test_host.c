/* Tests of parent/host.c and watch.c, with a system that has what is written here. */
#include "parent/host.h"
#include "parent/watch.h"
#include "test.h"
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

enum { ETH = 2, WLAN = 3, TUNNEL = 7, OURS = 220, RUNS = IFF_UP | IFF_RUNNING };

static struct {
    u32 link, flags;
} links[3];
static struct {
    u32 link, flags;
    char text[40];
} addresses[64];
static u32 link_count, address_count;
static int refuse;

static void link_message(union netmsg *m, u16 type, u32 link, u32 flags)
{
    memset(m, 0, sizeof *m);
    struct nlmsghdr *h = mnl_nlmsg_put_header(m->octets);
    struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof *i);
    h->nlmsg_type = type;
    i->ifi_index = (int)link;
    i->ifi_flags = flags;
}

static void address_message(union netmsg *m, u16 type, u32 link, const char *text, u32 flags)
{
    u8 octets[16];
    memset(m, 0, sizeof *m);
    struct nlmsghdr *h = mnl_nlmsg_put_header(m->octets);
    struct ifaddrmsg *a = mnl_nlmsg_put_extra_header(h, sizeof *a);
    bool six = strchr(text, ':');
    h->nlmsg_type = type;
    a->ifa_family = six ? AF_INET6 : AF_INET;
    a->ifa_index = link;
    ensure(inet_pton(a->ifa_family, text, octets) == 1);
    if (!six) {
        mnl_attr_put(h, IFA_LOCAL, 4, octets);
        mnl_attr_put(h, IFA_ADDRESS, 4, "\x01\x01\x01\x01"); /* the other end's */
    } else {
        mnl_attr_put(h, IFA_ADDRESS, 16, octets);
    }
    mnl_attr_put_u32(h, IFA_FLAGS, flags);
}

int netlink_list(struct netlink *n, union netmsg *m,
                 void (*row)(void *ctx, const struct nlmsghdr *h), void *ctx)
{
    union netmsg answer;
    bool of_links = m->header.nlmsg_type == RTM_GETLINK;
    (void)n;
    for (u32 i = 0; of_links && i < link_count; i++) {
        link_message(&answer, RTM_NEWLINK, links[i].link, links[i].flags);
        row(ctx, &answer.header);
    }
    for (u32 i = 0; !of_links && i < address_count; i++) {
        address_message(&answer, RTM_NEWADDR, addresses[i].link, addresses[i].text,
                        addresses[i].flags);
        row(ctx, &answer.header);
    }
    return refuse;
}

static void have(u32 link, const char *text, u32 flags)
{
    addresses[address_count].link = link;
    addresses[address_count].flags = flags;
    snprintf(addresses[address_count++].text, sizeof addresses[0].text, "%s", text);
}

static void begin(u32 eth, u32 wlan)
{
    link_count = 3;
    address_count = 0;
    refuse = 0;
    links[0].link = ETH;
    links[0].flags = eth;
    links[1].link = WLAN;
    links[1].flags = wlan;
    links[2].link = 1;
    links[2].flags = RUNS | IFF_LOOPBACK;
}

static struct host host;
static struct shrike_addr list[SHRIKE_HOST_ADDRESSES_MAX];

static bool is(const struct shrike_addr *a, const char *text)
{
    u8 octets[16] = {0};
    bool six = strchr(text, ':');
    ensure(inet_pton(six ? AF_INET6 : AF_INET, text, octets) == 1);
    return a->family == (six ? 6 : 4) && memcmp(a->octets, octets, 16) == 0;
}

TEST(what_can_be_sent_from)
{
    begin(RUNS, RUNS);
    have(1, "127.0.0.1", 0);
    have(1, "::1", 0);
    have(1, "203.0.113.9", 0); /* of a router itself */
    have(ETH, "fe80::1", 0);
    have(ETH, "2001:db8::9", IFA_F_DEPRECATED);
    have(ETH, "192.0.2.1", 0);
    have(WLAN, "2001:db8::1", 0);
    have(WLAN, "2001:db8::2", IFA_F_TENTATIVE);
    have(WLAN, "2001:db8::3", IFA_F_DADFAILED);
    have(TUNNEL, "10.3.0.1", 0);
    CHECK(host_look(&host, NULL, TUNNEL));
    CHECK_EQ(host_carried(&host), 5);
    CHECK_EQ(host_list(&host, NULL, 0, list), 5);
    CHECK(is(&list[0], "192.0.2.1") && is(&list[1], "2001:db8::1"));
    CHECK(is(&list[2], "203.0.113.9") && is(&list[3], "fe80::1") && is(&list[4], "2001:db8::9"));
}

TEST(links_that_do_not_carry_have_none)
{
    begin(IFF_UP, RUNS); /* the cable is out */
    have(ETH, "192.0.2.1", 0);
    have(WLAN, "198.51.100.1", 0);
    have(WLAN, "198.51.100.1", 0); /* twice, with another prefix */
    CHECK(host_look(&host, NULL, TUNNEL));
    CHECK_EQ(host_list(&host, NULL, 0, list), 1);
    CHECK(is(&list[0], "198.51.100.1"));
    begin(RUNS, IFF_RUNNING);
    have(ETH, "192.0.2.1", 0);
    have(WLAN, "198.51.100.1", 0);
    CHECK(host_look(&host, NULL, TUNNEL));
    CHECK_EQ(host_list(&host, NULL, 0, list), 1);
    CHECK(is(&list[0], "192.0.2.1"));
    refuse = 5;
    CHECK(!host_look(&host, NULL, TUNNEL));
}

TEST(those_in_use_stay_among_many)
{
    struct shrike_addr before[2] = {{{192, 0, 2, 50}, 4}, {{192, 0, 2, 99}, 4}};
    begin(RUNS, RUNS);
    for (u32 i = 0; i < 60; i++) {
        char text[40];
        snprintf(text, sizeof text, "192.0.2.%u", i + 1);
        have(ETH, text, 0);
    }
    CHECK(host_look(&host, NULL, TUNNEL));
    CHECK_EQ(host_carried(&host), 60);
    CHECK_EQ(host_list(&host, before, 2, list), SHRIKE_HOST_ADDRESSES_MAX);
    CHECK(is(&list[0], "192.0.2.50") && is(&list[1], "192.0.2.1"));
}

/* ---- changes ---- */

static enum watch_news route_news(u32 table, u32 link, u32 flags)
{
    union netmsg m;
    memset(&m, 0, sizeof m);
    struct nlmsghdr *h = mnl_nlmsg_put_header(m.octets);
    struct rtmsg *r = mnl_nlmsg_put_extra_header(h, sizeof *r);
    h->nlmsg_type = RTM_NEWROUTE;
    r->rtm_table = (u8)MIN(table, 255);
    r->rtm_flags = flags;
    mnl_attr_put_u32(h, RTA_TABLE, table);
    mnl_attr_put_u32(h, RTA_OIF, link);
    return watch_read(h, TUNNEL, OURS);
}

TEST(our_own_changes_are_no_news)
{
    union netmsg m;
    CHECK_EQ(route_news(RT_TABLE_MAIN, ETH, 0), NEWS_ROUTES);
    CHECK_EQ(route_news(1000, ETH, 0), NEWS_ROUTES);
    CHECK_EQ(route_news(RT_TABLE_MAIN, TUNNEL, 0), NEWS_NONE);
    CHECK_EQ(route_news(OURS, ETH, 0), NEWS_NONE);
    CHECK_EQ(route_news(RT_TABLE_LOCAL, ETH, 0), NEWS_NONE);
    CHECK_EQ(route_news(RT_TABLE_MAIN, ETH, RTM_F_CLONED), NEWS_NONE);
    link_message(&m, RTM_NEWLINK, ETH, RUNS);
    CHECK_EQ(watch_read(&m.header, TUNNEL, OURS), NEWS_HERE);
    CHECK_EQ(watch_read(&m.header, ETH, OURS), NEWS_NONE);
    address_message(&m, RTM_NEWADDR, ETH, "192.0.2.1", 0);
    CHECK_EQ(watch_read(&m.header, TUNNEL, OURS), NEWS_HERE);
    CHECK_EQ(watch_read(&m.header, ETH, OURS), NEWS_NONE);
    address_message(&m, RTM_DELADDR, ETH, "192.0.2.1", 0);
    CHECK_EQ(watch_read(&m.header, TUNNEL, OURS), NEWS_GONE);
    CHECK_EQ(watch_read(&m.header, ETH, OURS), NEWS_GONE); /* a source may be among ours */
    m.header.nlmsg_type = RTM_NEWNEIGH;
    CHECK_EQ(watch_read(&m.header, TUNNEL, OURS), NEWS_NONE);
    memset(&m, 0, sizeof m); /* cut */
    m.header = (struct nlmsghdr){.nlmsg_len = sizeof m.header, .nlmsg_type = RTM_NEWADDR};
    CHECK_EQ(watch_read(&m.header, TUNNEL, OURS), NEWS_NONE);
    m.header.nlmsg_type = RTM_NEWLINK;
    CHECK_EQ(watch_read(&m.header, TUNNEL, OURS), NEWS_NONE);
    m.header.nlmsg_type = RTM_NEWROUTE;
    CHECK_EQ(watch_read(&m.header, TUNNEL, OURS), NEWS_NONE);
}

int main(void)
{
    return RUN(what_can_be_sent_from) | RUN(links_that_do_not_carry_have_none) |
           RUN(those_in_use_stay_among_many) | RUN(our_own_changes_are_no_news);
}
