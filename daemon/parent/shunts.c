/* Shunts: see shunts.h. */
#include "parent/shunts.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PASSED = -1, EXEMPT = 1, DROPPED_OWN = 2, OWN = 3, DROPPED = 4, BEHIND = 5 };

/* Rules that are wanted, or there. */
struct list {
    struct rule at[SHUNT_RULES_MAX];
    u32 count;
    bool full;
};

static void add(struct list *l, const struct rule *r)
{
    if (l->count < SHUNT_RULES_MAX)
        l->at[l->count++] = *r;
    else
        l->full = true;
}

static bool has(const struct list *l, const struct rule *r)
{
    for (u32 i = 0; i < l->count; i++)
        if (memcmp(&l->at[i], r, sizeof *r) == 0)
            return true;
    return false;
}

/* ---- what is wanted ---- */

/* One pair of selectors, of one family. */
struct pair {
    const struct shunts *shunts;
    const struct shrike_ts *local, *remote;
    struct list *out;
    bool drop;
};

static struct rule rule_at(const struct shunts *s, u8 family, int step)
{
    struct rule r;
    memset(&r, 0, sizeof r);
    r.family = r.from.family = r.to.family = family;
    r.priority = (u32)((int)s->priority + step);
    return r;
}

static struct rule jump_at(const struct shunts *s, u8 family, int step)
{
    struct rule r = rule_at(s, family, step);
    r.action = RULE_JUMP;
    r.target = s->priority + BEHIND;
    return r;
}

/* All of them is none: the system takes a rule with ports for one about packets that have some. */
static void take_ports(u16 out[2], const struct shrike_ts *ts)
{
    if (ts->port_from == 0 && ts->port_to == UINT16_MAX)
        return;
    out[0] = MAX(ts->port_from, 1);
    out[1] = ts->port_to;
}

static bool holds(const struct shrike_ts *ts, const struct shrike_addr *a)
{
    const size_t len = ts->family == 4 ? 4 : 16;
    return ts->family == a->family && memcmp(a->octets, ts->from, len) >= 0 &&
           memcmp(a->octets, ts->to, len) <= 0;
}

static struct rule rule_of(const struct pair *p, const struct prefix *to, int step)
{
    struct rule r =
        p->drop ? rule_at(p->shunts, to->family, step) : jump_at(p->shunts, to->family, step);
    if (p->drop)
        r.action = RULE_PROHIBIT;
    r.protocol = p->local->protocol ? p->local->protocol : p->remote->protocol;
    take_ports(r.source, p->local);
    take_ports(r.port, p->remote);
    r.to = *to;
    return r;
}

/* A packet of this host that has no source yet goes by the one that it would get. */
static void add_unbound(const struct pair *p, struct rule *r)
{
    struct shrike_addr source = p->shunts->source(p->shunts->mark, &r->to);
    if (!holds(p->local, &source))
        return;
    if (r->family == 6) {
        r->unbound = true;
        return;
    }
    struct rule unbound = *r;
    memset(unbound.from.octets, 0, sizeof unbound.from.octets);
    unbound.from.bits = 32;
    add(p->out, &unbound);
}

static void add_passed(const struct pair *p, const struct prefix *from, const struct prefix *to)
{
    struct rule r = rule_of(p, to, PASSED);
    r.from = *from;
    if (from->bits > 0)
        add_unbound(p, &r);
    add(p->out, &r);
}

/* Of this host itself. Where the system looks whether an IPv4 packet may come in by the way that it
 * comes (rp_filter), it asks as if this host answered it; from others that must not be dropped, or
 * nothing would come in, and so its own addresses stand here one by one. */
static void add_own(const struct pair *p, const struct prefix *from, const struct prefix *to)
{
    struct rule r = rule_of(p, to, DROPPED_OWN);
    const struct host *h = p->shunts->host;
    snprintf(r.device, sizeof r.device, "lo");
    r.from = *from;
    if (from->bits > 0 || r.family == 4)
        add_unbound(p, &r);
    if (r.family == 6 || h->count > SHUNT_OWN_MAX) {
        add(p->out, &r);
        return;
    }
    for (u32 i = 0; i < h->count; i++) {
        const struct shrike_addr *a = &h->all[i].addr;
        if (!prefix_covers(from, a->family, a->octets))
            continue;
        memcpy(r.from.octets, a->octets, 4);
        r.from.bits = 32;
        add(p->out, &r);
    }
}

/* Of others, in both directions. */
static void add_forwarded(const struct pair *p, const struct prefix *from, const struct prefix *to)
{
    struct rule there = rule_of(p, to, DROPPED), back = there;
    there.from = back.to = *from;
    back.from = *to;
    memcpy(back.source, there.port, sizeof back.source);
    memcpy(back.port, there.source, sizeof back.port);
    add(p->out, &there);
    add(p->out, &back);
}

static void add_pair(const struct pair *p)
{
    static struct prefix here[PREFIXES_MAX], there[PREFIXES_MAX];
    const u32 near = prefix_split(p->local, here), far = prefix_split(p->remote, there);
    for (u32 i = 0; i < near; i++)
        for (u32 j = 0; j < far && !p->out->full; j++) {
            if (!p->drop) {
                add_passed(p, &here[i], &there[j]);
                continue;
            }
            add_own(p, &here[i], &there[j]);
            add_forwarded(p, &here[i], &there[j]);
        }
}

/* `dynamic` is any address: there is no tunnel whose ends it could be. */
static struct shrike_ts of_family(const struct shrike_ts *ts, u8 family)
{
    struct shrike_ts out = *ts;
    if (ts->family != 0)
        return out;
    out.family = family;
    memset(out.from, 0, sizeof out.from);
    memset(out.to, 0, sizeof out.to);
    memset(out.to, 0xff, family == 4 ? 4 : 16);
    return out;
}

static void add_shunt(const struct shunts *s, const struct shrike_child_conf *c, u8 family,
                      struct list *out)
{
    for (u16 i = 0; i < c->local_ts_count; i++)
        for (u16 j = 0; j < c->remote_ts_count; j++) {
            struct shrike_ts local = of_family(&c->local_ts[i], family);
            struct shrike_ts remote = of_family(&c->remote_ts[j], family);
            const bool differ =
                local.protocol && remote.protocol && local.protocol != remote.protocol;
            if (local.family == family && remote.family == family && !differ)
                add_pair(&(struct pair){s, &local, &remote, out, c->mode == SHRIKE_DROP});
        }
}

/* IKE and ESP bear the mark; but where the system looks whether packets may come in by the way that
 * they come (rp_filter), it asks for the way back without it. Then it knows of ports only if there
 * is a rule about some that is not of "lo": `look` is one that does nothing. */
static void add_exempt(const struct shunts *s, u8 family, struct list *out)
{
    struct rule mark = jump_at(s, family, EXEMPT), inside = mark, esp = mark;
    struct rule look = rule_at(s, family, EXEMPT);
    look.protocol = IPPROTO_UDP;
    mark.mark = s->mark;
    snprintf(inside.device, sizeof inside.device, "%s", s->device);
    snprintf(esp.device, sizeof esp.device, "lo");
    esp.protocol = IPPROTO_ESP;
    add(out, &mark);
    add(out, &inside);
    add(out, &esp);
    add(out, &look);
    for (size_t i = 0; i < ARRAY_LEN(s->ports); i++) {
        struct rule ike = esp;
        ike.protocol = IPPROTO_UDP;
        ike.source[0] = ike.source[1] = s->ports[i];
        if (s->ports[i])
            add(out, &ike);
    }
}

/* What stands around them. It comes first: what is dropped must not be more than is meant. */
static void add_frame(const struct shunts *s, u8 family, struct list *out)
{
    struct rule behind = rule_at(s, family, BEHIND), own = jump_at(s, family, OWN);
    snprintf(own.device, sizeof own.device, "lo");
    add(out, &behind);
    add_exempt(s, family, out);
    add(out, &own);
}

static void add_family(struct shunts *s, const struct shrike_conf *conf, u8 family,
                       struct list *out)
{
    const u32 before = out->count;
    add_frame(s, family, out);
    const u32 framed = out->count;
    for (u32 i = 0; i < conf->conn_count; i++) {
        const struct shrike_conn *conn = &conf->conns[i];
        for (u32 k = conn->child_count; k < (u32)conn->child_count + conn->shunt_count; k++)
            if (conn->children[k].start & SHRIKE_START_TRAP &&
                (conn->children[k].mode == SHRIKE_PASS || !s->only_passes))
                add_shunt(s, &conn->children[k], family, out);
    }
    if (out->count == framed)
        out->count = before;
}

/* ---- what is there ---- */

static void row(void *ctx, const struct nlmsghdr *h)
{
    struct rule r;
    if (rule_read(h, &r))
        add(ctx, &r);
}

/* Of several that fail, the first is told of. */
static void change(struct shunts *s, const struct rule *r, bool put)
{
    union netmsg m;
    char from[PREFIX_TEXT], to[PREFIX_TEXT];
    rule_message(&m, r, put);
    int error = netlink_do(s->netlink, &m);
    if (error != 0 && error != (put ? EEXIST : ENOENT) && s->failed++ == 0)
        tell(s->tell, SHRIKE_ERROR,
             "cannot %s the rule of a shunt, from %s to %s: %s: what is to be %s may not be",
             put ? "set" : "take away", prefix_text(&r->from, from), prefix_text(&r->to, to),
             strerror(error), r->action == RULE_PROHIBIT ? "dropped" : "passed");
}

static void say_full(struct shunts *s, const struct list *wanted)
{
    if (wanted->full && !s->warned_full)
        tell(s->tell, SHRIKE_ERROR,
             "the shunts need more than %u rules of the system: some do nothing; name subnets "
             "rather than ranges, and fewer",
             SHUNT_RULES_MAX);
    s->warned_full = wanted->full;
}

void shunts_apply(struct shunts *s, const struct shrike_conf *conf)
{
    static struct list wanted, there; /* the parent has one thread */
    union netmsg m;
    if (!s->netlink)
        return;
    s->failed = 0;
    wanted.count = there.count = 0;
    wanted.full = there.full = false;
    add_family(s, conf, 4, &wanted);
    add_family(s, conf, 6, &wanted);
    say_full(s, &wanted);
    rule_list(&m);
    int error = netlink_list(s->netlink, &m, row, &there);
    if (error != 0)
        tell(s->tell, SHRIKE_ERROR, "cannot ask the system for its rules: %s", strerror(error));
    for (u32 i = 0; i < wanted.count; i++)
        if (!has(&there, &wanted.at[i]))
            change(s, &wanted.at[i], true);
    for (u32 i = there.count; i-- > 0;)
        if (!has(&wanted, &there.at[i]))
            change(s, &there.at[i], false);
}

/* ---- begin and end ---- */

void shunts_open(struct shunts *s, struct netlink *n, const struct settings *set,
                 const struct tell *t)
{
    *s = (struct shunts){.netlink = n,
                         .tell = t,
                         .priority = set->routing_priority,
                         .mark = set->mark,
                         .ports = {set->port, set->port_nat_t},
                         .source = shunts_source};
    snprintf(s->device, sizeof s->device, "%s", set->interface);
}

void shunts_close(struct shunts *s)
{
    static const struct shrike_conf none;
    shunts_apply(s, &none);
    s->netlink = NULL;
}

/* ---- the source of a packet ---- */

/* Of a prefix an address that can be one of a host. */
static struct shrike_addr host_in(const struct prefix *p)
{
    struct shrike_addr a = {.family = p->family};
    const u32 len = p->family == 4 ? 4 : 16;
    memcpy(a.octets, p->octets, len);
    if (p->bits < 8 && a.octets[0] == 0)
        a.octets[0] = p->family == 4 ? 1 : 0x20; /* 0/8 is nobody's; 2000::/3 is everybody's */
    if (p->bits < 8 * len - 1)
        a.octets[len - 1] |= 1;
    return a;
}

struct shrike_addr shunts_source(u32 mark, const struct prefix *to)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } end = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)}};
    struct shrike_addr a = host_in(to), none = {.family = 0};
    socklen_t len = a.family == 4 ? sizeof end.v4 : sizeof end.v6;
    if (a.family == 4) {
        end.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(9)};
        memcpy(&end.v4.sin_addr, a.octets, 4);
    } else {
        memcpy(&end.v6.sin6_addr, a.octets, 16);
    }
    int fd = socket(end.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool known = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0 &&
                 connect(fd, &end.any, len) == 0 && getsockname(fd, &end.any, &len) == 0;
    if (fd >= 0)
        close(fd);
    if (!known)
        return none;
    memset(a.octets, 0, sizeof a.octets);
    if (a.family == 4)
        memcpy(a.octets, &end.v4.sin_addr, 4);
    else
        memcpy(a.octets, &end.v6.sin6_addr, 16);
    return a;
}
