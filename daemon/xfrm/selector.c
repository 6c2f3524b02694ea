/* Traffic selectors as the kernel has them: see selector.h. */
#include "xfrm/selector.h"
#include "ops/prefix.h"
#include <arpa/inet.h>
#include <netinet/in.h>

enum { PORTS_MAX = 32, BASE = 200000 };

struct ports {
    u16 first, mask; /* host order */
};

/* The fewest masks that cover exactly these ports. 0: it is no range. */
static u32 split_ports(u16 from, u16 to, struct ports out[PORTS_MAX])
{
    u32 n = 0;
    for (u32 at = from; at <= to && n < PORTS_MAX;) {
        u32 size = 1;
        while (size < 65536 && at % (size * 2) == 0 &&
               at + size * 2 - 1 <= (fault(239) ? UINT16_MAX : to))
            size *= 2;
        out[n++] = (struct ports){(u16)at, (u16) ~(size - 1)};
        at += size;
    }
    return n;
}

static bool is_icmp(u8 protocol)
{
    return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

static bool all_ports(const struct shrike_ts *t)
{
    return t->port_from == 0 && t->port_to == UINT16_MAX;
}

struct making {
    struct xfrm_selector *out;
    u32 count;
};

static void put_address(xfrm_address_t *address, u8 *bits, const struct prefix *p)
{
    memset(address, 0, sizeof *address);
    memcpy(address, p->octets, p->family == 6 ? 16 : 4);
    *bits = p->bits;
}

static void put(struct making *m, const struct xfrm_selector *s)
{
    if (m->count < SELECTORS_MAX)
        m->out[m->count] = *s;
    m->count++;
}

/* RFC 7296 3.13.1: type and code of ICMP stand in the ports of a selector, the type in front; for
 * the kernel one is the source port and the other the destination, in either direction. */
static void put_icmp(struct making *m, struct xfrm_selector *s, const struct shrike_ts *local,
                     const struct shrike_ts *remote)
{
    const struct shrike_ts *t = all_ports(local) ? remote : local;
    if (!all_ports(t)) {
        s->sport = htons(t->port_from >> 8);
        s->sport_mask = UINT16_MAX;
    }
    if (t->port_from == t->port_to) {
        s->dport = htons(t->port_from & 0xff);
        s->dport_mask = UINT16_MAX;
    }
    put(m, s);
}

/* Ranges of types of ICMP have no mask. */
static bool icmp_fits(const struct shrike_ts *t)
{
    bool one_type = t->port_from >> 8 == t->port_to >> 8;
    bool all_codes = (t->port_from & 0xff) == 0 && (t->port_to & 0xff) == 0xff;
    return all_ports(t) || t->port_from == t->port_to || (one_type && all_codes);
}

static void put_ports(struct making *m, struct xfrm_selector *s, const struct shrike_ts *local,
                      const struct shrike_ts *remote)
{
    struct ports here[PORTS_MAX], there[PORTS_MAX];
    u32 heres = split_ports(local->port_from, local->port_to, here);
    u32 theres = split_ports(remote->port_from, remote->port_to, there);
    for (u32 i = 0; i < heres; i++)
        for (u32 j = 0; j < theres; j++) {
            s->sport = htons(here[i].first);
            s->sport_mask = htons(here[i].mask);
            s->dport = htons(there[j].first);
            s->dport_mask = htons(there[j].mask);
            put(m, s);
        }
}

static bool fits(const struct shrike_ts *t, u8 protocol)
{
    return t->port_from <= t->port_to && (!is_icmp(protocol) || icmp_fits(t));
}

/* false: the kernel cannot have it. */
static bool put_pair(struct making *m, const struct shrike_ts *local,
                     const struct shrike_ts *remote)
{
    static struct prefix here[PREFIXES_MAX], there[PREFIXES_MAX]; /* one thread */
    struct xfrm_selector s;
    u8 protocol = local->protocol ? local->protocol : remote->protocol;
    if (local->family != remote->family ||
        (remote->protocol && local->protocol && remote->protocol != local->protocol))
        return true; /* no packet is of both */
    if (!fits(local, protocol) || !fits(remote, protocol))
        return false;
    u32 heres = prefix_split(local, here), theres = prefix_split(remote, there);
    memset(&s, 0, sizeof s);
    s.family = letter_family(local->family);
    s.proto = protocol;
    for (u32 i = 0; i < heres; i++)
        for (u32 j = 0; j < theres && m->count <= SELECTORS_MAX; j++) {
            put_address(&s.saddr, &s.prefixlen_s, &here[i]);
            put_address(&s.daddr, &s.prefixlen_d, &there[j]);
            s.sport = s.sport_mask = s.dport = s.dport_mask = 0;
            if (is_icmp(protocol))
                put_icmp(m, &s, local, remote);
            else
                put_ports(m, &s, local, remote);
        }
    return true;
}

u32 selectors_make(const struct selector_sides *s, struct xfrm_selector out[SELECTORS_MAX])
{
    struct making m = {out, 0};
    for (u16 i = 0; i < s->local_count; i++)
        for (u16 j = 0; j < s->remote_count; j++)
            if (!put_pair(&m, &s->local[i], &s->remote[j]))
                return 0;
    return m.count;
}

static bool is_host(const struct shrike_ts *ts, u16 count)
{
    for (u16 i = 0; i < count; i++)
        if (ts[i].family != ts[0].family ||
            memcmp(ts[i].from, ts[0].from, sizeof ts[0].from) != 0 ||
            memcmp(ts[i].to, ts[0].from, sizeof ts[0].to) != 0)
            return false;
    return count > 0;
}

bool selector_of_hosts(const struct selector_sides *s, struct xfrm_selector *out)
{
    memset(out, 0, sizeof *out);
    if (!is_host(s->local, s->local_count) || !is_host(s->remote, s->remote_count) ||
        s->local->family != s->remote->family)
        return false;
    const size_t len = s->local->family == 6 ? 16 : 4;
    memcpy(&out->saddr, s->local->from, len);
    memcpy(&out->daddr, s->remote->from, len);
    out->family = letter_family(s->local->family);
    out->prefixlen_s = out->prefixlen_d = (u8)(8 * len);
    return true;
}

void selector_turn(struct xfrm_selector *out, const struct xfrm_selector *s)
{
    *out = *s;
    out->saddr = s->daddr;
    out->daddr = s->saddr;
    out->prefixlen_s = s->prefixlen_d;
    out->prefixlen_d = s->prefixlen_s;
    if (is_icmp(s->proto) || fault(238))
        return;
    out->sport = s->dport;
    out->sport_mask = s->dport_mask;
    out->dport = s->sport;
    out->dport_mask = s->sport_mask;
}

static void one_side(struct shrike_ts *t, const struct xfrm_selector *s, const xfrm_address_t *a,
                     u16 port)
{
    memset(t, 0, sizeof *t);
    t->family = s->family == AF_INET6 ? 6 : 4;
    memcpy(t->from, a, t->family == 6 ? 16 : 4);
    memcpy(t->to, a, t->family == 6 ? 16 : 4);
    t->protocol = s->proto;
    t->port_from = t->port_to = port;
    if (s->sport_mask || s->dport_mask)
        return;
    t->port_from = 0;
    t->port_to = UINT16_MAX;
}

void selector_packet(const struct xfrm_selector *s, struct shrike_ts *local,
                     struct shrike_ts *remote)
{
    u16 here = ntohs(s->sport), there = ntohs(s->dport);
    if (is_icmp(s->proto))
        here = there = (u16)(here << 8 | (there & 0xff));
    one_side(local, s, &s->saddr, here);
    one_side(remote, s, &s->daddr, there);
}

static u32 bits_of(u16 mask)
{
    return (u32)__builtin_popcount(mask);
}

/* As daemons do that may be on the same host: three ranges of numbers, and in each of them
 * prefixes count most, then the protocol, then ports; a trap comes behind the child of its own
 * selector. */
u32 selector_priority(const struct xfrm_selector *s, enum selector_class c)
{
    u32 priority = 0;
    switch (c) {
    case SELECTOR_PASS:
        priority = BASE;
        break;
    case SELECTOR_CHILD:
    case SELECTOR_TRAP:
        priority = 2 * BASE;
        break;
    case SELECTOR_DROP:
        priority = 3 * BASE;
        break;
    }
    priority -= fault(240) ? 0 : ((u32)s->prefixlen_s + s->prefixlen_d) << 9;
    priority -= s->proto ? 1u << 8 : 0;
    priority -= (bits_of(s->sport_mask) + bits_of(s->dport_mask)) << 2;
    priority -= s->ifindex ? 1u << 1 : 0;
    return priority - (c != SELECTOR_TRAP);
}
