/* Packets to super-segments. */
#include "esp/coalesce.h"
#include "esp/checksum.h"
#include "esp/octets.h"

enum {
    TCP = 6,
    UDP = 17,
    IPV4_LEN = 20, /* without options, which stop it */
    IPV6_LEN = 40,
    TCP_LEN = 20,
    UDP_LEN = 8,
    TCP_SEQ = 4, /* places in the header */
    TCP_ACK = 8,
    TCP_FLAGS = 13,
    TCP_WINDOW = 14,
    TCP_CHECKSUM = 16,
    TCP_URGENT = 18,
    UDP_LENGTH = 4,
    UDP_CHECKSUM = 6,
    PSH = 0x08,
    ACK = 0x10,
    LEN_MAX = 65000, /* of a whole packet */
};

static void write_out(struct coalesce *c, const struct tun_meta *m, struct iovec *iov, int count)
{
    if (!esp_tun_write(c->tun, m, iov, count))
        for (int i = 1; i < count; i++)
            esp_count(c->counters, ESP_TUN);
}

static void write_single(struct coalesce *c, u8 *packet, size_t len)
{
    struct tun_meta plain = {0};
    struct iovec iov[2] = {{0}, {packet, len}};
    write_out(c, &plain, iov, 2);
}

/* The whole gets the headers of its first packet, with its own length; its checksum is left to
 * whoever cuts it again. */
static void write_grown(struct coalesce *c, struct growing *g)
{
    size_t body_len = g->len - g->body_off;
    struct tun_meta m = {
        .kind = g->protocol == TCP ? TUN_TCP : TUN_UDP,
        .size = g->size,
        .checksum_open = true,
        .checksum_start = g->body_off,
        .checksum_at = g->protocol == TCP ? TCP_CHECKSUM : UDP_CHECKSUM,
    };
    u8 *body = g->first + g->body_off;
    if (g->family == 4) {
        put_u16(g->first + 2, g->len);
        put_u16(g->first + 10, 0);
        sum_store(g->first + 10, sum_octets(g->first, IPV4_LEN));
    } else {
        put_u16(g->first + 4, g->len - IPV6_LEN);
    }
    if (g->protocol == UDP)
        put_u16(body + UDP_LENGTH, body_len);
    u16 pseudo = sum_fold(sum_pseudo(g->first, g->protocol, body_len));
    memcpy(body + m.checksum_at, &pseudo, sizeof(pseudo));
    write_out(c, &m, g->iov, g->count + 1);
}

static void flow_end(struct coalesce *c, struct growing *g)
{
    if (g->count == 1)
        write_single(c, g->first, g->len);
    else if (g->count > 1)
        write_grown(c, g);
    g->count = 0;
}

void coalesce_flush(struct coalesce *c)
{
    for (u16 i = 0; i < c->count; i++)
        flow_end(c, &c->flows[i]);
    c->count = 0;
}

/* Addresses and ports; in both versions the source and destination stand together. */
static bool same_flow(const struct growing *g, const u8 *packet, const struct inner *p)
{
    size_t at = p->family == 4 ? 12 : 8, len = p->family == 4 ? 8 : 32;
    return g->family == p->family && g->protocol == p->protocol && g->body_off == p->body_off &&
           memcmp(g->first + g->body_off, packet + p->body_off, 4) == 0 &&
           memcmp(g->first + at, packet + at, len) == 0;
}

static struct growing *flow_of(struct coalesce *c, const u8 *packet, const struct inner *p)
{
    for (u16 i = 0; i < c->count; i++)
        if (same_flow(&c->flows[i], packet, p))
            return &c->flows[i];
    return NULL;
}

/* The length of TCP's or UDP's own header when this packet may be one of a super-segment: whole, no
 * options of IP, nothing in its flags that must be seen, payload. 0: it may not. */
static u16 own_head(const struct coalesce *c, const u8 *packet, const struct inner *p)
{
    const u8 *body = packet + p->body_off;
    size_t len = p->len - (size_t)p->body_off;
    if (p->body_off != (p->family == 4 ? IPV4_LEN : IPV6_LEN) ||
        (p->family == 4 && (get_u16(packet + 6) & 0xbfff) != 0)) /* a fragment, or a bit of evil */
        return 0;
    if (p->protocol == TCP && len > TCP_LEN) {
        size_t head = (size_t)(body[12] >> 4) * 4;
        bool right = head >= TCP_LEN && head < len && (body[12] & 15) == 0 &&
                     (body[TCP_FLAGS] & ~PSH) == ACK && get_u16(body + TCP_URGENT) == 0;
        return right ? (u16)head : 0;
    }
    bool whole = p->protocol == UDP && len > UDP_LEN && get_u16(body + UDP_LENGTH) == len &&
                 get_u16(body + UDP_CHECKSUM) != 0;
    return whole && c->tun->uso ? UDP_LEN : 0;
}

/* All that a super-segment has once must be the same in each of its pieces. */
static bool heads_agree(const struct growing *g, const u8 *packet)
{
    const u8 *a = g->first, *b = packet;
    if (g->family == 4) {
        bool next_id = get_u16(b + 4) == (u16)(get_u16(a + 4) + g->count);
        bool df = a[6] & 0x40;
        /* RFC 6864 4.1: the number of a packet that may not be fragmented means nothing. */
        if (a[1] != b[1] || a[6] != b[6] || a[8] != b[8] || !(df || next_id))
            return false;
    } else if (memcmp(a, b, 4) != 0 || a[7] != b[7]) {
        return false;
    }
    if (g->protocol == UDP)
        return true;
    a += g->body_off;
    b += g->body_off;
    size_t options = (size_t)(g->head_len - g->body_off) - TCP_LEN;
    return get_u32(b + TCP_SEQ) == g->next && memcmp(a + TCP_ACK, b + TCP_ACK, 5) == 0 &&
           get_u16(a + TCP_WINDOW) == get_u16(b + TCP_WINDOW) &&
           memcmp(a + TCP_LEN, b + TCP_LEN, options) == 0;
}

/* Whether it was added. */
static bool grow(struct growing *g, u8 *packet, const struct inner *p, u16 own)
{
    size_t head = (size_t)p->body_off + own, payload = p->len - head;
    if (g->full || g->count == COALESCE_PIECES || g->head_len != head || payload > g->size ||
        g->len + payload > LEN_MAX || !heads_agree(g, packet))
        return false;
    bool push = p->protocol == TCP && packet[p->body_off + TCP_FLAGS] & PSH;
    g->iov[++g->count] = (struct iovec){packet + head, payload};
    g->len += (u32)payload;
    g->next += (u32)payload;
    g->full = push || payload < g->size;
    if (push)
        g->first[g->body_off + TCP_FLAGS] |= PSH;
    return true;
}

static void begin(struct growing *g, u8 *packet, const struct inner *p, u16 own)
{
    g->first = packet;
    g->family = p->family;
    g->protocol = p->protocol;
    g->body_off = p->body_off;
    g->head_len = (u16)(p->body_off + own);
    g->size = (u16)(p->len - g->head_len);
    g->count = 1;
    g->len = p->len;
    g->next = get_u32(packet + p->body_off + TCP_SEQ) + g->size;
    g->full = p->protocol == TCP && packet[p->body_off + TCP_FLAGS] & PSH;
    g->iov[1] = (struct iovec){packet, p->len};
}

static bool checksum_right(const u8 *packet, const struct inner *p)
{
    size_t body_len = p->len - (size_t)p->body_off;
    return sum_right(sum_pseudo(packet, p->protocol, body_len) +
                     sum_octets(packet + p->body_off, body_len)) &&
           (p->family == 6 || sum_right(sum_octets(packet, IPV4_LEN)));
}

void coalesce_packet(struct coalesce *c, u8 *packet, const struct inner *p)
{
    if (!c->tun->vnet || (p->protocol != TCP && p->protocol != UDP)) {
        write_single(c, packet, p->len);
        return;
    }
    struct growing *g = flow_of(c, packet, p);
    u16 own = own_head(c, packet, p);
    /* A checksum that is wrong must stay wrong: it would be lost in a super-segment. */
    if (own > 0 && !checksum_right(packet, p))
        own = 0;
    if (own > 0 && g && g->count > 0 && grow(g, packet, p, own))
        return;
    if (g)
        flow_end(c, g);
    if (own == 0) {
        write_single(c, packet, p->len);
        return;
    }
    if (!g && c->count == COALESCE_FLOWS)
        coalesce_flush(c);
    begin(g ? g : &c->flows[c->count++], packet, p, own);
}
