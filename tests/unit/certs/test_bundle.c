/* Bundles: certificates in their order, CRLs passed over, everything else refused. */
#include "certs/bundle.h"
#include "test.h"

#define OF(text) bytes_of((text), sizeof(text) - 1)

static bool reads(const char *at, size_t len, u16 count)
{
    struct bundle b;
    return bundle_read(bytes_of(at, len), &b) && b.count == count;
}
#define READS(text, count) reads((text), sizeof(text) - 1, (count))

TEST(what_is_in_it)
{
    struct bundle b;
    CHECK(bundle_read(OF("\x30\x0e\xa0\3one\xa1\3crl\xa0\2to"), &b));
    CHECK_EQ(b.count, 2);
    CHECK(bytes_equal(b.certs[0], OF("one")) && bytes_equal(b.certs[1], OF("to")));
    CHECK(READS("\x30\x00", 0));
    CHECK(READS("\x30\x02\xa0\x00", 1));
}

TEST(long_ones)
{
    static u8 octets[70000];
    struct bundle b;
    memcpy(octets, "\x30\x83\x01\x00\x04\xa0\x82\xff\xff", 9);
    CHECK(!bundle_read(bytes_of(octets, 5 + 0x10004), &b)); /* its last octet is of nothing */
    memcpy(octets, "\x30\x83\x01\x00\x03\xa0\x82\xff\xff", 9);
    CHECK(bundle_read(bytes_of(octets, 5 + 0x10003), &b));
    CHECK(b.count == 1 && b.certs[0].at == octets + 9 && b.certs[0].len == 0xffff);
    memcpy(octets, "\x30\x81\x82\xa1\x7f", 5);
    memcpy(octets + 5 + 127, "\xa0", 1);
    octets[5 + 128] = 0;
    octets[2] = 5 + 129 - 3;
    CHECK(bundle_read(bytes_of(octets, 5 + 129), &b) && b.count == 1);
}

TEST(others_are_none)
{
    CHECK(!READS("", 0) && !READS("\x30", 0));
    CHECK(!READS("\x31\x00", 0));
    CHECK(!READS("\x30\x01", 0));
    CHECK(!READS("\x30\x00x", 0));
    CHECK(!READS("\x30\x02\xa0\x01", 0));
    CHECK(!READS("\x30\x02\xa2\x00", 0)); /* a third choice */
    CHECK(!READS("\x30\x02\x30\x00", 0)); /* a certificate without its tag */
    CHECK(!READS("\x30\x80\x00\x00", 0)); /* of BER */
    CHECK(!READS("\x30\x81\x02\xa0\x00", 0));
    CHECK(!READS("\x30\x82\x00\x02\xa0\x00", 0));
    CHECK(!READS("\x30\x84\x00\x00\x00\x02\xa0\x00", 0));
}

TEST(more_than_there_is_room_for)
{
    u8 octets[2 + 2 * 20] = {0x30, 2 * 20};
    struct bundle b;
    for (size_t i = 2; i < sizeof(octets); i += 2)
        octets[i] = 0xa0;
    CHECK(bundle_read(bytes_of(octets, sizeof(octets)), &b));
    CHECK_EQ(b.count, SHRIKE_CERTS_MAX);
    octets[sizeof(octets) - 1] = 1; /* the rest is read all the same */
    CHECK(!bundle_read(bytes_of(octets, sizeof(octets)), &b));
}

int main(void)
{
    return RUN(what_is_in_it) | RUN(long_ones) | RUN(others_are_none) |
           RUN(more_than_there_is_room_for);
}
