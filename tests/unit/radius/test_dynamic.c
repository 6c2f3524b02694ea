/* radius/dynamic: who is put out, who may ask for it, and how often a request counts. */
#include "radius/dynamic.h"
#include "radius/radius.h"

#define S     SHRIKE_SECOND
#define TODAY 1700000000u

static struct md5 *md5;
static struct radius_sessions *sessions;
static struct radius_dynamic *dynamic;
static struct radius_session *anna, *carl;
static struct shrike_endpoint from;
static shrike_time now;
static u8 octets[RADIUS_MAX];
static struct writer w;
static u8 id;

static bool open_dynamic(bool timeless)
{
    static const struct shrike_addr clients[] = {{{10, 0, 0, 2}, 4}};
    static const char *const names[] = {"gate", "other"};
    const struct radius_dynamic_conf conf = {
        bytes_of(RADIUS_SECRET, strlen(RADIUS_SECRET)), clients, 1, names, 2, timeless};
    md5 = md5_new();
    sessions = radius_sessions_new();
    dynamic = radius_dynamic_new(&conf, md5);
    struct radius_who who = {.sa = 1, .user_name = bytes_of("anna", 4), .conn = "rw"};
    who.local = (struct shrike_endpoint){.octets = {192, 0, 2, 1}, .port = 4500, .family = 4};
    anna = radius_sessions_add(sessions, &who, 0);
    who.sa = 2;
    who.user_name = bytes_of("carl", 4);
    carl = radius_sessions_add(sessions, &who, 0);
    from = (struct shrike_endpoint){.octets = {10, 0, 0, 2}, .port = 5000, .family = 4};
    now = 1000 * S;
    id = 0;
    return md5 && sessions && dynamic && anna && carl;
}

static void close_dynamic(void)
{
    radius_dynamic_free(dynamic);
    radius_sessions_free(sessions);
    md5_free(md5);
}

/* A request, to which the test adds what it likes. */
static void begin(u8 code)
{
    w = writer_of(octets, sizeof(octets));
    radius_begin(&w, code, id++, true);
    radius_put_u32(&w, RADIUS_EVENT_TIMESTAMP, TODAY);
}

static struct radius_verdict send_again(void)
{
    return radius_dynamic_heard(dynamic, sessions,
                                &(struct radius_request){from, written_bytes(&w), now, TODAY});
}

static struct radius_verdict send_it(void)
{
    struct radius_secret s = secret_of(md5);
    return radius_seal(&w, &s, RADIUS_PLAIN, NULL)
               ? send_again()
               : (struct radius_verdict){.why = RADIUS_WHY_LIBRARY};
}

/* Is it an answer of this code, by us, with this error? */
static bool answered(const struct radius_verdict *v, u8 code, u16 error)
{
    struct radius_packet p;
    struct radius_secret s = secret_of(md5);
    return radius_packet_read(v->answer, &p) && p.code == code && p.id == v->packet.id &&
           radius_is_answer(&p, &s, v->packet.authenticator, true) &&
           radius_find_u32(&p, RADIUS_ERROR_CAUSE, 0) == error && v->error == error;
}

TEST(somebody_is_put_out)
{
    CHECK(open_dynamic(false));
    begin(RADIUS_DISCONNECT_REQUEST);
    radius_put_text(&w, RADIUS_USER_NAME, "carl");
    radius_put_text(&w, RADIUS_NAS_IDENTIFIER, "other");
    radius_put_u32(&w, RADIUS_NAS_IP_ADDRESS, 0xc0000201);
    radius_put_text(&w, RADIUS_PROXY_STATE, "one");
    radius_put_text(&w, RADIUS_PROXY_STATE, "two");
    struct radius_verdict v = send_it();
    CHECK(v.wish == RADIUS_WISH_OUT && v.why == RADIUS_WHY_NONE);
    CHECK(answered(&v, RADIUS_DISCONNECT_ACK, 0));
    CHECK(radius_sessions_match(sessions, &v.packet, true, NULL) == carl);
    CHECK(!radius_sessions_match(sessions, &v.packet, true, carl));
    struct radius_packet p; /* RFC 5176 3.1: in their order */
    CHECK(radius_packet_read(v.answer, &p));
    CHECK_EQ(p.attributes.len, 18 + 5 + 5);
    CHECK_BYTES(p.attributes.at + 18, "\41\5one\41\5two", 10);
    close_dynamic();
}

TEST(once)
{
    CHECK(open_dynamic(false));
    u8 answer[RADIUS_MAX];
    begin(RADIUS_DISCONNECT_REQUEST);
    radius_put_text(&w, RADIUS_USER_NAME, "carl");
    struct radius_verdict v = send_it();
    CHECK(v.wish == RADIUS_WISH_OUT);
    struct bytes first = bytes_of(answer, v.answer.len);
    memcpy(answer, v.answer.at, v.answer.len);
    radius_sessions_remove(sessions, carl);
    now += 200 * S;
    v = send_again(); /* the answer was lost */
    CHECK(v.wish == RADIUS_WISH_NONE && v.why == RADIUS_WHY_AGAIN);
    CHECK(bytes_equal(v.answer, first));
    from.port++; /* another asks the same */
    v = send_again();
    CHECK(v.why == RADIUS_WHY_REFUSED && answered(&v, RADIUS_DISCONNECT_NAK, 503));
    close_dynamic();
}

/* One request of this code with one attribute; the error of its answer. */
static u16 error_of(u8 code, const char *user, u8 type, struct bytes value)
{
    begin(code);
    if (user)
        radius_put_text(&w, RADIUS_USER_NAME, user);
    if (type)
        radius_put(&w, type, value);
    struct radius_verdict v = send_it();
    if (v.error ? v.wish != RADIUS_WISH_NONE || v.why != RADIUS_WHY_REFUSED : v.why != 0)
        return 1;
    return answered(&v, (u8)(code + (v.error ? 2 : 1)), v.error) ? v.error : 2;
}

TEST(refusals)
{
    const struct bytes four = bytes_of("\0\0\0\21", 4), vendor = bytes_of("\0\0\0\11\1\3a", 7);
    const u8 out = RADIUS_DISCONNECT_REQUEST, coa = RADIUS_COA_REQUEST;
    CHECK(open_dynamic(false));
    CHECK_EQ(error_of(out, "anna", 0, four), 0);
    CHECK_EQ(error_of(out, "bert", 0, four), 503);
    CHECK_EQ(error_of(out, NULL, 0, four), 402);
    CHECK_EQ(error_of(out, "anna", RADIUS_NAS_IDENTIFIER, bytes_of("gat", 3)), 403);
    CHECK_EQ(error_of(out, "anna", RADIUS_NAS_IP_ADDRESS, four), 403);
    CHECK_EQ(error_of(out, "anna", RADIUS_SERVICE_TYPE, four), 401);
    CHECK_EQ(error_of(out, "anna", RADIUS_STATE, four), 401);
    CHECK_EQ(error_of(out, "anna", RADIUS_SESSION_TIMEOUT, four), 401);
    CHECK_EQ(error_of(out, "anna", RADIUS_VENDOR_SPECIFIC, vendor), 401);
    CHECK_EQ(error_of(out, "anna", RADIUS_VENDOR_SPECIFIC, four), 401);
    CHECK_EQ(error_of(out, "anna", 200, four), 401);
    CHECK_EQ(error_of(out, "anna", RADIUS_CLASS, four), 0); /* RFC 5176 3.6 note 4 */
    CHECK_EQ(error_of(coa, "anna", RADIUS_FILTER_ID, four), 401);
    CHECK_EQ(error_of(coa, "anna", RADIUS_SESSION_TIMEOUT, bytes_of("abc", 3)), 407);
    CHECK_EQ(error_of(coa, "bert", RADIUS_SESSION_TIMEOUT, four), 503);
    CHECK_EQ(error_of(coa, "anna", RADIUS_SERVICE_TYPE, four), 402); /* RFC 5176 3.3: no State */
    CHECK_EQ(error_of(coa, "anna", RADIUS_SERVICE_TYPE, bytes_of("\0\0\0\2", 4)), 405);
    close_dynamic();
}

TEST(a_session_gets_another_end)
{
    CHECK(open_dynamic(false));
    begin(RADIUS_COA_REQUEST);
    radius_put_text(&w, RADIUS_ACCT_SESSION_ID, anna->id);
    radius_put_u32(&w, RADIUS_SESSION_TIMEOUT, 600);
    radius_put_text(&w, RADIUS_STATE, "as it is");
    struct radius_verdict v = send_it();
    struct radius_packet p;
    struct bytes state;
    CHECK(v.wish == RADIUS_WISH_TIME && v.session_s == 600);
    CHECK(answered(&v, RADIUS_COA_ACK, 0) && radius_packet_read(v.answer, &p));
    CHECK(radius_find(&p, RADIUS_STATE, &state) && bytes_equal(state, bytes_of("as it is", 8)));
    begin(RADIUS_COA_REQUEST);
    radius_put_text(&w, RADIUS_USER_NAME, "anna");
    radius_put_text(&w, RADIUS_STATE, "s");
    radius_put_u32(&w, RADIUS_SERVICE_TYPE, RADIUS_SERVICE_AUTHORIZE_ONLY);
    v = send_it();
    CHECK(v.wish == RADIUS_WISH_NONE && answered(&v, RADIUS_COA_NAK, 405));
    close_dynamic();
}

TEST(who_gets_no_answer)
{
    CHECK(open_dynamic(false));
    struct radius_verdict v;
    begin(RADIUS_DISCONNECT_REQUEST);
    radius_put_text(&w, RADIUS_USER_NAME, "anna");
    from.octets[3] = 3;
    v = send_it();
    CHECK(v.why == RADIUS_WHY_STRANGER && v.wish == RADIUS_WISH_NONE && v.answer.len == 0);
    from.octets[3] = 2;
    octets[written(&w) - 1] ^= 1;
    v = send_again();
    CHECK(v.why == RADIUS_WHY_FORGED && v.wish == RADIUS_WISH_NONE && v.answer.len == 0);
    begin(RADIUS_ACCESS_REQUEST);
    v = send_it();
    CHECK(v.why == RADIUS_WHY_UNSOUND && v.answer.len == 0);
    w = writer_of(octets, sizeof(octets));
    write_zero(&w, 10);
    v = send_again();
    CHECK(v.why == RADIUS_WHY_UNSOUND && v.answer.len == 0);
    close_dynamic();
}

static enum radius_why at_time(bool with, u32 time)
{
    w = writer_of(octets, sizeof(octets));
    radius_begin(&w, RADIUS_DISCONNECT_REQUEST, id++, false);
    radius_put_text(&w, RADIUS_USER_NAME, "anna");
    if (with)
        radius_put_u32(&w, RADIUS_EVENT_TIMESTAMP, time);
    return send_it().why;
}

TEST(its_time_must_be_ours)
{
    CHECK(open_dynamic(false));
    CHECK(at_time(true, TODAY - 300) == RADIUS_WHY_NONE);
    CHECK(at_time(true, TODAY + 300) == RADIUS_WHY_NONE);
    CHECK(at_time(true, TODAY - 301) == RADIUS_WHY_TIME);
    CHECK(at_time(true, TODAY + 301) == RADIUS_WHY_TIME);
    CHECK(at_time(true, 0) == RADIUS_WHY_TIME);
    CHECK(at_time(false, 0) == RADIUS_WHY_TIME);
    close_dynamic();
    CHECK(open_dynamic(true));
    CHECK(at_time(false, 0) == RADIUS_WHY_NONE);
    CHECK(at_time(true, TODAY - 301) == RADIUS_WHY_TIME); /* even so */
    close_dynamic();
}

/* A request whose time is 300 s ahead of us is good for 600 s; so long it is remembered. */
TEST(what_is_ahead_of_us_counts_once_too)
{
    CHECK(open_dynamic(false));
    CHECK(at_time(true, TODAY + 300) == RADIUS_WHY_NONE);
    now += 599 * S;
    struct radius_verdict v = radius_dynamic_heard(
        dynamic, sessions, &(struct radius_request){from, written_bytes(&w), now, TODAY + 599});
    CHECK(v.why == RADIUS_WHY_AGAIN && v.wish == RADIUS_WISH_NONE);
    close_dynamic();
}

TEST(no_more_than_can_be_remembered)
{
    CHECK(open_dynamic(false));
    for (u32 i = 0; i < RADIUS_REQUESTS_MAX; i++) {
        from.port = (u16)(1024 + i / 256);
        CHECK(at_time(true, TODAY) == RADIUS_WHY_NONE);
    }
    from.port++;
    CHECK(at_time(true, TODAY) == RADIUS_WHY_MANY);
    now += 601 * S;
    CHECK(at_time(true, TODAY) == RADIUS_WHY_NONE);
    close_dynamic();
}

int main(void)
{
    return RUN(somebody_is_put_out) | RUN(once) | RUN(refusals) | RUN(a_session_gets_another_end) |
           RUN(who_gets_no_answer) | RUN(its_time_must_be_ours) |
           RUN(what_is_ahead_of_us_counts_once_too) | RUN(no_more_than_can_be_remembered);
}
