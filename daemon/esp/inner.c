/* Reading and mending the IP packet inside. */
#include "esp/inner.h"
#include "base/cursor.h"
#include "esp/octets.h"

#define IPV4_LEN 20
#define IPV6_LEN 40

#define IPV4_DF      0x4000
#define FRAGMENT_OFF 0x1fff /* of IPv4; IPv6 has it 3 bits higher */

enum {
    HOP_BY_HOP = 0,
    ICMP = 1,
    TCP = 6,
    UDP = 17,
    DCCP = 33,
    ROUTING = 43,
    FRAGMENT = 44,
    ICMPV6 = 58,
    DESTINATION = 60,
    SCTP = 132,
    MOBILITY = 135,
    UDP_LITE = 136,
};

enum {
    ECN_MASK = 3,
    DSCP_MASK = 0xfc,
    NOT_ECT = 0,
    ECT_1 = 1,
    ECT_0 = 2,
    CE = 3,
};

u16 inner_checksum(const u8 *at, size_t len, u32 sum)
{
    u64 wide = sum;
    for (size_t i = 0; i + 1 < len; i += 2)
        wide += get_u16(at + i);
    if (len % 2)
        wide += (u64)at[len - 1] << 8;
    while (wide >> 16)
        wide = (wide & 0xffff) + (wide >> 16);
    return (u16)~wide;
}

/* RFC 1624 3: a checksum after one of its words has changed. */
static void checksum_mend(u8 *checksum, u16 old, u16 now)
{
    u32 sum = (u32)(u16)~get_u16(checksum) + (u16)~old + now;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    put_u16(checksum, (u16)~sum);
}

/* The ports of the protocol whose header stands next. */
static bool parse_ports(struct reader r, struct inner *out)
{
    out->ports = PORTS_NONE;
    switch (out->protocol) {
    case TCP:
    case UDP:
    case DCCP:
    case SCTP:
    case UDP_LITE:
        out->src_port = read_u16(&r);
        out->dst_port = read_u16(&r);
        break;
    case ICMP:
    case ICMPV6:
        /* RFC 7296 3.13.1: the type in the upper octet, the code in the lower. */
        out->src_port = out->dst_port = read_u16(&r);
        break;
    case MOBILITY:
        read_u16(&r); /* next header and length */
        out->src_port = out->dst_port = (u16)(read_u8(&r) << 8);
        break;
    default:
        return true;
    }
    out->ports = PORTS_KNOWN;
    return !r.bad;
}

static bool parse_ipv4(const u8 *at, size_t len, struct inner *out)
{
    if (len < IPV4_LEN)
        return false;
    size_t head = (size_t)(at[0] & 15) * 4;
    out->len = get_u16(at + 2);
    if (head < IPV4_LEN || out->len < head || out->len > len)
        return false;
    out->tos = at[1];
    out->ttl = at[8];
    out->protocol = at[9];
    out->dont_fragment = get_u16(at + 6) & IPV4_DF;
    out->fragment = get_u16(at + 6) & FRAGMENT_OFF;
    memcpy(out->src, at + 12, 4);
    memcpy(out->dst, at + 16, 4);
    out->body_off = (u16)head;
    if (out->fragment) {
        out->ports = PORTS_OPAQUE;
        return true;
    }
    return parse_ports(reader_of(bytes_of(at + head, out->len - head)), out);
}

static bool is_extension(u8 next)
{
    return next == HOP_BY_HOP || next == ROUTING || next == DESTINATION || next == FRAGMENT;
}

/* Walk to the header of the protocol (RFC 8200 4.1). */
static bool parse_extensions(const u8 *at, struct reader r, u8 next, struct inner *out)
{
    for (unsigned i = 0; is_extension(next) && !out->fragment; i++) {
        u8 kind = next;
        if (i == INNER_EXTENSIONS_MAX)
            return false;
        next = read_u8(&r);
        u8 units = read_u8(&r); /* of 8 octets, the first not counted */
        if (kind == FRAGMENT) {
            out->fragment = read_u16(&r) >> 3;
            read_u32(&r);
        } else {
            read_bytes(&r, 6 + (size_t)units * 8);
        }
        if (r.bad)
            return false;
    }
    out->protocol = next;
    out->body_off = (u16)(r.at - at);
    if (out->fragment) {
        out->ports = PORTS_OPAQUE;
        return true;
    }
    return parse_ports(r, out);
}

static bool parse_ipv6(const u8 *at, size_t len, struct inner *out)
{
    if (len < IPV6_LEN)
        return false;
    size_t stated = (size_t)get_u16(at + 4) + IPV6_LEN;
    if (stated > len || stated > UINT16_MAX)
        return false;
    out->len = (u16)stated;
    out->tos = (u8)(get_u16(at) >> 4);
    out->ttl = at[7];
    out->dont_fragment = true;
    memcpy(out->src, at + 8, 16);
    memcpy(out->dst, at + 24, 16);
    return parse_extensions(at, reader_of(bytes_of(at + IPV6_LEN, stated - IPV6_LEN)), at[6], out);
}

bool inner_parse(const u8 *at, size_t len, struct inner *out)
{
    memset(out, 0, sizeof(*out));
    out->family = len ? at[0] >> 4 : 0;
    if (out->family == 4)
        return parse_ipv4(at, len, out);
    return out->family == 6 && parse_ipv6(at, len, out);
}

struct outer_fields outer_of(const struct inner *p, const struct outer_rules *r)
{
    /* RFC 7296 2.24 (1), RFC 6040 4.1, normal mode: the outer header gets the ECN field too. */
    u8 lost = (u8)((r->lose_dscp ? DSCP_MASK : 0) | (r->lose_ecn ? ECN_MASK : 0));
    return (struct outer_fields){(u8)(p->tos & ~lost), p->dont_fragment && !r->lose_df};
}

static void set_tos(u8 *at, const struct inner *p, u8 mask, u8 value)
{
    u16 old = get_u16(at);
    unsigned shift = p->family == 4 ? 0 : 4;
    u16 now = (u16)((old & ~(mask << shift)) | value << shift);
    put_u16(at, now);
    if (p->family == 4)
        checksum_mend(at + 10, old, now);
}

bool inner_take_ecn(u8 *at, const struct inner *p, u8 outer_tos)
{
    u8 outer = outer_tos & ECN_MASK, inner = p->tos & ECN_MASK;
    /* RFC 7296 2.24 (1), RFC 6040 4.2, figure 4. */
    if (inner == NOT_ECT)
        return outer != CE;
    if (outer == CE && inner != CE)
        set_tos(at, p, ECN_MASK, CE);
    else if (outer == ECT_1 && inner == ECT_0)
        set_tos(at, p, ECN_MASK, ECT_1);
    return true;
}

void inner_take_dscp(u8 *at, const struct inner *p, u8 outer_tos)
{
    set_tos(at, p, DSCP_MASK, outer_tos & DSCP_MASK);
}

/* Where the MSS stands in these TCP options; 0: nowhere. */
static size_t find_mss(const u8 *options, size_t len)
{
    for (size_t i = 0; i < len;) {
        if (options[i] == 0)
            return 0;
        if (options[i] == 1) {
            i++;
            continue;
        }
        if (len - i < 2 || options[i + 1] < 2 || options[i + 1] > len - i)
            return 0;
        if (options[i] == 2)
            return options[i + 1] == 4 ? i + 2 : 0;
        i += options[i + 1];
    }
    return 0;
}

bool inner_clamp_mss(u8 *at, const struct inner *p, size_t packet_max)
{
    enum { TCP_LEN = 20, FLAGS_AT = 13, CHECKSUM_AT = 16, SYN = 2 };
    size_t heads = (p->family == 4 ? IPV4_LEN : IPV6_LEN) + TCP_LEN;
    if (p->protocol != TCP || p->ports != PORTS_KNOWN || p->len - p->body_off < TCP_LEN)
        return false;
    u8 *tcp = at + p->body_off;
    size_t head = (size_t)(tcp[12] >> 4) * 4;
    if (!(tcp[FLAGS_AT] & SYN) || head <= TCP_LEN || head > (size_t)(p->len - p->body_off))
        return false;
    size_t off = find_mss(tcp + TCP_LEN, head - TCP_LEN);
    size_t most = packet_max > heads ? packet_max - heads : 0;
    if (off == 0 || most == 0 || get_u16(tcp + TCP_LEN + off) <= most)
        return false;
    /* The option may stand at an odd place, astride two words of the sum. */
    u8 *mss = tcp + TCP_LEN + off;
    u16 old = get_u16(mss), now = (u16)most;
    if (off % 2)
        checksum_mend(tcp + CHECKSUM_AT, (u16)(old << 8 | old >> 8), (u16)(now << 8 | now >> 8));
    else
        checksum_mend(tcp + CHECKSUM_AT, old, now);
    put_u16(mss, now);
    return true;
}

/* RFC 1122 3.2.2, RFC 4443 2.4 e: no error about errors, later fragments, many receivers, or to
 * nobody in particular. */
static bool may_answer(const struct inner *p)
{
    static const u8 nobody[16];
    size_t octets = p->family == 4 ? 4 : 16;
    u8 type = (u8)(p->src_port >> 8);
    if (p->fragment || memcmp(p->src, nobody, octets) == 0)
        return false;
    if (p->family == 4) {
        bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
        return p->dont_fragment && p->src[0] < 224 && p->src[0] != 127 && p->dst[0] < 224 &&
               !(p->protocol == ICMP && error);
    }
    /* RFC 4443 2.4 e.3: about what is too big one may be sent even to a multicast packet, but ours
     * would come from the packet's destination. */
    return p->src[0] != 0xff && p->dst[0] != 0xff && !(p->protocol == ICMPV6 && type < 128);
}

static size_t too_big_ipv4(const u8 *at, const struct inner *p, u16 packet_max, u8 *out)
{
    enum { QUOTED_MAX = 576 - IPV4_LEN - 8 }; /* RFC 1812 4.3.2.3 */
    size_t quoted = MIN((size_t)p->len, QUOTED_MAX);
    struct writer w = writer_of(out, TOO_BIG_MAX);
    write_u16(&w, 0x45c0); /* RFC 1812 4.3.2.5: precedence of errors */
    write_u16(&w, (u16)(IPV4_LEN + 8 + quoted));
    write_u32(&w, 0);
    write_u8(&w, 64);
    write_u8(&w, ICMP);
    write_u16(&w, 0);
    write_bytes(&w, bytes_of(p->dst, 4));
    write_bytes(&w, bytes_of(p->src, 4));
    write_u16_at(&w, 10, inner_checksum(out, IPV4_LEN, 0));
    write_u16(&w, 0x0304); /* RFC 1191 4: fragmentation needed and DF set */
    write_u16(&w, 0);
    write_u16(&w, 0);
    write_u16(&w, packet_max);
    write_bytes(&w, bytes_of(at, quoted));
    write_u16_at(&w, IPV4_LEN + 2, inner_checksum(out + IPV4_LEN, 8 + quoted, 0));
    return written(&w);
}

static size_t too_big_ipv6(const u8 *at, const struct inner *p, u16 packet_max, u8 *out)
{
    size_t quoted = MIN((size_t)p->len, TOO_BIG_MAX - IPV6_LEN - 8);
    size_t body = 8 + quoted;
    struct writer w = writer_of(out, TOO_BIG_MAX);
    write_u32(&w, 0x60000000);
    write_u16(&w, (u16)body);
    write_u8(&w, ICMPV6);
    write_u8(&w, 64);
    write_bytes(&w, bytes_of(p->dst, 16));
    write_bytes(&w, bytes_of(p->src, 16));
    write_u32(&w, 0x02000000); /* RFC 4443 3.2: packet too big */
    write_u32(&w, packet_max);
    write_bytes(&w, bytes_of(at, quoted));
    /* RFC 8200 8.1: over the addresses, the length and the protocol too. */
    u32 pseudo = (u16)~inner_checksum(out + 8, 32, (u32)body + ICMPV6);
    write_u16_at(&w, IPV6_LEN + 2, inner_checksum(out + IPV6_LEN, body, pseudo));
    return written(&w);
}

size_t inner_too_big(const u8 *at, const struct inner *p, u16 packet_max, u8 out[TOO_BIG_MAX])
{
    if (!may_answer(p))
        return 0;
    return p->family == 4 ? too_big_ipv4(at, p, packet_max, out)
                          : too_big_ipv6(at, p, packet_max, out);
}
