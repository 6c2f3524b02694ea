/* Bundles of certificates: see bundle.h. */
#include "certs/bundle.h"
#include "base/cursor.h"

enum {
    TAG_SEQUENCE = 0x30,
    TAG_CERT = 0xa0, /* [0], explicit */
    TAG_CRL = 0xa1,  /* [1] */
    LENGTH_LONG = 0x80,
    LENGTH_OCTETS_MAX = 3, /* nobody fetches more */
};

/* X.690 10.1: a length has one form. */
static size_t read_length(struct reader *r)
{
    u8 first = read_u8(r);
    size_t len = 0;
    if (first < LENGTH_LONG)
        return first;
    u8 octets = first - LENGTH_LONG;
    r->bad |= octets == 0 || octets > LENGTH_OCTETS_MAX;
    for (u8 i = 0; i < octets && !r->bad; i++) {
        len = len << 8 | read_u8(r);
        r->bad |= i == 0 && len == 0;
    }
    r->bad |= len < LENGTH_LONG;
    return len;
}

bool bundle_read(struct bytes octets, struct bundle *out)
{
    struct reader r = reader_of(octets);
    *out = (struct bundle){.count = 0};
    r.bad |= read_u8(&r) != TAG_SEQUENCE;
    size_t all = read_length(&r);
    r.bad |= all != read_left(&r);
    while (!r.bad && read_left(&r) > 0) {
        u8 tag = read_u8(&r);
        struct bytes one = read_bytes(&r, read_length(&r));
        r.bad |= tag != TAG_CERT && tag != TAG_CRL;
        if (!r.bad && tag == TAG_CERT && out->count < SHRIKE_CERTS_MAX)
            out->certs[out->count++] = one;
    }
    return read_ended(&r);
}
