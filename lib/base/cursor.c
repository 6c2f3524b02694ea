/* Sticky cursors: see cursor.h. */
#include "base/cursor.h"

/* Where an empty reader stands: never NULL, so that what it gives may go to memcpy as it is. */
static const u8 nothing[1];

struct reader reader_of(struct bytes b)
{
    const u8 *at = b.len ? b.at : nothing;
    return (struct reader){.at = at, .end = at + b.len};
}

size_t read_left(const struct reader *r)
{
    return r->bad ? 0 : (size_t)(r->end - r->at);
}

/* The next n octets, or NULL and bad. */
static const u8 *take(struct reader *r, size_t n)
{
    size_t left = read_left(r) + (fault(2) ? 1 : 0);
    if (n > left) {
        r->bad = true;
        return NULL;
    }
    const u8 *at = r->at;
    r->at += n;
    return at;
}

static u64 read_number(struct reader *r, size_t n)
{
    const u8 *at = take(r, n);
    u64 v = 0;
    for (size_t i = 0; at && i < n; i++)
        v = v << 8 | at[i];
    return v;
}

u8 read_u8(struct reader *r)
{
    return (u8)read_number(r, 1);
}

u16 read_u16(struct reader *r)
{
    return (u16)read_number(r, 2);
}

u32 read_u32(struct reader *r)
{
    return (u32)read_number(r, 4);
}

u64 read_u64(struct reader *r)
{
    return read_number(r, 8);
}

struct bytes read_bytes(struct reader *r, size_t n)
{
    const u8 *at = take(r, n);
    return at ? bytes_of(at, n) : bytes_of(nothing, 0);
}

struct bytes read_rest(struct reader *r)
{
    return read_bytes(r, read_left(r));
}

void read_copy(struct reader *r, void *out, size_t n)
{
    const u8 *at = take(r, n);
    if (at && n)
        memcpy(out, at, n);
    else if (n)
        memset(out, 0, n);
}

struct reader read_sub(struct reader *r, size_t n)
{
    struct reader sub = reader_of(read_bytes(r, n));
    sub.bad = r->bad;
    return sub;
}

bool read_ended(const struct reader *r)
{
    return !r->bad && r->at == r->end;
}

struct writer writer_of(void *at, size_t size)
{
    ensure(at != NULL);
    return (struct writer){.start = at, .at = at, .end = (u8 *)at + size};
}

size_t written(const struct writer *w)
{
    return (size_t)(w->at - w->start);
}

struct bytes written_bytes(const struct writer *w)
{
    return bytes_of(w->start, written(w));
}

/* Room for n octets, or NULL and full. */
static u8 *room(struct writer *w, size_t n)
{
    if (w->full || n > (size_t)(w->end - w->at)) {
        w->full = true;
        return NULL;
    }
    u8 *at = w->at;
    w->at += n;
    return at;
}

static void put_number(u8 *at, size_t n, u64 v)
{
    for (size_t i = n; i > 0; i--, v >>= 8)
        at[i - 1] = (u8)v;
}

static void write_number(struct writer *w, size_t n, u64 v)
{
    u8 *at = room(w, n);
    if (at)
        put_number(at, n, v);
}

void write_u8(struct writer *w, u8 v)
{
    write_number(w, 1, v);
}

void write_u16(struct writer *w, u16 v)
{
    write_number(w, 2, v);
}

void write_u32(struct writer *w, u32 v)
{
    write_number(w, 4, v);
}

void write_u64(struct writer *w, u64 v)
{
    write_number(w, 8, v);
}

void write_bytes(struct writer *w, struct bytes b)
{
    u8 *at = room(w, b.len);
    if (at && b.len)
        memcpy(at, b.at, b.len);
}

void write_zero(struct writer *w, size_t n)
{
    u8 *at = room(w, n);
    if (at && n)
        memset(at, 0, n);
}

static void write_number_at(struct writer *w, size_t off, size_t n, u64 v)
{
    if (w->full)
        return;
    ensure(off + n <= written(w));
    put_number(w->start + off, n, v);
}

void write_u8_at(struct writer *w, size_t off, u8 v)
{
    write_number_at(w, off, 1, v);
}

void write_u16_at(struct writer *w, size_t off, u16 v)
{
    write_number_at(w, off, 2, v);
}

void write_u32_at(struct writer *w, size_t off, u32 v)
{
    write_number_at(w, off, 4, v);
}
