/* radius/sessions: what names them, when something is due, who is meant. */
#include "radius/radius.h"
#include "radius/sessions.h"

#define S     SHRIKE_SECOND
#define EPOCH 0x6500000100000000 /* when its owner began */

static const struct shrike_endpoint here = {.octets = {192, 0, 2, 1}, .port = 4500, .family = 4};
static const struct shrike_endpoint there = {.octets = {203, 0, 113, 9}, .port = 1024, .family = 4};

static struct radius_session *add(struct radius_sessions *s, u64 sa, const char *user)
{
    return radius_sessions_add(s,
                               &(struct radius_who){.sa = sa,
                                                    .user_name = bytes_of(user, strlen(user)),
                                                    .conn = "rw",
                                                    .local = here,
                                                    .remote = there,
                                                    .with_port = true},
                               1000 * S);
}

static bool says(struct bytes attributes, u8 type, const char *text)
{
    const struct radius_packet p = {.attributes = attributes};
    struct bytes value;
    return radius_find(&p, type, &value) && bytes_equal(value, bytes_of(text, strlen(text)));
}

TEST(what_names_one)
{
    struct radius_sessions *s = radius_sessions_new();
    struct radius_session *one = add(s, EPOCH + 7, "anna@example.org");
    CHECK(one && radius_sessions_find(s, EPOCH + 7) == one && !radius_sessions_find(s, EPOCH + 8));
    CHECK(says(one->attributes, RADIUS_USER_NAME, "anna@example.org"));
    CHECK(says(one->attributes, RADIUS_ACCT_SESSION_ID, "65000001-7"));
    CHECK(says(one->attributes, RADIUS_CALLED_STATION_ID, "192.0.2.1[4500]"));
    CHECK(says(one->attributes, RADIUS_CALLING_STATION_ID, "203.0.113.9[1024]"));
    CHECK(says(one->attributes, RADIUS_NAS_PORT_ID, "rw"));
    CHECK(says(one->attributes, RADIUS_NAS_IP_ADDRESS, "\300\0\2\1") == false); /* a NUL inside */
    CHECK(!add(s, EPOCH + 7, "again"));
    struct radius_session *two = add(s, EPOCH + 7 + 4096, "b"); /* the same bucket */
    CHECK(two && says(two->attributes, RADIUS_ACCT_SESSION_ID, "65000001-4103"));
    radius_sessions_remove(s, one);
    CHECK(radius_sessions_find(s, EPOCH + 7 + 4096) == two && !radius_sessions_find(s, EPOCH + 7));
    CHECK_EQ(radius_sessions_count(s), 1);
    radius_sessions_free(s);
}

TEST(names_that_are_too_long_are_cut)
{
    struct radius_sessions *s = radius_sessions_new();
    char user[1000];
    memset(user, 'u', sizeof(user) - 1);
    user[sizeof(user) - 1] = 0;
    struct radius_session *one = add(s, 1, user);
    CHECK(one);
    const struct radius_packet p = {.attributes = one->attributes};
    struct bytes value;
    CHECK(radius_find(&p, RADIUS_USER_NAME, &value) && value.len == RADIUS_VALUE_MAX);
    radius_sessions_free(s);
}

TEST(something_is_due)
{
    struct radius_sessions *s = radius_sessions_new();
    struct radius_session *a = add(s, 1, "a"), *b = add(s, 2, "b");
    struct radius_grant g = {.interim_s = 60, .session_s = 150}, none = {0};
    struct radius_lease lease = {.interim_s = 0};
    bool ended;
    shrike_time t = 1000 * S;
    CHECK_EQ(radius_sessions_next(s), UINT64_MAX);
    CHECK(radius_sessions_start(s, a, &g, &lease, t) &&
          radius_sessions_start(s, b, &none, &lease, t));
    CHECK_EQ(radius_sessions_next(s), t + 60 * S);
    CHECK(!radius_sessions_due(s, t + 59 * S, &ended));
    CHECK(radius_sessions_due(s, t + 60 * S, &ended) == a && !ended);
    CHECK(!radius_sessions_due(s, t + 60 * S, &ended));
    CHECK(radius_sessions_due(s, t + 121 * S, &ended) == a && !ended);
    CHECK_EQ(radius_sessions_next(s), t + 150 * S);
    CHECK(radius_sessions_due(s, t + 150 * S, &ended) == a && ended);
    CHECK(radius_sessions_due(s, t + 181 * S, &ended) == a && !ended); /* it goes on being told */
    radius_sessions_end_at(s, b, 10, t);
    CHECK(radius_sessions_due(s, t + 182 * S, &ended) == b && ended);
    radius_sessions_remove(s, a);
    CHECK_EQ(radius_sessions_next(s), UINT64_MAX);
    radius_sessions_free(s);
}

static u8 octets[RADIUS_MAX];

/* How many are meant by a request with these attributes. */
static unsigned meant(const struct radius_sessions *s, const struct writer *w, bool nas)
{
    const struct radius_packet p = {.attributes = written_bytes(w)};
    unsigned n = 0;
    for (struct radius_session *one = NULL; (one = radius_sessions_match(s, &p, nas, one));)
        n++;
    return n;
}

TEST(who_is_meant)
{
    struct radius_sessions *s = radius_sessions_new();
    struct radius_session *a = add(s, 1, "anna"), *b = add(s, 2, "anna"), *c = add(s, 3, "carl");
    struct shrike_addr address = {{10, 3, 0, 1}, 4};
    struct radius_grant g = {.class_count = 1, .classes = {bytes_of("x", 1)}};
    struct radius_lease lease = {&address, 1, 0};
    CHECK(a && b && c && radius_sessions_start(s, b, &g, &lease, 0));
    struct writer w = writer_of(octets, sizeof(octets));
    CHECK_EQ(meant(s, &w, true), 3);
    radius_put_text(&w, RADIUS_USER_NAME, "anna");
    CHECK_EQ(meant(s, &w, true), 2);
    radius_put_u32(&w, RADIUS_FRAMED_IP_ADDRESS, 0x0a030001);
    CHECK_EQ(meant(s, &w, true), 1);
    radius_put_text(&w, RADIUS_ACCT_SESSION_ID, c->id);
    CHECK_EQ(meant(s, &w, true), 0);
    w = writer_of(octets, sizeof(octets));
    radius_put_text(&w, RADIUS_ACCT_SESSION_ID, c->id);
    radius_put_text(&w, RADIUS_NAS_IDENTIFIER, "whatever");
    radius_put_u32(&w, RADIUS_NAS_IP_ADDRESS, 0xc0000201);
    CHECK_EQ(meant(s, &w, true), 1);
    radius_put_u32(&w, RADIUS_NAS_IP_ADDRESS, 0xc0000202); /* another host */
    CHECK(meant(s, &w, true) == 0 && meant(s, &w, false) == 1);
    radius_sessions_free(s);
}

int main(void)
{
    return RUN(what_names_one) | RUN(names_that_are_too_long_are_cut) | RUN(something_is_due) |
           RUN(who_is_meant);
}
