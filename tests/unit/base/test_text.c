/* Bounded text: what is written, where it is cut, and addresses as RFC 5952 wants them. */
#include "../test.h"
#include "base/text.h"
#include <arpa/inet.h>

#define CHECK_TEXT(t, expected)                                                                    \
    do {                                                                                           \
        CHECK(strcmp((t).start, (expected)) == 0);                                                 \
        CHECK_EQ((t).len, strlen(expected));                                                       \
    } while (0)

TEST(pieces_follow_each_other)
{
    char buffer[200];
    struct text t = text_of(buffer, sizeof(buffer));
    CHECK_TEXT(t, "");
    text_str(&t, "ike ");
    text_char(&t, '#');
    text_u64(&t, 0);
    text_char(&t, ' ');
    text_u64(&t, 10);
    text_char(&t, ' ');
    text_u64(&t, UINT64_MAX);
    text_char(&t, ' ');
    text_hex(&t, 0xabc, 2);
    text_char(&t, ' ');
    text_hex(&t, 0xabc, 4);
    text_char(&t, ' ');
    text_hex(&t, 0x0123456789abcdef, 16);
    text_char(&t, ' ');
    text_bytes(&t, bytes_of("\x00\x7f\xff", 3));
    text_bytes(&t, bytes_of(NULL, 0));
    CHECK_TEXT(t, "ike #0 10 18446744073709551615 bc 0abc 0123456789abcdef 007fff");
    CHECK(!t.cut);
}

TEST(strangers_write_only_printable_ascii)
{
    char buffer[100];
    struct text t = text_of(buffer, sizeof(buffer));
    text_safe(&t, bytes_of("a ~\x1f\x7f\n\0\x1b\\\xff\x80", 11));
    CHECK_TEXT(t, "a ~\\x1f\\x7f\\x0a\\x00\\x1b\\x5c\\xff\\x80");
    for (unsigned c = 0; c < 256; c++) {
        u8 octet = (u8)c;
        t = text_of(buffer, sizeof(buffer));
        text_safe(&t, bytes_of(&octet, 1));
        CHECK_EQ(t.len, c >= 0x20 && c <= 0x7e && c != '\\' ? 1 : 4);
        for (size_t i = 0; i < t.len; i++)
            CHECK(buffer[i] >= 0x20 && buffer[i] <= 0x7e);
    }
}

static void write_all(struct text *t)
{
    static const u8 net[16] = {0x20, 1, 0x0d, 0xb8, [15] = 1};
    text_str(t, "abc");
    text_u64(t, 12345);
    text_hex(t, 0xbeef, 4);
    text_safe(t, bytes_of("x\n", 2));
    text_addr(t, net, 6);
    text_addr(t, net, 4);
}

TEST(cut_at_every_length)
{
    char whole[100], buffer[100];
    struct text t = text_of(whole, sizeof(whole));
    write_all(&t);
    CHECK_TEXT(t, "abc12345beefx\\x0a2001:db8::132.1.13.184");
    size_t len = t.len;
    for (size_t size = 1; size <= len + 2; size++) {
        memset(buffer, '!', sizeof(buffer));
        t = text_of(buffer, size);
        write_all(&t);
        CHECK_EQ(t.len, MIN(size - 1, len));
        CHECK_EQ(t.cut, size <= len);
        CHECK_BYTES(buffer, whole, t.len);
        CHECK_EQ(buffer[t.len], 0);
        for (size_t i = size; i < sizeof(buffer); i++)
            CHECK_EQ(buffer[i], '!');
    }
    memset(buffer, '!', sizeof(buffer));
    t = text_of(buffer, 0);
    write_all(&t);
    CHECK(t.cut && buffer[0] == '!');
}

TEST(addresses_of_rfc_5952)
{
    static const struct {
        const char *octets, *text;
    } rows[] = {
        {"00000000000000000000000000000000", "::"},
        {"00000000000000000000000000000001", "::1"},
        {"00010000000000000000000000000000", "1::"},
        {"20010db8000000000000000000000001", "2001:db8::1"},
        /* 4.1: no leading zeros */
        {"20010db8000000000000000000020001", "2001:db8::2:1"},
        /* 4.2.2: one group of zeros is not shortened */
        {"20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"},
        /* 4.2.3: the longest run; of two alike the first */
        {"20010000000000010000000000000001", "2001:0:0:1::1"},
        {"20010db8000000000001000000000001", "2001:db8::1:0:0:1"},
        {"00000000000100000000000100000000", "::1:0:0:1:0:0"},
        {"00010002000300040005000600000000", "1:2:3:4:5:6::"},
        {"00000000000300040005000600070008", "::3:4:5:6:7:8"},
        {"00000002000300040005000600070000", "0:2:3:4:5:6:7:0"},
        /* 4.3: lower case */
        {"abcdef01234567890fed00cb000a1000", "abcd:ef01:2345:6789:fed:cb:a:1000"},
        /* 5: an IPv4 address that is known by its prefix */
        {"00000000000000000000ffffc0000201", "::ffff:192.0.2.1"},
        {"00000000000000000001ffffc0000201", "::1:ffff:c000:201"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char buffer[64];
        u8 octets[16];
        CHECK_EQ(hex(rows[i].octets, octets, 16), 16);
        struct text t = text_of(buffer, sizeof(buffer));
        text_addr(&t, octets, 6);
        CHECK_TEXT(t, rows[i].text);
    }
}

/* All 256 patterns of zero and other groups, as the C library writes them. */
TEST(addresses_as_the_c_library_writes_them)
{
    for (unsigned pattern = 0; pattern < 256; pattern++) {
        u8 octets[16] = {0};
        char buffer[64], theirs[INET6_ADDRSTRLEN];
        for (unsigned i = 0; i < 8; i++) {
            octets[2 * i] = pattern >> i & 1 ? (u8)(i % 4 == 3 ? 0 : 1 << i) : 0;
            octets[2 * i + 1] = pattern >> i & 1 ? (u8)(i + 3) : 0;
        }
        if ((pattern & 0x3f) == 0 && pattern >> 6 != 0)
            continue; /* ::a.b.c.d is what glibc makes of the deprecated RFC 4291 2.5.5.1 */
        CHECK(inet_ntop(AF_INET6, octets, theirs, sizeof(theirs)) != NULL);
        struct text t = text_of(buffer, sizeof(buffer));
        text_addr(&t, octets, 6);
        CHECK_TEXT(t, theirs);
    }
}

TEST(ipv4_and_none)
{
    char buffer[64];
    static const u8 octets[16] = {255, 0, 10, 100};
    struct text t = text_of(buffer, sizeof(buffer));
    text_addr(&t, octets, 4);
    CHECK_TEXT(t, "255.0.10.100");
    t = text_of(buffer, sizeof(buffer));
    text_addr(&t, octets, 0);
    CHECK_TEXT(t, "none");
}

TEST(strings_are_the_same_to_their_ends)
{
    CHECK(text_same("", "") && text_same("net", "net"));
    CHECK(!text_same("net", "ne") && !text_same("ne", "net") && !text_same("net", "nex"));
    CHECK(!text_same("", "n") && !text_same("n", ""));
}

int main(void)
{
    return RUN(pieces_follow_each_other) | RUN(strangers_write_only_printable_ascii) |
           RUN(cut_at_every_length) | RUN(addresses_of_rfc_5952) |
           RUN(addresses_as_the_c_library_writes_them) | RUN(ipv4_and_none) |
           RUN(strings_are_the_same_to_their_ends);
}
