/* The record of an IKE SA as octets: fields that each say what they are and how long they are,
 * between a header and a hash. Integers are in network order.
 *
 *     magic 4, version 2, zero 2, length of all 4 | fields | SipHash of all before it 8
 *     field: number 1, length 4, value; some values are fields again
 *
 * A version has the fields of record.def up to it, each once; who reads it wants all of them and
 * knows no other. A new field makes a new version; all older ones are read too. */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include "base/cursor.h"

#define RECORD_VERSION 7
#define RECORD_MAX     (4u << 20) /* octets; what is longer was not written by us */

/* Values beside those of record.def: in the record, in an IKE SA, in a Child SA, in a slot. */
enum record_field {
    RECORD_KEYS = 15,     /* of record.def: struct ike_keys */
    RECORD_IKE = 1,       /* an IKE SA; the first one, then those that are to replace it */
    RECORD_SERIALS,       /* the greatest serial given so far: behind all others */
    RECORD_CONN = 100,    /* hash 8, name */
    RECORD_SUITE,         /* ENCR, its bits, PRF, INTEG, KE: 2 each */
    RECORD_PEER_ID,       /* type, data */
    RECORD_RING,          /* empty: it is one of those between its identities */
    RECORD_OURS,          /* a request of ours in flight */
    RECORD_THEIRS,        /* a remembered reply */
    RECORD_UNDONE_OURS,   /* serial of a child whose installing we waited for: our request */
    RECORD_UNDONE_THEIRS, /* the same of a request of the peer, which counts as not come yet */
    RECORD_CHILD,         /* a Child SA */
    RECORD_NAME,          /* of its configuration */
    RECORD_LOCAL_TS,      /* selectors, RECORD_TS_SIZE each */
    RECORD_REMOTE_TS,
    RECORD_SLOT_CHILD, /* serial of the child that the exchange is about */
    RECORD_PACKET,     /* a datagram of the message; one field for each fragment */
    RECORD_WORK,       /* what the exchange must remember */
    RECORD_INTERNAL,   /* internal addresses: lease 4, state, whose, how many, how many servers for
                        * names; family and octets 16 of each */
    RECORD_ADDRESSES,  /* of the peer, in an IKE SA: family and 16 octets each */
    RECORD_GRANT,      /* what EAP has granted the peer */
};

#define RECORD_TS_SIZE 38 /* from 16, to 16, ports 2 and 2, protocol, family */

/* Was a child given to the data plane? */
enum record_plane { RECORD_PLANE_NONE, RECORD_PLANE_HELD, RECORD_PLANE_LOST };

enum record_kind {
    RECORD_INT,      /* an unsigned integer */
    RECORD_BOOL,     /* 0 or 1 */
    RECORD_OCTETS,   /* as they are */
    RECORD_APART,    /* what the member points to; written and read by whose it is */
    RECORD_ENDPOINT, /* octets 16, port 2, family */
    RECORD_LEFT,     /* a time: what is left until then; SHRIKE_NEVER: never */
    RECORD_AGE,      /* a time that is past: 1 + how long ago; 0: it is not set */
    RECORD_WHEN,     /* a time: 1 + what is left until then; 0: it is not set */
};

struct record_row {
    u8 number;
    u8 kind;  /* enum record_kind */
    u8 since; /* version */
    u16 offset, size;
};

/* The fields of a struct that are written. */
struct record_table {
    const struct record_row *rows;
    u32 count; /* at most 64 */
};
extern const struct record_table record_ike, record_child, record_slot, record_work;

/* Writes as far as there is room, and counts on. */
struct pen {
    u8 *at;
    size_t size, len; /* room; octets written or that would have been */
    shrike_time now;
};
void pen_begin_record(struct pen *p);
void pen_end_record(struct pen *p);
size_t pen_begin(struct pen *p, u8 number); /* a field whose length is known by pen_end() */
void pen_end(struct pen *p, size_t mark);
void pen_octets(struct pen *p, struct bytes b);           /* without a field around it */
void pen_number(struct pen *p, u64 value, unsigned size); /* the same, 1 to 8 octets */
void pen_field(struct pen *p, u8 number, struct bytes b); /* a field of octets */
void pen_serial(struct pen *p, u8 number, u32 serial);    /* a field of 4 octets */
void pen_rows(struct pen *p, const struct record_table *t, const void *from);

/* The fields of a whole record of a known version; false: it is not one. */
bool record_open(struct bytes record, struct reader *out, u16 *version) must_use;

struct field {
    u8 number;
    struct reader value;
};
/* The next field; false at the end, or with r->bad set. */
bool record_next(struct reader *r, struct field *out) must_use;
/* Where fields come from: when the record was made, and its version. */
struct record_from {
    shrike_time made;
    u16 version;
};
/* Read the fields of a table out of all fields of `r`, passing over those from RECORD_CONN on.
 * false: one is missing, is not of this table, comes twice or has a value that its kind cannot
 * have. */
bool record_rows(struct reader r, const struct record_table *t, const struct record_from *from,
                 void *to) must_use;
/* Copy what the fields of a table say from one struct to another of the same type. */
void record_copy(const struct record_table *t, const void *from, void *to);

#endif
