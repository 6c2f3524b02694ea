/* The 28 octets in front of every message. */
#include "wire/header.h"

#define MINOR_BITS 4
/* RFC 7296 3.1: the other bits are reserved. */
#define FLAGS (FLAG_INITIATOR | FLAG_VERSION | FLAG_RESPONSE)

enum header_verdict header_read(struct bytes datagram, struct header *h)
{
    struct reader r = reader_of(datagram);
    *h = (struct header){0};
    if (datagram.len < HEADER_SIZE)
        return HEADER_SHORT;
    h->spi_i = read_u64(&r);
    h->spi_r = read_u64(&r);
    h->next_payload = read_u8(&r);
    h->version = read_u8(&r);
    h->exchange = read_u8(&r);
    /* RFC 7296 3.1 (9): the others say nothing. */
    h->flags = read_u8(&r) & FLAGS;
    h->message_id = read_u32(&r);
    h->length = read_u32(&r);
    if (h->length != datagram.len || datagram.len > MESSAGE_MAX)
        return HEADER_LENGTH;
    /* RFC 7296 2.5 (1): whatever the minor version is. */
    unsigned major = h->version >> MINOR_BITS;
    if (major > VERSION_2_0 >> MINOR_BITS)
        return HEADER_MAJOR;
    return major < VERSION_2_0 >> MINOR_BITS ? HEADER_OLD : HEADER_OK;
}

void header_write(struct writer *w, const struct header *h)
{
    write_u64(w, h->spi_i);
    write_u64(w, h->spi_r);
    write_u8(w, h->next_payload);
    write_u8(w, h->version);
    write_u8(w, h->exchange);
    /* RFC 7296 3.1 (9): the others are zero. */
    write_u8(w, h->flags & FLAGS);
    write_u32(w, h->message_id);
    write_u32(w, h->length);
}
