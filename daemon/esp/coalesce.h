/* Putting packets that came in one after another back together: TCP segments in order, and UDP
 * datagrams of one size, become super-segments for the TUN device. Nothing is copied: what waits
 * must stay where it is until coalesce_flush(). */
#ifndef ESP_COALESCE_H
#define ESP_COALESCE_H

#include "esp/drop.h"
#include "esp/inner.h"
#include "esp/tun.h"

#define COALESCE_FLOWS  16
#define COALESCE_PIECES 64

/* One super-segment that grows. */
struct growing {
    u8 *first; /* its first packet, headers in front */
    u8 family, protocol;
    u16 body_off, head_len;
    u16 size;                              /* of payload of each piece */
    u16 count;                             /* pieces */
    u32 len;                               /* of the whole packet */
    u32 next;                              /* the TCP number that is wanted next */
    bool full;                             /* a piece was shorter, or pushed */
    struct iovec iov[COALESCE_PIECES + 2]; /* [0] for the device's header */
};

struct coalesce {
    struct esp_tun *tun;
    struct esp_counters *counters;
    u16 count;
    struct growing flows[COALESCE_FLOWS];
};

/* Deliver a packet: it waits for others, or goes to the device at once. The packets of one flow
 * stay in order. */
void coalesce_packet(struct coalesce *c, u8 *packet, const struct inner *p);
/* Write all that waits. */
void coalesce_flush(struct coalesce *c);

#endif
