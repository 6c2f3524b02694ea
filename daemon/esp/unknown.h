/* ESP packets that belong to no SA: of which of them net is told (RFC 7296 1.5). */
#ifndef ESP_UNKNOWN_H
#define ESP_UNKNOWN_H

#include "base/bytes.h"
#include "shrike/types.h"

#define UNKNOWN_EACH_SECOND 4    /* told of; anybody may send such packets */
#define UNKNOWN_GONE        2048 /* a power of two; SPIs kept of SAs that went */
/* So long packets of an SA that went are still under way, or the peer has not heard of its end. */
#define UNKNOWN_QUIET (60 * SHRIKE_SECOND)
/* The peer is told by no more octets than it has sent: a header of IKE, one notify, an SPI. */
#define UNKNOWN_LEN_MIN 40

struct unknown {
    shrike_time since; /* the second that is counted */
    u32 told;
    struct unknown_gone {
        u32 spi; /* 0: none */
        shrike_time until;
    } gone[UNKNOWN_GONE]; /* where two meet, the later one stays */
};

/* An inbound SA with this SPI has gone. */
void unknown_gone(struct unknown *u, u32 spi, shrike_time now);
/* A packet with an SPI that no SA has, and so many octets from the SPI on, has come to this address
 * of ours: is net to be told? Not of reserved SPIs (RFC 4303 2.1), nor of multicast. */
bool unknown_tell(struct unknown *u, u32 spi, size_t len, const struct shrike_endpoint *to,
                  shrike_time now);

#endif
