/* One ESP packet in tunnel mode (RFC 4303 2, 3.1.2), wrapped and unwrapped where it stands. */
#ifndef ESP_PACKET_H
#define ESP_PACKET_H

#include "esp/cipher.h"
#include "esp/drop.h"
#include "esp/replay.h"

/* A packet in a buffer with room around it. */
struct frame {
    u8 *start, *end; /* of the buffer */
    u8 *at;          /* of the packet */
    size_t len;
};

#define PACKET_ROOM_FRONT (ESP_HEADER_LEN + IV_MAX)
#define PACKET_ROOM_BACK  (15 + 2 + ICV_MAX) /* padding, pad length and next header, ICV */

/* Wrap the IP packet in the frame with this number; then the frame holds SPI up to ICV. */
enum esp_drop packet_seal(struct cipher *c, u32 spi, u64 seq, struct frame *f) must_use;
/* A dummy packet (RFC 4303 2.6) in place of what the frame holds: for traffic flow confidentiality.
 */
enum esp_drop packet_seal_dummy(struct cipher *c, u32 spi, u64 seq, struct frame *f) must_use;
/* Unwrap what stands in the frame from the SPI on; then the frame holds the inner IP packet. Its
 * number is noted as soon as the ICV holds, whatever comes out. */
enum esp_drop packet_open(struct cipher *c, struct replay *r, struct frame *f) must_use;
/* The SPI of a packet in front of it all; 0 (never ESP, RFC 4303 2.1) when it is too short. */
u32 packet_spi(const struct frame *f);
/* The most octets of an inner packet whose ESP packet has no more than these. */
size_t packet_inner_max(const struct cipher *c, size_t esp_max);

#endif
