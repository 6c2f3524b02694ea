/* Proofs by passwords, against what RFCs have published. */
#include "keys/password.h"
#include "test.h"

#define TEXT(s) bytes_of((s), sizeof(s) - 1)

static struct password_room room;

/* RFC 2759 9.2 */
static const u8 server_challenge[] = {0x5b, 0x5d, 0x7c, 0x7d, 0x7b, 0x3f, 0x2f, 0x3e,
                                      0x3c, 0x2c, 0x60, 0x21, 0x32, 0x26, 0x26, 0x28};
static const u8 peer_challenge[] = {0x21, 0x40, 0x23, 0x24, 0x25, 0x5e, 0x26, 0x2a,
                                    0x28, 0x29, 0x5f, 0x2b, 0x3a, 0x33, 0x7c, 0x7e};
static const u8 nt_response[] = {0x82, 0x30, 0x9e, 0xcd, 0x8d, 0x70, 0x8b, 0x5e,
                                 0xa0, 0x8f, 0xaa, 0x39, 0x81, 0xcd, 0x83, 0x54,
                                 0x42, 0x33, 0x11, 0x4a, 0x3d, 0x85, 0xd6, 0xdf};
static const u8 hash[] = {0x44, 0xeb, 0xba, 0x8d, 0x53, 0x12, 0xb8, 0xd6,
                          0x11, 0x47, 0x44, 0x11, 0xf5, 0x69, 0x89, 0xae};
static const u8 of_server[] = {0x40, 0x7a, 0x55, 0x89, 0x11, 0x5f, 0xd0, 0xd6, 0x20, 0x9f,
                               0x51, 0x0f, 0xe9, 0xc0, 0x45, 0x66, 0x93, 0x2c, 0xda, 0x56};
/* RFC 3079 3.5.3: SendStartKey128 */
static const u8 start_key[] = {0x8b, 0x7c, 0xdc, 0x14, 0x9b, 0x99, 0x3a, 0x1b,
                               0xa1, 0x18, 0xcb, 0x15, 0x3f, 0x56, 0xdc, 0xcb};

static struct mail_password mschapv2(bool checks)
{
    return (struct mail_password){.reference = 7,
                                  .what = PASSWORD_MSCHAPV2,
                                  .checks = checks,
                                  .user = TEXT("someone"),
                                  .spelling = TEXT("User"),
                                  .challenge = bytes_of(server_challenge, 16),
                                  .own = bytes_of(peer_challenge, 16),
                                  .proof = bytes_of(nt_response, checks ? 24 : 0)};
}

static const struct password client = {{(const u8 *)"clientPass", 10}, false};

TEST(mschapv2_as_published)
{
    struct mail_password ask = mschapv2(false);
    if (!password_open()) {
        printf("# no MD4 in this cryptographic library\n");
        return;
    }
    struct mail_password_is is = password_answer(&client, &ask, &room);
    CHECK(is.reason == SHRIKE_REASON_NONE && is.reference == 7);
    CHECK(is.proof.len == 24 && memcmp(is.proof.at, nt_response, 24) == 0);
    CHECK(is.server.len == 20 && memcmp(is.server.at, of_server, 20) == 0);
    /* The octets by which the server sends stand in the second place, by which it receives in the
     * first. */
    CHECK(is.key.len == 64);
    CHECK_BYTES(is.key.at + 16, start_key, 16);
    CHECK(memcmp(is.key.at, start_key, 16) != 0);
    for (size_t i = 32; i < 64; i++)
        CHECK_EQ(is.key.at[i], 0);
    const struct password hashed = {bytes_of(hash, 16), true};
    is = password_answer(&hashed, &ask, &room);
    CHECK(is.proof.len == 24 && memcmp(is.proof.at, nt_response, 24) == 0);
    const struct password half = {bytes_of(hash, 15), true};
    CHECK_EQ(password_answer(&half, &ask, &room).reason, SHRIKE_REASON_CRYPTO);
}

TEST(mschapv2_is_checked)
{
    struct mail_password ask = mschapv2(true);
    u8 proof[24];
    if (!password_open()) {
        printf("# no MD4 in this cryptographic library\n");
        return;
    }
    struct mail_password_is is = password_answer(&client, &ask, &room);
    CHECK(is.reason == SHRIKE_REASON_NONE && is.server.len == 20 && is.key.len == 64);
    CHECK_EQ(is.proof.len, 0);
    ask.spelling = TEXT("HOME\\User"); /* RFC 2759 8.2: without the domain */
    CHECK_EQ(password_answer(&client, &ask, &room).reason, SHRIKE_REASON_NONE);
    ask.spelling = TEXT("user");
    is = password_answer(&client, &ask, &room);
    CHECK(is.reason == SHRIKE_REASON_EAP_FAILED && is.server.len == 0 && is.key.len == 0);
    ask = mschapv2(true);
    memcpy(proof, nt_response, 24);
    ask.proof = bytes_of(proof, 24);
    for (size_t i = 0; i < 24; i++) {
        proof[i] ^= 1;
        CHECK_EQ(password_answer(&client, &ask, &room).reason, SHRIKE_REASON_EAP_FAILED);
        proof[i] ^= 1;
    }
    ask.proof.len = 23;
    CHECK_EQ(password_answer(&client, &ask, &room).reason, SHRIKE_REASON_EAP_FAILED);
    ask = mschapv2(true);
    ask.own.len = 15;
    CHECK_EQ(password_answer(&client, &ask, &room).reason, SHRIKE_REASON_EAP_SYNTAX);
}

/* Letters beyond ASCII are UTF-16 in the hash: octets of this one by iconv and openssl. */
TEST(passwords_are_utf_8)
{
    static const struct {
        const char *password;
        u8 hash[16];
    } rows[] = {
        {"clientPass",
         {0x44, 0xeb, 0xba, 0x8d, 0x53, 0x12, 0xb8, 0xd6, 0x11, 0x47, 0x44, 0x11, 0xf5, 0x69, 0x89,
          0xae}},
        {"p\303\244ssw\303\266rd",
         {0x05, 0x53, 0x15, 0x22, 0x50, 0xac, 0x01, 0xad, 0xb4, 0x21, 0x3c, 0xb9, 0x93, 0x86, 0x63,
          0xe4}},
        {"\320\277\320\260\321\200\320\276\320\273\321\214",
         {0x50, 0x7e, 0x3e, 0xe8, 0x0d, 0xf7, 0xdb, 0x7c, 0x1f, 0xdd, 0x8d, 0x50, 0xae, 0x8d, 0xb6,
          0x06}},
        {"a\360\237\224\221b",
         {0x48, 0x0c, 0x7d, 0x7e, 0x94, 0x55, 0xf4, 0x31, 0x98, 0xed, 0x48, 0xdc, 0x20, 0xc3, 0x42,
          0x4e}},
        {"p\344ss",
         {0x41, 0x1b, 0x68, 0x98, 0x4d, 0x6b, 0x19, 0xbb, 0xb3, 0x02, 0x45, 0x57, 0x98, 0x32, 0x0a,
          0x06}},
    };
    if (!password_open()) {
        printf("# no MD4 in this cryptographic library\n");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mail_password ask = mschapv2(false);
        struct password p = {bytes_of(rows[i].password, strlen(rows[i].password)), false};
        struct password h = {bytes_of(rows[i].hash, 16), true};
        struct password_room other;
        CHECK_EQ(password_answer(&p, &ask, &room).proof.len, 24);
        CHECK_EQ(password_answer(&h, &ask, &other).proof.len, 24);
        CHECK_BYTES(room.proof, other.proof, 24);
    }
}

/* The digest of "\1" "password" "challenge" by md5sum. */
TEST(md5_as_computed_elsewhere)
{
    static const u8 digest[] = {0xc9, 0xd7, 0x4f, 0xd2, 0x7e, 0x93, 0x16, 0xad,
                                0xca, 0x50, 0xd2, 0x46, 0x17, 0x8a, 0x1f, 0x84};
    struct password p = {TEXT("password"), false}, h = {bytes_of(hash, 16), true};
    struct mail_password ask = {
        .reference = 3, .what = PASSWORD_MD5, .identifier = 1, .challenge = TEXT("challenge")};
    struct mail_password_is is = password_answer(&p, &ask, &room);
    CHECK(is.reason == SHRIKE_REASON_NONE && is.reference == 3 && is.proof.len == 16);
    CHECK_BYTES(is.proof.at, digest, 16);
    CHECK_EQ(password_answer(&h, &ask, &room).reason, SHRIKE_REASON_AUTH_NO_SECRET);
    ask.checks = true;
    ask.proof = bytes_of(digest, 16);
    is = password_answer(&p, &ask, &room);
    CHECK(is.reason == SHRIKE_REASON_NONE && is.proof.len == 0);
    ask.identifier = 2;
    CHECK_EQ(password_answer(&p, &ask, &room).reason, SHRIKE_REASON_EAP_FAILED);
    ask.identifier = 1;
    ask.proof.len = 15;
    CHECK_EQ(password_answer(&p, &ask, &room).reason, SHRIKE_REASON_EAP_FAILED);
}

TEST(passwords_as_they_are)
{
    struct password p = {TEXT("password"), false};
    struct mail_password ask = {.what = PASSWORD_PLAIN};
    struct mail_password_is is = password_answer(&p, &ask, &room);
    CHECK(bytes_equal(is.proof, p.octets));
    ask.checks = true;
    ask.proof = TEXT("password");
    is = password_answer(&p, &ask, &room);
    CHECK(is.reason == SHRIKE_REASON_NONE && is.proof.len == 0);
    ask.proof = TEXT("passwore");
    CHECK_EQ(password_answer(&p, &ask, &room).reason, SHRIKE_REASON_EAP_FAILED);
    ask.proof = TEXT("passwor");
    CHECK_EQ(password_answer(&p, &ask, &room).reason, SHRIKE_REASON_EAP_FAILED);
    ask.proof.len = 0;
    CHECK_EQ(password_answer(&p, &ask, &room).reason, SHRIKE_REASON_EAP_FAILED);
}

int main(void)
{
    return RUN(mschapv2_as_published) | RUN(mschapv2_is_checked) | RUN(passwords_are_utf_8) |
           RUN(md5_as_computed_elsewhere) | RUN(passwords_as_they_are);
}
