/* radius/pass: EAP between a client and a server, of which we look at the ends. */
#include "radius/pass.h"
#include "radius/radius.h"

static const u8 request[MD5_LEN] = {5};
static u8 octets[RADIUS_MAX];
static struct writer w;
static struct radius_pass pass;
static struct radius_pass_said said;

static void begin(u8 code)
{
    w = writer_of(octets, sizeof(octets));
    radius_begin(&w, code, 1, true);
}

/* Takes what was written as the answer of the third server. */
static bool take(void)
{
    struct md5 *m = md5_new();
    struct radius_secret s = secret_of(m);
    struct radius_output out = {.kind = RADIUS_ANSWERED, .place = {.server = 2}};
    memcpy(out.request, request, MD5_LEN);
    bool sealed = radius_seal(&w, &s, RADIUS_ANSWER, request) &&
                  radius_packet_read(written_bytes(&w), &out.answer);
    if (sealed)
        radius_pass_take(&pass, &out, &s, &said);
    md5_free(m);
    return sealed;
}

TEST(who_it_is)
{
    u8 out[RADIUS_EAP_MAX];
    static u8 large[RADIUS_EAP_MAX];
    struct bytes identity;
    struct bytes b = radius_pass_identity(bytes_of("anna", 4), out);
    CHECK_EQ(b.len, 9);
    CHECK_BYTES(b.at, "\2\0\0\11\1anna", 9);
    CHECK(radius_pass_is_identity(b, &identity) && bytes_equal(identity, bytes_of("anna", 4)));
    CHECK(!radius_pass_is_identity(bytes_of("\1\0\0\11\1anna", 9), &identity)); /* a request */
    CHECK(!radius_pass_is_identity(bytes_of("\2\0\0\11\4anna", 9), &identity)); /* MD5 */
    CHECK(!radius_pass_is_identity(bytes_of("\2\0\0\12\1anna", 9), &identity)); /* too short */
    CHECK(!radius_pass_is_identity(bytes_of("\2\0\0\4", 4), &identity));
    CHECK(radius_pass_is_identity(bytes_of("\2\0\0\5\1", 5), &identity) && identity.len == 0);
    CHECK_EQ(radius_pass_identity(bytes_of(large, sizeof(large)), out).len, 0);
}

TEST(a_question)
{
    static u8 attributes[RADIUS_MAX], eap[RADIUS_EAP_MAX];
    struct bytes value;
    radius_pass_begin(&pass);
    CHECK_EQ(pass.server, RADIUS_ANY);
    w = writer_of(attributes, sizeof(attributes));
    radius_put_text(&w, RADIUS_USER_NAME, "anna");
    CHECK(radius_pass_ask(&pass, bytes_of("\2\0\0\11\1anna", 9), &w));
    struct radius_packet p = {.attributes = written_bytes(&w)};
    CHECK(radius_find(&p, RADIUS_USER_NAME, &value) && value.len == 4);
    CHECK(!radius_find(&p, RADIUS_STATE, &value));
    CHECK_EQ(radius_eap(&p, eap).len, 9);
    w = writer_of(attributes, sizeof(attributes));
    radius_put_text(&w, RADIUS_USER_NAME, "anna");
    CHECK(!radius_pass_ask(&pass, bytes_of(eap, sizeof(eap)), &w)); /* no packet has room */
}

TEST(a_challenge_and_its_state)
{
    static u8 attributes[RADIUS_MAX];
    struct bytes value;
    radius_pass_begin(&pass);
    pass.question = 7;
    begin(RADIUS_ACCESS_CHALLENGE);
    radius_put_eap(&w, bytes_of("\1\7\0\6\4x", 6));
    radius_put_text(&w, RADIUS_STATE, "as it was");
    CHECK(take());
    CHECK_EQ(said.step, RADIUS_PASS_SAY);
    CHECK(said.len == 6 && memcmp(said.eap, "\1\7\0\6\4x", 6) == 0);
    CHECK(pass.server == 2 && pass.question == 0);
    w = writer_of(attributes, sizeof(attributes));
    radius_put_text(&w, RADIUS_USER_NAME, "anna");
    CHECK(radius_pass_ask(&pass, bytes_of("\2\7\0\6\4y", 6), &w));
    struct radius_packet p = {.attributes = written_bytes(&w)};
    CHECK(radius_find(&p, RADIUS_STATE, &value) && bytes_equal(value, bytes_of("as it was", 9)));
    begin(RADIUS_ACCESS_CHALLENGE); /* the next one has none */
    radius_put_eap(&w, bytes_of("\1\10\0\5\4??", 7));
    CHECK(take() && said.step == RADIUS_PASS_SAY && said.len == 5); /* without padding */
    CHECK_EQ(pass.state_len, 0);
}

TEST(challenges_without_sense)
{
    const char *const eap[] = {"", "\1\7\0\4", "\2\7\0\6\4x", "\3\7\0\4", "\1\7\0\7\4x"};
    const size_t lens[] = {0, 4, 6, 4, 6};
    for (size_t i = 0; i < ARRAY_LEN(eap); i++) {
        radius_pass_begin(&pass);
        begin(RADIUS_ACCESS_CHALLENGE);
        radius_put_text(&w, RADIUS_STATE, "s");
        if (lens[i])
            radius_put_eap(&w, bytes_of(eap[i], lens[i]));
        CHECK(take());
        CHECK_EQ(said.step, RADIUS_PASS_VAIN);
        CHECK(said.len == 0 || pass.state_len == 0);
    }
}

TEST(its_end)
{
    radius_pass_begin(&pass);
    begin(RADIUS_ACCESS_REJECT);
    radius_put_eap(&w, bytes_of("\4\7\0\4", 4));
    CHECK(take() && said.step == RADIUS_PASS_FAIL);
    begin(RADIUS_ACCESS_ACCEPT);
    radius_put_eap(&w, bytes_of("\3\7\0\4", 4));
    radius_put_u32(&w, RADIUS_FRAMED_IP_ADDRESS, 0x0a030001);
    CHECK(take() && said.step == RADIUS_PASS_OVER);
    CHECK(said.grant.address_count == 1 && said.grant.msk_len == 0);
    begin(RADIUS_ACCESS_ACCEPT); /* with a key that nobody can read */
    radius_put(&w, RADIUS_VENDOR_SPECIFIC, bytes_of("\0\0\1\67\20\4ab", 8));
    CHECK(take() && said.step == RADIUS_PASS_VAIN);
}

int main(void)
{
    return RUN(who_it_is) | RUN(a_question) | RUN(a_challenge_and_its_state) |
           RUN(challenges_without_sense) | RUN(its_end);
}
