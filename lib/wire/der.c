/* Distinguished names: see der.h. */
#include "wire/der.h"

bool der_is_string(u8 tag)
{
    return tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_T61_STRING ||
           tag == DER_IA5_STRING;
}

struct reader der_next(struct reader *r, u8 *tag)
{
    *tag = read_u8(r);
    size_t length = read_u8(r);
    if (length == 0x81)
        length = read_u8(r);
    else if (length == 0x82)
        length = read_u16(r);
    else if (length >= 0x80)
        r->bad = true;
    return read_sub(r, length);
}

struct reader der_enter(struct reader *r, enum der_tag wanted)
{
    u8 tag;
    struct reader contents = der_next(r, &tag);
    if (tag != wanted)
        contents.bad = true;
    return contents;
}

struct dn_reader dn_reader_of(struct bytes name)
{
    struct dn_reader r = {.whole = reader_of(name), .set = reader_of(bytes_of(NULL, 0))};
    r.names = der_enter(&r.whole, DER_SEQUENCE);
    r.names.bad |= !read_ended(&r.whole);
    return r;
}

bool dn_next(struct dn_reader *r, struct dn_attribute *out)
{
    bool first = read_left(&r->set) == 0;
    if (r->set.bad || (first && read_left(&r->names) == 0))
        return false;
    if (first)
        r->set = der_enter(&r->names, DER_SET);
    struct reader pair = der_enter(&r->set, DER_SEQUENCE);
    struct reader oid = der_enter(&pair, DER_OID);
    struct reader value = der_next(&pair, &out->tag);
    out->first = first;
    out->oid = read_rest(&oid);
    out->value = read_rest(&value);
    if (value.bad || oid.bad || !read_ended(&pair))
        r->set.bad = true;
    return !r->set.bad;
}

bool dn_ended(const struct dn_reader *r)
{
    return read_ended(&r->names) && read_ended(&r->set);
}
