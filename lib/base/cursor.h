/* Sticky cursors. After an overrun every read gives zero and `bad` stays set (for a writer: nothing
 * more is written and `full` stays set), so a parser is a column of reads and one test at its end.
 * Integers are big-endian (network order). */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/bytes.h"

struct reader {
    const u8 *at, *end;
    bool bad;
};

struct reader reader_of(struct bytes b);
size_t read_left(const struct reader *r); /* 0 when bad */
u8 read_u8(struct reader *r);
u16 read_u16(struct reader *r);
u32 read_u32(struct reader *r);
u64 read_u64(struct reader *r);
/* n octets where they stand; empty when there are fewer. */
struct bytes read_bytes(struct reader *r, size_t n);
/* All that is left. */
struct bytes read_rest(struct reader *r);
/* Copy n octets to out; zeroes out when there are fewer. */
void read_copy(struct reader *r, void *out, size_t n);
/* A reader of the next n octets, for a nested structure; bad when there are fewer. */
struct reader read_sub(struct reader *r, size_t n);
/* Without a fault and without a rest. */
bool read_ended(const struct reader *r);

struct writer {
    u8 *start, *at, *end;
    bool full;
};

struct writer writer_of(void *at, size_t size);
size_t written(const struct writer *w); /* octets so far */
struct bytes written_bytes(const struct writer *w);
void write_u8(struct writer *w, u8 v);
void write_u16(struct writer *w, u16 v);
void write_u32(struct writer *w, u32 v);
void write_u64(struct writer *w, u64 v);
void write_bytes(struct writer *w, struct bytes b);
void write_zero(struct writer *w, size_t n);
/* Overwrite at an offset already written (a count, a next-payload octet). */
void write_u8_at(struct writer *w, size_t off, u8 v);
void write_u16_at(struct writer *w, size_t off, u16 v);
void write_u32_at(struct writer *w, size_t off, u32 v);

#endif
