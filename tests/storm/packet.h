/* A second reading of IP packets, simpler than the data plane's and written from the RFCs, so that
 * what the plane does with a packet can be foretold. */
#ifndef STORM_PACKET_H
#define STORM_PACKET_H

#include "base/bytes.h"

#define PACKET_MAX 65535

enum {
    NEXT_HOP_BY_HOP = 0,
    NEXT_ICMP = 1,
    NEXT_TCP = 6,
    NEXT_UDP = 17,
    NEXT_DCCP = 33,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_GRE = 47,
    NEXT_ICMPV6 = 58,
    NEXT_DESTINATION = 60,
    NEXT_SCTP = 132,
    NEXT_MOBILITY = 135,
    NEXT_UDP_LITE = 136,
};

enum {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_CWR = 0x80,
};

enum ports {
    PORTS_OF_NONE,
    PORTS_SEEN,
    PORTS_HIDDEN, /* a fragment that is not the first */
};

struct reading {
    u8 family, protocol, tos;
    enum ports ports;
    u16 port[2]; /* source, destination; of ICMP and MH both are type and code */
    u8 addr[2][16];
    bool whole; /* must not be fragmented */
    size_t body, len;
};

u16 octets16(const u8 *at);
void put16(u8 *at, size_t v);
u32 octets32(const u8 *at);
void put32(u8 *at, u32 v);

/* false: no packet, or one cut off within what must be read. */
bool packet_read(const u8 *at, size_t len, struct reading *r) must_use;
/* Does a selector take it, from its side (who: 0 source, 1 destination)? */
bool packet_selected(const struct reading *r, const struct shrike_ts *ts, int who) must_use;

/* The Internet checksum, as it is written, of these octets and a sum of others. */
u16 packet_sum(const u8 *at, size_t len, u32 others);
/* What the pseudo header of its TCP or UDP segment of so many octets adds. */
u32 packet_pseudo(const u8 *at, const struct reading *r, size_t segment);
/* Write the checksums of the IPv4 header and of TCP or UDP. */
void packet_seal_sums(u8 *at, const struct reading *r);

/* Of a super-segment: octets of the headers that each piece has; 0: it cannot be cut. */
size_t packet_head(const u8 *at, const struct reading *r);
/* Its piece i with so many octets of payload in each; gives the length, 0 behind the last. */
size_t packet_piece(const u8 *at, const struct reading *r, size_t size, size_t i, u8 *out);

/* RFC 6040 4.2. false: it must be dropped. */
bool packet_mark(u8 *at, const struct reading *r, u8 outer_tos) must_use;
/* Lower the MSS of a SYN for packets of this size. */
void packet_clamp(u8 *at, const struct reading *r, size_t packet_max);

/* Is what came out what went in? But for the two ways to write a checksum of zero, and the number
 * of an IPv4 packet that is never fragmented (RFC 6864 4.1). */
bool packet_same(const u8 *came, size_t came_len, const u8 *want, size_t want_len) must_use;

#endif
