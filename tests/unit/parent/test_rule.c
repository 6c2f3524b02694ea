/* Tests of parent/rule.c: what is written for the system is what is read of it. */
#include "parent/rule.h"
#include "test.h"
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

static struct rule empty(u8 family)
{
    struct rule r;
    memset(&r, 0, sizeof r);
    r.family = r.from.family = r.to.family = family;
    return r;
}

static bool comes_back(const struct rule *r)
{
    union netmsg m;
    struct rule again;
    rule_message(&m, r, true);
    return rule_read(&m.header, &again) && memcmp(&again, r, sizeof again) == 0;
}

TEST(rules_come_back)
{
    struct rule r = empty(4);
    CHECK(comes_back(&r));
    r.priority = 225;
    CHECK(comes_back(&r));
    r = empty(4);
    memcpy(r.from.octets, "\x0a\1", 2);
    r.from.bits = 16;
    memcpy(r.to.octets, "\xc0\0\2", 3);
    r.to.bits = 24;
    r.protocol = 6;
    r.source[0] = 1;
    r.source[1] = 1023;
    r.port[0] = r.port[1] = 443;
    r.action = RULE_JUMP;
    r.priority = 219;
    r.target = 225;
    CHECK(comes_back(&r));
    r = empty(6);
    memcpy(r.from.octets, "\xfd\1", 2);
    r.from.bits = 64;
    r.unbound = true;
    r.action = RULE_PROHIBIT;
    r.mark = 220;
    memcpy(r.device, "shrike0", 8);
    CHECK(comes_back(&r));
    memcpy(r.device, "fifteen-letters", 16);
    CHECK(comes_back(&r));
}

TEST(what_the_system_is_asked_for)
{
    union netmsg m;
    struct rule r = empty(6);
    rule_message(&m, &r, true);
    CHECK(m.header.nlmsg_type == RTM_NEWRULE &&
          m.header.nlmsg_flags == (NLM_F_CREATE | NLM_F_EXCL));
    const struct fib_rule_hdr *h = mnl_nlmsg_get_payload(&m.header);
    CHECK(h->family == AF_INET6 && h->action == FR_ACT_NOP);
    rule_message(&m, &r, false);
    CHECK(m.header.nlmsg_type == RTM_DELRULE && m.header.nlmsg_flags == 0);
    rule_list(&m);
    CHECK(m.header.nlmsg_type == RTM_GETRULE);
}

TEST(rules_of_others_are_none_of_ours)
{
    union netmsg m;
    struct rule r = empty(4);
    netmsg_rule(&m, &(struct netmsg_rule){4, 220, 220, 220}, true); /* without our protocol */
    CHECK(!rule_read(&m.header, &r));
    r = empty(4);
    rule_message(&m, &r, true);
    struct nlattr *at;
    mnl_attr_for_each(at, &m.header, sizeof(struct fib_rule_hdr))
    {
        if (mnl_attr_get_type(at) == FRA_PROTOCOL)
            *(u8 *)mnl_attr_get_payload(at) = 2; /* of the kernel */
    }
    CHECK(!rule_read(&m.header, &r));
    rule_message(&m, &r, true);
    m.header.nlmsg_type = RTM_NEWROUTE;
    CHECK(!rule_read(&m.header, &r));
    rule_message(&m, &r, true);
    ((struct fib_rule_hdr *)mnl_nlmsg_get_payload(&m.header))->family = AF_UNSPEC;
    CHECK(!rule_read(&m.header, &r));
    m.header.nlmsg_len = NLMSG_HDRLEN + 4;
    CHECK(!rule_read(&m.header, &r));
}

int main(void)
{
    return RUN(rules_come_back) | RUN(what_the_system_is_asked_for) |
           RUN(rules_of_others_are_none_of_ours);
}
