/* SA payloads (RFC 7296 3.3): proposal and transform substructures, key length attribute. */
#include "wire/proposal.h"
#include "wire/codes.h"

#define PROPOSAL_HEAD    8 /* octets before the SPI */
#define TRANSFORM_HEAD   8 /* octets before the attributes */
#define ATTRIBUTE_HEAD   4 /* octets of a TV attribute, or before the value of a TLV one */
#define LAST             0 /* RFC 7296 3.3.1, 3.3.2: the Last Substruc field */
#define MORE_PROPOSALS   2
#define MORE_TRANSFORMS  3
#define ATTRIBUTE_FORMAT 0x8000 /* RFC 7296 3.3.5: the AF bit, set for TV */

/* RFC 7296 3.3.5 (1), 3.3 (9): the key length is of fixed length and must not be written as TLV.
 * Nothing defines what two of them would mean. */
static void read_key_length(struct reader *r, struct transform *t, bool fixed, u16 value)
{
    if (!fixed || t->key_bits != 0)
        r->bad = true;
    /* No cipher has a key of no bits, and 0 is our word for a transform without the attribute. */
    if (value == 0)
        t->unknown_attribute = true;
    t->key_bits = value;
}

static void read_attribute(struct reader *r, struct transform *t)
{
    u16 head = read_u16(r);
    u16 value = read_u16(r);
    bool fixed = head & ATTRIBUTE_FORMAT;

    if (!fixed)
        (void)read_bytes(r, value); /* here the value is the length */
    if ((head & ~ATTRIBUTE_FORMAT) == ATTRIBUTE_KEY_LENGTH)
        read_key_length(r, t, fixed, value);
    else if (!fault(10))
        t->unknown_attribute = true; /* RFC 7296 3.3.6 (7): kept, never chosen */
}

/* One transform, which must be the last one or say that more follow. */
static void read_transform(struct reader *r, struct transform *t, bool last)
{
    u8 follows = read_u8(r);
    (void)read_u8(r);
    u16 length = read_u16(r);
    if (length < TRANSFORM_HEAD - (fault(8) ? 1 : 0) || follows != (last ? LAST : MORE_TRANSFORMS))
        r->bad = true;

    *t = (struct transform){.type = read_u8(r)};
    (void)read_u8(r);
    t->id = read_u16(r);
    struct reader attributes = read_sub(r, length > TRANSFORM_HEAD ? length - TRANSFORM_HEAD : 0);
    while (read_left(&attributes) > 0)
        read_attribute(&attributes, t);
    if (attributes.bad)
        r->bad = true;
}

bool proposal_read(struct reader *r, struct proposal *p)
{
    if (read_left(r) == 0)
        return false;
    u8 follows = read_u8(r);
    (void)read_u8(r);
    u16 length = read_u16(r);
    if (length < PROPOSAL_HEAD)
        r->bad = true;
    struct reader body = read_sub(r, (size_t)length - 4);
    if (follows != (read_left(r) == 0 ? LAST : MORE_PROPOSALS))
        r->bad = true;

    p->number = read_u8(&body);
    p->protocol = read_u8(&body);
    p->spi_len = read_u8(&body);
    p->transform_count = read_u8(&body);
    memset(p->spi, 0, sizeof p->spi);
    if (p->spi_len > SPI_MAX)
        body.bad = true;
    else
        read_copy(&body, p->spi, p->spi_len);
    for (unsigned i = 0; i < p->transform_count && !body.bad; i++)
        read_transform(&body, &p->transforms[i], i + 1 == p->transform_count);
    /* RFC 7296 3.3 (4): its lengths and counts have to agree. */
    if (!read_ended(&body))
        r->bad = true;
    return !r->bad;
}

static u16 transform_size(const struct transform *t)
{
    return t->key_bits != 0 ? TRANSFORM_HEAD + ATTRIBUTE_HEAD : TRANSFORM_HEAD;
}

static void write_transform(struct writer *w, const struct transform *t, bool last)
{
    write_u8(w, last ? LAST : MORE_TRANSFORMS);
    write_u8(w, 0);
    write_u16(w, transform_size(t));
    write_u8(w, t->type);
    write_u8(w, 0);
    write_u16(w, t->id);
    if (t->key_bits != 0) {
        /* RFC 7296 3.3.5 (1, 3): of fixed length, the upper octet first. */
        write_u16(w, ATTRIBUTE_FORMAT | ATTRIBUTE_KEY_LENGTH);
        write_u16(w, t->key_bits);
    }
}

void proposal_write(struct writer *w, const struct proposal *p, bool last)
{
    ensure(p->spi_len <= SPI_MAX);
    size_t length = PROPOSAL_HEAD + p->spi_len;
    for (unsigned i = 0; i < p->transform_count; i++)
        length += transform_size(&p->transforms[i]);

    write_u8(w, last ? LAST : MORE_PROPOSALS);
    write_u8(w, 0);
    write_u16(w, (u16)length);
    write_u8(w, p->number);
    write_u8(w, p->protocol);
    write_u8(w, p->spi_len);
    write_u8(w, p->transform_count);
    write_bytes(w, bytes_of(p->spi, p->spi_len));
    for (unsigned i = 0; i < p->transform_count; i++)
        write_transform(w, &p->transforms[i], i + 1 == p->transform_count);
}
