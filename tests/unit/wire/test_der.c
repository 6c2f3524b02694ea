/* Distinguished names in DER: walked attribute by attribute, and refused when malformed. */
#include "../test.h"
#include "wire/der.h"

/* CN=a + OU=b, then C=d */
static const u8 plain[] = {0x30, 0x1f, 0x31, 0x12, 0x30, 0x07, 0x06, 0x02, 0x55, 0x03, 0x13,
                           0x01, 'a',  0x30, 0x07, 0x06, 0x02, 0x55, 0x0b, 0x13, 0x01, 'b',
                           0x31, 0x09, 0x30, 0x07, 0x06, 0x02, 0x55, 0x06, 0x0c, 0x01, 'd'};

TEST(attributes_in_their_order)
{
    struct dn_reader r = dn_reader_of(bytes_of(plain, sizeof plain));
    struct dn_attribute a;
    CHECK(dn_next(&r, &a) && a.first && a.value.len == 1 && a.value.at[0] == 'a' && a.tag == 0x13);
    CHECK(a.oid.len == 2 && a.oid.at[1] == 3);
    CHECK(!dn_ended(&r));
    CHECK(dn_next(&r, &a) && !a.first && a.value.at[0] == 'b');
    CHECK(dn_next(&r, &a) && a.first && a.value.at[0] == 'd' && a.tag == DER_UTF8_STRING);
    CHECK(!dn_next(&r, &a) && dn_ended(&r));
}

/* Each octet changed to each value: it is read to its end or refused; never both, never for ever.
 */
TEST(changed_octets)
{
    u8 octets[sizeof plain];
    for (size_t at = 0; at < sizeof plain; at++) {
        for (unsigned v = 0; v < 256; v++) {
            struct dn_attribute a;
            unsigned count = 0;
            memcpy(octets, plain, sizeof plain);
            octets[at] = (u8)v;
            struct dn_reader r = dn_reader_of(bytes_of(octets, sizeof octets));
            while (count < 10 && dn_next(&r, &a)) {
                CHECK(a.value.len < sizeof plain && a.oid.len < sizeof plain);
                count++;
            }
            CHECK(count <= 3);
            CHECK(!dn_ended(&r) || count == 3);
        }
    }
}

TEST(lengths_of_two_forms)
{
    static const u8 one[] = {0x13, 0x81, 2, 'a', 'b'}, two[] = {0x13, 0x82, 0, 1, 'a'},
                    three[] = {0x13, 0x83, 0, 0, 1, 'a'};
    struct reader r = reader_of(bytes_of(one, sizeof one));
    u8 tag;
    struct reader in = der_next(&r, &tag);
    CHECK(tag == 0x13 && read_left(&in) == 2 && read_ended(&r));
    r = reader_of(bytes_of(two, sizeof two));
    in = der_next(&r, &tag);
    CHECK(read_left(&in) == 1 && read_ended(&r));
    r = reader_of(bytes_of(three, sizeof three));
    in = der_next(&r, &tag);
    CHECK(in.bad && r.bad);
}

int main(void)
{
    return RUN(attributes_in_their_order) | RUN(changed_octets) | RUN(lengths_of_two_forms);
}
