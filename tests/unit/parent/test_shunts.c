/* Tests of parent/shunts.c, with a system that keeps the rules that it is given. */
#include "parent/shunts.h"
#include "test.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>

enum { RULES = 1024 };

/* The system. */
static struct {
    struct rule rules[RULES];
    u32 count, added, removed;
    int refuse;                    /* errno */
    struct shrike_addr sources[2]; /* by family */
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

static u32 place_of(const struct rule *r)
{
    u32 i = 0;
    while (i < host.count && memcmp(&host.rules[i], r, sizeof *r) != 0)
        i++;
    return i;
}

int netlink_do(struct netlink *n, union netmsg *m)
{
    struct rule r;
    const bool put = m->header.nlmsg_type == RTM_NEWRULE;
    (void)n;
    m->header.nlmsg_type = RTM_NEWRULE;
    if (!rule_read(&m->header, &r))
        abort();
    u32 at = place_of(&r);
    if (host.refuse)
        return host.refuse;
    if (put == (at < host.count))
        return put ? EEXIST : ENOENT;
    if (put && host.count < RULES) {
        host.rules[host.count++] = r;
        host.added++;
    } else {
        host.rules[at] = host.rules[--host.count];
        host.removed++;
    }
    return 0;
}

int netlink_list(struct netlink *n, union netmsg *m,
                 void (*row)(void *ctx, const struct nlmsghdr *h), void *ctx)
{
    union netmsg answer;
    (void)n, (void)m;
    for (u32 i = 0; i < host.count; i++) {
        rule_message(&answer, &host.rules[i], true);
        row(ctx, &answer.header);
    }
    netmsg_rule(&answer, &(struct netmsg_rule){4, 220, 220, 220}, true);
    row(ctx, &answer.header); /* none of ours */
    return 0;
}

static struct shrike_addr source(u32 mark, const struct prefix *to)
{
    return mark == 220 ? host.sources[to->family == 6] : (struct shrike_addr){.family = 0};
}

static struct shunts shunts;
static struct netlink netlink;
static struct host here;
static const struct tell quiet = {.level = SHRIKE_ERROR};

static void begin(void)
{
    static const struct settings settings = {.routing_priority = 220,
                                             .mark = 220,
                                             .port = 500,
                                             .port_nat_t = 4500,
                                             .interface = "shrike0"};
    memset(&host, 0, sizeof host);
    shunts_open(&shunts, &netlink, &settings, &quiet);
    shunts.source = source;
    shunts.host = &here;
    here.count = 0;
}

static struct shrike_ts ts(const char *from, const char *to)
{
    const u8 family = strchr(from, ':') ? 6 : 4;
    struct shrike_ts out = {.family = family, .port_to = 65535};
    if (inet_pton(family == 4 ? AF_INET : AF_INET6, from, out.from) != 1 ||
        inet_pton(family == 4 ? AF_INET : AF_INET6, to, out.to) != 1)
        abort();
    return out;
}

/* A shunt and its selectors. */
struct one {
    struct shrike_ts local, remote;
    struct shrike_child_conf conf;
};

static struct one shunt(enum shrike_mode mode, struct shrike_ts local, struct shrike_ts remote)
{
    return (struct one){local, remote, {.mode = mode, .start = SHRIKE_START_TRAP}};
}

/* A configuration of a child and these shunts. */
static void apply(struct one *all, u16 count)
{
    static struct shrike_child_conf children[64];
    memset(children, 0, sizeof children);
    children[0].start = SHRIKE_START_TRAP; /* of a tunnel */
    for (u16 i = 0; i < count; i++) {
        children[i + 1] = all[i].conf;
        children[i + 1].local_ts = &all[i].local;
        children[i + 1].remote_ts = &all[i].remote;
        children[i + 1].local_ts_count = children[i + 1].remote_ts_count = 1;
    }
    struct shrike_conn conn = {.children = children, .child_count = 1, .shunt_count = count};
    struct shrike_conf conf = {.conns = &conn, .conn_count = 1};
    shunts_apply(&shunts, &conf);
}

/* The n-th rule of this priority and family. */
static const struct rule *rule_of(u32 priority, u8 family, u32 n)
{
    for (u32 i = 0; i < host.count; i++)
        if (host.rules[i].priority == priority && host.rules[i].family == family && n-- == 0)
            return &host.rules[i];
    return NULL;
}

static bool is(const struct prefix *p, const char *address, u8 bits)
{
    u8 octets[16] = {0};
    inet_pton(p->family == 4 ? AF_INET : AF_INET6, address, octets);
    return p->bits == bits && memcmp(p->octets, octets, sizeof octets) == 0;
}

TEST(what_is_passed_jumps_over_the_tunnels)
{
    struct one all[1];
    begin();
    all[0] = shunt(SHRIKE_PASS, ts("10.1.0.0", "10.1.255.255"), ts("10.9.0.0", "10.9.0.255"));
    apply(all, 1);
    const struct rule *r = rule_of(219, 4, 0);
    CHECK(r && r->action == RULE_JUMP && r->target == 225 && !rule_of(219, 4, 1));
    CHECK(is(&r->from, "10.1.0.0", 16) && is(&r->to, "10.9.0.0", 24));
    CHECK(!r->protocol && !r->source[1] && !r->port[1] && !r->mark);
    CHECK(rule_of(225, 4, 0)->action == RULE_GO_ON && !rule_of(222, 4, 0) && !rule_of(224, 4, 0));
    CHECK(!rule_of(225, 6, 0)); /* nothing in the other family */
    const u32 rules = host.count;
    apply(all, 1);
    CHECK(host.added == rules && host.removed == 0); /* they are there */
    all[0].conf.start = SHRIKE_START_NONE;
    apply(all, 1);
    CHECK(host.count == 0 && host.removed == rules);
}

TEST(what_is_dropped_stands_behind_the_tunnels)
{
    struct one all[1];
    begin();
    all[0] = shunt(SHRIKE_DROP, ts("fd01::", "fd01::ffff"),
                   ts("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
    all[0].local.protocol = 6;
    all[0].local.port_from = 0;
    all[0].local.port_to = 1023;
    all[0].remote.protocol = 6;
    all[0].remote.port_from = all[0].remote.port_to = 80;
    apply(all, 1);
    const struct rule *own = rule_of(222, 6, 0), *there = rule_of(224, 6, 0),
                      *back = rule_of(224, 6, 1);
    CHECK(own && own->action == RULE_PROHIBIT && is(&own->from, "fd01::", 112));
    CHECK(strcmp(own->device, "lo") == 0 && !rule_of(222, 6, 1) && !own->unbound);
    CHECK(there && there->action == RULE_PROHIBIT && is(&there->from, "fd01::", 112));
    CHECK(there->to.bits == 0 && there->protocol == 6 && there->port[0] == 80);
    CHECK(there->source[0] == 1 && there->source[1] == 1023 && there->port[1] == 80);
    CHECK(back && back->action == RULE_PROHIBIT && is(&back->to, "fd01::", 112));
    CHECK(back->from.bits == 0 && back->source[0] == 80 && back->port[1] == 1023);
    CHECK(rule_of(223, 6, 0)->action == RULE_JUMP && strcmp(rule_of(223, 6, 0)->device, "lo") == 0);
    bool mark = false, inside = false, esp = false, look = false;
    u32 ports = 0;
    const struct rule *r;
    for (u32 i = 0; (r = rule_of(221, 6, i)) != NULL; i++) {
        mark |= r->mark == 220;
        inside |= strcmp(r->device, "shrike0") == 0;
        esp |= r->protocol == IPPROTO_ESP && strcmp(r->device, "lo") == 0;
        ports += r->protocol == IPPROTO_UDP && strcmp(r->device, "lo") == 0 ? r->source[0] : 0u;
        look |= r->protocol == IPPROTO_UDP && !r->device[0] && r->action == RULE_GO_ON;
        CHECK(r->action == RULE_GO_ON || (r->action == RULE_JUMP && r->target == 225));
    }
    CHECK(mark && inside && esp && look && ports == 5000);
    shunts_close(&shunts);
    CHECK_EQ(host.count, 0);
    const u32 removed = host.removed;
    shunts_close(&shunts);
    apply(all, 1);
    CHECK(host.count == 0 && host.removed == removed);
}

/* `dynamic` is any address of either family; families and protocols that differ are no pair. */
TEST(selectors_make_pairs)
{
    struct one all[2];
    struct shrike_ts dynamic = {.family = 0, .port_to = 65535};
    begin();
    all[0] = shunt(SHRIKE_PASS, dynamic, dynamic);
    apply(all, 1);
    for (u8 family = 4; family <= 6; family += 2) {
        const struct rule *r = rule_of(219, family, 0);
        CHECK(r && r->from.bits == 0 && r->to.bits == 0 && !rule_of(219, family, 1));
    }
    all[0] = shunt(SHRIKE_PASS, ts("10.0.0.0", "10.0.0.2"), dynamic); /* a /31 and a /32 */
    all[1] = shunt(SHRIKE_PASS, ts("10.0.0.0", "10.0.0.2"), ts("fd01::", "fd01::"));
    apply(all, 2);
    CHECK(rule_of(219, 4, 1) && !rule_of(219, 4, 2) && !rule_of(219, 6, 0));
    all[0].local.protocol = 6;
    all[0].remote.protocol = 17;
    apply(all, 1);
    CHECK_EQ(host.count, 0);
}

/* This host's own packets have no source at first. */
TEST(packets_without_a_source_go_by_the_one_they_would_get)
{
    for (unsigned mode = SHRIKE_PASS; mode <= SHRIKE_DROP; mode++) {
        const u32 at = mode == SHRIKE_PASS ? 219 : 222;
        const u32 bound =
            mode == SHRIKE_PASS; /* of IPv4 a rule with a source, of no address here */
        struct one all[2];
        begin();
        all[0] = shunt((enum shrike_mode)mode, ts("10.1.0.0", "10.1.0.255"),
                       ts("10.9.0.0", "10.9.0.255"));
        all[1] = shunt((enum shrike_mode)mode, ts("fd01::", "fd01::ff"), ts("fd09::", "fd09::ff"));
        host.sources[0] = (struct shrike_addr){{10, 1, 1, 0}, 4};
        apply(all, 2);
        CHECK(!rule_of(at, 4, bound) && !rule_of(at, 6, 0)->unbound);
        host.sources[0] = (struct shrike_addr){{10, 1, 0, 255}, 4};
        host.sources[1] = (struct shrike_addr){{0xfd, 1}, 6};
        apply(all, 2);
        CHECK(rule_of(at, 4, bound) && !rule_of(at, 4, bound + 1));
        CHECK(rule_of(at, 6, 0)->unbound && !rule_of(at, 6, 1));
        CHECK(is(&rule_of(at, 4, 0)->from, "0.0.0.0", 32) ||
              is(&rule_of(at, 4, 1)->from, "0.0.0.0", 32));
        memset(host.sources, 0, sizeof host.sources);
        apply(all, 2); /* its addresses have changed */
        CHECK(!rule_of(at, 4, bound) && !rule_of(at, 6, 0)->unbound);
    }
}

/* What the system asks itself of packets of others must not be dropped. */
TEST(what_is_dropped_of_this_host_has_its_addresses)
{
    struct one all[1];
    begin();
    all[0] = shunt(SHRIKE_DROP, ts("10.1.0.0", "10.1.0.255"), ts("10.9.0.0", "10.9.0.255"));
    apply(all, 1);
    CHECK(!rule_of(222, 4, 0));
    here.count = 3;
    here.all[0].addr = (struct shrike_addr){{10, 1, 0, 1}, 4};
    here.all[1].addr = (struct shrike_addr){{10, 2, 0, 1}, 4};
    here.all[2].addr = (struct shrike_addr){{0xfd, 1}, 6};
    apply(all, 1);
    CHECK(is(&rule_of(222, 4, 0)->from, "10.1.0.1", 32) && !rule_of(222, 4, 1));
    for (here.count = 0; here.count <= SHUNT_OWN_MAX; here.count++)
        here.all[here.count].addr = (struct shrike_addr){{10, 1, 0, (u8)here.count}, 4};
    apply(all, 1);
    CHECK(is(&rule_of(222, 4, 0)->from, "10.1.0.0", 24) && !rule_of(222, 4, 1));
}

/* A life before may have ended without a word. */
TEST(rules_that_nobody_wants_go)
{
    struct one all[1];
    begin();
    all[0] = shunt(SHRIKE_DROP, ts("10.1.0.0", "10.1.0.255"), ts("10.9.0.0", "10.9.0.255"));
    apply(all, 1);
    const u32 left = host.count;
    shunts.netlink = NULL; /* it ends without a word */
    shunts_close(&shunts);
    CHECK_EQ(host.count, left);
    shunts.netlink = &netlink;
    all[0].conf.start = SHRIKE_START_NONE;
    apply(all, 1);
    CHECK_EQ(host.count, 0);
}

TEST(what_is_too_much_is_left_out)
{
    struct one all[1];
    begin();
    all[0] = shunt(SHRIKE_PASS, ts("10.0.0.1", "10.255.255.254"), ts("11.0.0.1", "11.255.255.254"));
    apply(all, 1); /* 46 prefixes each */
    CHECK(host.count == SHUNT_RULES_MAX && shunts.warned_full);
    CHECK(rule_of(225, 4, 0)); /* what stands around them is there */
    apply(all, 1);
    CHECK_EQ(host.added, SHUNT_RULES_MAX);
    host.refuse = EPERM;
    apply(all, 0);
    CHECK(host.count == SHUNT_RULES_MAX && shunts.failed == SHUNT_RULES_MAX); /* one line */
    host.refuse = 0;
    apply(all, 0);
    CHECK(host.count == 0 && !shunts.warned_full && !shunts.failed);
}

/* Of the loopback device at least the system knows. */
TEST(the_source_of_a_packet)
{
    const struct prefix loopback = {{127, 0, 0, 0}, 4, 8};
    struct shrike_addr a = shunts_source(0, &loopback);
    CHECK(a.family == 4 && a.octets[0] == 127 && a.octets[3] == 1);
}

int main(void)
{
    return RUN(what_is_passed_jumps_over_the_tunnels) |
           RUN(what_is_dropped_stands_behind_the_tunnels) | RUN(selectors_make_pairs) |
           RUN(packets_without_a_source_go_by_the_one_they_would_get) |
           RUN(what_is_dropped_of_this_host_has_its_addresses) | RUN(rules_that_nobody_wants_go) |
           RUN(what_is_too_much_is_left_out) | RUN(the_source_of_a_packet);
}
