/* Tests of parent/routes.c and addresses.c, with a system that only notes what it is asked for. */
#include "parent/addresses.h"
#include "parent/netlink.h"
#include "parent/routes.h"
#include "test.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

/* The system. */
static struct {
    u32 thrown, unthrown; /* routes out of the table */
    u32 thrown_then;      /* when the last route into the link was made */
    u32 added, removed, rules, rules_removed;
    u8 dst_len;  /* of the last route */
    u32 link;    /* of the last route */
    u32 source;  /* of the last route, IPv4; 0: none */
    u32 metrics; /* routes that have some */
    int refuse;  /* errno for routes with a source */
    int refuse_rules;
    const struct netmsg_route *there; /* what its tables have */
    u32 there_count;
    const char *address; /* of the host */
    u32 address_flags;
} host;

bool netlink_open(struct netlink *n)
{
    n->socket = NULL;
    return true;
}

void netlink_close(struct netlink *n)
{
    (void)n;
}

int netlink_do(struct netlink *n, union netmsg *m)
{
    const struct rtmsg *h = mnl_nlmsg_get_payload(&m->header);
    const struct nlattr *a;
    (void)n;
    if (m->header.nlmsg_type == RTM_NEWRULE) {
        host.rules++;
        return host.refuse_rules;
    }
    if (m->header.nlmsg_type == RTM_DELRULE) {
        host.rules_removed++;
        return 0;
    }
    if (h->rtm_type == RTN_THROW) {
        host.thrown += m->header.nlmsg_type == RTM_NEWROUTE;
        host.unthrown += m->header.nlmsg_type == RTM_DELROUTE;
        return 0;
    }
    host.source = 0;
    mnl_attr_for_each(a, &m->header, sizeof *h)
    {
        if (mnl_attr_get_type(a) == RTA_PREFSRC && mnl_attr_get_payload_len(a) == 4)
            memcpy(&host.source, mnl_attr_get_payload(a), 4);
        host.metrics += mnl_attr_get_type(a) == RTA_METRICS;
        if (mnl_attr_get_type(a) == RTA_OIF)
            host.link = mnl_attr_get_u32(a);
    }
    if (host.source && host.refuse)
        return host.refuse;
    host.dst_len = h->rtm_dst_len;
    if (m->header.nlmsg_type == RTM_NEWROUTE)
        host.thrown_then = host.thrown - host.unthrown;
    host.added += m->header.nlmsg_type == RTM_NEWROUTE;
    host.removed += m->header.nlmsg_type == RTM_DELROUTE;
    return 0;
}

int netlink_list(struct netlink *n, union netmsg *m,
                 void (*row)(void *ctx, const struct nlmsghdr *h), void *ctx)
{
    union netmsg answer;
    u8 octets[4];
    (void)n;
    for (u32 i = 0; m->header.nlmsg_type == RTM_GETROUTE && i < host.there_count; i++) {
        netmsg_route(&answer, &host.there[i], true);
        row(ctx, &answer.header);
    }
    if (!host.address || m->header.nlmsg_type != RTM_GETADDR)
        return 0;
    memset(&answer, 0, sizeof answer);
    struct nlmsghdr *h = mnl_nlmsg_put_header(answer.octets);
    h->nlmsg_type = RTM_NEWADDR;
    struct ifaddrmsg *a = mnl_nlmsg_put_extra_header(h, sizeof *a);
    a->ifa_family = AF_INET;
    inet_pton(AF_INET, host.address, octets);
    mnl_attr_put(h, IFA_ADDRESS, 4, "\x01\x01\x01\x01"); /* the other end's */
    mnl_attr_put(h, IFA_LOCAL, 4, octets);
    mnl_attr_put_u32(h, IFA_FLAGS, host.address_flags);
    row(ctx, h);
    return 0;
}

static struct netlink netlink;
static const struct tell quiet = {.level = SHRIKE_ERROR};
static const struct settings settings = {
    .routing_table = 220, .routing_priority = 220, .mark = 220, .install_routes = true};

static struct shrike_ts range(const char *from, const char *to)
{
    struct shrike_ts ts = {.family = 4, .port_to = 65535};
    if (inet_pton(AF_INET, from, ts.from) != 1 || inet_pton(AF_INET, to, ts.to) != 1)
        abort();
    return ts;
}

static struct mail_route ask(bool add, const char *from, const char *to)
{
    struct mail_route m = {.add = add, .reqid = 1, .local_count = 1, .remote_count = 1};
    m.local[0] = range("10.1.0.0", "10.1.255.255");
    m.remote[0] = range(from, to);
    return m;
}

static void open_routes(struct routes *r)
{
    memset(&host, 0, sizeof host);
    if (!routes_open(r, &netlink, &settings, 7, &quiet))
        abort();
}

TEST(routes_have_the_metrics_of_the_configuration)
{
    struct settings with = settings;
    struct mail_route one = ask(true, "10.2.0.0", "10.2.255.255");
    struct routes r;
    open_routes(&r);
    routes_change(&r, &one);
    CHECK(host.added == 1 && host.metrics == 0);
    routes_close(&r);
    memset(&host, 0, sizeof host);
    with.route_mss = 1300;
    CHECK(routes_open(&r, &netlink, &with, 7, &quiet));
    routes_change(&r, &one);
    CHECK(host.added == 1 && host.metrics == 1);
    routes_close(&r);
}

static const struct prefix ten_one = {{10, 1}, 4, 16};
static const struct prefix ten_two = {{10, 2}, 4, 16};

/* The system may drop a route whose source is gone. */
TEST(routes_follow_the_addresses_of_the_host)
{
    static struct host here;
    struct routes r;
    struct mail_route add = ask(true, "10.2.0.0", "10.2.255.255");
    open_routes(&r);
    host.address = "10.1.0.9";
    routes_change(&r, &add);
    CHECK(host.added == 1 && host.source == inet_addr("10.1.0.9"));
    here.count = 2;
    here.all[0].addr = (struct shrike_addr){{192, 0, 2, 1}, 4};
    here.all[1].addr = (struct shrike_addr){{10, 1, 0, 9}, 4};
    routes_refresh(&r, &here, false);
    CHECK_EQ(host.added, 1); /* as it was */
    routes_refresh(&r, &here, true);
    CHECK(host.added == 2 && host.source == inet_addr("10.1.0.9")); /* it came back */
    here.all[1].addr.octets[3] = 77;
    routes_refresh(&r, &here, false);
    CHECK(host.added == 3 && host.source == inet_addr("10.1.0.77"));
    here.count = 1;
    routes_refresh(&r, &here, true);
    CHECK(host.added == 4 && host.source == 0);
    routes_refresh(&r, &here, true);
    CHECK_EQ(host.added, 4); /* without a source it stays */
    CHECK_EQ(routes_count(&r, &ten_two), 1);
    routes_close(&r);
    CHECK_EQ(host.removed, 1);
}

TEST(a_prefix_is_routed_as_long_as_somebody_wants_it)
{
    struct routes r;
    struct mail_route add = ask(true, "10.2.0.0", "10.2.255.255");
    struct mail_route undo = ask(false, "10.2.0.0", "10.2.255.255");
    open_routes(&r);
    routes_change(&r, &add);
    routes_change(&r, &add);
    CHECK_EQ(host.added, 1);
    CHECK_EQ(host.dst_len, 16);
    CHECK_EQ(host.link, 7);
    CHECK_EQ(routes_count(&r, &ten_two), 2);
    routes_change(&r, &undo);
    CHECK_EQ(host.removed, 0);
    routes_change(&r, &undo);
    CHECK_EQ(host.removed, 1);
    CHECK_EQ(routes_count(&r, &ten_two), -1);
    routes_change(&r, &undo); /* more often than asked for */
    CHECK_EQ(host.removed, 1);
    CHECK_EQ(r.count, 0);
    routes_close(&r);
}

TEST(a_range_is_several_routes)
{
    struct routes r;
    struct mail_route add = ask(true, "10.2.0.1", "10.2.0.6");
    open_routes(&r);
    routes_change(&r, &add);
    CHECK_EQ(host.added, 4);
    add.add = false;
    routes_change(&r, &add);
    CHECK_EQ(host.removed, 4);
    routes_close(&r);
}

TEST(two_children_may_share_a_part)
{
    struct routes r;
    struct mail_route all = ask(true, "10.2.0.0", "10.3.255.255");
    struct mail_route some = ask(true, "10.2.0.0", "10.2.255.255");
    open_routes(&r);
    some.remote_count = 2; /* two selectors that differ by port alone */
    some.remote[1] = some.remote[0];
    some.remote[1].port_from = some.remote[1].port_to = 80;
    routes_change(&r, &all);
    routes_change(&r, &some);
    CHECK_EQ(host.added, 2);
    CHECK_EQ(routes_count(&r, &ten_two), 2);
    some.add = false;
    routes_change(&r, &some);
    CHECK_EQ(host.removed, 1);
    CHECK_EQ(host.dst_len, 16);
    routes_close(&r);
    CHECK_EQ(host.removed, 2);
}

TEST(orphans_go_when_nobody_asks_again)
{
    struct routes r;
    struct mail_route one = ask(true, "10.2.0.0", "10.2.255.255");
    struct mail_route two = ask(true, "10.3.0.0", "10.3.255.255");
    open_routes(&r);
    routes_change(&r, &one);
    routes_change(&r, &one);
    routes_change(&r, &two);
    routes_orphan(&r);
    CHECK_EQ(host.removed, 0);
    routes_change(&r, &one);
    CHECK_EQ(host.added, 2); /* it was there still */
    routes_sweep(&r);
    CHECK_EQ(host.removed, 1);
    CHECK_EQ(routes_count(&r, &ten_two), 1);
    routes_close(&r);
}

/* From one program to the next: the system is told of nothing that it knows. */
TEST(routes_are_handed_on)
{
    struct routes r, next;
    struct mail_route one = ask(true, "10.2.0.0", "10.2.255.255");
    struct mail_route two = ask(true, "10.3.0.0", "10.3.255.255");
    struct prefix p;
    struct shrike_addr source;
    u32 bucket = 0, place = 0, count = 0;
    open_routes(&r);
    routes_change(&r, &one);
    routes_change(&r, &two);
    open_routes(&next);
    u32 added = host.added, removed = host.removed;
    for (; routes_next(&r, &bucket, &place, &p, &source); count++)
        routes_adopt(&next, &p, &source);
    CHECK_EQ(count, 2);
    CHECK_EQ(next.count, 2);
    routes_adopt(&next, &ten_two, &source); /* it is there */
    CHECK_EQ(next.count, 2);
    CHECK_EQ(routes_count(&next, &ten_two), 0);
    routes_change(&next, &one);
    CHECK_EQ(host.added, added);
    routes_sweep(&next);
    CHECK_EQ(host.removed, removed + 1);
    CHECK_EQ(routes_count(&next, &ten_two), 1);
    routes_close(&next);
    routes_close(&r);
}

/* Who asked for it is not known; who asks again says which source it is to have. */
TEST(what_was_adopted_has_a_source)
{
    static const struct host elsewhere;
    const struct shrike_addr source = {{10, 1, 0, 9}, 4};
    struct mail_route add = ask(true, "10.2.0.0", "10.2.255.255");
    static struct host here = {.count = 1};
    struct routes r;
    open_routes(&r);
    here.all[0].addr = source;
    routes_adopt(&r, &ten_two, &source);
    routes_refresh(&r, &elsewhere, false);
    CHECK_EQ(host.added, 0);
    routes_refresh(&r, &here, true); /* it may have been dropped */
    CHECK(host.added == 1 && host.source == inet_addr("10.1.0.9"));
    host.address = "10.1.0.9";
    routes_change(&r, &add);
    CHECK(host.added == 1 && r.count == 1);
    routes_refresh(&r, &here, false);
    CHECK_EQ(host.added, 1); /* it is the same still */
    routes_refresh(&r, &elsewhere, false);
    CHECK(host.added == 2 && host.source == 0);
    routes_orphan(&r);
    routes_change(&r, &add);
    CHECK(host.added == 3 && host.source == inet_addr("10.1.0.9"));
    CHECK_EQ(routes_count(&r, &ten_two), 1);
    routes_close(&r);
}

/* All ended by force, and the device with its routes stands. */
TEST(what_a_life_before_has_left_is_found)
{
    const struct netmsg_route there[] = {
        {{{10, 1}, 4, 16}, 220, 0, {{0}, 0}, 0, 0},      /* out of everything */
        {{{0}, 4, 0}, 220, 7, {{10, 1, 0, 9}, 4}, 0, 0}, /* everything */
        {{{10, 2}, 4, 16}, 220, 8, {{0}, 0}, 0, 0},      /* of another device */
        {{{10, 3}, 4, 16}, 221, 7, {{0}, 0}, 0, 0},      /* of another table */
        {{{0xfd, 2}, 6, 64}, 220, 7, {{0}, 0}, 0, 0},
        {{{0xfd, 1}, 6, 64}, 220, 0, {{0}, 0}, 0, 0}, /* out of nothing of ours */
    };
    const struct prefix all = {{0}, 4, 0}, six = {{0xfd, 2}, 6, 64};
    struct mail_route full = ask(true, "0.0.0.0", "255.255.255.255");
    struct routes r;
    open_routes(&r);
    host.there = there;
    host.there_count = ARRAY_LEN(there);
    routes_look(&r);
    CHECK_EQ(r.count, 2);
    CHECK_EQ(r.bypass.count, 1);
    CHECK_EQ(routes_count(&r, &all), 0);
    CHECK_EQ(routes_count(&r, &six), 0);
    CHECK(routes_thrown(&r, &ten_one));
    host.address = "10.1.0.9";
    routes_change(&r, &full);
    CHECK(host.added == 0 && host.thrown == 0);
    routes_sweep(&r);
    CHECK_EQ(host.removed, 1); /* of IPv6 */
    CHECK_EQ(host.unthrown, 0);
    full.add = false;
    routes_change(&r, &full);
    CHECK(host.removed == 2 && host.unthrown == 1);
    CHECK(r.count == 0 && r.bypass.count == 0);
    routes_look(&r);
    routes_sweep(&r); /* nobody has asked */
    CHECK(host.removed == 4 && host.unthrown == 2);
    routes_close(&r);
    routes_look(&r); /* no routes are to be set */
    CHECK_EQ(r.count, 0);
}

TEST(an_undo_of_an_orphan_takes_nothing_from_others)
{
    struct routes r;
    struct mail_route one = ask(true, "10.2.0.0", "10.2.255.255");
    open_routes(&r);
    routes_change(&r, &one);
    routes_orphan(&r);
    one.add = false;
    routes_change(&r, &one);
    CHECK_EQ(host.removed, 0);
    CHECK_EQ(routes_count(&r, &ten_two), 0);
    routes_close(&r);
}

TEST(the_source_is_an_own_address_within_the_local_selectors)
{
    struct routes r;
    struct mail_route m = ask(true, "10.2.0.0", "10.2.255.255");
    open_routes(&r);
    host.address = "10.1.0.7";
    routes_change(&r, &m);
    CHECK_EQ(ntohl(host.source), 0x0a010007);
    routes_close(&r);
    open_routes(&r);
    host.address = "10.9.0.7";
    routes_change(&r, &m);
    CHECK_EQ(host.source, 0);
    CHECK_EQ(host.added, 1);
    routes_close(&r);
    open_routes(&r);
    host.address = "10.1.0.7";
    host.address_flags = IFA_F_TENTATIVE;
    routes_change(&r, &m);
    CHECK_EQ(host.source, 0);
    routes_close(&r);
}

TEST(a_source_that_the_system_refuses_is_left_out)
{
    struct routes r;
    struct mail_route m = ask(true, "10.2.0.0", "10.2.255.255");
    open_routes(&r);
    host.address = "10.1.0.7";
    host.refuse = EINVAL;
    routes_change(&r, &m);
    CHECK_EQ(host.added, 1);
    CHECK_EQ(host.source, 0);
    routes_close(&r);
}

TEST(our_own_side_stays_here)
{
    struct routes r;
    struct mail_route all = ask(true, "0.0.0.0", "255.255.255.255");
    open_routes(&r);
    routes_change(&r, &all);
    routes_change(&r, &all);
    CHECK(routes_thrown(&r, &ten_one));
    CHECK_EQ(host.thrown, 1);
    CHECK_EQ(host.added, 1);
    all.add = false;
    routes_change(&r, &all);
    CHECK(routes_thrown(&r, &ten_one));
    routes_change(&r, &all);
    CHECK(!routes_thrown(&r, &ten_one));
    CHECK_EQ(host.unthrown, 1);
    CHECK_EQ(r.bypass.count, 0);
    routes_close(&r);
    CHECK_EQ(host.unthrown, 1);
}

TEST(a_side_that_is_not_within_the_other_needs_nothing)
{
    struct routes r;
    struct mail_route m = ask(true, "10.2.0.0", "10.2.255.255");
    open_routes(&r);
    routes_change(&r, &m);
    m = ask(true, "10.1.0.0", "10.1.255.255"); /* as wide as our side */
    routes_change(&r, &m);
    m = ask(true, "10.1.7.0", "10.1.7.255"); /* a hub's spoke: within our side */
    routes_change(&r, &m);
    CHECK_EQ(host.thrown, 0);
    CHECK_EQ(host.added, 3);
    routes_close(&r);
}

/* Our site is reached through a narrower tunnel than the one that calls it ours. */
TEST(a_narrower_tunnel_has_the_better_claim)
{
    struct routes r;
    struct mail_route all = ask(true, "0.0.0.0", "255.255.255.255");
    struct mail_route ten = ask(true, "10.0.0.0", "10.255.255.255");
    struct mail_route same = ask(true, "10.1.0.0", "10.1.255.255");
    open_routes(&r);
    ten.local[0] = same.local[0] = range("192.168.0.0", "192.168.0.255");
    routes_change(&r, &all);
    CHECK(routes_thrown(&r, &ten_one));
    routes_change(&r, &ten);
    CHECK(!routes_thrown(&r, &ten_one)); /* it would leave in the clear */
    ten.add = false;
    routes_change(&r, &ten);
    CHECK(routes_thrown(&r, &ten_one));
    routes_change(&r, &same);
    CHECK(!routes_thrown(&r, &ten_one));
    CHECK_EQ(routes_count(&r, &ten_one), 1);
    CHECK_EQ(host.thrown_then, 0); /* its place was free */
    same.add = false;
    routes_change(&r, &same);
    CHECK(routes_thrown(&r, &ten_one));
    CHECK_EQ(host.thrown - host.unthrown, 1);
    routes_close(&r);
    CHECK_EQ(host.thrown, host.unthrown);
}

TEST(two_tunnels_may_call_the_same_side_ours)
{
    struct routes r;
    struct mail_route all = ask(true, "0.0.0.0", "255.255.255.255");
    struct mail_route ten = ask(true, "10.0.0.0", "10.255.255.255");
    open_routes(&r);
    routes_change(&r, &all);
    routes_change(&r, &ten);
    CHECK(routes_thrown(&r, &ten_one));
    CHECK_EQ(host.thrown - host.unthrown, 1);
    ten.add = false;
    routes_change(&r, &ten);
    CHECK(routes_thrown(&r, &ten_one));
    CHECK_EQ(host.thrown - host.unthrown, 1);
    routes_close(&r);
}

TEST(our_side_is_an_orphan_as_the_routes_are)
{
    struct routes r;
    struct mail_route all = ask(true, "0.0.0.0", "255.255.255.255");
    open_routes(&r);
    routes_change(&r, &all);
    routes_orphan(&r);
    CHECK(routes_thrown(&r, &ten_one));
    routes_change(&r, &all);
    routes_sweep(&r);
    CHECK(routes_thrown(&r, &ten_one));
    CHECK_EQ(host.thrown, 1);
    routes_orphan(&r);
    routes_change(&r, &all);
    all.add = false;
    routes_change(&r, &all); /* asked for and taken back: no orphan any more */
    CHECK_EQ(r.bypass.count, 0);
    all.add = true;
    routes_change(&r, &all);
    routes_orphan(&r);
    routes_sweep(&r);
    CHECK(!routes_thrown(&r, &ten_one));
    CHECK_EQ(r.bypass.count, 0);
    routes_close(&r);
}

TEST(loopback_and_link_local_addresses_speak_for_nobody)
{
    struct shrike_ts all[2] = {range("0.0.0.0", "255.255.255.255"), {.family = 6}};
    struct addresses_wish w = {all, 2};
    memset(all[1].to, 0xff, 16);
    CHECK(addresses_fit(&w, 4, (const u8[]){10, 0, 0, 1}));
    CHECK(!addresses_fit(&w, 4, (const u8[]){127, 0, 0, 1}));
    CHECK(addresses_fit(&w, 6, (const u8[16]){0x20, 1}));
    CHECK(!addresses_fit(&w, 6, (const u8[16]){[15] = 1}));
    CHECK(!addresses_fit(&w, 6, (const u8[16]){0xfe, 0x80, [15] = 1}));
    w.count = 1;
    CHECK(!addresses_fit(&w, 6, (const u8[16]){0x20, 1}));
}

TEST(a_rule_that_is_there_is_taken_over)
{
    struct routes r;
    memset(&host, 0, sizeof host);
    host.refuse_rules = EEXIST;
    CHECK(routes_open(&r, &netlink, &settings, 7, &quiet));
    routes_close(&r);
    CHECK_EQ(host.rules, 2);
    CHECK_EQ(host.rules_removed, 2);
    routes_close(&r);
    CHECK_EQ(host.rules_removed, 2);
    host.refuse_rules = EAFNOSUPPORT;
    CHECK(routes_open(&r, &netlink, &settings, 7, &quiet));
    routes_close(&r);
    CHECK_EQ(host.rules_removed, 2);
}

TEST(without_routes_nothing_is_done)
{
    static struct routes r;
    struct mail_route m = ask(true, "10.2.0.0", "10.2.255.255");
    memset(&host, 0, sizeof host);
    routes_change(&r, &m);
    routes_orphan(&r);
    routes_sweep(&r);
    routes_close(&r);
    CHECK_EQ(host.added, 0);
}

TEST(only_what_a_child_allows_is_routed)
{
    struct shrike_ts remote[2] = {range("10.2.0.0", "10.2.255.255"), {.family = 0}};
    struct shrike_child_conf children[2] = {
        {.reqid = 1, .remote_ts = remote, .remote_ts_count = 1},
        {.reqid = 2, .remote_ts = remote, .remote_ts_count = 2},
    };
    struct shrike_conn conn = {.children = children, .child_count = 2};
    struct shrike_conf conf = {.conns = &conn, .conn_count = 1};
    struct mail_route m = ask(true, "10.2.0.0", "10.2.0.255");
    CHECK(routes_allowed(&conf, &m));
    m.reqid = 3;
    CHECK(!routes_allowed(&conf, &m));
    m = ask(true, "10.2.0.0", "10.3.0.0");
    CHECK(!routes_allowed(&conf, &m));
    m = ask(true, "10.1.255.255", "10.2.0.9");
    CHECK(!routes_allowed(&conf, &m));
    m = ask(true, "10.2.0.0", "10.2.0.255");
    m.remote[m.remote_count++] = range("0.0.0.0", "255.255.255.255");
    CHECK(!routes_allowed(&conf, &m));
    m = ask(true, "192.0.2.1", "192.0.2.1"); /* dynamic: the peer's own address */
    CHECK(!routes_allowed(&conf, &m));
    m.reqid = 2;
    CHECK(routes_allowed(&conf, &m));
    m = ask(true, "192.0.2.0", "192.0.2.1");
    m.reqid = 2;
    CHECK(!routes_allowed(&conf, &m));
}

TEST(what_is_routed_may_be_asked_for_again)
{
    struct routes r;
    struct mail_route two = ask(true, "10.2.0.0", "10.3.255.255");
    struct mail_route one = ask(true, "10.2.0.0", "10.2.255.255");
    struct mail_route more = ask(true, "10.2.0.0", "10.4.255.255"), none = two;
    none.remote_count = 0;
    open_routes(&r);
    CHECK(!routes_stand(&r, &two));
    routes_change(&r, &two);
    CHECK(routes_stand(&r, &two) && !routes_stand(&r, &none));
    CHECK(!routes_stand(&r, &one)); /* another prefix */
    CHECK(!routes_stand(&r, &more));
    more = ask(true, "10.3.0.0", "10.2.0.0");
    CHECK(!routes_stand(&r, &more));
    more = two;
    more.remote[more.remote_count++] = range("10.9.0.0", "10.9.255.255");
    CHECK(!routes_stand(&r, &more));
    two.add = false;
    routes_change(&r, &two);
    two.add = true;
    CHECK(!routes_stand(&r, &two));
    routes_close(&r);
    CHECK(!routes_stand(&r, &two));
}

int main(void)
{
    return RUN(routes_have_the_metrics_of_the_configuration) |
           RUN(what_is_routed_may_be_asked_for_again) | RUN(what_was_adopted_has_a_source) |
           RUN(what_a_life_before_has_left_is_found) |
           RUN(routes_follow_the_addresses_of_the_host) |
           RUN(a_prefix_is_routed_as_long_as_somebody_wants_it) | RUN(a_range_is_several_routes) |
           RUN(two_children_may_share_a_part) | RUN(orphans_go_when_nobody_asks_again) |
           RUN(routes_are_handed_on) | RUN(an_undo_of_an_orphan_takes_nothing_from_others) |
           RUN(the_source_is_an_own_address_within_the_local_selectors) |
           RUN(a_source_that_the_system_refuses_is_left_out) | RUN(our_own_side_stays_here) |
           RUN(a_side_that_is_not_within_the_other_needs_nothing) |
           RUN(a_narrower_tunnel_has_the_better_claim) |
           RUN(two_tunnels_may_call_the_same_side_ours) |
           RUN(our_side_is_an_orphan_as_the_routes_are) |
           RUN(loopback_and_link_local_addresses_speak_for_nobody) |
           RUN(a_rule_that_is_there_is_taken_over) | RUN(without_routes_nothing_is_done) |
           RUN(only_what_a_child_allows_is_routed);
}
