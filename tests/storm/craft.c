/* Packets by chance. */
#include "craft.h"

static u8 draw_protocol(struct prng *r, u8 family)
{
    static const u8 some[] = {NEXT_TCP,  NEXT_TCP,      NEXT_TCP,     NEXT_UDP,
                              NEXT_UDP,  NEXT_ICMP,     NEXT_SCTP,    NEXT_GRE,
                              NEXT_DCCP, NEXT_MOBILITY, NEXT_UDP_LITE};
    u8 p = some[prng_below(r, ARRAY_LEN(some))];
    return p == NEXT_ICMP && family == 6 ? NEXT_ICMPV6 : p;
}

static size_t draw_payload(struct prng *r)
{
    if (prng_percent(r, 3))
        return prng_below(r, 9000);
    return prng_percent(r, 50) ? prng_below(r, 100) : prng_below(r, 1500);
}

/* Like the ECN field of real traffic, and sometimes like nothing real. */
static u8 draw_tos(struct prng *r)
{
    return prng_percent(r, 50) ? 0 : (u8)prng_next(r);
}

/* The IPv6 extension headers in front of `last`; gives their octets. */
static size_t extensions(struct prng *r, u8 *at, u8 *first, u8 last)
{
    static const u8 kinds[] = {NEXT_HOP_BY_HOP, NEXT_ROUTING, NEXT_DESTINATION, NEXT_FRAGMENT};
    size_t n = 0, count = prng_percent(r, 70) ? 0 : prng_below(r, 11);
    u8 *next = first;
    for (size_t i = 0; i < count; i++) {
        u8 kind = kinds[prng_below(r, i == 0 ? 4 : 3) + (i == 0 ? 0 : 1)];
        size_t units = kind == NEXT_FRAGMENT ? 0 : prng_below(r, 4);
        prng_fill(r, at + n, 8 + units * 8);
        *next = kind;
        next = at + n;
        at[n + 1] = (u8)units;
        if (kind == NEXT_FRAGMENT && prng_percent(r, 60))
            put16(at + n + 2, prng_below(r, 2)); /* the first, or the only one */
        n += 8 + units * 8;
    }
    *next = last;
    return n;
}

/* The IP header; the length is written later. Gives where the body begins. */
static size_t ip(struct prng *r, const struct craft_ends *ends, u8 protocol, u8 *at)
{
    u8 tos = draw_tos(r);
    if (ends->family == 4) {
        size_t head = prng_percent(r, 90) ? 20 : 20 + prng_below(r, 11) * 4;
        prng_fill(r, at, head);
        at[0] = (u8)(0x40 + head / 4);
        at[1] = tos;
        put16(at + 6, prng_percent(r, 50) ? 0x4000 : 0);
        if (prng_percent(r, 10))
            put16(at + 6, prng_next(r) & 0x7fff); /* a fragment */
        at[9] = protocol;
        memcpy(at + 12, ends->addr[0], 4);
        memcpy(at + 16, ends->addr[1], 4);
        return head;
    }
    put32(at, 0x60000000u | (u32)tos << 20 | (prng_next(r) & 0xfffff));
    at[7] = 64;
    memcpy(at + 8, ends->addr[0], 16);
    memcpy(at + 24, ends->addr[1], 16);
    return 40 + extensions(r, at + 40, at + 6, protocol);
}

static void ip_len(u8 *at, size_t len)
{
    if (at[0] / 16 == 4)
        put16(at + 2, len);
    else
        put16(at + 4, len - 40);
}

/* TCP's header with options, among them an MSS at an even or odd place. */
static size_t tcp(struct prng *r, u8 *at)
{
    size_t options = prng_percent(r, 60) ? 0 : prng_below(r, 11) * 4;
    size_t shift = prng_below(r, 3);
    prng_fill(r, at, 20 + options);
    at[12] = (u8)((20 + options) / 4 * 16);
    if (!prng_percent(r, 20))
        at[13] = TCP_ACK | (prng_percent(r, 40) ? TCP_PSH : 0);
    if (!prng_percent(r, 10))
        put16(at + 18, 0); /* nothing urgent */
    if (options >= 8 && prng_percent(r, 50)) {
        memset(at + 20, 1, options);
        at[20 + shift] = 2;
        at[21 + shift] = 4;
        put16(at + 22 + shift, prng_between(r, 500, 9000));
        at[13] |= prng_percent(r, 80) ? TCP_SYN : 0;
    }
    return 20 + options;
}

static size_t body(struct prng *r, u8 protocol, u8 *at, size_t payload)
{
    size_t head = protocol == NEXT_TCP ? tcp(r, at) : 8;
    if (protocol != NEXT_TCP)
        prng_fill(r, at, head);
    if (protocol == NEXT_UDP)
        put16(at + 4, 8 + payload);
    bool ports = protocol != NEXT_ICMP && protocol != NEXT_ICMPV6 && protocol != NEXT_MOBILITY;
    for (int i = 0; i < 4 && ports; i += 2)
        put16(at + i, prng_percent(r, 70) ? 1400 : prng_between(r, 1000, 2100));
    prng_fill(r, at + head, payload);
    return head + payload;
}

/* Leave the checksum open, as a system with offloads does: it holds the pseudo header's so far. */
static void open_sum(struct prng *r, struct craft *c, const struct reading *p)
{
    size_t at = p->protocol == NEXT_TCP ? 16 : 6;
    c->head.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    c->head.csum_start = (u16)p->body;
    c->head.csum_offset = (u16)at;
    if (p->body + at + 2 <= p->len)
        put16(c->octets + p->body + at,
              (u16)~packet_sum(NULL, 0, packet_pseudo(c->octets, p, p->len - p->body)));
    if (prng_percent(r, 3))
        c->head.csum_start = (u16)prng_next(r);
    if (prng_percent(r, 3))
        c->head.csum_offset = (u16)prng_below(r, 3000);
}

static void offload(struct prng *r, struct craft *c, bool super)
{
    static const u8 kinds[] = {VIRTIO_NET_HDR_GSO_TCPV4, VIRTIO_NET_HDR_GSO_TCPV6, CRAFT_GSO_UDP};
    struct reading p;
    if (!packet_read(c->octets, c->len, &p))
        return;
    if ((p.protocol == NEXT_TCP || p.protocol == NEXT_UDP) && (super || prng_percent(r, 40)))
        open_sum(r, c, &p);
    if (!super)
        return;
    size_t least = p.len / CRAFT_PIECES_MAX + 1;
    c->head.gso_type = kinds[p.protocol == NEXT_UDP ? 2 : p.family == 6];
    c->head.gso_size = (u16)prng_between(r, least, MAX(least, 1340));
    if (prng_percent(r, 10))
        c->head.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
    if (prng_percent(r, 3))
        c->head.gso_type = (u8)prng_next(r);
    if (prng_percent(r, 2))
        c->head.gso_size = 0;
}

/* What no system should send. */
static void damage(struct prng *r, struct craft *c)
{
    u64 n = prng_below(r, 4);
    for (u64 i = prng_below(r, 4); i <= 4 && n == 0; i++)
        prng_fill(r, c->octets + prng_below(r, MIN(c->len, 80)), 1);
    if (n == 1)
        c->len = prng_between(r, 1, c->len);
    if (n == 2 && c->len > 6)
        prng_fill(r, c->octets + prng_between(r, 1, 2) * 2, 2);
    if (n == 3) { /* more than its header states */
        size_t more = prng_below(r, MIN(200, PACKET_MAX - c->len));
        prng_fill(r, c->octets + c->len, more);
        c->len += more;
    }
}

void craft_packet(struct prng *r, const struct craft_ends *ends, bool vnet, struct craft *c)
{
    struct reading p;
    bool super = vnet && prng_percent(r, 12);
    u8 protocol = draw_protocol(r, ends->family);
    if (super)
        protocol = prng_percent(r, 70) ? NEXT_TCP : NEXT_UDP;
    memset(&c->head, 0, sizeof(c->head));
    if (prng_percent(r, 2)) {
        c->len = prng_between(r, 1, 1500);
        prng_fill(r, c->octets, c->len);
        return;
    }
    size_t payload = super ? prng_below(r, prng_percent(r, 80) ? 6000 : 50000) : draw_payload(r);
    c->len = ip(r, ends, protocol, c->octets);
    c->len += body(r, protocol, c->octets + c->len, payload);
    ip_len(c->octets, c->len);
    if (packet_read(c->octets, c->len, &p) && !prng_percent(r, 5))
        packet_seal_sums(c->octets, &p);
    if (vnet)
        offload(r, c, super);
    if (prng_percent(r, 8))
        damage(r, c);
}
