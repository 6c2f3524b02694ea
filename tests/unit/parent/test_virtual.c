/* Tests of parent/virtual.c, with a system that only notes what it is asked for. */
#include "parent/virtual.h"
#include "test.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

enum { HOST_MAX = 32 };

/* The system. */
static struct {
    struct shrike_addr addresses[HOST_MAX];
    u32 count;
    const char *refused; /* it does not take this one */
    int why;
    struct shrike_addr servers[NAMESERVERS_MAX];
    u32 server_count;
} host;

static struct virtuals v;
static struct nameservers nameservers;

static struct shrike_addr address(const char *text)
{
    struct shrike_addr a = {.family = strchr(text, ':') ? 6 : 4};
    if (inet_pton(a.family == 4 ? AF_INET : AF_INET6, text, a.octets) != 1)
        abort();
    return a;
}

static bool same(const struct shrike_addr *a, const char *text)
{
    struct shrike_addr b = address(text);
    return memcmp(a, &b, sizeof b) == 0;
}

int netlink_do(struct netlink *n, union netmsg *m)
{
    const struct ifaddrmsg *h = mnl_nlmsg_get_payload(&m->header);
    struct shrike_addr a = {.family = h->ifa_family == AF_INET ? 4 : 6};
    const struct nlattr *at;
    (void)n;
    mnl_attr_for_each(at, &m->header, sizeof *h)
    {
        if (mnl_attr_get_type(at) == IFA_LOCAL)
            memcpy(a.octets, mnl_attr_get_payload(at), mnl_attr_get_payload_len(at));
    }
    if (host.refused && same(&a, host.refused))
        return host.why;
    for (u32 i = 0; i < host.count; i++) {
        if (memcmp(&host.addresses[i], &a, sizeof a) != 0)
            continue;
        if (m->header.nlmsg_type == RTM_NEWADDR)
            return EEXIST;
        host.addresses[i] = host.addresses[--host.count];
        return 0;
    }
    if (m->header.nlmsg_type == RTM_DELADDR)
        return EADDRNOTAVAIL;
    host.addresses[host.count++] = a;
    return 0;
}

void nameservers_set(struct nameservers *n, const struct shrike_addr *servers, u32 count)
{
    (void)n;
    memcpy(host.servers, servers, count * sizeof *servers);
    host.server_count = count;
}

/* Every address with these bits behind it, on device 7; and one on another. */
static u8 listed_bits;

int netlink_list(struct netlink *n, union netmsg *m,
                 void (*row)(void *ctx, const struct nlmsghdr *h), void *ctx)
{
    union netmsg answer;
    (void)n, (void)m;
    for (u32 i = 0; i <= host.count; i++) {
        const struct shrike_addr far = address("192.0.2.7");
        const struct shrike_addr *a = i < host.count ? &host.addresses[i] : &far;
        netmsg_address(&answer, &(struct netmsg_address){i < host.count ? 7 : 2, *a}, true);
        struct ifaddrmsg *h = mnl_nlmsg_get_payload(&answer.header);
        h->ifa_prefixlen = (u8)(h->ifa_prefixlen - listed_bits);
        row(ctx, &answer.header);
    }
    return 0;
}

static bool has(const char *text)
{
    for (u32 i = 0; i < host.count; i++)
        if (same(&host.addresses[i], text))
            return true;
    return false;
}

static bool serves(u32 n, const char *text)
{
    return n < host.server_count && same(&host.servers[n], text);
}

static void begin(void)
{
    static struct netlink netlink;
    static struct channel none = {.source = {.fd = -1}};
    static struct tell told = {.control = &none, .level = SHRIKE_ERROR};
    memset(&host, 0, sizeof host);
    host.why = EPERM;
    v = (struct virtuals){
        .netlink = &netlink, .tell = &told, .nameservers = &nameservers, .link = 7};
    virtuals_init(&v);
}

/* What a gateway gives under this number: at most two addresses, with commas between, and servers
 * likewise. */
static struct shrike_address_op op(u32 lease, const char *addresses, const char *dns)
{
    static struct shrike_addr all[2][SHRIKE_ADDRESSES_MAX];
    struct shrike_address_op o = {.lease = lease, .conn = "home"};
    const char *texts[] = {addresses, dns};
    u16 counts[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        char copy[256], *rest = copy;
        snprintf(copy, sizeof copy, "%s", texts[i]);
        for (char *one; (one = strsep(&rest, ",")) && *one;)
            all[i][counts[i]++] = address(one);
    }
    o.addresses = all[0];
    o.address_count = counts[0];
    o.dns = all[1];
    o.dns_count = counts[1];
    return o;
}

static bool add(u32 lease, const char *addresses, const char *dns)
{
    struct shrike_address_op o = op(lease, addresses, dns);
    return virtuals_add(&v, &o);
}

TEST(addresses_and_servers_come_and_go)
{
    begin();
    CHECK(add(1, "10.3.0.1,fd03::1", "10.3.0.254,fd03::fe"));
    CHECK(host.count == 2 && has("10.3.0.1") && has("fd03::1"));
    CHECK(host.server_count == 2 && serves(0, "10.3.0.254"));
    CHECK(add(2, "10.4.0.1", "10.4.0.254,10.3.0.254"));
    CHECK(host.count == 3 && host.server_count == 3 && serves(0, "10.4.0.254"));
    virtuals_remove(&v, 7);
    virtuals_remove(&v, 1);
    CHECK(host.count == 1 && host.server_count == 2 && serves(1, "10.3.0.254"));
    virtuals_remove(&v, 1);
    virtuals_close(&v);
    CHECK(host.count == 0 && host.server_count == 0 && v.count == 0);
}

TEST(one_of_two_leases_stays)
{
    begin();
    CHECK(add(1, "10.3.0.1", "") && add(2, "10.3.0.1,fd03::1", ""));
    virtuals_remove(&v, 1);
    CHECK(host.count == 2);
    virtuals_remove(&v, 2);
    CHECK(host.count == 0);
}

TEST(what_the_system_refuses_leaves_nothing)
{
    begin();
    CHECK(add(1, "10.3.0.1", ""));
    host.refused = "fd03::1";
    CHECK(!add(2, "10.3.0.1,10.3.0.2,fd03::1", "10.3.0.254"));
    CHECK(host.count == 1 && v.count == 1 && host.server_count == 0);
    virtuals_close(&v);
}

TEST(a_host_without_ipv6)
{
    static const int errors[] = {EACCES, EAFNOSUPPORT, EOPNOTSUPP};
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        begin();
        host.refused = "fd03::1";
        host.why = errors[i];
        CHECK(add(1, "10.3.0.1,fd03::1", "10.3.0.254"));
        CHECK(host.count == 1 && has("10.3.0.1") && host.server_count == 1);
        virtuals_remove(&v, 1);
        CHECK(host.count == 0);
        host.refused = "10.3.0.1";
        CHECK(!add(1, "10.3.0.1", ""));
    }
}

TEST(servers_that_cannot_be_are_left_out)
{
    begin();
    CHECK(add(1, "10.3.0.1", "127.0.0.1,10.3.0.254,::1,fe80::1,224.0.0.1,0.0.0.0"));
    CHECK(host.server_count == 1 && serves(0, "10.3.0.254"));
    virtuals_close(&v);
}

TEST(a_new_net_takes_over)
{
    begin();
    CHECK(add(1, "10.3.0.1", "10.3.0.254") && add(2, "10.3.0.2", "") && add(3, "10.3.0.3", ""));
    virtuals_orphan(&v);
    struct shrike_address_op o = op(2, "10.3.0.2", "");
    o.held = true;
    CHECK(virtuals_add(&v, &o));
    CHECK(add(1, "10.3.0.1", "")); /* made anew, in place of the orphan */
    virtuals_remove(&v, 3);        /* not one of the new net's */
    CHECK(host.count == 3 && v.count == 3);
    virtuals_sweep(&v);
    CHECK(host.count == 2 && has("10.3.0.1") && has("10.3.0.2") && host.server_count == 0);
    o = op(9, "10.3.0.9", ""); /* one that we do not know after all */
    o.held = true;
    CHECK(virtuals_add(&v, &o) && has("10.3.0.9"));
    virtuals_close(&v);
    CHECK(host.count == 0);
}

TEST(a_program_that_takes_over)
{
    begin();
    CHECK(add(1, "10.3.0.1,fd03::1", "10.3.0.254") && add(2, "10.3.0.2", ""));
    while (v.all.next != &v.all) { /* executed in its place: all is there, and nothing is known */
        struct list *one = v.all.next;
        list_remove(one);
        free(one);
    }
    virtuals_init(&v);
    virtuals_adopt(&v);
    CHECK(v.count == 3 && host.count == 3);
    struct shrike_address_op o = op(1, "10.3.0.1,fd03::1", "10.3.0.254");
    o.held = true;
    CHECK(virtuals_add(&v, &o) && host.count == 3 && v.count == 2); /* in place of two */
    virtuals_sweep(&v);
    CHECK(host.count == 2 && has("10.3.0.1") && has("fd03::1") && host.server_count == 1);
    listed_bits = 8; /* somebody has given the device addresses of a network */
    virtuals_adopt(&v);
    CHECK_EQ(v.count, 1);
    listed_bits = 0;
    virtuals_close(&v);
    CHECK(host.count == 0);
}

TEST(somebody_elses_business)
{
    begin();
    v.untouched = true;
    CHECK(add(1, "10.3.0.1", "10.3.0.254"));
    CHECK(host.count == 0 && host.server_count == 1);
    virtuals_remove(&v, 1);
    CHECK(host.server_count == 0);
    virtuals_close(&v);
    virtuals_close(&v);
}

TEST(there_is_an_end)
{
    begin();
    for (u32 i = 0; i < VIRTUALS_MAX; i++)
        CHECK(add(i + 1, "10.3.0.1", ""));
    CHECK(!add(VIRTUALS_MAX + 1, "10.3.0.1", ""));
    virtuals_close(&v);
}

TEST(what_net_may_ask_for)
{
    static const struct shrike_conn conns[] = {{.name = "plain"}, {.name = "home", .vip_count = 1}};
    static const char *const bad[] = {"0.1.2.3", "127.0.0.1", "224.0.0.1",       "255.255.255.255",
                                      "::1",     "::",        "::ffff:10.0.0.1", "fe80::1",
                                      "febf::1", "ff02::1",   "10.3.0.1,0.0.0.0"};
    static const char *const good[] = {"10.3.0.1", "fd03::1", "2001:db8::1", "223.255.255.255",
                                       "192.0.2.8"};
    const struct shrike_conf conf = {.conns = conns, .conn_count = 2};
    const char *why;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct shrike_address_op o = op(1, good[i], "");
        o.local = (struct shrike_endpoint){{192, 0, 2, 7}, 4500, 4, 0};
        CHECK(virtuals_allowed(&conf, &o, &why));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct shrike_address_op o = op(1, bad[i], "");
        CHECK(!virtuals_allowed(&conf, &o, &why) && why);
    }
    struct shrike_address_op o = op(1, "192.0.2.7", "");
    o.local = (struct shrike_endpoint){{192, 0, 2, 7}, 4500, 4, 0};
    CHECK(!virtuals_allowed(&conf, &o, &why));
    o = op(1, "10.3.0.1", "");
    o.conn = "plain";
    CHECK(!virtuals_allowed(&conf, &o, &why));
    o.conn = "other";
    CHECK(!virtuals_allowed(&conf, &o, &why));
    o.conn = NULL;
    CHECK(!virtuals_allowed(&conf, &o, &why));
    o.held = true;
    CHECK(virtuals_allowed(&conf, &o, &why));
}

int main(void)
{
    return RUN(addresses_and_servers_come_and_go) | RUN(one_of_two_leases_stays) |
           RUN(what_the_system_refuses_leaves_nothing) | RUN(a_host_without_ipv6) |
           RUN(servers_that_cannot_be_are_left_out) | RUN(a_new_net_takes_over) |
           RUN(a_program_that_takes_over) | RUN(somebody_elses_business) | RUN(there_is_an_end) |
           RUN(what_net_may_ask_for);
}
