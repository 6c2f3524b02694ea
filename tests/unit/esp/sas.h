/* SAs and inner packets in a line, for tests. */
#ifndef UNIT_ESP_SAS_H
#define UNIT_ESP_SAS_H

#include "esp/sa.h"

/* IPv4: from a.b.c.d to the end of its prefix. */
static inline struct shrike_ts ts4(u32 addr, unsigned prefix)
{
    struct shrike_ts ts = {.family = 4, .port_to = UINT16_MAX};
    u32 to = prefix == 32 ? addr : addr | UINT32_MAX >> prefix;
    for (int i = 0; i < 4; i++) {
        ts.from[i] = (u8)(addr >> (24 - 8 * i));
        ts.to[i] = (u8)(to >> (24 - 8 * i));
    }
    return ts;
}

static inline struct shrike_ts ts_ports(struct shrike_ts ts, u8 protocol, u16 from, u16 to)
{
    ts.protocol = protocol;
    ts.port_from = from;
    ts.port_to = to;
    return ts;
}

static inline struct inner inner4(u32 src, u16 src_port, u32 dst, u16 dst_port)
{
    struct inner p = {.family = 4, .protocol = 17, .ports = PORTS_KNOWN};
    for (int i = 0; i < 4; i++) {
        p.src[i] = (u8)(src >> (24 - 8 * i));
        p.dst[i] = (u8)(dst >> (24 - 8 * i));
    }
    p.src_port = src_port;
    p.dst_port = dst_port;
    return p;
}

static inline struct esp_sa_spec sa_spec(u32 spi, const struct shrike_ts *local,
                                         const struct shrike_ts *remote)
{
    static const u8 key[20] = {1, 2, 3};
    struct esp_sa_spec s = {.spi = spi, .child_serial = spi, .inbound = true};
    s.cipher = (struct cipher_spec){
        .encr = ENCR_AES_GCM_16, .encr_bits = 128, .encr_key = {key, sizeof(key)}};
    s.local_ts = local;
    s.remote_ts = remote;
    s.local_ts_count = s.remote_ts_count = 1;
    return s;
}

#endif
