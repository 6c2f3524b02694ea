/* Super-segments to packets. The payload is copied once, in the pass that sums it. */
#include "esp/segment.h"
#include "esp/checksum.h"
#include "esp/octets.h"

enum {
    TCP = 6,
    UDP = 17,
    TCP_LEN = 20,
    UDP_LEN = 8,
    TCP_SEQ = 4, /* places in the header */
    TCP_FLAGS = 13,
    TCP_CHECKSUM = 16,
    UDP_LENGTH = 4,
    UDP_CHECKSUM = 6,
    FIN = 0x01,
    PSH = 0x08,
    CWR = 0x80,
};

bool cutter_begin(struct cutter *c, const u8 *packet, const struct inner *p,
                  const struct tun_meta *m)
{
    size_t own = UDP_LEN;
    u8 protocol = m->kind == TUN_TCP ? TCP : UDP;
    size_t body = p->len - (size_t)p->body_off;
    if (m->kind == TUN_PLAIN || m->size == 0 || p->protocol != protocol ||
        p->ports != PORTS_KNOWN || body < (protocol == TCP ? TCP_LEN : UDP_LEN))
        return false;
    if (protocol == TCP)
        own = (size_t)(packet[p->body_off + 12] >> 4) * 4;
    size_t head_len = p->body_off + own;
    if (own < UDP_LEN || (protocol == TCP && own < TCP_LEN) || own >= body ||
        head_len > SEGMENT_HEAD_MAX)
        return false;
    *c = (struct cutter){
        .head = packet,
        .payload = packet + head_len,
        .left = p->len - head_len,
        .head_len = (u16)head_len,
        .body_off = p->body_off,
        .size = m->size,
        .family = p->family,
        .protocol = protocol,
    };
    return true;
}

static size_t piece(const struct cutter *c)
{
    return MIN(c->left, c->size);
}

size_t cutter_next_len(const struct cutter *c)
{
    return c->left == 0 ? 0 : c->head_len + piece(c);
}

static void ip_mend(const struct cutter *c, u8 *to, size_t len)
{
    if (c->family == 6) {
        put_u16(to + 4, len - 40);
        return;
    }
    put_u16(to + 2, len);
    put_u16(to + 4, (u32)get_u16(to + 4) + c->done);
    put_u16(to + 10, 0);
    sum_store(to + 10, sum_octets(to, (size_t)(to[0] & 15) * 4));
}

/* Flags that belong to the end of the whole stay off the rest, CWR off all but the first. */
static void tcp_mend(const struct cutter *c, u8 *tcp, size_t len)
{
    put_u32(tcp + TCP_SEQ, get_u32(tcp + TCP_SEQ) + (u32)c->done * c->size);
    if (len < c->left)
        tcp[TCP_FLAGS] &= (u8) ~(FIN | PSH);
    if (c->done > 0)
        tcp[TCP_FLAGS] &= (u8)~CWR;
}

void cutter_write(struct cutter *c, u8 *to)
{
    size_t len = piece(c), body_len = c->head_len - c->body_off + len;
    size_t checksum_at = c->protocol == TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
    u8 *body = to + c->body_off;
    memcpy(to, c->head, c->head_len);
    ip_mend(c, to, c->head_len + len);
    if (c->protocol == TCP)
        tcp_mend(c, body, len);
    else
        put_u16(body + UDP_LENGTH, body_len);
    put_u16(body + checksum_at, 0);
    u64 sum = sum_pseudo(to, c->protocol, body_len);
    sum += sum_octets(body, (size_t)(c->head_len - c->body_off));
    sum += sum_copy(to + c->head_len, c->payload, len);
    sum_store(body + checksum_at, sum);
    if (c->protocol == UDP && get_u16(body + checksum_at) == 0)
        put_u16(body + checksum_at, 0xffff); /* 0 would say that there is none */
    c->payload += len;
    c->left -= len;
    c->done++;
}

bool segment_copy(u8 *to, const u8 *packet, size_t len, const struct tun_meta *m)
{
    size_t start = m->checksum_start, at = start + m->checksum_at;
    if (!m->checksum_open) {
        memcpy(to, packet, len);
        return true;
    }
    if (start >= len || len - start < 2 || at > len - 2)
        return false;
    memcpy(to, packet, start);
    u64 sum = sum_copy(to + start, packet + start, len - start);
    sum_store(to + at, sum);
    if (m->checksum_at == UDP_CHECKSUM && get_u16(to + at) == 0)
        put_u16(to + at, 0xffff);
    return true;
}
