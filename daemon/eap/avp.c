/* Attributes as Diameter writes them: see avp.h. */
#include "eap/avp.h"

enum { VENDOR = 0x80, MUST = 0x40 }; /* flags */
enum { HEAD = 8, WITH_VENDOR = 12, ALIGNED = 4, LENGTH_MAX = 0xffffff };

static size_t gap_of(size_t len)
{
    return (ALIGNED - len % ALIGNED) % ALIGNED;
}

bool avp_read(struct reader *r, struct avp *out)
{
    if (r->bad || read_left(r) == 0)
        return false;
    *out = (struct avp){.code = read_u32(r)};
    u32 word = read_u32(r), len = word & LENGTH_MAX;
    u8 flags = (u8)(word >> 24);
    u32 head = flags & VENDOR ? WITH_VENDOR : HEAD;
    out->vendor = flags & VENDOR ? read_u32(r) : 0;
    out->must = flags & MUST;
    r->bad |= len < head;
    if (!r->bad)
        out->data = read_bytes(r, len - head);
    /* Behind the last one some leave out what fills it up. */
    (void)read_bytes(r, r->bad ? 0 : MIN(gap_of(len), read_left(r)));
    return !r->bad;
}

void avp_write(struct writer *w, const struct avp *a)
{
    u32 head = a->vendor ? WITH_VENDOR : HEAD;
    u32 flags = (a->vendor ? VENDOR : 0u) | (a->must ? MUST : 0u);
    write_u32(w, a->code);
    write_u32(w, flags << 24 | (u32)MIN(head + a->data.len, (size_t)LENGTH_MAX));
    if (a->vendor)
        write_u32(w, a->vendor);
    write_bytes(w, a->data);
    write_zero(w, gap_of(a->data.len));
}
