/* Distinguished names in DER (X.501, X.690), as far as identities have them. */
#ifndef WIRE_DER_H
#define WIRE_DER_H

#include "base/cursor.h"

enum der_tag {
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};

bool der_is_string(u8 tag);
/* The contents of the next element; an identity is short, so two octets of length are enough. */
struct reader der_next(struct reader *r, u8 *tag);
/* The same of an element that must have this tag; else its contents are bad. */
struct reader der_enter(struct reader *r, enum der_tag wanted);

struct dn_attribute {
    struct bytes oid, value;
    u8 tag;     /* of the value */
    bool first; /* of its relative name; others stand beside it */
};

/* Walks the attributes of a name. */
struct dn_reader {
    struct reader whole, names, set;
};

struct dn_reader dn_reader_of(struct bytes name);
/* false: that was all, or it is malformed. */
bool dn_next(struct dn_reader *r, struct dn_attribute *out) must_use;
/* All was read, and well formed. */
bool dn_ended(const struct dn_reader *r);

#endif
