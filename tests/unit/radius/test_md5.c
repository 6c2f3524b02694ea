/* radius/md5: what was published of MD5 (RFC 1321 A.5) and HMAC-MD5 (RFC 2202 2). */
#include "radius/md5.h"
#include "test.h"

static bool hash_is(struct md5 *m, const char *text, const char *digest)
{
    u8 out[MD5_LEN], want[MD5_LEN];
    size_t half = strlen(text) / 2;
    const struct bytes parts[] = {bytes_of(text, half), bytes_of(text + half, strlen(text) - half)};
    hex(digest, want, sizeof(want));
    return md5_hash(m, parts, 2, out) && memcmp(out, want, MD5_LEN) == 0;
}

TEST(hashes)
{
    struct md5 *m = md5_new();
    CHECK(m);
    CHECK(hash_is(m, "", "d41d8cd98f00b204e9800998ecf8427e"));
    CHECK(hash_is(m, "abc", "900150983cd24fb0d6963f7d28e17f72"));
    CHECK(hash_is(m, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"));
    md5_free(m);
}

static bool hmac_is(struct md5 *m, struct bytes key, const char *text, const char *digest)
{
    u8 out[MD5_LEN], want[MD5_LEN];
    const struct bytes parts[] = {bytes_of(text, 1), bytes_of(text + 1, strlen(text) - 1)};
    hex(digest, want, sizeof(want));
    return md5_hmac(m, key, parts, 2, out) && memcmp(out, want, MD5_LEN) == 0;
}

TEST(hmacs)
{
    struct md5 *m = md5_new();
    u8 long_key[80], short_key[16];
    CHECK(m);
    memset(long_key, 0xaa, sizeof(long_key));
    memset(short_key, 0x0b, sizeof(short_key));
    CHECK(hmac_is(m, bytes_of(short_key, 16), "Hi There", "9294727a3638bb1c13f48ef8158bfc9d"));
    CHECK(hmac_is(m, bytes_of("Jefe", 4), "what do ya want for nothing?",
                  "750c783e6ab0b503eaa86e310a5db738"));
    CHECK(hmac_is(m, bytes_of(long_key, 80),
                  "Test Using Larger Than Block-Size Key - Hash Key First",
                  "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"));
    md5_free(m);
}

int main(void)
{
    return RUN(hashes) | RUN(hmacs);
}
