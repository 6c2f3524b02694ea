/* SA payloads (RFC 7296 3.3): proposals, transforms, attributes. */
#ifndef WIRE_PROPOSAL_H
#define WIRE_PROPOSAL_H

#include "base/cursor.h"

#define TRANSFORMS_MAX 255 /* the count field has one octet */
#define SPI_MAX        8

struct transform {
    u8 type;
    bool unknown_attribute; /* RFC 7296 3.3.6: such a transform is not to be chosen */
    u16 id;
    u16 key_bits; /* key length attribute; 0 without one */
};

struct proposal {
    u8 number;
    u8 protocol;
    u8 spi_len;
    u8 transform_count;
    u8 spi[SPI_MAX];
    struct transform transforms[TRANSFORMS_MAX];
};

/* The next proposal of an SA payload's body. false: end (r not bad) or malformed (r->bad). Checks
 * the last/more fields, lengths and counts. Transforms with an attribute we do not know, or with a
 * key length of 0, are kept, marked. */
bool proposal_read(struct reader *r, struct proposal *p) must_use;
/* Append one proposal; `last` of the payload. The key length goes out when key_bits is not 0. */
void proposal_write(struct writer *w, const struct proposal *p, bool last);

#endif
