/* The IP packet inside: what selectors look at, what the outer header takes from it, and the two
 * repairs for a path that is narrower than the sender thinks. */
#ifndef ESP_INNER_H
#define ESP_INNER_H

#include "base/bytes.h"

#define INNER_EXTENSIONS_MAX 8 /* IPv6 extension headers that are walked */

/* Ports as a selector sees them (RFC 4301 4.4.1.1). */
enum inner_ports {
    PORTS_NONE,   /* the protocol has none */
    PORTS_KNOWN,  /* ICMP and MH: type and code as RFC 7296 3.13.1 writes them, in both */
    PORTS_OPAQUE, /* a fragment that does not show them */
};

struct inner {
    u8 src[16], dst[16]; /* IPv4: the first 4 octets, the rest zero */
    u16 src_port, dst_port;
    u8 family; /* 4 or 6 */
    u8 protocol;
    u8 ports; /* enum inner_ports */
    u8 tos;   /* DSCP and ECN */
    u8 ttl;
    bool dont_fragment; /* always with IPv6 */
    bool fragment;      /* one that is not the first */
    u16 body_off;       /* where the protocol's header begins */
    u16 len;            /* as stated, never more than is there */
};

/* false: malformed, or cut within a header that must be read. */
bool inner_parse(const u8 *at, size_t len, struct inner *out) must_use;

/* What of the header inside is not copied to the outer one, or is copied back: nothing, by RFC 4301
 * 5.1.2, unless the configuration says so. ECN that is not copied is not brought back either. */
struct outer_rules {
    bool lose_df, lose_ecn, lose_dscp, take_dscp;
};

/* Fields of the outer header (RFC 4301 5.1.2). Its hop limit is the system's own; that of the inner
 * packet was counted down when the packet was forwarded to us. */
struct outer_fields {
    u8 tos;
    bool dont_fragment;
};

struct outer_fields outer_of(const struct inner *p, const struct outer_rules *r);

/* RFC 6040 4.2: bring a congestion mark of the outer header into the packet. false: the mark tells
 * of congestion to one who cannot know it, and the packet must be dropped. */
bool inner_take_ecn(u8 *at, const struct inner *p, u8 outer_tos) must_use;

/* The packet gets the DSCP of its outer header. */
void inner_take_dscp(u8 *at, const struct inner *p, u8 outer_tos);

/* Lower the MSS option of a TCP SYN to what fits in packets of this size. true: it was changed. */
bool inner_clamp_mss(u8 *at, const struct inner *p, size_t packet_max);

#define TOO_BIG_MAX 1280 /* octets of an ICMP error at most (RFC 4443 2.4 c) */

/* The ICMP error that tells the sender of this packet the size that fits, as if from the packet's
 * destination. 0: none may be sent, and the packet is to be fragmented or dropped. */
size_t inner_too_big(const u8 *at, const struct inner *p, u16 packet_max, u8 out[TOO_BIG_MAX]);

/* The Internet checksum (RFC 1071) of these octets, begun with the sum of others. */
u16 inner_checksum(const u8 *at, size_t len, u32 sum);

#endif
