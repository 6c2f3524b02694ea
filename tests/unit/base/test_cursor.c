/* Cursors: what is read and written, and that nothing passes the end. */
#include "../test.h"
#include "base/cursor.h"

static const u8 octets[20] = {0,    1,    2,    3,    4,    5,    6,    7,    8,    9,
                              0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9};

TEST(reads_are_big_endian_and_in_order)
{
    struct reader r = reader_of(bytes_of(octets + 1, 19));
    CHECK_EQ(read_left(&r), 19);
    CHECK_EQ(read_u8(&r), 0x01);
    CHECK_EQ(read_u16(&r), 0x0203);
    CHECK_EQ(read_u32(&r), 0x04050607);
    CHECK_EQ(read_u64(&r), 0x0809f0f1f2f3f4f5);
    CHECK_EQ(read_left(&r), 4);
    CHECK(!read_ended(&r));
    struct bytes b = read_bytes(&r, 2);
    CHECK(b.at == octets + 16 && b.len == 2);
    b = read_rest(&r);
    CHECK(b.at == octets + 18 && b.len == 2);
    CHECK(read_ended(&r));
    b = read_rest(&r);
    CHECK(b.len == 0 && read_ended(&r));
}

/* One read of each kind, by number; returns what it gave, folded to a number. */
enum { KIND_COUNT = 7 };
static const size_t kind_size[KIND_COUNT] = {1, 2, 4, 8, 5, 5, 5};

static u64 read_kind(struct reader *r, int kind)
{
    u8 out[5] = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa};
    struct reader sub;
    switch (kind) {
    case 0:
        return read_u8(r);
    case 1:
        return read_u16(r);
    case 2:
        return read_u32(r);
    case 3:
        return read_u64(r);
    case 4:
        return read_bytes(r, 5).len;
    case 5:
        read_copy(r, out, 5);
        return (u64)out[0] | out[1] | out[2] | out[3] | out[4];
    default:
        sub = read_sub(r, 5);
        return read_left(&sub) + (sub.bad != r->bad) * 100;
    }
}

TEST(each_kind_reads_up_to_the_end_and_no_further)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        for (size_t len = 0; len <= 9; len++) {
            /* On the heap and just that long: ASan sees one octet too many. */
            u8 *copy = malloc(len + 1);
            CHECK(copy != NULL);
            u8 *at = copy + 1;
            memset(copy, 0x55, len + 1);
            struct reader r = reader_of(bytes_of(at, len));
            bool fits = kind_size[kind] <= len;
            u64 got = read_kind(&r, kind);
            CHECK_EQ(r.bad, !fits);
            CHECK_EQ(got != 0, fits);
            CHECK_EQ(read_left(&r), fits ? len - kind_size[kind] : 0);
            CHECK_EQ(read_ended(&r), fits && kind_size[kind] == len);
            free(copy);
        }
    }
}

TEST(after_an_overrun_everything_is_zero_and_bad)
{
    for (int first = 0; first < KIND_COUNT; first++) {
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            struct reader r = reader_of(bytes_of(octets + 10, 9));
            (void)read_bytes(&r, 9);
            (void)read_kind(&r, first);
            CHECK(r.bad);
            /* Even when there would be room: a long read failed, a short one would fit. */
            r = reader_of(bytes_of(octets + 10, 9));
            (void)read_bytes(&r, 10);
            CHECK(r.bad);
            CHECK_EQ(read_kind(&r, kind), 0);
            CHECK(r.bad && !read_ended(&r));
            CHECK_EQ(read_left(&r), 0);
            CHECK_EQ(read_rest(&r).len, 0);
            CHECK(r.bad);
        }
    }
}

TEST(huge_lengths_do_not_wrap)
{
    struct reader r = reader_of(bytes_of(octets, 20));
    (void)read_u8(&r);
    CHECK_EQ(read_bytes(&r, SIZE_MAX).len, 0);
    CHECK(r.bad);
    r = reader_of(bytes_of(octets, 20));
    (void)read_u8(&r);
    struct reader sub = read_sub(&r, SIZE_MAX - 7);
    CHECK(r.bad && sub.bad && read_left(&sub) == 0);
}

TEST(a_sub_reader_ends_where_it_was_told)
{
    struct reader r = reader_of(bytes_of(octets, 20));
    struct reader sub = read_sub(&r, 3);
    CHECK_EQ(read_left(&sub), 3);
    CHECK_EQ(read_u32(&sub), 0);
    CHECK(sub.bad && !r.bad);
    CHECK_EQ(read_u8(&r), 3);
    sub = read_sub(&r, 2);
    CHECK_EQ(read_u16(&sub), 0x0405);
    CHECK(read_ended(&sub));
    CHECK_EQ(read_u8(&r), 6);
    sub = read_sub(&r, 14);
    CHECK(sub.bad && r.bad);
    CHECK_EQ(read_u8(&sub), 0);
}

TEST(nothing_is_read_from_nothing)
{
    struct reader r = reader_of(bytes_of(NULL, 0));
    CHECK(r.at != NULL && read_ended(&r));
    struct bytes b = read_bytes(&r, 0);
    CHECK(b.at != NULL && b.len == 0);
    struct reader sub = read_sub(&r, 0);
    CHECK(read_ended(&sub) && read_ended(&r));
    read_copy(&r, NULL, 0);
    CHECK(read_ended(&r));
    CHECK_EQ(read_u8(&r), 0);
    CHECK(r.bad);
    b = read_bytes(&r, 0);
    CHECK(b.at != NULL && b.len == 0);
}

TEST(read_copy_zeroes_what_it_cannot_fill)
{
    u8 out[6] = {9, 9, 9, 9, 9, 9};
    struct reader r = reader_of(bytes_of(octets + 1, 4));
    read_copy(&r, out, 4);
    CHECK_BYTES(out, octets + 1, 4);
    CHECK_EQ(out[4], 9);
    read_copy(&r, out, 5);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(out[i], 0);
    CHECK_EQ(out[5], 9);
}

TEST(writes_are_big_endian_and_in_order)
{
    u8 out[24];
    memset(out, 0xee, sizeof(out));
    struct writer w = writer_of(out, sizeof(out));
    write_u8(&w, 0x01);
    write_u16(&w, 0x0203);
    write_u32(&w, 0x04050607);
    write_u64(&w, 0x0809f0f1f2f3f4f5);
    write_bytes(&w, bytes_of(octets + 16, 2));
    write_bytes(&w, bytes_of(NULL, 0));
    write_zero(&w, 3);
    CHECK(!w.full);
    CHECK_EQ(written(&w), 20);
    CHECK_BYTES(out, octets + 1, 17);
    static const u8 rest[7] = {0, 0, 0, 0xee, 0xee, 0xee, 0xee};
    CHECK_BYTES(out + 17, rest, 7);
    CHECK(written_bytes(&w).at == out && written_bytes(&w).len == 20);
}

static void write_kind(struct writer *w, int kind)
{
    switch (kind) {
    case 0:
        write_u8(w, 0x11);
        break;
    case 1:
        write_u16(w, 0x1111);
        break;
    case 2:
        write_u32(w, 0x11111111);
        break;
    case 3:
        write_u64(w, 0x1111111111111111);
        break;
    case 4:
        write_bytes(w, bytes_of("\x11\x11\x11\x11\x11", 5));
        break;
    default:
        write_zero(w, 5);
        break;
    }
}

TEST(each_kind_writes_whole_or_not_at_all)
{
    for (int kind = 0; kind < KIND_COUNT - 1; kind++) {
        for (size_t size = 0; size <= 9; size++) {
            u8 out[16];
            memset(out, 0xee, sizeof(out));
            struct writer w = writer_of(out, size);
            bool fits = kind_size[kind] <= size;
            write_kind(&w, kind);
            CHECK_EQ(w.full, !fits);
            CHECK_EQ(written(&w), fits ? kind_size[kind] : 0);
            for (size_t i = 0; i < sizeof(out); i++)
                CHECK_EQ(out[i], i >= written(&w) ? 0xee : kind == 5 ? 0 : 0x11);
        }
    }
}

TEST(a_full_writer_stays_full)
{
    u8 out[8];
    memset(out, 0xee, sizeof(out));
    struct writer w = writer_of(out, 4);
    write_u8(&w, 1);
    write_u32(&w, 2); /* does not fit */
    CHECK(w.full);
    for (int kind = 0; kind < KIND_COUNT - 1; kind++)
        write_kind(&w, kind); /* the shorter ones would */
    write_bytes(&w, bytes_of(octets, 0));
    write_u8_at(&w, 0, 7);
    write_u32_at(&w, 4, 7); /* perhaps never written: not ours to judge once full */
    CHECK(w.full);
    CHECK_EQ(written(&w), 1);
    static const u8 expect[8] = {1, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee};
    CHECK_BYTES(out, expect, 8);
    w = writer_of(out, 4);
    write_u8(&w, 1);
    write_zero(&w, SIZE_MAX);
    CHECK(w.full && written(&w) == 1);
}

TEST(patches_land_where_they_should)
{
    u8 out[9];
    struct writer w = writer_of(out, sizeof(out));
    write_zero(&w, 9);
    write_u8_at(&w, 1, 0xa1);
    write_u16_at(&w, 2, 0xb1b2);
    write_u32_at(&w, 5, 0xc1c2c3c4);
    static const u8 expect[9] = {0, 0xa1, 0xb1, 0xb2, 0, 0xc1, 0xc2, 0xc3, 0xc4};
    CHECK_BYTES(out, expect, 9);
    CHECK_EQ(written(&w), 9);
}

int main(void)
{
    return RUN(reads_are_big_endian_and_in_order) |
           RUN(each_kind_reads_up_to_the_end_and_no_further) |
           RUN(after_an_overrun_everything_is_zero_and_bad) | RUN(huge_lengths_do_not_wrap) |
           RUN(a_sub_reader_ends_where_it_was_told) | RUN(nothing_is_read_from_nothing) |
           RUN(read_copy_zeroes_what_it_cannot_fill) | RUN(writes_are_big_endian_and_in_order) |
           RUN(each_kind_writes_whole_or_not_at_all) | RUN(a_full_writer_stays_full) |
           RUN(patches_land_where_they_should);
}
