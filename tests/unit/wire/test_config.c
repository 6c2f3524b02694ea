/* Attributes of configuration payloads: what is read of addresses, what is written, what is
 * malformed. */
#include "random.h"
#include "wire/codes.h"
#include "wire/config.h"

static uint8_t buffer[4096];
static struct config_list list;

static bool reads(const char *text)
{
    return config_read(bytes_of(buffer, hex(text, buffer, sizeof buffer)), &list);
}

#define IP6 "fd000000000000000000000000000007"

TEST(addresses_are_read)
{
    CHECK(reads("0001 0004 0a030001"
                "0008 0011 " IP6 "40"
                "0003 0004 0a000035"
                "000a 0010 " IP6 "0003 0000"
                "0001 0000"
                "0008 0000"));
    CHECK_EQ(list.addr_count, 4);
    CHECK(list.addrs[0].family == 4 && list.addrs[1].family == 6);
    CHECK_BYTES(list.addrs[0].octets, "\x0a\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    CHECK(list.addrs[1].octets[0] == 0xfd && list.addrs[1].octets[15] == 7);
    CHECK(!config_is_any(&list.addrs[0]) && !config_is_any(&list.addrs[1]));
    CHECK(list.addrs[2].family == 4 && config_is_any(&list.addrs[2]));
    CHECK(list.addrs[3].family == 6 && config_is_any(&list.addrs[3]));
    CHECK_EQ(list.dns_count, 2); /* an empty one asks for any, and is none */
    CHECK(list.dns[0].family == 4 && list.dns[0].octets[3] == 0x35);
    CHECK(list.dns[1].family == 6 && list.dns[1].octets[15] == 7);
    CHECK(!list.version && !list.supported);
}

/* RFC 7296 3.15.1: an IPv6 address has 17 octets; peers that leave out the last are understood. */
TEST(lengths_are_those_of_the_family)
{
    CHECK(reads("0008 0010" IP6) && list.addr_count == 1 && list.addrs[0].octets[15] == 7);
    CHECK(!reads("0001 0003 0a0300"));
    CHECK(!reads("0001 0005 0a03000100"));
    CHECK(!reads("0001 0010" IP6));
    CHECK(!reads("0008 0004 0a030001"));
    CHECK(!reads("0008 0012" IP6 "4000"));
    CHECK(!reads("0003 0010" IP6));
    CHECK(!reads("000a 0004 0a030001"));
    CHECK(!reads("000a 0011" IP6 "40"));
    CHECK(!reads("0001 0004 0a0300")); /* beyond the end */
    CHECK(!reads("0001 00"));
}

TEST(other_attributes_are_passed_over)
{
    CHECK(reads("") && list.addr_count == 0);
    CHECK(reads("0002 0004 ffffff00"
                "0004 0000"
                "000d 0001 ff"
                "7fff 0003 616263"
                "0007 0000"
                "8001 0004 0a030001"
                "000e 0000"));
    CHECK_EQ(list.addr_count, 1); /* the first bit is reserved (RFC 7296 3.15.1) */
    CHECK(list.version && list.supported);
    CHECK(reads("0007 0003 616263") && list.version && !list.supported);
}

TEST(what_is_beyond_the_cap_is_passed_over)
{
    struct writer w = writer_of(buffer, sizeof buffer);
    for (unsigned i = 0; i < 100; i++) {
        struct config_attribute a = {CFG_INTERNAL_IP4_ADDRESS, bytes_of("\x0a\0\0\1", 4)};
        config_attribute_write(&w, &a);
        a.type = CFG_INTERNAL_IP4_DNS;
        config_attribute_write(&w, &a);
    }
    CHECK(config_read(written_bytes(&w), &list));
    CHECK(list.addr_count == SHRIKE_ADDRESSES_MAX && list.dns_count == SHRIKE_ADDRESSES_MAX);
}

TEST(what_is_written_is_read)
{
    static const struct shrike_addr addrs[] = {
        {{10, 3, 0, 1}, 4}, {{0xfd, [15] = 7}, 6}, {{0}, 4}, {{0}, 6}};
    static const uint8_t expected[] = {0, 1, 0,   4, 10, 3, 0, 1, 0, 8, 0, 17, 0xfd,
                                       0, 0, 0,   0, 0,  0, 0, 0, 0, 0, 0, 0,  0,
                                       0, 7, 128, 0, 1,  0, 0, 0, 8, 0, 0};
    struct writer w = writer_of(buffer, sizeof buffer);
    config_write_addrs(&w, addrs, 4);
    CHECK_EQ(written(&w), sizeof expected);
    CHECK_BYTES(buffer, expected, sizeof expected);
    CHECK(config_read(written_bytes(&w), &list) && list.addr_count == 4);
    CHECK(memcmp(list.addrs, addrs, sizeof addrs) == 0);
    w = writer_of(buffer, sizeof buffer);
    config_write_ask_dns(&w, addrs, 4);
    CHECK_BYTES(buffer, "\0\3\0\0\0\12\0\0", 8);
    CHECK_EQ(written(&w), 8);
    w = writer_of(buffer, sizeof buffer);
    config_write_ask_dns(&w, addrs + 1, 1);
    CHECK_EQ(written(&w), 4);
    w = writer_of(buffer, sizeof buffer);
    config_write_version(&w);
    config_write_supported(&w);
    CHECK_BYTES(buffer, "\0\7\0\0\0\16\0\30\0\1", 10);
    CHECK_EQ(written(&w), 4 + 4 + 24);
    CHECK(config_read(written_bytes(&w), &list) && list.version && list.supported);
}

int main(void)
{
    return RUN(addresses_are_read) | RUN(lengths_are_those_of_the_family) |
           RUN(other_attributes_are_passed_over) | RUN(what_is_beyond_the_cap_is_passed_over) |
           RUN(what_is_written_is_read);
}
