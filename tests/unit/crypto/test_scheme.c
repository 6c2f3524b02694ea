/* Ways to sign: their octets, and which one is taken. */
#include "../test.h"
#include "crypto/scheme.h"
#include "wire/codes.h"

static struct bytes signature;

static const struct scheme *read(u8 method, const void *octets, size_t len)
{
    return scheme_read(method, bytes_of(octets, len), &signature);
}
#define READ(method, octets) read(method, octets, sizeof(octets) - 1)

/* RFC 7427 A.3, RFC 8420 A, RFC 7427 A.1.2, A.4.2. */
TEST(algorithm_identifiers)
{
    const struct scheme *s =
        READ(AUTH_DIGITAL_SIGNATURE, "\x0c\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02sig");
    CHECK(s && s->id == SCHEME_ECDSA_SHA256 && s->key == KEY_EC && s->hash == HASH_SHA2_256);
    CHECK(bytes_equal(signature, bytes_of("sig", 3)));
    s = READ(AUTH_DIGITAL_SIGNATURE, "\x07\x30\x05\x06\x03\x2b\x65\x70s");
    CHECK(s && s->id == SCHEME_ED25519 && s->hash == HASH_IDENTITY);
    s = READ(AUTH_DIGITAL_SIGNATURE,
             "\x0f\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00s");
    CHECK(s && s->id == SCHEME_RSA_SHA256 && s->key == KEY_RSA);
    static const u8 pss[] =
        "\x43\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34\xa0\x0f\x30\x0d\x06\x09"
        "\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7"
        "\x0d\x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\xa2\x03\x02"
        "\x01\x20s";
    s = READ(AUTH_DIGITAL_SIGNATURE, pss);
    CHECK(s && s->id == SCHEME_RSA_PSS_SHA256);
}

/* RFC 8017 A.2.3: the trailer field of RSASSA-PSS written out, in both encodings; of others, or
 * with another value, it is none. */
TEST(a_trailer_that_goes_without_saying)
{
    for (unsigned i = 0; i < SCHEME_COUNT; i++) {
        const struct scheme *s = scheme_at((enum scheme_id)i);
        for (unsigned way = 0; way < 2; way++) {
            struct bytes oid = way ? s->other : s->oid;
            u8 octets[128];
            size_t len = 1 + oid.len + 5;
            if (oid.len < 15)
                continue;
            octets[0] = (u8)(oid.len + 5);
            memcpy(octets + 1, oid.at, oid.len);
            memcpy(octets + 1 + oid.len, "\xa3\x03\x02\x01\x01s", 6);
            octets[1 + 1] = (u8)(octets[1 + 1] + 5);
            octets[1 + 14] = (u8)(octets[1 + 14] + 5);
            CHECK(read(AUTH_DIGITAL_SIGNATURE, octets, len + 1) == (s->other.len ? s : NULL));
            octets[len - 1] = 2;
            CHECK(!read(AUTH_DIGITAL_SIGNATURE, octets, len + 1));
            octets[len - 1] = 1;
            octets[1 + 14] = (u8)(octets[1 + 14] - 5);
            CHECK(!read(AUTH_DIGITAL_SIGNATURE, octets, len + 1));
        }
    }
}

/* Each is what its own octets say, in both encodings; lengths inside fit. */
TEST(each_comes_back)
{
    for (unsigned i = 0; i < SCHEME_COUNT; i++) {
        const struct scheme *s = scheme_at((enum scheme_id)i);
        u8 octets[128];
        CHECK_EQ(s->id, i);
        CHECK((s->oid.len > 0) == (s->method == AUTH_DIGITAL_SIGNATURE));
        for (unsigned way = 0; way < 2; way++) {
            struct bytes oid = way ? s->other : s->oid;
            if (way && oid.len == 0)
                continue;
            size_t len = 0;
            if (s->method == AUTH_DIGITAL_SIGNATURE) {
                CHECK_EQ(oid.at[1], oid.len - 2); /* a SEQUENCE of all that is left */
                octets[len++] = (u8)oid.len;
                memcpy(octets + len, oid.at, oid.len);
                len += oid.len;
            }
            octets[len++] = 's';
            const struct scheme *got = read(s->method, octets, len);
            CHECK(got == s && signature.len == 1);
        }
    }
}

TEST(what_is_malformed_or_unknown)
{
    CHECK(!READ(AUTH_DIGITAL_SIGNATURE, ""));
    CHECK(!READ(AUTH_DIGITAL_SIGNATURE, "\x07\x30\x05\x06\x03\x2b\x65\x70")); /* no signature */
    CHECK(!READ(AUTH_DIGITAL_SIGNATURE, "\x09\x30\x05\x06\x03\x2b\x65\x70s"));
    CHECK(!READ(AUTH_DIGITAL_SIGNATURE, "\x07\x30\x05\x06\x03\x2b\x65\x72s"));
    CHECK(!READ(AUTH_DIGITAL_SIGNATURE, "\x00s"));
    CHECK(!READ(AUTH_PSK, "s"));
    CHECK(!READ(AUTH_RSA, ""));
}

/* RFC 7427 4: only by what the peer takes; without a word of it by what was there before. */
TEST(which_one_is_taken)
{
    unsigned all = HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_SHA2_384) | HASH_BIT(HASH_SHA2_512) |
                   HASH_BIT(HASH_IDENTITY);
    u32 set = scheme_defaults();
    CHECK_EQ(scheme_choose(set, KEY_EC, 256, all)->id, SCHEME_ECDSA_SHA256);
    CHECK_EQ(scheme_choose(set, KEY_EC, 384, HASH_BIT(HASH_SHA2_512))->id, SCHEME_ECDSA_SHA512);
    CHECK_EQ(scheme_choose(set, KEY_EC, 384, 0)->id, SCHEME_ECDSA_384);
    CHECK_EQ(scheme_choose(set, KEY_EC, 521, 0)->id, SCHEME_ECDSA_521);
    CHECK(!scheme_choose(set, KEY_EC, 224, 0));
    CHECK_EQ(scheme_choose(set, KEY_RSA, 3072, all)->id, SCHEME_RSA_PSS_SHA256);
    CHECK_EQ(scheme_choose(SCHEME_BIT(SCHEME_RSA_SHA512), KEY_RSA, 2048, all)->id,
             SCHEME_RSA_SHA512);
    CHECK_EQ(scheme_choose(set, KEY_ED25519, 256, all)->id, SCHEME_ED25519);
    CHECK(!scheme_choose(set, KEY_ED25519, 256, HASH_BIT(HASH_SHA2_256)));
    CHECK(!scheme_choose(set, KEY_ED448, 448, 0));
}

/* RFC 8247 3: SHA-1 only where it is named. */
TEST(sha1_has_to_be_named)
{
    u32 set = scheme_defaults();
    CHECK(!scheme_choose(set, KEY_RSA, 2048, 0) &&
          !scheme_choose(set, KEY_RSA, 2048, HASH_BIT(HASH_SHA1)));
    set |= SCHEME_BIT(SCHEME_RSA);
    CHECK_EQ(scheme_choose(set, KEY_RSA, 2048, 0)->method, AUTH_RSA);
}

int main(void)
{
    return RUN(algorithm_identifiers) | RUN(a_trailer_that_goes_without_saying) |
           RUN(each_comes_back) | RUN(what_is_malformed_or_unknown) | RUN(which_one_is_taken) |
           RUN(sha1_has_to_be_named);
}
