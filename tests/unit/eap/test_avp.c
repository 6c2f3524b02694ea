/* Attributes of Diameter: what is written comes back, and what lies is refused. */
#include "eap/avp.h"
#include "test.h"

#define TEXT(s) bytes_of((s), sizeof(s) - 1)

TEST(what_is_written_comes_back)
{
    static const struct avp all[] = {
        {.code = AVP_USER_NAME, .must = true, .data = {(const u8 *)"alice", 5}},
        {.code = 11, .vendor = 311, .data = {(const u8 *)"12345678", 8}},
        {.code = AVP_EAP_MESSAGE, .must = true, .data = {NULL, 0}},
        {.code = AVP_USER_PASSWORD, .data = {(const u8 *)"xyz", 3}},
    };
    u8 octets[128];
    struct avp a;
    struct writer w = writer_of(octets, sizeof(octets));
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        avp_write(&w, &all[i]);
    CHECK_EQ(written(&w), 16 + 20 + 8 + 12);
    struct reader r = reader_of(written_bytes(&w));
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        CHECK(avp_read(&r, &a));
        CHECK(a.code == all[i].code && a.vendor == all[i].vendor && a.must == all[i].must);
        CHECK(bytes_equal(a.data, all[i].data));
    }
    CHECK(!avp_read(&r, &a) && !r.bad);
}

/* RFC 5281 10.1: code, flags, length of all of it, vendor. */
TEST(octets_are_those_of_the_rfc)
{
    static const u8 plain[] = {0, 0, 0, 1, 0x40, 0, 0, 13, 'a', 'l', 'i', 'c', 'e', 0, 0, 0},
                    vendors[] = {0, 0, 0, 11, 0x80, 0, 0, 13, 0, 0, 1, 55, 'x', 0, 0, 0};
    u8 octets[32];
    struct writer w = writer_of(octets, sizeof(octets));
    avp_write(&w, &(struct avp){.code = AVP_USER_NAME, .must = true, .data = TEXT("alice")});
    CHECK(bytes_equal(written_bytes(&w), bytes_of(plain, sizeof(plain))));
    w = writer_of(octets, sizeof(octets));
    avp_write(&w, &(struct avp){.code = 11, .vendor = 311, .data = TEXT("x")});
    CHECK(bytes_equal(written_bytes(&w), bytes_of(vendors, sizeof(vendors))));
}

static bool is_read(struct bytes octets, size_t len)
{
    struct avp a;
    struct reader r = reader_of(octets);
    return avp_read(&r, &a) && !r.bad && a.data.len == len;
}

TEST(lengths_must_fit)
{
    CHECK(is_read(TEXT("\0\0\0\1\100\0\0\11x\0\0\0"), 1));
    CHECK(is_read(TEXT("\0\0\0\1\100\0\0\11x"), 1)); /* nothing behind the last one */
    CHECK(is_read(TEXT("\0\0\0\1\100\0\0\10"), 0));
    CHECK(!is_read(TEXT("\0\0\0\1\100\0\0\7"), 0));          /* shorter than its head */
    CHECK(!is_read(TEXT("\0\0\0\1\200\0\0\11\0\0\0\1"), 0)); /* likewise, with a vendor */
    CHECK(!is_read(TEXT("\0\0\0\1\100\0\0\12x"), 2));        /* longer than there is */
    CHECK(!is_read(TEXT("\0\0\0\1\100\377\377\377x"), 1));
    CHECK(!is_read(TEXT("\0\0\0\1\100\0\0"), 0));
    CHECK(!is_read(TEXT(""), 0));
}

int main(void)
{
    return RUN(what_is_written_comes_back) | RUN(octets_are_those_of_the_rfc) |
           RUN(lengths_must_fit);
}
