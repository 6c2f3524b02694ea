/* Octets of a record: see record.h. */
#include "engine/record.h"
#include "base/siphash.h"
#include "sa/child.h"
#include <assert.h>

#define MAGIC 0x53485231u /* "SHR1" */
enum { RECORD_HEAD = 12, RECORD_LENGTH_AT = 8, RECORD_HASH = 8, FIELD_HEAD = 5 };

#define ROW(type, number, kind, member, since)                                                     \
    {number, RECORD_##kind, since, offsetof(struct type, member),                                  \
     sizeof(((struct type *)0)->member)},

static const struct record_row ike_rows[] = {
#define IKE_FIELD(number, kind, member, since) ROW(ike_sa, number, kind, member, since)
#include "engine/record.def"
#undef IKE_FIELD
};
static const struct record_row child_rows[] = {
#define CHILD_FIELD(number, kind, member, since) ROW(child_sa, number, kind, member, since)
#include "engine/record.def"
#undef CHILD_FIELD
};
static const struct record_row slot_rows[] = {
#define SLOT_FIELD(number, kind, member, since) ROW(slot, number, kind, member, since)
#include "engine/record.def"
#undef SLOT_FIELD
};
static const struct record_row work_rows[] = {
#define WORK_FIELD(number, kind, member, since) ROW(work, number, kind, member, since)
#include "engine/record.def"
#undef WORK_FIELD
};

const struct record_table record_ike = {ike_rows, ARRAY_LEN(ike_rows)};
const struct record_table record_child = {child_rows, ARRAY_LEN(child_rows)};
const struct record_table record_slot = {slot_rows, ARRAY_LEN(slot_rows)};
const struct record_table record_work = {work_rows, ARRAY_LEN(work_rows)};

static_assert(ARRAY_LEN(ike_rows) <= 64 && ARRAY_LEN(child_rows) <= 64, "a bit for each row");
static_assert(GONE_MAX == 4, "record.def names each");

/* ---- times ---- */

static u64 time_written(enum record_kind kind, shrike_time t, shrike_time now)
{
    u64 left = t > now ? t - now : 0;
    if (kind == RECORD_LEFT)
        return t == SHRIKE_NEVER ? SHRIKE_NEVER : left;
    if (t == 0)
        return 0;
    return 1 + (kind == RECORD_WHEN ? left : now > t ? now - t : 0);
}

/* 0 stands for no time: what is as old as the clock, or older, came at 1. */
static shrike_time time_read(enum record_kind kind, u64 v, shrike_time now)
{
    if (kind == RECORD_LEFT)
        return v > SHRIKE_NEVER - now ? SHRIKE_NEVER : now + v;
    if (v == 0)
        return 0;
    if (kind == RECORD_WHEN)
        return MAX(1, v - 1 > SHRIKE_NEVER - now ? SHRIKE_NEVER : now + (v - 1));
    return v - 1 < now ? now - (v - 1) : 1;
}

/* ---- writing ---- */

void pen_octets(struct pen *p, struct bytes b)
{
    if (b.len && p->len <= p->size && b.len <= p->size - p->len)
        memcpy(p->at + p->len, b.at, b.len);
    p->len += b.len;
}

void pen_number(struct pen *p, u64 value, unsigned size)
{
    u8 octets[8];
    for (unsigned i = 0; i < size; i++)
        octets[i] = (u8)(value >> 8 * (size - 1 - i));
    pen_octets(p, bytes_of(octets, size));
}

static void patch_length(struct pen *p, size_t at, size_t len)
{
    size_t kept = p->len;
    p->len = at;
    pen_number(p, len, 4);
    p->len = kept;
}

size_t pen_begin(struct pen *p, u8 number)
{
    pen_number(p, number, 1);
    pen_number(p, 0, 4);
    return p->len;
}

void pen_end(struct pen *p, size_t mark)
{
    patch_length(p, mark - 4, p->len - mark);
}

void pen_field(struct pen *p, u8 number, struct bytes b)
{
    pen_number(p, number, 1);
    pen_number(p, b.len, 4);
    pen_octets(p, b);
}

void pen_serial(struct pen *p, u8 number, u32 serial)
{
    size_t mark = pen_begin(p, number);
    pen_number(p, serial, 4);
    pen_end(p, mark);
}

static u64 load(const u8 *at, unsigned size)
{
    u16 v16 = 0;
    u32 v32 = 0;
    u64 v64 = 0;
    switch (size) {
    case 1:
        return *at;
    case 2:
        memcpy(&v16, at, 2);
        return v16;
    case 4:
        memcpy(&v32, at, 4);
        return v32;
    default:
        memcpy(&v64, at, 8);
        return v64;
    }
}

static void store(u8 *at, unsigned size, u64 v)
{
    u16 v16 = (u16)v;
    u32 v32 = (u32)v;
    switch (size) {
    case 1:
        *at = (u8)v;
        break;
    case 2:
        memcpy(at, &v16, 2);
        break;
    case 4:
        memcpy(at, &v32, 4);
        break;
    default:
        memcpy(at, &v, 8);
        break;
    }
}

static void write_endpoint(struct pen *p, const u8 *at)
{
    struct shrike_endpoint e;
    memcpy(&e, at, sizeof(e));
    pen_octets(p, bytes_of(e.octets, sizeof(e.octets)));
    pen_number(p, e.port, 2);
    pen_number(p, e.family, 1);
}

static void write_row(struct pen *p, const struct record_row *row, const u8 *at)
{
    enum record_kind kind = (enum record_kind)row->kind;
    if (kind == RECORD_APART)
        return;
    size_t mark = pen_begin(p, row->number);
    switch (kind) {
    case RECORD_APART:
    case RECORD_INT:
    case RECORD_BOOL:
        pen_number(p, load(at, row->size), row->size);
        break;
    case RECORD_OCTETS:
        pen_octets(p, bytes_of(at, row->size));
        break;
    case RECORD_ENDPOINT:
        write_endpoint(p, at);
        break;
    case RECORD_LEFT:
    case RECORD_AGE:
    case RECORD_WHEN:
        pen_number(p, time_written(kind, load(at, 8), p->now), 8);
        break;
    }
    pen_end(p, mark);
}

void pen_rows(struct pen *p, const struct record_table *t, const void *from)
{
    for (u32 i = 0; i < t->count; i++)
        write_row(p, &t->rows[i], (const u8 *)from + t->rows[i].offset);
}

static u64 hash_of(struct bytes b)
{
    static const u8 key[16]; /* against accidents: who can write records needs no other way in */
    return siphash(key, b);
}

void pen_begin_record(struct pen *p)
{
    pen_number(p, MAGIC, 4);
    pen_number(p, RECORD_VERSION, 2);
    pen_number(p, 0, 2);
    pen_number(p, 0, 4);
}

void pen_end_record(struct pen *p)
{
    size_t len = p->len + RECORD_HASH;
    patch_length(p, RECORD_LENGTH_AT, len);
    pen_number(p, len <= p->size ? hash_of(bytes_of(p->at, p->len)) : 0, RECORD_HASH);
}

/* ---- reading ---- */

bool record_open(struct bytes record, struct reader *out, u16 *version)
{
    struct reader r = reader_of(record);
    if (record.len < RECORD_HEAD + RECORD_HASH || record.len > RECORD_MAX)
        return false;
    bool known = read_u32(&r) == MAGIC;
    *version = read_u16(&r);
    known &= *version >= 1 && *version <= RECORD_VERSION && read_u16(&r) == 0;
    known &= read_u32(&r) == record.len;
    *out = read_sub(&r, record.len - RECORD_HEAD - RECORD_HASH);
    struct bytes hashed = bytes_of(record.at, record.len - RECORD_HASH);
    return known && (read_u64(&r) == hash_of(hashed) || fault(62)) && read_ended(&r);
}

bool record_next(struct reader *r, struct field *out)
{
    if (r->bad || read_left(r) == 0)
        return false;
    out->number = read_u8(r);
    out->value = read_sub(r, read_u32(r));
    return !r->bad;
}

static u64 read_number(struct reader *r, unsigned size)
{
    u64 v = 0;
    for (unsigned i = 0; i < size; i++)
        v = v << 8 | read_u8(r);
    return v;
}

static void read_endpoint(struct reader *r, u8 *at)
{
    struct shrike_endpoint e = {0};
    read_copy(r, e.octets, sizeof(e.octets));
    e.port = read_u16(r);
    e.family = read_u8(r);
    r->bad |= e.family != 0 && e.family != 4 && e.family != 6;
    memcpy(at, &e, sizeof(e));
}

static bool read_row(struct reader r, const struct record_row *row, shrike_time now, u8 *at)
{
    enum record_kind kind = (enum record_kind)row->kind;
    u64 v;
    switch (kind) {
    case RECORD_APART:
        return true;
    case RECORD_INT:
    case RECORD_BOOL:
        v = read_number(&r, row->size);
        if (kind == RECORD_BOOL && v > 1)
            return false;
        store(at, row->size, v);
        break;
    case RECORD_OCTETS:
        read_copy(&r, at, row->size);
        break;
    case RECORD_ENDPOINT:
        read_endpoint(&r, at);
        break;
    case RECORD_LEFT:
    case RECORD_AGE:
    case RECORD_WHEN:
        store(at, 8, time_read(kind, read_u64(&r), now));
        break;
    }
    return read_ended(&r);
}

/* The row of this number, or NULL. */
static const struct record_row *row_of(const struct record_table *t, u8 number)
{
    for (u32 i = 0; i < t->count; i++) {
        if (t->rows[i].number == number)
            return &t->rows[i];
    }
    return NULL;
}

/* Of a field that an older version has not. */
static void leave_out(const struct record_row *row, u8 *at)
{
    memset(at, 0, row->size);
    if (row->kind == RECORD_LEFT)
        store(at, 8, SHRIKE_NEVER);
}

bool record_rows(struct reader r, const struct record_table *t, const struct record_from *from,
                 void *to)
{
    u64 seen = 0;
    for (struct field f; record_next(&r, &f);) {
        const struct record_row *row = row_of(t, f.number);
        u64 bit = row ? (u64)1 << (row - t->rows) : 0;
        if (f.number >= RECORD_CONN)
            continue;
        if (!row || seen & bit || !read_row(f.value, row, from->made, (u8 *)to + row->offset))
            return false;
        seen |= bit;
    }
    for (u32 i = 0; i < t->count && !r.bad; i++) {
        bool there = seen >> i & 1;
        if (!there && t->rows[i].since <= from->version)
            return false;
        if (!there)
            leave_out(&t->rows[i], (u8 *)to + t->rows[i].offset);
    }
    return !r.bad;
}

void record_copy(const struct record_table *t, const void *from, void *to)
{
    for (u32 i = 0; i < t->count; i++) {
        const struct record_row *row = &t->rows[i];
        if (row->kind != RECORD_APART)
            memcpy((u8 *)to + row->offset, (const u8 *)from + row->offset, row->size);
    }
}
