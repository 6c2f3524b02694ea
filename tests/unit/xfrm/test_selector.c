/* Traffic selectors to what the kernel has. */
#include "test.h"
#include "xfrm/selector.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static struct xfrm_selector out[SELECTORS_MAX];

static struct shrike_ts ts(const char *from, const char *to, u8 protocol, u16 first, u16 last)
{
    struct shrike_ts t = {.protocol = protocol, .port_from = first, .port_to = last};
    t.family = strchr(from, ':') ? 6 : 4;
    ensure(inet_pton(t.family == 6 ? AF_INET6 : AF_INET, from, t.from) == 1);
    ensure(inet_pton(t.family == 6 ? AF_INET6 : AF_INET, to, t.to) == 1);
    return t;
}

static struct shrike_ts net(const char *from, const char *to)
{
    return ts(from, to, 0, 0, UINT16_MAX);
}

static u32 make(const struct shrike_ts *local, u16 locals, const struct shrike_ts *remote,
                u16 remotes)
{
    memset(out, 0xee, sizeof out);
    return selectors_make(&(struct selector_sides){local, remote, locals, remotes}, out);
}

TEST(prefixes_are_one_each)
{
    struct shrike_ts local[] = {net("10.1.0.0", "10.1.0.255"), net("fd01::", "fd01::ffff")};
    struct shrike_ts remote[] = {net("10.2.0.0", "10.2.255.255"), net("fd02::", "fd02::")};
    CHECK_EQ(make(local, 2, remote, 2), 2);
    CHECK(out[0].family == AF_INET && out[0].prefixlen_s == 24 && out[0].prefixlen_d == 16);
    CHECK_EQ(ntohl(out[0].saddr.a4), 0x0a010000);
    CHECK_EQ(ntohl(out[0].daddr.a4), 0x0a020000);
    CHECK(out[0].proto == 0 && out[0].sport_mask == 0 && out[0].dport_mask == 0);
    CHECK(out[1].family == AF_INET6 && out[1].prefixlen_s == 112 && out[1].prefixlen_d == 128);
    /* What is not used is zero: the kernel and we compare them as octets. */
    struct xfrm_selector copy;
    memset(&copy, 0, sizeof copy);
    copy.family = AF_INET;
    copy.saddr = out[0].saddr;
    copy.daddr = out[0].daddr;
    copy.prefixlen_s = 24;
    copy.prefixlen_d = 16;
    CHECK_BYTES(&copy, &out[0], sizeof copy);
}

/* Does one of them select this packet? */
static bool selects(u32 n, u32 address, u16 port)
{
    for (u32 i = 0; i < n; i++) {
        u32 mask = out[i].prefixlen_d ? UINT32_MAX << (32 - out[i].prefixlen_d) : 0;
        if (((ntohl(out[i].daddr.a4) ^ address) & mask) == 0 &&
            ((ntohs(out[i].dport) ^ port) & ntohs(out[i].dport_mask)) == 0)
            return true;
    }
    return false;
}

TEST(ranges_are_covered_exactly)
{
    struct shrike_ts local = net("10.1.0.1", "10.1.0.1");
    struct shrike_ts remote = ts("10.2.0.3", "10.2.0.20", IPPROTO_UDP, 1000, 1030);
    u32 n = make(&local, 1, &remote, 1);
    CHECK(n > 0 && n <= SELECTORS_MAX);
    for (u32 a = 0x0a020000; a < 0x0a020020; a++)
        for (u16 p = 990; p < 1040; p++)
            CHECK_EQ(selects(n, a, p),
                     a >= 0x0a020003 && a <= 0x0a020014 && p >= 1000 && p <= 1030);
}

TEST(protocols_must_agree)
{
    struct shrike_ts tcp = ts("10.1.0.1", "10.1.0.1", IPPROTO_TCP, 0, UINT16_MAX);
    struct shrike_ts udp = ts("10.2.0.1", "10.2.0.1", IPPROTO_UDP, 0, UINT16_MAX);
    struct shrike_ts any = net("10.2.0.1", "10.2.0.1");
    CHECK_EQ(make(&tcp, 1, &udp, 1), 0);
    CHECK_EQ(make(&tcp, 1, &any, 1), 1);
    CHECK_EQ(out[0].proto, IPPROTO_TCP);
}

TEST(what_the_kernel_cannot_have)
{
    struct shrike_ts one = ts("10.1.0.1", "10.1.0.1", IPPROTO_UDP, 0, UINT16_MAX);
    struct shrike_ts opaque = ts("10.2.0.1", "10.2.0.1", IPPROTO_UDP, UINT16_MAX, 0);
    struct shrike_ts wide = ts("1.0.0.1", "254.255.255.254", IPPROTO_UDP, 1, 65534);
    CHECK_EQ(make(&one, 1, &opaque, 1), 0);
    CHECK(make(&one, 1, &wide, 1) > SELECTORS_MAX);
    struct shrike_ts types = ts("10.2.0.1", "10.2.0.1", IPPROTO_ICMP, 3 << 8, 5 << 8);
    struct shrike_ts icmp = ts("10.1.0.1", "10.1.0.1", IPPROTO_ICMP, 0, UINT16_MAX);
    CHECK_EQ(make(&icmp, 1, &types, 1), 0);
}

TEST(icmp_has_type_and_code)
{
    struct shrike_ts here = ts("10.1.0.1", "10.1.0.1", IPPROTO_ICMP, 8 << 8, 8 << 8 | 255);
    struct shrike_ts there = ts("10.2.0.1", "10.2.0.1", IPPROTO_ICMP, 0, UINT16_MAX);
    struct xfrm_selector in;
    CHECK_EQ(make(&here, 1, &there, 1), 1);
    CHECK(ntohs(out[0].sport) == 8 && out[0].sport_mask == UINT16_MAX && !out[0].dport_mask);
    selector_turn(&in, &out[0]);
    CHECK(ntohs(in.sport) == 8 && !in.dport_mask);
    CHECK_EQ(ntohl(in.saddr.a4), 0x0a020001);
    here.port_from = here.port_to = 3 << 8 | 4;
    CHECK_EQ(make(&here, 1, &there, 1), 1);
    CHECK(ntohs(out[0].sport) == 3 && ntohs(out[0].dport) == 4 && out[0].dport_mask);
}

TEST(the_other_way_round)
{
    struct shrike_ts local = ts("10.1.0.0", "10.1.0.255", IPPROTO_TCP, 80, 80);
    struct shrike_ts remote = ts("10.2.0.0", "10.2.255.255", IPPROTO_TCP, 0, UINT16_MAX);
    struct xfrm_selector in, back;
    CHECK_EQ(make(&local, 1, &remote, 1), 1);
    selector_turn(&in, &out[0]);
    CHECK(in.prefixlen_s == 16 && in.prefixlen_d == 24 && ntohs(in.dport) == 80 && !in.sport_mask);
    selector_turn(&back, &in);
    CHECK_BYTES(&back, &out[0], sizeof back);
}

/* What they say of ports is for policies. */
TEST(two_hosts)
{
    struct shrike_ts here = {
        .from = {10, 1, 0, 7}, .to = {10, 1, 0, 7}, .port_to = 65535, .family = 4};
    struct shrike_ts there[2] = {here, here};
    struct selector_sides sides = {&here, there, 1, 2};
    struct xfrm_selector s;
    there[1].protocol = 6;
    there[1].port_from = there[1].port_to = 443;
    there[0].from[3] = there[0].to[3] = there[1].from[3] = there[1].to[3] = 9;
    CHECK(selector_of_hosts(&sides, &s));
    CHECK(s.family == AF_INET && s.prefixlen_s == 32 && s.prefixlen_d == 32);
    CHECK(s.saddr.a4 == htonl(0x0a010007) && s.daddr.a4 == htonl(0x0a010009));
    CHECK(s.proto == 0 && s.sport_mask == 0 && s.dport_mask == 0);
    there[1].to[3]++;
    CHECK(!selector_of_hosts(&sides, &s));
    there[1] = there[0];
    there[1].from[3] = there[1].to[3] = 8;
    CHECK(!selector_of_hosts(&sides, &s));
    there[0].family = 6;
    sides.remote_count = 1;
    CHECK(!selector_of_hosts(&sides, &s));
    here.family = 6;
    CHECK(selector_of_hosts(&sides, &s) && s.family == AF_INET6 && s.prefixlen_d == 128);
    sides.local_count = 0;
    CHECK(!selector_of_hosts(&sides, &s));
}

TEST(an_acquire_tells_the_packet)
{
    struct shrike_ts local = ts("10.1.0.9", "10.1.0.9", IPPROTO_TCP, 5000, 5000);
    struct shrike_ts remote = ts("10.2.0.8", "10.2.0.8", IPPROTO_TCP, 80, 80), a, b;
    CHECK_EQ(make(&local, 1, &remote, 1), 1);
    selector_packet(&out[0], &a, &b);
    CHECK_BYTES(&a, &local, sizeof a);
    CHECK_BYTES(&b, &remote, sizeof b);
    local = ts("10.1.0.9", "10.1.0.9", IPPROTO_ICMP, 8 << 8, 8 << 8);
    remote = ts("10.2.0.8", "10.2.0.8", IPPROTO_ICMP, 8 << 8, 8 << 8);
    CHECK_EQ(make(&local, 1, &remote, 1), 1);
    selector_packet(&out[0], &a, &b);
    CHECK_BYTES(&a, &local, sizeof a);
    CHECK_BYTES(&b, &remote, sizeof b);
}

/* Numbers that daemons on the same host go by, too. */
TEST(what_is_narrower_comes_first)
{
    struct shrike_ts local = net("10.1.0.0", "10.1.0.255"), all = net("0.0.0.0", "255.255.255.255");
    CHECK_EQ(make(&all, 1, &all, 1), 1);
    CHECK_EQ(selector_priority(&out[0], SELECTOR_CHILD), 399999);
    CHECK_EQ(selector_priority(&out[0], SELECTOR_TRAP), 400000);
    CHECK_EQ(selector_priority(&out[0], SELECTOR_PASS), 199999);
    CHECK_EQ(selector_priority(&out[0], SELECTOR_DROP), 599999);
    CHECK_EQ(make(&local, 1, &local, 1), 1);
    CHECK_EQ(selector_priority(&out[0], SELECTOR_CHILD), 375423);
    struct shrike_ts port = ts("10.1.0.0", "10.1.0.255", IPPROTO_TCP, 80, 80);
    CHECK_EQ(make(&local, 1, &port, 1), 1);
    CHECK_EQ(selector_priority(&out[0], SELECTOR_CHILD), 375423 - 256 - 64);
}

int main(void)
{
    return RUN(prefixes_are_one_each) | RUN(ranges_are_covered_exactly) |
           RUN(protocols_must_agree) | RUN(what_the_kernel_cannot_have) |
           RUN(icmp_has_type_and_code) | RUN(the_other_way_round) | RUN(two_hosts) |
           RUN(an_acquire_tells_the_packet) | RUN(what_is_narrower_comes_first);
}
