/* TCP and UDP packets with right checksums, for tests. */
#ifndef UNIT_ESP_TRAFFIC_H
#define UNIT_ESP_TRAFFIC_H

#include "base/cursor.h"
#include "esp/inner.h"

#define TRAFFIC_TCP 6
#define TRAFFIC_UDP 17
#define TRAFFIC_ACK 0x10
#define TRAFFIC_PSH 0x08

struct traffic {
    u8 family, protocol, flags, tos;
    u32 seq;
    u16 id, src_port;
    bool may_fragment;
    bool options; /* of TCP: a timestamp */
    size_t len;   /* of payload; octet i of it is (u8)(seq + i * 7 + i / 251) */
};

static inline u8 traffic_octet(u32 seq, size_t i)
{
    u32 at = seq + (u32)i;
    return (u8)(at * 7 + at / 251);
}

static inline u32 traffic_pseudo(const u8 *packet, u8 family, u8 protocol, size_t len)
{
    size_t octets = family == 4 ? 8 : 32;
    return (u16)~inner_checksum(packet + (family == 4 ? 12 : 8), octets, (u32)len + protocol);
}

static inline void traffic_ip(struct writer *w, const struct traffic *t, size_t body)
{
    if (t->family == 4) {
        write_u8(w, 0x45);
        write_u8(w, t->tos);
        write_u16(w, (u16)(20 + body));
        write_u16(w, t->id);
        write_u16(w, t->may_fragment ? 0 : 0x4000);
        write_u8(w, 64);
        write_u8(w, t->protocol);
        write_u16(w, 0);
        write_u32(w, 0x0a610001);
        write_u32(w, 0x0a610002);
        write_u16_at(w, 10, inner_checksum(w->start, 20, 0));
        return;
    }
    write_u32(w, 0x60000000u | (u32)t->tos << 20);
    write_u16(w, (u16)body);
    write_u8(w, t->protocol);
    write_u8(w, 64);
    for (u8 i = 1; i <= 2; i++) {
        write_u8(w, 0xfd);
        write_zero(w, 14);
        write_u8(w, i);
    }
}

/* Write one; gives its length. */
static inline size_t traffic_write(u8 *at, size_t size, const struct traffic *t)
{
    struct writer w = writer_of(at, size);
    size_t own = t->protocol == TRAFFIC_UDP ? 8 : t->options ? 32 : 20;
    size_t head = t->family == 4 ? 20 : 40;
    traffic_ip(&w, t, own + t->len);
    write_u16(&w, t->src_port ? t->src_port : 1000);
    write_u16(&w, 2000);
    if (t->protocol == TRAFFIC_TCP) {
        write_u32(&w, t->seq);
        write_u32(&w, 77);
        write_u8(&w, (u8)(own / 4 << 4));
        write_u8(&w, t->flags ? t->flags : TRAFFIC_ACK);
        write_u16(&w, 500);
        write_u32(&w, 0);
        if (t->options)
            write_bytes(&w, bytes_of("\x01\x01\x08\x0a\0\0\0\x01\0\0\0\x02", 12));
    } else {
        write_u16(&w, (u16)(8 + t->len));
        write_u16(&w, 0);
    }
    for (size_t i = 0; i < t->len; i++)
        write_u8(&w, traffic_octet(t->seq, i));
    ensure(!w.full);
    u16 sum = inner_checksum(at + head, own + t->len,
                             traffic_pseudo(at, t->family, t->protocol, own + t->len));
    write_u16_at(&w, head + (t->protocol == TRAFFIC_TCP ? 16 : 6), sum);
    return written(&w);
}

/* Do its checksums hold? */
static inline bool traffic_right(const u8 *at, size_t len)
{
    struct inner p;
    if (!inner_parse(at, len, &p) || p.len != len)
        return false;
    size_t body = len - p.body_off;
    return (p.family == 6 || inner_checksum(at, 20, 0) == 0) &&
           inner_checksum(at + p.body_off, body, traffic_pseudo(at, p.family, p.protocol, body)) ==
               0;
}

#endif
