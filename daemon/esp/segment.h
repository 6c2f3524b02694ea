/* Cutting a super-segment of the TUN device into the packets that it stands for. */
#ifndef ESP_SEGMENT_H
#define ESP_SEGMENT_H

#include "esp/inner.h"
#include "esp/tun.h"

#define SEGMENT_HEAD_MAX 256 /* octets of IP, TCP and UDP headers in front of the payload */

struct cutter {
    const u8 *head, *payload;
    size_t left;  /* octets of payload */
    u16 head_len; /* IP header, its extensions, and that of TCP or UDP */
    u16 body_off; /* of the TCP or UDP header */
    u16 size;     /* of payload in a piece */
    u16 done;     /* pieces so far */
    u8 family, protocol;
};

/* false: it is not what its header says, or there is nothing to cut. The packet stays in its place
 * meanwhile. */
bool cutter_begin(struct cutter *c, const u8 *packet, const struct inner *p,
                  const struct tun_meta *m) must_use;
/* Octets of the next packet; 0: that was all. */
size_t cutter_next_len(const struct cutter *c);
/* Write it, with its own header and checksums, where there is room for it. */
void cutter_write(struct cutter *c, u8 *to);

/* A plain packet: copied, with its checksum completed where that was left open. false: the place of
 * the checksum is not within the packet, and nothing was written. */
bool segment_copy(u8 *to, const u8 *packet, size_t len, const struct tun_meta *m) must_use;

#endif
