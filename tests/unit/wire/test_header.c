/* The IKE header: read, refused, written. */
#include "test.h"
#include "wire/header.h"

/* RFC 7296 3.1, octet by octet: SPIs, next payload 33, version 2.0, exchange 34, initiator and
 * response, message ID, length 28. */
static const u8 sample[HEADER_SIZE] = {
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* SPIi */
    0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, /* SPIr */
    0x21, 0x20, 0x22, 0x28, 0xa1, 0xa2, 0xa3, 0xa4, 0x00, 0x00, 0x00, 0x1c,
};

TEST(fields_stand_where_the_rfc_says)
{
    struct header h;
    CHECK_EQ(header_read(bytes_of(sample, sizeof sample), &h), HEADER_OK);
    CHECK(h.spi_i == 0x0102030405060708 && h.spi_r == 0xf1f2f3f4f5f6f7f8);
    CHECK_EQ(h.next_payload, 33);
    CHECK_EQ(h.version, VERSION_2_0);
    CHECK_EQ(h.exchange, 34);
    CHECK_EQ(h.flags, FLAG_INITIATOR | FLAG_RESPONSE);
    CHECK_EQ(h.message_id, 0xa1a2a3a4);
    CHECK_EQ(h.length, HEADER_SIZE);
}

TEST(what_is_read_is_written)
{
    struct header h;
    u8 out[HEADER_SIZE];
    struct writer w = writer_of(out, sizeof out);
    CHECK_EQ(header_read(bytes_of(sample, sizeof sample), &h), HEADER_OK);
    header_write(&w, &h);
    CHECK(!w.full);
    CHECK_EQ(written(&w), HEADER_SIZE);
    CHECK_BYTES(out, sample, HEADER_SIZE);
}

TEST(a_short_writer_is_full)
{
    struct header h = {.version = VERSION_2_0};
    u8 out[HEADER_SIZE - 1];
    struct writer w = writer_of(out, sizeof out);
    header_write(&w, &h);
    CHECK(w.full);
}

/* RFC 7296 3.1 (9) */
TEST(reserved_flags_come_and_go_as_zero)
{
    struct header h;
    u8 octets[HEADER_SIZE];
    memcpy(octets, sample, sizeof octets);
    octets[19] = 0xff;
    CHECK_EQ(header_read(bytes_of(octets, sizeof octets), &h), HEADER_OK);
    CHECK_EQ(h.flags, FLAG_INITIATOR | FLAG_VERSION | FLAG_RESPONSE);
    struct writer w = writer_of(octets, sizeof octets);
    h.flags = 0xff & ~FLAG_VERSION;
    header_write(&w, &h);
    CHECK_EQ(octets[19], FLAG_INITIATOR | FLAG_RESPONSE);
}

TEST(each_truncation_is_short)
{
    for (size_t len = 0; len < HEADER_SIZE; len++) {
        struct header h = {.exchange = 1};
        u8 *exact = malloc(len ? len : 1);
        memcpy(exact, sample, len);
        CHECK_EQ(header_read(bytes_of(exact, len), &h), HEADER_SHORT);
        CHECK_EQ(h.exchange, 0);
        free(exact);
    }
}

TEST(the_length_is_that_of_the_datagram)
{
    struct header h;
    u8 octets[HEADER_SIZE + 1] = {0};
    memcpy(octets, sample, sizeof sample);
    CHECK_EQ(header_read(bytes_of(octets, HEADER_SIZE + 1), &h), HEADER_LENGTH);
    octets[27] = HEADER_SIZE - 1;
    CHECK_EQ(header_read(bytes_of(octets, HEADER_SIZE), &h), HEADER_LENGTH);
    octets[27] = HEADER_SIZE + 1;
    CHECK_EQ(header_read(bytes_of(octets, HEADER_SIZE), &h), HEADER_LENGTH);
    CHECK_EQ(header_read(bytes_of(octets, HEADER_SIZE + 1), &h), HEADER_OK);
    octets[24] = 1; /* only the low octets agree */
    CHECK_EQ(header_read(bytes_of(octets, HEADER_SIZE + 1), &h), HEADER_LENGTH);
}

TEST(a_message_has_a_largest_size)
{
    struct header h;
    size_t size = MESSAGE_MAX + 1;
    u8 *octets = calloc(1, size);
    memcpy(octets, sample, sizeof sample);
    struct writer w = writer_of(octets, size);
    write_zero(&w, HEADER_SIZE);
    memcpy(octets, sample, sizeof sample);
    write_u32_at(&w, 24, MESSAGE_MAX);
    CHECK_EQ(header_read(bytes_of(octets, size - 1), &h), HEADER_OK);
    write_u32_at(&w, 24, (u32)size);
    CHECK_EQ(header_read(bytes_of(octets, size), &h), HEADER_LENGTH);
    free(octets);
}

static enum header_verdict verdict_of_version(u8 version)
{
    struct header h;
    u8 octets[HEADER_SIZE];
    memcpy(octets, sample, sizeof octets);
    octets[17] = version;
    return header_read(bytes_of(octets, sizeof octets), &h);
}

/* RFC 7296 2.5 (1) */
TEST(only_the_major_version_counts)
{
    CHECK_EQ(verdict_of_version(0x20), HEADER_OK);
    CHECK_EQ(verdict_of_version(0x2f), HEADER_OK);
    CHECK_EQ(verdict_of_version(0x30), HEADER_MAJOR);
    CHECK_EQ(verdict_of_version(0xff), HEADER_MAJOR);
    CHECK_EQ(verdict_of_version(0x1f), HEADER_OLD);
    CHECK_EQ(verdict_of_version(0x00), HEADER_OLD);
}

TEST(a_higher_version_is_read_all_the_same)
{
    struct header h;
    u8 octets[HEADER_SIZE];
    memcpy(octets, sample, sizeof octets);
    octets[17] = 0x30;
    CHECK_EQ(header_read(bytes_of(octets, sizeof octets), &h), HEADER_MAJOR);
    CHECK_EQ(h.message_id, 0xa1a2a3a4);
    CHECK_EQ(h.exchange, 34);
}

int main(void)
{
    return RUN(fields_stand_where_the_rfc_says) | RUN(what_is_read_is_written) |
           RUN(a_short_writer_is_full) | RUN(reserved_flags_come_and_go_as_zero) |
           RUN(each_truncation_is_short) | RUN(the_length_is_that_of_the_datagram) |
           RUN(a_message_has_a_largest_size) | RUN(only_the_major_version_counts) |
           RUN(a_higher_version_is_read_all_the_same);
}
