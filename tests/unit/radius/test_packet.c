/* radius/packet: the examples of RFC 2865 7.1 and RFC 5997 6, and what is wrong with packets. */
#include "radius/radius.h"

#define STATUS_SERVER 12 /* RFC 5997 4.1 */

/* RFC 5997 6.1, 6.2. */
static const char *const status = "0cda00268a54f4686fb394c52866e302185d0623"
                                  "50125a665e2e1e8411f3e243822097c84fa3";
static const char *const status_answer = "02da0014ef0d552a4bf2d693ec2b6fe8b5411d66";
static const char *const account = "0cb30026925f6b66dd5fed571fcb1db7ad388260"
                                   "5012e8d6eabda910875cd91fdade26367858";
/* RFC 2865 7.1. */
static const char *const telnet_request = "0f403f9473978057bd83d5cb98f4227a";
static const char *const telnet_answer = "0200002686fe220e7624ba2a1005f6bf9b55e0b2"
                                         "06060000000"
                                         "10f06000000000e06c0a80103";

TEST(a_message_authenticator_as_published)
{
    struct md5 *m = md5_new();
    struct radius_secret s = secret_of(m);
    for (int i = 0; i < 2; i++) {
        u8 want[64], out[RADIUS_MAX];
        size_t n = hex(i ? account : status, want, sizeof(want));
        struct writer w = writer_of(out, sizeof(out));
        radius_begin(&w, STATUS_SERVER, want[1], true);
        CHECK(radius_seal(&w, &s, RADIUS_ACCESS, want + 4));
        CHECK_EQ(written(&w), n);
        CHECK_BYTES(out, want, n);
    }
    md5_free(m);
}

TEST(answers_as_published)
{
    struct md5 *m = md5_new();
    struct radius_secret s = secret_of(m), other = {m, bytes_of("xyzzy5462", 9)};
    struct radius_packet p;
    u8 request[64], answer[64];
    hex(status, request, sizeof(request));
    size_t n = hex(status_answer, answer, sizeof(answer));
    CHECK(radius_packet_read(bytes_of(answer, n), &p));
    CHECK(radius_is_answer(&p, &s, request + 4, false));
    CHECK(!radius_is_answer(&p, &s, request + 4, true)); /* RFC 3579 3.2: it proves too little */
    CHECK(!radius_is_answer(&p, &other, request + 4, false));
    hex(telnet_request, request, sizeof(request));
    n = hex(telnet_answer, answer, sizeof(answer));
    CHECK(radius_packet_read(bytes_of(answer, n), &p));
    CHECK(radius_is_answer(&p, &s, request, false));
    CHECK_EQ(radius_find_u32(&p, RADIUS_SERVICE_TYPE, 0), 1);
    answer[n - 1] ^= 1;
    CHECK(!radius_is_answer(&p, &s, request, false));
    md5_free(m);
}

TEST(an_answer_with_both_authenticators)
{
    struct md5 *m = md5_new();
    struct radius_secret s = secret_of(m);
    struct radius_packet p;
    u8 request[MD5_LEN] = {1, 2, 3}, at[RADIUS_MAX];
    struct bytes b = answer_of(m, at, RADIUS_ACCESS_CHALLENGE, 7, request);
    CHECK(radius_packet_read(b, &p));
    CHECK(radius_is_answer(&p, &s, request, true));
    request[0]++;
    CHECK(!radius_is_answer(&p, &s, request, true));
    request[0]--;
    for (size_t i = 0; i < b.len; i++) { /* no octet may be another one */
        at[i] ^= 0x40;
        CHECK(!radius_packet_read(b, &p) || !radius_is_answer(&p, &s, request, true));
        at[i] ^= 0x40;
    }
    md5_free(m);
}

/* Sealed by the plain authenticator alone, with these octets as they are in front. */
static bool taken_with(struct md5 *m, const u8 *attributes, size_t len)
{
    struct radius_secret s = secret_of(m);
    struct radius_packet p;
    const u8 request[MD5_LEN] = {9};
    u8 at[RADIUS_MAX];
    struct writer w = writer_of(at, sizeof(at));
    radius_begin(&w, RADIUS_ACCESS_ACCEPT, 1, false);
    radius_put_text(&w, RADIUS_STATE, "x"); /* so that nothing is filled in */
    write_bytes(&w, bytes_of(attributes, len));
    return radius_seal(&w, &s, RADIUS_ANSWER, request) &&
           radius_packet_read(written_bytes(&w), &p) && radius_is_answer(&p, &s, request, true);
}

TEST(a_message_authenticator_that_is_none)
{
    struct md5 *m = md5_new();
    u8 twice[2 * 18] = {80, 18, [18] = 80, [19] = 18};
    const u8 empty[] = {80, 2}, none[] = {24, 3, 'y'};
    CHECK(!taken_with(m, twice, 18)); /* zeros */
    CHECK(!taken_with(m, twice, sizeof(twice)));
    CHECK(!taken_with(m, empty, sizeof(empty)));
    CHECK(!taken_with(m, none, sizeof(none)));
    md5_free(m);
}

TEST(requests_of_accounting)
{
    struct md5 *m = md5_new();
    struct radius_secret s = secret_of(m), other = {m, bytes_of("else", 4)};
    struct radius_packet p;
    for (int with = 0; with < 2; with++) {
        u8 at[RADIUS_MAX];
        struct writer w = writer_of(at, sizeof(at));
        radius_begin(&w, RADIUS_DISCONNECT_REQUEST, 3, with);
        radius_put_text(&w, RADIUS_USER_NAME, "a");
        CHECK(radius_seal(&w, &s, RADIUS_PLAIN, NULL));
        CHECK(radius_packet_read(written_bytes(&w), &p));
        CHECK(radius_is_request(&p, &s));
        CHECK(!radius_is_request(&p, &other));
        at[written(&w) - 1] ^= 1;
        CHECK(!radius_is_request(&p, &s));
    }
    md5_free(m);
}

TEST(lengths_must_fit)
{
    struct radius_packet p;
    u8 at[64] = {2, 1, 0, 26, [20] = 24, [21] = 6};
    CHECK(radius_packet_read(bytes_of(at, 26), &p));
    CHECK_EQ(p.attributes.len, 6);
    CHECK(radius_packet_read(bytes_of(at, 40), &p)); /* RFC 2865 3: padding */
    CHECK_EQ(p.whole.len, 26);
    CHECK(!radius_packet_read(bytes_of(at, 25), &p));
    CHECK(!radius_packet_read(bytes_of(at, 3), &p));
    at[21] = 7;
    CHECK(!radius_packet_read(bytes_of(at, 26), &p));
    at[21] = 5; /* and one octet of nothing */
    CHECK(!radius_packet_read(bytes_of(at, 26), &p));
    at[21] = 1;
    CHECK(!radius_packet_read(bytes_of(at, 26), &p));
    at[21] = 0;
    CHECK(!radius_packet_read(bytes_of(at, 26), &p));
    at[3] = 19;
    CHECK(!radius_packet_read(bytes_of(at, 26), &p));
    at[3] = 20;
    CHECK(radius_packet_read(bytes_of(at, 26), &p));
    CHECK_EQ(p.attributes.len, 0);
}

TEST(no_packet_is_longer_than_4096)
{
    static u8 at[5000];
    struct radius_packet p;
    at[2] = 4096 >> 8;
    for (size_t i = RADIUS_HEADER_LEN; i + 2 <= 4096; i += 2)
        at[i] = 24, at[i + 1] = 2;
    CHECK(radius_packet_read(bytes_of(at, 4096), &p));
    at[3] = 2;
    at[4096] = 24, at[4097] = 2;
    CHECK(!radius_packet_read(bytes_of(at, 4098), &p));
}

TEST(eap_is_cut_and_joined)
{
    struct md5 *m = md5_new();
    struct radius_secret s = secret_of(m);
    struct radius_packet p;
    const size_t lens[] = {0, 4, 253, 254, 1020, 3500};
    static u8 message[3500], out[RADIUS_MAX], at[RADIUS_MAX], zero[MD5_LEN];
    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (u8)(i * 7);
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        struct writer w = writer_of(at, sizeof(at));
        radius_begin(&w, RADIUS_ACCESS_REQUEST, 1, true);
        radius_put_eap(&w, bytes_of(message, lens[i]));
        CHECK(radius_seal(&w, &s, RADIUS_ACCESS, zero));
        size_t pieces = lens[i] ? (lens[i] + 252) / 253 : 1; /* RFC 3579 2.1: none is one */
        CHECK_EQ(written(&w), 20 + 18 + lens[i] + 2 * pieces);
        CHECK(radius_packet_read(written_bytes(&w), &p));
        CHECK(bytes_equal(radius_eap(&p, out), bytes_of(message, lens[i])));
    }
    md5_free(m);
}

TEST(vendors_are_walked)
{
    const u8 at[] = {2,  1,  0,   53, 0, 0,    0,  0, 0,   0,  0, 0,   0,   0,
                     0,  0,  0,   0,  0, 0,                                      /* header */
                     26, 14, 0,   0,  1, 0x37, 16, 3, 'a', 17, 5, 'b', 'c', 'd', /* two */
                     24, 3,  's',                                                /* plain */
                     26, 10, 0,   0,  0, 9,    1,  9, 0,   0,                    /* not so */
                     26, 6,  0,   0,  0, 9};                                     /* empty */
    struct radius_packet p;
    struct radius_walk walk = {0};
    struct radius_attribute a;
    CHECK_EQ(sizeof(at), 53);
    CHECK(radius_packet_read(bytes_of(at, sizeof(at)), &p));
    CHECK(radius_next(&p, &walk, &a) && a.vendor == 311 && a.type == 16 && a.value.len == 1);
    CHECK(radius_next(&p, &walk, &a) && a.vendor == 311 && a.type == 17 && a.value.len == 3);
    CHECK(a.value.at[2] == 'd');
    CHECK(radius_next(&p, &walk, &a) && a.vendor == 0 && a.type == RADIUS_STATE);
    CHECK(radius_next(&p, &walk, &a) && a.vendor == 0 && a.type == RADIUS_VENDOR_SPECIFIC);
    CHECK_EQ(a.value.len, 8);
    CHECK(radius_next(&p, &walk, &a) && a.vendor == 0 && a.type == RADIUS_VENDOR_SPECIFIC);
    CHECK(!radius_next(&p, &walk, &a));
}

TEST(what_is_too_long_is_not_written)
{
    struct md5 *m = md5_new();
    struct radius_secret s = secret_of(m);
    static u8 at[2 * RADIUS_MAX], value[254], zero[MD5_LEN];
    struct writer w = writer_of(at, sizeof(at));
    radius_begin(&w, RADIUS_ACCESS_REQUEST, 1, true);
    radius_put(&w, RADIUS_STATE, bytes_of(value, 254));
    CHECK(!radius_seal(&w, &s, RADIUS_ACCESS, zero));
    w = writer_of(at, sizeof(at));
    radius_begin(&w, RADIUS_ACCESS_REQUEST, 1, true);
    while (written(&w) <= RADIUS_MAX)
        radius_put(&w, RADIUS_STATE, bytes_of(value, 253));
    CHECK(!radius_seal(&w, &s, RADIUS_ACCESS, zero));
    md5_free(m);
}

int main(void)
{
    return RUN(a_message_authenticator_as_published) | RUN(answers_as_published) |
           RUN(an_answer_with_both_authenticators) | RUN(a_message_authenticator_that_is_none) |
           RUN(requests_of_accounting) | RUN(lengths_must_fit) |
           RUN(no_packet_is_longer_than_4096) | RUN(eap_is_cut_and_joined) |
           RUN(vendors_are_walked) | RUN(what_is_too_long_is_not_written);
}
