/* The IKE header (RFC 7296 3.1). */
#ifndef WIRE_HEADER_H
#define WIRE_HEADER_H

#include "base/cursor.h"

#define HEADER_SIZE    28
#define FLAG_INITIATOR 0x08
#define FLAG_VERSION   0x10
#define FLAG_RESPONSE  0x20
#define VERSION_2_0    0x20
#define MESSAGE_MAX    65535 /* octets of a message; also the most that a reassembly may give */

struct header {
    u64 spi_i, spi_r;
    u32 message_id;
    u32 length; /* of the whole message, this header included */
    u8 next_payload;
    u8 version; /* major << 4 | minor */
    u8 exchange;
    u8 flags;
};

enum header_verdict { HEADER_OK, HEADER_SHORT, HEADER_LENGTH, HEADER_MAJOR, HEADER_OLD };

/* Read 28 octets. HEADER_SHORT: fewer octets; *h is zero. In the other cases *h is filled.
 * HEADER_LENGTH: the length field is not that of the datagram, or above MESSAGE_MAX.
 * HEADER_MAJOR: a higher major version than 2. HEADER_OLD: a lower one; never answered.
 * RFC 7296 2.5: the minor version is ignored. */
enum header_verdict header_read(struct bytes datagram, struct header *h) must_use;
void header_write(struct writer *w, const struct header *h);

#endif
