/* Traffic selectors: by example, and as sets of packets against a model that lists the packets. */
#include "../test.h"
#include "sa/narrow.h"

enum { TCP = 6, UDP = 17, ICMP = 1, ESP = 50, PORT_LAST = 65535 };

#define ANY_PORT    0, PORT_LAST
#define OPAQUE_PORT PORT_LAST, 0

/* 10.0.0.from to 10.0.0.to */
static struct shrike_ts v4(u8 from, u8 to, u8 protocol, u16 port_from, u16 port_to)
{
    return (struct shrike_ts){
        .from = {10, 0, 0, from},
        .to = {10, 0, 0, to},
        .protocol = protocol,
        .port_from = port_from,
        .port_to = port_to,
        .family = 4,
    };
}

static bool same(const struct shrike_ts *a, const struct shrike_ts *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static bool meet(struct shrike_ts a, struct shrike_ts b, struct shrike_ts *out)
{
    return ts_intersect(&a, &b, out);
}

static bool holds(struct shrike_ts outer, struct shrike_ts inner)
{
    return ts_contains(&outer, &inner);
}

/* Does the intersection, asked both ways, give this? */
static bool gives(struct shrike_ts a, struct shrike_ts b, struct shrike_ts expected)
{
    struct shrike_ts ab, ba;
    return meet(a, b, &ab) && meet(b, a, &ba) && same(&ab, &expected) && same(&ba, &expected);
}

TEST(addresses_intersect)
{
    struct shrike_ts out;
    CHECK(gives(v4(0, 9, 0, ANY_PORT), v4(5, 20, 0, ANY_PORT), v4(5, 9, 0, ANY_PORT)));
    CHECK(gives(v4(0, 9, 0, ANY_PORT), v4(9, 20, 0, ANY_PORT), v4(9, 9, 0, ANY_PORT)));
    CHECK(!meet(v4(0, 9, 0, ANY_PORT), v4(10, 20, 0, ANY_PORT), &out));
    struct shrike_ts wide = v4(0, 0, 0, ANY_PORT);
    memset(wide.from, 0, 4);
    memset(wide.to, 255, 4);
    CHECK(gives(wide, v4(3, 200, 0, ANY_PORT), v4(3, 200, 0, ANY_PORT)));
    struct shrike_ts six = {.from = {0x20, 1}, .to = {0x20, 2}, .port_to = PORT_LAST, .family = 6};
    struct shrike_ts within = six;
    within.from[15] = 1;
    CHECK(gives(six, within, within));
    CHECK(!meet(six, wide, &out)); /* another family */
    struct shrike_ts dynamic = {.port_to = PORT_LAST};
    CHECK(!meet(dynamic, dynamic, &out)); /* not resolved yet */
    CHECK(!holds(dynamic, dynamic));
    CHECK(!holds(six, wide));
}

TEST(the_result_may_be_an_operand)
{
    struct shrike_ts a = v4(0, 9, 0, ANY_PORT), b = v4(5, 20, TCP, 80, 90);
    struct shrike_ts expected = v4(5, 9, TCP, 80, 90);
    CHECK(ts_intersect(&a, &b, &a));
    CHECK(same(&a, &expected));
    a = v4(0, 9, 0, ANY_PORT);
    CHECK(ts_intersect(&a, &b, &b));
    CHECK(same(&b, &expected));
}

TEST(protocols_intersect)
{
    struct shrike_ts out;
    CHECK(gives(v4(1, 1, 0, ANY_PORT), v4(1, 1, TCP, ANY_PORT), v4(1, 1, TCP, ANY_PORT)));
    CHECK(!meet(v4(1, 1, UDP, ANY_PORT), v4(1, 1, TCP, ANY_PORT), &out));
    CHECK(holds(v4(1, 1, 0, ANY_PORT), v4(1, 1, TCP, 80, 80)));
    CHECK(!holds(v4(1, 1, TCP, ANY_PORT), v4(1, 1, 0, ANY_PORT)));
    CHECK(!holds(v4(1, 1, TCP, ANY_PORT), v4(1, 1, UDP, ANY_PORT)));
}

TEST(ports_intersect)
{
    struct shrike_ts out;
    CHECK(gives(v4(1, 1, TCP, 10, 20), v4(1, 1, TCP, 20, 30), v4(1, 1, TCP, 20, 20)));
    CHECK(gives(v4(1, 1, TCP, 10, 20), v4(1, 1, 0, ANY_PORT), v4(1, 1, TCP, 10, 20)));
    CHECK(!meet(v4(1, 1, TCP, 10, 20), v4(1, 1, TCP, 21, 30), &out));
    CHECK(gives(v4(1, 1, TCP, 0, 0), v4(1, 1, TCP, ANY_PORT), v4(1, 1, TCP, 0, 0)));
    CHECK(gives(v4(1, 1, TCP, PORT_LAST, PORT_LAST), v4(1, 1, TCP, ANY_PORT),
                v4(1, 1, TCP, PORT_LAST, PORT_LAST)));
    /* ICMP: type in the upper, code in the lower octet (RFC 7296 3.13.1). */
    CHECK(gives(v4(1, 1, ICMP, 0x0800, 0x08ff), v4(1, 1, ICMP, 0x0803, 0x0803),
                v4(1, 1, ICMP, 0x0803, 0x0803)));
    CHECK(gives(v4(1, 1, 0, 0x0800, 0x08ff), v4(1, 1, ICMP, ANY_PORT),
                v4(1, 1, ICMP, 0x0800, 0x08ff)));
    /* A protocol without ports has no packet with one. */
    CHECK(!meet(v4(1, 1, 0, 80, 80), v4(1, 1, ESP, ANY_PORT), &out));
    CHECK(gives(v4(1, 1, 0, ANY_PORT), v4(1, 1, ESP, ANY_PORT), v4(1, 1, ESP, ANY_PORT)));
}

/* RFC 7296 3.13.1 (4) */
TEST(opaque_ports_are_a_part_of_any)
{
    struct shrike_ts out;
    CHECK(gives(v4(1, 1, TCP, OPAQUE_PORT), v4(1, 1, TCP, ANY_PORT), v4(1, 1, TCP, OPAQUE_PORT)));
    CHECK(gives(v4(1, 1, TCP, OPAQUE_PORT), v4(1, 1, 0, OPAQUE_PORT), v4(1, 1, TCP, OPAQUE_PORT)));
    CHECK(!meet(v4(1, 1, TCP, OPAQUE_PORT), v4(1, 1, TCP, 0, 65534), &out));
    CHECK(!meet(v4(1, 1, TCP, OPAQUE_PORT), v4(1, 1, TCP, PORT_LAST, PORT_LAST), &out));
    CHECK(!meet(v4(1, 1, TCP, OPAQUE_PORT), v4(1, 1, TCP, 0, 0), &out));
    CHECK(holds(v4(1, 1, TCP, ANY_PORT), v4(1, 1, TCP, OPAQUE_PORT)));
    CHECK(holds(v4(1, 1, TCP, OPAQUE_PORT), v4(1, 1, TCP, OPAQUE_PORT)));
    CHECK(!holds(v4(1, 1, TCP, OPAQUE_PORT), v4(1, 1, TCP, ANY_PORT)));
    CHECK(!holds(v4(1, 1, TCP, OPAQUE_PORT), v4(1, 1, TCP, 80, 80)));
    CHECK(!holds(v4(1, 1, TCP, 1, PORT_LAST), v4(1, 1, TCP, OPAQUE_PORT)));
}

/* ---- narrowing ---- */

static struct ts_list offered, chosen;

static void offer(struct shrike_ts ts)
{
    offered.ts[offered.count++] = ts;
}

/* RFC 7296 2.9 (4) */
TEST(what_both_select_is_answered)
{
    struct shrike_ts allowed[] = {v4(0, 99, TCP, ANY_PORT), v4(50, 150, UDP, 53, 53)};
    struct shrike_ts first = v4(0, 60, TCP, ANY_PORT), second = v4(50, 60, UDP, 53, 53);
    offered.count = 0;
    offer(v4(0, 60, 0, ANY_PORT));
    CHECK(narrow(&offered, allowed, 2, &chosen));
    CHECK_EQ(chosen.count, 2);
    CHECK(same(&chosen.ts[0], &first));
    CHECK(same(&chosen.ts[1], &second));
    CHECK(narrow_verify(&chosen, offered.ts, offered.count));
    CHECK(!narrow(&offered, allowed, 0, &chosen));
    CHECK_EQ(chosen.count, 0);
    offered.count = 0;
    CHECK(!narrow(&offered, allowed, 2, &chosen));
    offer(v4(151, 255, 0, ANY_PORT));
    CHECK(!narrow(&offered, allowed, 2, &chosen));
}

TEST(an_offer_within_policy_comes_back)
{
    struct shrike_ts allowed[] = {v4(0, 255, 0, ANY_PORT)};
    offered.count = 0;
    offer(v4(3, 3, TCP, 443, 443));
    offer(v4(10, 20, 0, ANY_PORT));
    CHECK(narrow(&offered, allowed, 1, &chosen));
    CHECK_EQ(chosen.count, 2);
    CHECK(same(&chosen.ts[0], &offered.ts[0]));
    CHECK(same(&chosen.ts[1], &offered.ts[1]));
}

/* RFC 7296 2.9 (2) */
TEST(the_packet_that_asked_is_covered)
{
    struct shrike_ts packet = v4(7, 7, TCP, 443, 443);
    struct shrike_ts allowed[] = {v4(100, 120, 0, ANY_PORT), v4(0, 15, 0, ANY_PORT)};
    struct shrike_ts net = v4(0, 15, 0, ANY_PORT);
    offered.count = 0;
    offer(packet);
    offer(v4(0, 255, 0, ANY_PORT));
    CHECK(narrow(&offered, allowed, 2, &chosen));
    CHECK_EQ(chosen.count, 2);
    CHECK(same(&chosen.ts[0], &net)); /* in the place of the packet that it contains */
    CHECK(same(&chosen.ts[1], &allowed[0]));
    /* Not possible: the rest is answered all the same. */
    CHECK(narrow(&offered, allowed, 1, &chosen));
    CHECK_EQ(chosen.count, 1);
    CHECK(same(&chosen.ts[0], &allowed[0]));
}

TEST(the_packet_is_covered_at_the_cap)
{
    struct shrike_ts allowed[80];
    struct shrike_ts packet = v4(159, 159, UDP, 1, 1);
    for (u8 i = 0; i < 80; i++)
        allowed[i] = v4((u8)(2 * i), (u8)(2 * i + 1), 0, ANY_PORT);
    offered.count = 0;
    offer(packet);
    offer(v4(0, 158, 0, ANY_PORT));
    CHECK(narrow(&offered, allowed, 80, &chosen));
    CHECK_EQ(chosen.count, SHRIKE_TS_MAX);
    CHECK(same(&chosen.ts[0], &packet));
}

TEST(contained_ones_are_left_out)
{
    struct shrike_ts all = v4(0, 255, 0, ANY_PORT);
    offered.count = 0;
    offer(v4(1, 1, TCP, 80, 80));
    offer(v4(9, 9, TCP, 80, 80));
    offer(v4(1, 1, TCP, 80, 80));
    offer(v4(0, 5, TCP, ANY_PORT));
    offer(v4(2, 3, TCP, 5, 6));
    CHECK(narrow(&offered, &all, 1, &chosen));
    CHECK_EQ(chosen.count, 2);
    CHECK(same(&chosen.ts[0], &offered.ts[3]));
    CHECK(same(&chosen.ts[1], &offered.ts[1]));
}

TEST(an_answer_lies_within_the_offer)
{
    struct shrike_ts asked[] = {v4(0, 9, TCP, ANY_PORT), v4(20, 29, 0, ANY_PORT)};
    struct ts_list answered = {.count = 2};
    answered.ts[0] = v4(25, 29, UDP, 53, 53);
    answered.ts[1] = v4(0, 9, TCP, ANY_PORT);
    CHECK(narrow_verify(&answered, asked, 2));
    CHECK(!narrow_verify(&answered, asked, 1));
    answered.ts[1] = v4(0, 10, TCP, ANY_PORT);
    CHECK(!narrow_verify(&answered, asked, 2));
    answered.ts[1] = v4(0, 9, 0, ANY_PORT);
    CHECK(!narrow_verify(&answered, asked, 2));
    answered.count = 0;
    CHECK(!narrow_verify(&answered, asked, 2));
}

TEST(dynamic_ones_become_the_host)
{
    struct shrike_ts conf[] = {
        {.protocol = UDP, .port_from = 4, .port_to = 5},
        v4(0, 9, TCP, 1, 2),
    };
    struct ts_hosts hosts = {{{{192, 0, 2, 7}, 4}, {{0x20, 1, [15] = 9}, 6}}, 1};
    struct shrike_ts expected = {.from = {192, 0, 2, 7},
                                 .to = {192, 0, 2, 7},
                                 .protocol = UDP,
                                 .port_from = 4,
                                 .port_to = 5,
                                 .family = 4};
    struct ts_list out;
    CHECK(ts_dynamic(conf, 2) && !ts_dynamic(conf + 1, 1) && !ts_dynamic(conf, 0));
    ts_resolve(conf, 2, &hosts, &out);
    CHECK_EQ(out.count, 2);
    CHECK(same(&out.ts[0], &expected));
    CHECK(same(&out.ts[1], &conf[1]));
    hosts.count = 2; /* one for each address, in their order */
    ts_resolve(conf, 2, &hosts, &out);
    CHECK_EQ(out.count, 3);
    CHECK(same(&out.ts[0], &expected) && same(&out.ts[2], &conf[1]));
    CHECK_EQ(out.ts[1].family, 6);
    CHECK_BYTES(out.ts[1].from, hosts.addrs[1].octets, 16);
    CHECK_BYTES(out.ts[1].to, hosts.addrs[1].octets, 16);
    CHECK_EQ(out.ts[1].port_from, 4);
    hosts.count = 0; /* no address yet */
    ts_resolve(conf, 2, &hosts, &out);
    CHECK_EQ(out.count, 1);
    CHECK(same(&out.ts[0], &conf[1]));
    struct shrike_ts many[40];
    for (u8 i = 0; i < 40; i++)
        many[i] = v4(i, i, 0, ANY_PORT);
    ts_resolve(many, 40, &hosts, &out);
    CHECK_EQ(out.count, SHRIKE_TS_MAX);
    hosts = (struct ts_hosts){{{{10}, 4}, {{11}, 4}}, 2};
    for (u8 i = 0; i < 40; i++)
        many[i] = (struct shrike_ts){.port_to = UINT16_MAX};
    ts_resolve(many, 40, &hosts, &out);
    CHECK_EQ(out.count, SHRIKE_TS_MAX);
}

/* RFC 7296 2.19: an address that is not known yet is asked for as any of its family. */
TEST(dynamic_ones_become_the_whole_family)
{
    struct shrike_ts conf = {.protocol = UDP, .port_from = 4, .port_to = 5};
    struct ts_hosts hosts = {{{{0}, 4}, {{0}, 6}}, 2};
    static const u8 ones[16] = {255, 255, 255, 255, 255, 255, 255, 255,
                                255, 255, 255, 255, 255, 255, 255, 255};
    static const u8 zeros[16];
    struct ts_list out;
    ts_resolve(&conf, 1, &hosts, &out);
    CHECK_EQ(out.count, 2);
    CHECK(out.ts[0].family == 4 && out.ts[1].family == 6);
    for (unsigned i = 0; i < 2; i++) {
        unsigned len = i ? 16 : 4;
        CHECK_BYTES(out.ts[i].from, zeros, 16);
        CHECK_BYTES(out.ts[i].to, ones, len);
        CHECK_BYTES(out.ts[i].to + len, zeros, 16 - len);
        CHECK(out.ts[i].protocol == UDP && out.ts[i].port_from == 4 && out.ts[i].port_to == 5);
    }
}

/* RFC 7296 3.13.1 (1, 2): protocol 0 has no ports. What a peer says so all the same is understood
 * as the protocol that we name. */
TEST(ports_of_any_protocol_are_refused)
{
    struct shrike_ts out;
    CHECK(!meet(v4(1, 1, 0, 80, 80), v4(1, 1, 0, ANY_PORT), &out));
    CHECK(!meet(v4(1, 1, 0, 80, 80), v4(1, 1, 0, 80, 80), &out));
    CHECK(!meet(v4(1, 1, 0, OPAQUE_PORT), v4(1, 1, 0, ANY_PORT), &out));
    CHECK(gives(v4(1, 1, 0, 80, 80), v4(1, 1, TCP, ANY_PORT), v4(1, 1, TCP, 80, 80)));
    struct shrike_ts asked = v4(1, 1, 0, ANY_PORT);
    struct ts_list answered = {.count = 1, .ts = {v4(1, 1, 0, 80, 80)}};
    CHECK(!narrow_verify(&answered, &asked, 1));
    answered.ts[0] = v4(1, 1, ESP, 80, 80);
    CHECK(!narrow_verify(&answered, &asked, 1));
    answered.ts[0] = v4(1, 1, UDP, 80, 80);
    CHECK(narrow_verify(&answered, &asked, 1));
}

TEST(families_without_a_counterpart_go)
{
    struct shrike_ts six = {.from = {0x20, 1}, .to = {0x20, 2}, .port_to = PORT_LAST, .family = 6};
    struct ts_list local = {.count = 2, .ts = {v4(1, 1, 0, ANY_PORT), six}};
    struct ts_list remote = {.count = 2, .ts = {six, six}};
    CHECK(narrow_to_packets(&local, &remote));
    CHECK(local.count == 1 && local.ts[0].family == 6);
    CHECK_EQ(remote.count, 2);
    local = (struct ts_list){.count = 2, .ts = {v4(1, 1, 0, ANY_PORT), v4(2, 2, 0, ANY_PORT)}};
    CHECK(!narrow_to_packets(&local, &remote));
    local = (struct ts_list){.count = 1, .ts = {six}};
    remote = (struct ts_list){.count = 2, .ts = {v4(1, 1, 0, ANY_PORT), six}};
    CHECK(narrow_to_packets(&local, &remote));
    CHECK(local.count == 1 && remote.count == 1 && remote.ts[0].family == 6);
}

/* RFC 7296 2.23.1 (1) */
TEST(addresses_are_substituted)
{
    struct shrike_endpoint host = {.octets = {203, 0, 113, 5}, .port = 4500, .family = 4};
    struct ts_list list = {.count = 2, .ts = {v4(7, 7, TCP, 80, 80), v4(7, 7, 0, ANY_PORT)}};
    CHECK(ts_substitute(&list, &host));
    CHECK_BYTES(list.ts[0].from, host.octets, 16);
    CHECK_BYTES(list.ts[0].to, host.octets, 16);
    CHECK_BYTES(list.ts[1].to, host.octets, 16);
    CHECK(list.ts[0].protocol == TCP && list.ts[0].port_from == 80);
    list = (struct ts_list){.count = 1, .ts = {v4(7, 8, 0, ANY_PORT)}};
    CHECK(!ts_substitute(&list, &host));
    list = (struct ts_list){.count = 2, .ts = {v4(7, 7, 0, ANY_PORT), v4(8, 8, 0, ANY_PORT)}};
    CHECK(!ts_substitute(&list, &host));
    CHECK(list.ts[0].from[0] == 10); /* as it was */
    list = (struct ts_list){.count = 1, .ts = {v4(7, 7, 0, ANY_PORT)}};
    host.family = 6;
    CHECK(!ts_substitute(&list, &host));
}

TEST(more_is_appended_once)
{
    struct ts_list list = {.count = 1, .ts = {v4(0, 9, TCP, ANY_PORT)}};
    struct ts_list more = {
        .count = 3, .ts = {v4(3, 3, TCP, 5, 5), v4(0, 99, 0, ANY_PORT), v4(5, 5, 0, ANY_PORT)}};
    ts_append(&list, &more);
    CHECK_EQ(list.count, 2);
    CHECK(same(&list.ts[1], &more.ts[1]));
    for (u8 i = 0; i < SHRIKE_TS_MAX; i++)
        more.ts[i] = v4((u8)(100 + i), (u8)(100 + i), 0, ANY_PORT);
    more.count = SHRIKE_TS_MAX;
    ts_append(&list, &more);
    CHECK_EQ(list.count, SHRIKE_TS_MAX);
}

TEST(pairs_are_single_addresses_where_they_are_few)
{
    struct ts_pair pairs[TS_PAIRS_MAX];
    struct ts_list local = {.count = 2, .ts = {v4(4, 7, TCP, 80, 80), v4(255, 255, 0, ANY_PORT)}};
    struct ts_list remote = {.count = 1, .ts = {v4(20, 22, 0, ANY_PORT)}};
    CHECK_EQ(ts_pairs(&local, &remote, pairs), 15);
    struct shrike_ts last = v4(255, 255, 0, ANY_PORT), to = v4(22, 22, 0, ANY_PORT);
    struct shrike_ts five = v4(5, 5, TCP, 80, 80), from = v4(20, 20, 0, ANY_PORT);
    CHECK(same(&pairs[14].local, &last) && same(&pairs[14].remote, &to));
    CHECK(same(&pairs[3].local, &five) && same(&pairs[3].remote, &from));
    remote.ts[0] = v4(20, 35, 0, ANY_PORT); /* too many: as they are */
    CHECK_EQ(ts_pairs(&local, &remote, pairs), 2);
    CHECK(same(&pairs[1].remote, &remote.ts[0]) && same(&pairs[1].local, &last));
    local.ts[1] = v4(0, 255, 0, ANY_PORT);
    CHECK_EQ(ts_pairs(&local, &remote, pairs), 2);
    remote.ts[0].protocol = UDP; /* no packet of TCP there */
    CHECK_EQ(ts_pairs(&local, &remote, pairs), 1);
    for (u8 i = 0; i < 20; i++)
        local.ts[i] = v4(i, i, 0, ANY_PORT);
    local.count = 20;
    CHECK_EQ(ts_pairs(&local, &remote, pairs), TS_PAIRS_MAX);
    memset(local.ts[0].to, 255, 4);
    local.count = 1;
    CHECK_EQ(ts_pairs(&local, &remote, pairs), 1);
}

/* ---- the model: all packets of a small world ---- */

enum { HOSTS = 8, PORTS = 5, KINDS = 2 * (PORTS + 1) + 1, PACKETS = HOSTS * KINDS };
static const u16 ports[PORTS] = {0, 1, 2, 3, PORT_LAST};

struct packets {
    bool in[PACKETS];
};

/* Of the kinds of packet of one host: TCP and UDP with each port and without, ESP without. */
static bool selects(const struct shrike_ts *ts, unsigned host, unsigned kind)
{
    unsigned protocol = kind == KINDS - 1 ? ESP : kind % 2 ? TCP : UDP;
    unsigned port = kind / 2;
    if (host < ts->from[3] || host > ts->to[3] || (ts->protocol && ts->protocol != protocol))
        return false;
    if (ts->port_from == 0 && ts->port_to == PORT_LAST)
        return true;
    bool without = kind == KINDS - 1 || port == PORTS;
    if (ts->port_from == PORT_LAST && ts->port_to == 0)
        return without;
    return !without && ports[port] >= ts->port_from && ports[port] <= ts->port_to;
}

static void add_packets(struct packets *set, const struct shrike_ts *ts)
{
    for (unsigned i = 0; i < PACKETS; i++)
        set->in[i] |= selects(ts, i / KINDS, i % KINDS);
}

static struct packets packets_of(const struct shrike_ts *ts, unsigned count)
{
    struct packets set = {{false}};
    for (unsigned i = 0; i < count; i++)
        add_packets(&set, &ts[i]);
    return set;
}

static struct packets both(const struct packets *a, const struct packets *b)
{
    struct packets set;
    for (unsigned i = 0; i < PACKETS; i++)
        set.in[i] = a->in[i] && b->in[i];
    return set;
}

static bool equal(const struct packets *a, const struct packets *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static bool none(const struct packets *a)
{
    const struct packets empty = {{false}};
    return equal(a, &empty);
}

static u64 dice = 88172645463325252u;

static unsigned roll(unsigned sides)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (unsigned)(dice >> 33) % sides;
}

static struct shrike_ts random_ts(void)
{
    static const u8 protocols[] = {0, TCP, UDP, ESP};
    unsigned a = roll(HOSTS), b = roll(HOSTS), p = roll(PORTS), q = roll(PORTS);
    u8 protocol = protocols[roll(ARRAY_LEN(protocols))];
    switch (protocol ? roll(4) : 1) { /* no ports of any protocol */
    case 0:
        return v4((u8)MIN(a, b), (u8)MAX(a, b), protocol, OPAQUE_PORT);
    case 1:
        return v4((u8)MIN(a, b), (u8)MAX(a, b), protocol, ANY_PORT);
    }
    return v4((u8)MIN(a, b), (u8)MAX(a, b), protocol, ports[MIN(p, q)], ports[MAX(p, q)]);
}

TEST(two_selectors_agree_with_the_model)
{
    for (unsigned round = 0; round < 300000; round++) {
        struct shrike_ts a = random_ts(), b = random_ts(), out;
        struct packets pa = packets_of(&a, 1), pb = packets_of(&b, 1), pab = both(&pa, &pb);
        bool some = ts_intersect(&a, &b, &out);
        CHECK_EQ(some, !none(&pab));
        if (some) {
            struct packets result = packets_of(&out, 1);
            CHECK(equal(&result, &pab));
            CHECK(ts_contains(&a, &out));
            CHECK(ts_contains(&b, &out));
        }
        if (ts_contains(&a, &b))
            CHECK(equal(&pab, &pb));
        /* For ESP alone "any" and "opaque" are the same set, in two spellings. */
        else if (b.protocol != ESP)
            CHECK(!equal(&pab, &pb));
    }
}

TEST(narrowing_agrees_with_the_model)
{
    unsigned agreed = 0;
    for (unsigned round = 0; round < 100000; round++) {
        struct shrike_ts allowed[4];
        unsigned count = 1 + roll(4);
        offered.count = (u8)(1 + roll(6));
        for (unsigned i = 0; i < offered.count; i++)
            offered.ts[i] = random_ts();
        for (unsigned i = 0; i < count; i++)
            allowed[i] = random_ts();
        bool some = narrow(&offered, allowed, count, &chosen);
        struct packets asked = packets_of(offered.ts, offered.count);
        struct packets may = packets_of(allowed, count);
        struct packets expected = both(&asked, &may);
        struct packets result = packets_of(chosen.ts, chosen.count);
        CHECK(equal(&result, &expected));
        CHECK_EQ(some, !none(&expected));
        CHECK_EQ(some, narrow_verify(&chosen, offered.ts, offered.count));
        CHECK_EQ(some, narrow_verify(&chosen, allowed, count));
        for (unsigned i = 0; i < chosen.count; i++) {
            for (unsigned k = 0; k < chosen.count; k++)
                CHECK(i == k || !ts_contains(&chosen.ts[i], &chosen.ts[k]));
        }
        agreed += some;
    }
    CHECK(agreed > 10000);
}

int main(void)
{
    return RUN(addresses_intersect) | RUN(the_result_may_be_an_operand) | RUN(protocols_intersect) |
           RUN(ports_intersect) | RUN(opaque_ports_are_a_part_of_any) |
           RUN(what_both_select_is_answered) | RUN(an_offer_within_policy_comes_back) |
           RUN(the_packet_that_asked_is_covered) | RUN(the_packet_is_covered_at_the_cap) |
           RUN(contained_ones_are_left_out) | RUN(an_answer_lies_within_the_offer) |
           RUN(dynamic_ones_become_the_host) | RUN(dynamic_ones_become_the_whole_family) |
           RUN(ports_of_any_protocol_are_refused) | RUN(families_without_a_counterpart_go) |
           RUN(addresses_are_substituted) | RUN(more_is_appended_once) |
           RUN(pairs_are_single_addresses_where_they_are_few) |
           RUN(two_selectors_agree_with_the_model) | RUN(narrowing_agrees_with_the_model);
}
