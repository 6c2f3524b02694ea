/* Letters between keys and its steward. */
#include "keys/letter.h"
#include "test.h"
#include "wire/codes.h"

static const struct letter sample = {
    .kind = LETTER_SIGN,
    .token = 0xa0000001,
    .reference = 0xb0000002,
    .handle = {{(const u8 *)"\x01\xa2", 2}, {(const u8 *)"softhsm2", 8}, true, 0xc0000003},
    .pin = {(const u8 *)"1234", 4},
    .verdict = VERDICT_PIN_LAST,
    .ways = 5,
    .way = WAY_ECDSA,
    .hash = HASH_SHA2_384,
    .octets = {(const u8 *)"hash", 4}};

TEST(what_is_written_is_read)
{
    u8 out[LETTER_MAX];
    struct letter m;
    struct writer w = writer_of(out, sizeof out);
    letter_write(&w, &sample);
    struct reader r = reader_of(written_bytes(&w));
    CHECK(!w.full && letter_read(&r, &m));
    CHECK(m.kind == LETTER_SIGN && m.token == 0xa0000001 && m.reference == 0xb0000002);
    CHECK(bytes_equal(m.handle.octets, sample.handle.octets) && m.handle.has_slot &&
          bytes_equal(m.handle.module, sample.handle.module) && m.handle.slot == 0xc0000003);
    CHECK(bytes_equal(m.pin, sample.pin) && bytes_equal(m.octets, sample.octets));
    CHECK(m.verdict == VERDICT_PIN_LAST && m.ways == 5 && m.way == WAY_ECDSA &&
          m.hash == HASH_SHA2_384);
}

/* The steward has programs of others in it: nothing but a whole letter is one. */
TEST(nothing_else_is_a_letter)
{
    u8 out[LETTER_MAX];
    struct letter m;
    struct writer w = writer_of(out, sizeof out);
    letter_write(&w, &sample);
    for (size_t len = 0; len < written(&w); len++) {
        struct reader r = reader_of(bytes_of(out, len));
        CHECK(!letter_read(&r, &m));
    }
    write_u8(&w, 0);
    struct reader r = reader_of(written_bytes(&w));
    CHECK(!letter_read(&r, &m));
    struct letter long_one = sample;
    u8 big[MAIL_HANDLE_MAX + 1] = {1};
    long_one.handle.module = bytes_of(big, sizeof big);
    w = writer_of(out, sizeof out);
    letter_write(&w, &long_one);
    CHECK(w.full);
}

int main(void)
{
    return RUN(what_is_written_is_read) | RUN(nothing_else_is_a_letter);
}
