/* Rules of the system about routing tables: see rule.h. */
#include "parent/rule.h"
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

static struct fib_rule_hdr *begin(union netmsg *m, u16 type)
{
    memset(m, 0, sizeof *m);
    struct nlmsghdr *h = mnl_nlmsg_put_header(m->octets);
    h->nlmsg_type = type;
    return mnl_nlmsg_put_extra_header(h, sizeof(struct fib_rule_hdr));
}

static size_t len_of(const struct rule *r)
{
    return r->family == 4 ? 4 : 16;
}

static void put_ports(union netmsg *m, u16 type, const u16 ports[2])
{
    struct fib_rule_port_range range = {ports[0], ports[1]};
    if (ports[1])
        mnl_attr_put(&m->header, type, sizeof range, &range);
}

void rule_message(union netmsg *m, const struct rule *r, bool add)
{
    static const u8 actions[] = {
        [RULE_GO_ON] = FR_ACT_NOP, [RULE_JUMP] = FR_ACT_GOTO, [RULE_PROHIBIT] = FR_ACT_PROHIBIT};
    struct fib_rule_hdr *h = begin(m, add ? RTM_NEWRULE : RTM_DELRULE);
    m->header.nlmsg_flags = add ? NLM_F_CREATE | NLM_F_EXCL : 0;
    h->family = r->family == 4 ? AF_INET : AF_INET6;
    h->action = actions[r->action];
    h->src_len = r->from.bits;
    h->dst_len = r->to.bits;
    h->flags = r->unbound ? FIB_RULE_FIND_SADDR : 0;
    mnl_attr_put_u32(&m->header, FRA_PRIORITY, r->priority);
    mnl_attr_put_u8(&m->header, FRA_PROTOCOL, RULE_PROTOCOL);
    if (r->from.bits)
        mnl_attr_put(&m->header, FRA_SRC, len_of(r), r->from.octets);
    if (r->to.bits)
        mnl_attr_put(&m->header, FRA_DST, len_of(r), r->to.octets);
    if (r->action == RULE_JUMP)
        mnl_attr_put_u32(&m->header, FRA_GOTO, r->target);
    if (r->mark) {
        mnl_attr_put_u32(&m->header, FRA_FWMARK, r->mark);
        mnl_attr_put_u32(&m->header, FRA_FWMASK, UINT32_MAX);
    }
    if (r->protocol)
        mnl_attr_put_u8(&m->header, FRA_IP_PROTO, r->protocol);
    put_ports(m, FRA_SPORT_RANGE, r->source);
    put_ports(m, FRA_DPORT_RANGE, r->port);
    if (r->device[0])
        mnl_attr_put_strz(&m->header, FRA_IIFNAME, r->device);
}

void rule_list(union netmsg *m)
{
    begin(m, RTM_GETRULE)->family = AF_UNSPEC;
}

static bool read_header(const struct fib_rule_hdr *h, struct rule *out)
{
    static const u8 actions[] = {
        [FR_ACT_NOP] = RULE_GO_ON, [FR_ACT_GOTO] = RULE_JUMP, [FR_ACT_PROHIBIT] = RULE_PROHIBIT};
    out->family = h->family == AF_INET ? 4 : 6;
    out->from.family = out->to.family = out->family;
    out->from.bits = h->src_len;
    out->to.bits = h->dst_len;
    out->unbound = h->flags & FIB_RULE_FIND_SADDR;
    out->action = h->action < sizeof actions ? actions[h->action] : 0;
    return h->family == AF_INET || h->family == AF_INET6;
}

static void read_ports(const struct nlattr *at, u16 ports[2])
{
    struct fib_rule_port_range range;
    if (mnl_attr_get_payload_len(at) != sizeof range)
        return;
    memcpy(&range, mnl_attr_get_payload(at), sizeof range);
    ports[0] = range.start;
    ports[1] = range.end;
}

static void read_number(const struct nlattr *at, u32 *out)
{
    if (mnl_attr_get_payload_len(at) == sizeof *out)
        *out = mnl_attr_get_u32(at);
}

static void read_attribute(const struct nlattr *at, struct rule *out)
{
    const void *data = mnl_attr_get_payload(at);
    const size_t len = mnl_attr_get_payload_len(at);
    switch (mnl_attr_get_type(at)) {
    case FRA_SRC:
        memcpy(out->from.octets, data, MIN(len, sizeof out->from.octets));
        break;
    case FRA_DST:
        memcpy(out->to.octets, data, MIN(len, sizeof out->to.octets));
        break;
    case FRA_PRIORITY:
        read_number(at, &out->priority);
        break;
    case FRA_GOTO:
        read_number(at, &out->target);
        break;
    case FRA_FWMARK:
        read_number(at, &out->mark);
        break;
    case FRA_IP_PROTO:
        out->protocol = len == 1 ? mnl_attr_get_u8(at) : 0;
        break;
    case FRA_SPORT_RANGE:
        read_ports(at, out->source);
        break;
    case FRA_DPORT_RANGE:
        read_ports(at, out->port);
        break;
    case FRA_IIFNAME:
        memcpy(out->device, data, MIN(len, sizeof out->device - 1));
        break;
    }
}

bool rule_read(const struct nlmsghdr *h, struct rule *out)
{
    const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(h);
    const struct nlattr *at;
    bool ours = false;
    memset(out, 0, sizeof *out);
    if (h->nlmsg_type != RTM_NEWRULE || mnl_nlmsg_get_payload_len(h) < sizeof *head ||
        !read_header(head, out))
        return false;
    mnl_attr_for_each(at, h, sizeof *head)
    {
        ours |= mnl_attr_get_type(at) == FRA_PROTOCOL && mnl_attr_get_payload_len(at) == 1 &&
                mnl_attr_get_u8(at) == RULE_PROTOCOL;
        read_attribute(at, out);
    }
    return ours;
}
