/* IP packets, read the simple way. */
#include "packet.h"

#define EXTENSIONS_MAX 8
#define HEAD_MAX       256

u16 octets16(const u8 *at)
{
    return (u16)(at[0] * 256 + at[1]);
}

void put16(u8 *at, size_t v)
{
    at[0] = (u8)(v / 256);
    at[1] = (u8)v;
}

u32 octets32(const u8 *at)
{
    return octets16(at) * 65536u + octets16(at + 2);
}

void put32(u8 *at, u32 v)
{
    put16(at, v / 65536);
    put16(at + 2, v);
}

static size_t ports_need(u8 protocol)
{
    if (protocol == NEXT_TCP || protocol == NEXT_UDP || protocol == NEXT_DCCP ||
        protocol == NEXT_SCTP || protocol == NEXT_UDP_LITE)
        return 4;
    if (protocol == NEXT_ICMP || protocol == NEXT_ICMPV6)
        return 2;
    return protocol == NEXT_MOBILITY ? 3 : 0;
}

static bool read_body(const u8 *at, bool later_fragment, struct reading *r)
{
    const u8 *body = at + r->body;
    size_t need = ports_need(r->protocol);
    r->ports = PORTS_OF_NONE;
    if (later_fragment)
        r->ports = PORTS_HIDDEN;
    if (later_fragment || need == 0)
        return true;
    if (r->len - r->body < need)
        return false;
    r->ports = PORTS_SEEN;
    r->port[0] = r->port[1] = octets16(body);
    if (need == 4)
        r->port[1] = octets16(body + 2);
    if (need == 3)
        r->port[0] = r->port[1] = (u16)(body[2] * 256);
    return true;
}

static bool read_v4(const u8 *at, size_t len, struct reading *r)
{
    if (len < 20)
        return false;
    r->body = at[0] % 16 * 4u;
    r->len = octets16(at + 2);
    r->tos = at[1];
    r->protocol = at[9];
    r->whole = octets16(at + 6) & 0x4000;
    memcpy(r->addr[0], at + 12, 4);
    memcpy(r->addr[1], at + 16, 4);
    return r->body >= 20 && r->body <= r->len && r->len <= len &&
           read_body(at, octets16(at + 6) % 0x2000 != 0, r);
}

static bool read_v6(const u8 *at, size_t len, struct reading *r)
{
    bool later = false;
    int extensions = 0;
    if (len < 40)
        return false;
    r->len = octets16(at + 4) + 40u;
    if (r->len > len || r->len > PACKET_MAX)
        return false;
    r->tos = (u8)(octets16(at) / 16);
    r->whole = true;
    memcpy(r->addr[0], at + 8, 16);
    memcpy(r->addr[1], at + 24, 16);
    r->protocol = at[6];
    r->body = 40;
    while (!later && (r->protocol == NEXT_HOP_BY_HOP || r->protocol == NEXT_ROUTING ||
                      r->protocol == NEXT_DESTINATION || r->protocol == NEXT_FRAGMENT)) {
        const u8 *e = at + r->body;
        if (++extensions > EXTENSIONS_MAX || r->len - r->body < 8)
            return false;
        bool fragment = r->protocol == NEXT_FRAGMENT;
        size_t octets = fragment ? 8 : 8 + e[1] * 8u;
        if (r->len - r->body < octets)
            return false;
        later = fragment && octets16(e + 2) / 8 != 0;
        r->protocol = e[0];
        r->body += octets;
    }
    return read_body(at, later, r);
}

bool packet_read(const u8 *at, size_t len, struct reading *r)
{
    memset(r, 0, sizeof(*r));
    r->family = len > 0 ? at[0] / 16 : 0;
    if (r->family == 4)
        return read_v4(at, len, r);
    return r->family == 6 && read_v6(at, len, r);
}

bool packet_selected(const struct reading *r, const struct shrike_ts *ts, int who)
{
    size_t octets = r->family == 4 ? 4 : 16;
    const u8 *addr = r->addr[who];
    bool every_port = ts->port_from == 0 && ts->port_to == UINT16_MAX;
    if (ts->family != r->family || (ts->protocol != 0 && ts->protocol != r->protocol) ||
        memcmp(addr, ts->from, octets) < 0 || memcmp(ts->to, addr, octets) < 0)
        return false;
    if (every_port)
        return true;
    if (r->ports != PORTS_SEEN)
        return ts->port_from == UINT16_MAX && ts->port_to == 0;
    return ts->port_from <= r->port[who] && r->port[who] <= ts->port_to;
}

u16 packet_sum(const u8 *at, size_t len, u32 others)
{
    u64 sum = others;
    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? at[i] : at[i] * 256u;
    while (sum > UINT16_MAX)
        sum = sum % 65536 + sum / 65536;
    return (u16)(UINT16_MAX - sum);
}

u32 packet_pseudo(const u8 *at, const struct reading *r, size_t segment)
{
    u16 addresses = r->family == 4 ? packet_sum(at + 12, 8, 0) : packet_sum(at + 8, 32, 0);
    return (u32)(UINT16_MAX - addresses) + r->protocol + (u32)segment;
}

void packet_seal_sums(u8 *at, const struct reading *r)
{
    size_t segment = r->len - r->body;
    u8 *sum = at + r->body + (r->protocol == NEXT_TCP ? 16 : 6);
    if (r->family == 4) {
        put16(at + 10, 0);
        put16(at + 10, packet_sum(at, at[0] % 16 * 4u, 0));
    }
    if ((r->protocol != NEXT_TCP && r->protocol != NEXT_UDP) || sum + 2 > at + r->len)
        return;
    put16(sum, 0);
    u16 v = packet_sum(at + r->body, segment, packet_pseudo(at, r, segment));
    put16(sum, v == 0 && r->protocol == NEXT_UDP ? UINT16_MAX : v);
}

size_t packet_head(const u8 *at, const struct reading *r)
{
    size_t segment = r->len - r->body, own = 8;
    if (r->ports != PORTS_SEEN || segment < (r->protocol == NEXT_TCP ? 20 : 8))
        return 0;
    if (r->protocol == NEXT_TCP)
        own = at[r->body + 12] / 16 * 4u;
    if ((r->protocol == NEXT_TCP && own < 20) || own >= segment || r->body + own > HEAD_MAX)
        return 0;
    return r->body + own;
}

size_t packet_piece(const u8 *at, const struct reading *r, size_t size, size_t i, u8 *out)
{
    size_t head = packet_head(at, r), from = head + i * size;
    if (from >= r->len)
        return 0;
    size_t len = MIN(size, r->len - from);
    bool last = from + len == r->len;
    struct reading piece = *r;
    piece.len = head + len;
    memcpy(out, at, head);
    memcpy(out + head, at + from, len);
    if (r->family == 4) {
        put16(out + 2, piece.len);
        put16(out + 4, octets16(at + 4) + i);
    } else {
        put16(out + 4, piece.len - 40);
    }
    u8 *body = out + r->body;
    if (r->protocol == NEXT_TCP) {
        put32(body + 4, octets32(body + 4) + (u32)(i * size));
        if (!last)
            body[13] &= (u8) ~(TCP_FIN | TCP_PSH);
        if (i > 0)
            body[13] &= (u8)~TCP_CWR;
    } else {
        put16(body + 4, piece.len - r->body);
    }
    packet_seal_sums(out, &piece);
    return piece.len;
}

/* The checksum at this place, when a word at an even place of what it covers has changed. */
static void mend(u8 *sum, u16 old, u16 now)
{
    u32 v = (u32)(UINT16_MAX - octets16(sum)) + (UINT16_MAX - old) + now;
    put16(sum, UINT16_MAX - (v % UINT16_MAX));
}

bool packet_mark(u8 *at, const struct reading *r, u8 outer_tos)
{
    unsigned outer = outer_tos % 4, inner = r->tos % 4;
    u16 old = octets16(at), now;
    if (inner == 0)
        return outer != 3;
    if (outer != 3 && !(outer == 1 && inner == 2))
        return true;
    if (r->family == 4)
        now = (u16)(old / 4 * 4 + outer);
    else
        now = (u16)((old & 0xffcf) + outer * 16);
    put16(at, now);
    if (r->family == 4 && old != now)
        mend(at + 10, old, now);
    return true;
}

void packet_clamp(u8 *at, const struct reading *r, size_t packet_max)
{
    u8 *tcp = at + r->body;
    size_t segment = r->len - r->body, at_most = packet_max - (r->family == 4 ? 40 : 60);
    if (r->protocol != NEXT_TCP || r->ports != PORTS_SEEN || segment < 20 || !(tcp[13] & TCP_SYN))
        return;
    size_t end = tcp[12] / 16 * 4u, i = 20;
    if (end > segment)
        return;
    while (i < end && tcp[i] != 0) {
        size_t len = tcp[i] == 1 ? 1 : i + 1 < end ? tcp[i + 1] : 0;
        if (len == 0 || (tcp[i] != 1 && len < 2) || i + len > end)
            return;
        if (tcp[i] == 2) {
            if (len != 4 || octets16(tcp + i + 2) <= at_most)
                return;
            u16 old = octets16(tcp + i + 2), now = (u16)at_most;
            put16(tcp + i + 2, at_most);
            if (i % 2) {
                old = (u16)(old * 256 + old / 256);
                now = (u16)(now * 256 + now / 256);
            }
            mend(tcp + 16, old, now);
            return;
        }
        i += len;
    }
}

static bool same_sum(const u8 *a, const u8 *b)
{
    return octets16(a) % UINT16_MAX == octets16(b) % UINT16_MAX;
}

bool packet_same(const u8 *came, size_t came_len, const u8 *want, size_t want_len)
{
    static u8 copy[PACKET_MAX + 1];
    struct reading r, other;
    if (came_len != want_len)
        return false;
    if (memcmp(came, want, want_len) == 0)
        return true;
    if (!packet_read(want, want_len, &r) || !packet_read(came, came_len, &other))
        return false;
    memcpy(copy, came, came_len);
    if (r.family == 4 && r.whole) {
        mend(copy + 10, octets16(copy + 4), octets16(want + 4));
        memcpy(copy + 4, want + 4, 2);
    }
    if (r.family == 4 && same_sum(copy + 10, want + 10))
        memcpy(copy + 10, want + 10, 2);
    u8 *tcp = copy + r.body;
    if (r.protocol == NEXT_TCP && r.ports == PORTS_SEEN && r.len - r.body >= 20 &&
        same_sum(tcp + 16, want + r.body + 16))
        memcpy(tcp + 16, want + r.body + 16, 2);
    return memcmp(copy, want, want_len) == 0;
}
