/* radius/client: which server is asked, how often, and what is believed. */
#include "radius/client.h"
#include "radius/radius.h"

#define S SHRIKE_SECOND

static struct md5 *md5;
static struct shrike_provider *toy;
static struct radius_client *client;
static struct radius_server servers[3];
static shrike_time now;
static struct radius_output out;
static struct radius_packet asked; /* the last SEND, in sent_octets */
static u8 sent_octets[RADIUS_MAX];
static unsigned silent, back; /* that were told */

static bool open_client(u16 count)
{
    md5 = md5_new();
    toy = provider_toy_new(1);
    for (u16 i = 0; i < 3; i++)
        servers[i] = (struct radius_server){"server", "nas",
                                            bytes_of(RADIUS_SECRET, strlen(RADIUS_SECRET)), 0, 1};
    const struct radius_client_conf conf = {servers, count, 4, 140, 2 * S, 60 * S};
    client = md5 && toy ? radius_client_new(&conf, toy, md5) : NULL;
    now = 1000 * S;
    silent = back = 0;
    return client;
}

static void close_client(void)
{
    radius_client_free(client);
    provider_toy_free(toy);
    md5_free(md5);
}

static u64 ask(u8 door, u32 server)
{
    const u8 attributes[] = {1, 3, 'a'};
    return radius_client_ask(client, now,
                             &(struct radius_question){door, server, 77, bytes_of(attributes, 3)});
}

/* The next thing that is no news about servers. */
static bool next(enum radius_output_kind kind)
{
    while (radius_client_next(client, now, &out)) {
        silent += out.kind == RADIUS_SILENT;
        back += out.kind == RADIUS_IS_BACK;
        if (out.kind == RADIUS_SILENT || out.kind == RADIUS_IS_BACK)
            continue;
        if (out.kind == RADIUS_SEND) {
            memcpy(sent_octets, out.data.at, out.data.len);
            if (!radius_packet_read(bytes_of(sent_octets, out.data.len), &asked))
                return false;
        }
        return out.kind == kind;
    }
    return false;
}

static bool nothing(void)
{
    return !next(RADIUS_SEND) && radius_client_busy(client) < RADIUS_QUESTIONS_MAX;
}

static void hear(u16 server, u8 door, u8 code)
{
    u8 at[RADIUS_MAX];
    radius_client_heard(client, now, (struct radius_place){server, 0, door},
                        answer_of(md5, at, code, asked.id, asked.authenticator));
}

static void wait_for(shrike_time time)
{
    now += time;
    radius_client_tick(client, now);
}

TEST(a_question_and_its_answer)
{
    CHECK(open_client(1));
    u64 number = ask(RADIUS_AUTHENTICATION, RADIUS_ANY);
    struct bytes value;
    CHECK(number && next(RADIUS_SEND) && out.place.server == 0);
    CHECK_EQ(asked.code, RADIUS_ACCESS_REQUEST);
    CHECK_EQ(asked.attributes.at[0], RADIUS_MESSAGE_AUTHENTICATOR); /* the first one */
    CHECK(radius_find(&asked, RADIUS_NAS_IDENTIFIER, &value));
    CHECK(bytes_equal(value, bytes_of("nas", 3)));
    CHECK(radius_find(&asked, RADIUS_USER_NAME, &value) && value.at[0] == 'a');
    CHECK(nothing());
    hear(0, RADIUS_AUTHENTICATION, RADIUS_ACCESS_CHALLENGE);
    CHECK(next(RADIUS_ANSWERED));
    CHECK(out.number == number && out.about == 77 && out.place.server == 0);
    CHECK_EQ(out.answer.code, RADIUS_ACCESS_CHALLENGE);
    CHECK_BYTES(out.request, asked.authenticator, MD5_LEN);
    CHECK(nothing());
    CHECK_EQ(radius_client_busy(client), 0);
    CHECK_EQ(radius_client_due(client), UINT64_MAX);
    close_client();
}

TEST(what_is_not_believed)
{
    u8 at[RADIUS_MAX], wrong[MD5_LEN] = {0};
    CHECK(open_client(2));
    CHECK(ask(RADIUS_AUTHENTICATION, 0) && next(RADIUS_SEND));
    hear(0, RADIUS_AUTHENTICATION, RADIUS_ACCOUNTING_RESPONSE); /* no such answer */
    hear(1, RADIUS_AUTHENTICATION, RADIUS_ACCESS_ACCEPT);       /* was not asked */
    hear(0, RADIUS_ACCOUNTING, RADIUS_ACCESS_ACCEPT);
    struct radius_place here = {0, 0, RADIUS_AUTHENTICATION};
    radius_client_heard(client, now, here, /* to another question */
                        answer_of(md5, at, RADIUS_ACCESS_ACCEPT, asked.id, wrong));
    struct bytes b = answer_of(md5, at, RADIUS_ACCESS_ACCEPT, asked.id, asked.authenticator);
    at[30] ^= 1;
    radius_client_heard(client, now, here, b);
    radius_client_heard(client, now, here, bytes_of("x", 1));
    radius_client_heard(client, now, (struct radius_place){9, 9, 9}, b);
    CHECK(nothing());
    CHECK_EQ(radius_client_counts(client, 0, RADIUS_AUTHENTICATION)->forged, 3);
    CHECK_EQ(radius_client_counts(client, 0, RADIUS_AUTHENTICATION)->strays, 1);
    CHECK_EQ(radius_client_counts(client, 1, RADIUS_AUTHENTICATION)->strays, 1);
    hear(0, RADIUS_AUTHENTICATION, RADIUS_ACCESS_REJECT); /* the right one still counts */
    CHECK(next(RADIUS_ANSWERED) && out.answer.code == RADIUS_ACCESS_REJECT);
    hear(0, RADIUS_AUTHENTICATION, RADIUS_ACCESS_ACCEPT); /* once */
    CHECK(nothing());
    close_client();
}

TEST(an_answer_without_message_authenticator)
{
    u8 at[RADIUS_MAX];
    struct radius_secret s;
    CHECK(open_client(1));
    CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY) && next(RADIUS_SEND));
    s = radius_client_secret(client, 0);
    struct writer w = writer_of(at, sizeof(at));
    radius_begin(&w, RADIUS_ACCESS_ACCEPT, asked.id, false);
    CHECK(radius_seal(&w, &s, RADIUS_ANSWER, asked.authenticator));
    radius_client_heard(client, now, out.place, written_bytes(&w));
    CHECK(nothing());
    CHECK_EQ(radius_client_counts(client, 0, RADIUS_AUTHENTICATION)->forged, 1);
    close_client();
}

TEST(the_same_octets_again_with_growing_pauses)
{
    u8 first[RADIUS_MAX];
    CHECK(open_client(1));
    CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY) && next(RADIUS_SEND));
    memcpy(first, sent_octets, asked.whole.len);
    shrike_time pause = 2 * S;
    for (int i = 0; i < 3; i++) {
        shrike_time due = radius_client_due(client) - now;
        CHECK(due >= pause - pause / 10 && due <= pause + pause / 10);
        wait_for(due - 1);
        CHECK(nothing());
        wait_for(1);
        CHECK(next(RADIUS_SEND));
        CHECK(bytes_equal(asked.whole, bytes_of(first, asked.whole.len)));
        pause = pause * 14 / 10;
    }
    wait_for(10 * S);
    CHECK(next(RADIUS_UNANSWERED) && out.about == 77);
    CHECK(silent == 1 && radius_client_busy(client) == 0);
    CHECK_EQ(radius_client_counts(client, 0, RADIUS_AUTHENTICATION)->sent_again, 3);
    CHECK_EQ(radius_client_counts(client, 0, RADIUS_AUTHENTICATION)->unanswered, 1);
    close_client();
}

TEST(the_next_server_is_asked)
{
    CHECK(open_client(2));
    CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY) && next(RADIUS_SEND) && out.place.server == 0);
    u8 authenticator[MD5_LEN];
    memcpy(authenticator, asked.authenticator, MD5_LEN);
    wait_for(3 * S);
    CHECK(next(RADIUS_SEND) && out.place.server == 0);
    u8 id = asked.id;
    wait_for(4 * S);
    CHECK(next(RADIUS_SEND) && out.place.server == 1); /* after two */
    CHECK(memcmp(asked.authenticator, authenticator, MD5_LEN) != 0);
    CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY) && next(RADIUS_SEND));
    CHECK(out.place.server == 1); /* at once */
    u8 late[RADIUS_MAX];
    radius_client_heard(client, now, (struct radius_place){0, 0, RADIUS_AUTHENTICATION},
                        answer_of(md5, late, RADIUS_ACCESS_ACCEPT, id, authenticator));
    CHECK(nothing() && silent == 1 && back == 0);
    hear(1, RADIUS_AUTHENTICATION, RADIUS_ACCESS_ACCEPT);
    CHECK(next(RADIUS_ANSWERED) && out.place.server == 1);
    CHECK(ask(RADIUS_ACCOUNTING, RADIUS_ANY) && next(RADIUS_SEND));
    CHECK(out.place.server == 0); /* its other door was not tried */
    close_client();
}

TEST(a_silent_server_moves_all_that_can)
{
    CHECK(open_client(2));
    servers[0].preference = 1;
    for (int i = 0; i < 50; i++)
        CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY) && next(RADIUS_SEND) && out.place.server == 0);
    CHECK(ask(RADIUS_AUTHENTICATION, 0) && next(RADIUS_SEND)); /* its state is there */
    radius_client_unreachable(client, now, (struct radius_place){0, 0, RADIUS_AUTHENTICATION});
    for (int i = 0; i < 50; i++)
        CHECK(next(RADIUS_SEND) && out.place.server == 1);
    CHECK(nothing() && silent == 1);
    wait_for(3 * S);
    unsigned at[2] = {0, 0};
    while (next(RADIUS_SEND))
        at[out.place.server]++;
    CHECK(at[0] == 1 && at[1] == 50);
    close_client();
}

TEST(one_question_tries_a_silent_server)
{
    CHECK(open_client(2));
    servers[0].preference = 1;
    radius_client_unreachable(client, now, (struct radius_place){0, 0, RADIUS_AUTHENTICATION});
    wait_for(61 * S);
    CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY) && next(RADIUS_SEND) && out.place.server == 0);
    struct radius_packet trial = asked;
    u8 authenticator[MD5_LEN], at[RADIUS_MAX];
    memcpy(authenticator, asked.authenticator, MD5_LEN);
    CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY) && next(RADIUS_SEND) && out.place.server == 1);
    radius_client_heard(client, now, (struct radius_place){0, 0, RADIUS_AUTHENTICATION},
                        answer_of(md5, at, RADIUS_ACCESS_ACCEPT, trial.id, authenticator));
    CHECK(next(RADIUS_ANSWERED) && back == 1 && silent == 1);
    CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY) && next(RADIUS_SEND) && out.place.server == 0);
    close_client();
}

TEST(when_all_are_silent_one_is_asked)
{
    CHECK(open_client(2));
    radius_client_unreachable(client, now, (struct radius_place){0, 0, RADIUS_AUTHENTICATION});
    now += S;
    radius_client_unreachable(client, now, (struct radius_place){1, 0, RADIUS_AUTHENTICATION});
    CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY) && next(RADIUS_SEND) && out.place.server == 0);
    unsigned sends = 1;
    for (int i = 0; i < 40 && radius_client_busy(client) > 0; i++) {
        wait_for(S);
        sends += next(RADIUS_SEND) && out.place.server == 0;
    }
    CHECK(sends == 4);
    CHECK_EQ(radius_client_busy(client), 0);
    close_client();
}

TEST(the_preferred_one_then_who_has_less_to_do)
{
    CHECK(open_client(3));
    servers[2].preference = servers[1].preference = 5;
    CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY) && next(RADIUS_SEND) && out.place.server == 1);
    CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY) && next(RADIUS_SEND) && out.place.server == 2);
    CHECK(ask(RADIUS_AUTHENTICATION, 0) && next(RADIUS_SEND) && out.place.server == 0);
    close_client();
}

TEST(there_is_a_window)
{
    CHECK(open_client(1));
    u64 numbers[300];
    for (int i = 0; i < 300; i++)
        CHECK((numbers[i] = ask(RADIUS_AUTHENTICATION, RADIUS_ANY)));
    for (int i = 0; i < 256; i++)
        CHECK(next(RADIUS_SEND));
    CHECK(nothing()); /* the others wait for an identifier */
    hear(0, RADIUS_AUTHENTICATION, RADIUS_ACCESS_ACCEPT);
    CHECK(next(RADIUS_SEND) && next(RADIUS_ANSWERED));
    radius_client_drop(client, now, numbers[0]);
    CHECK(next(RADIUS_SEND));
    CHECK(nothing());
    CHECK_EQ(radius_client_busy(client), 298);
    wait_for(RADIUS_WAIT_MAX + S); /* who has got no place is told so */
    unsigned unanswered = 0;
    for (int i = 0; i < 1000 && radius_client_busy(client) > 0; i++) {
        while (radius_client_next(client, now, &out))
            unanswered += out.kind == RADIUS_UNANSWERED;
        wait_for(S);
    }
    while (radius_client_next(client, now, &out))
        unanswered += out.kind == RADIUS_UNANSWERED;
    CHECK_EQ(unanswered, 298);
    close_client();
}

TEST(more_lanes_have_more_room)
{
    CHECK(open_client(1));
    servers[0].lanes = 2;
    radius_client_free(client);
    const struct radius_client_conf conf = {servers, 1, 4, 140, 2 * S, 60 * S};
    client = radius_client_new(&conf, toy, md5);
    CHECK(client);
    unsigned at[2] = {0, 0};
    for (int i = 0; i < 520; i++)
        CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY));
    while (next(RADIUS_SEND))
        at[out.place.lane]++;
    CHECK(at[0] == 256 && at[1] == 256);
    close_client();
}

TEST(no_more_than_so_many)
{
    static u8 large[RADIUS_ATTRIBUTES_MAX + 1];
    CHECK(open_client(1));
    for (int i = 0; i < RADIUS_QUESTIONS_MAX; i++)
        CHECK(ask(RADIUS_AUTHENTICATION, RADIUS_ANY));
    CHECK(!ask(RADIUS_AUTHENTICATION, RADIUS_ANY));
    close_client();
    CHECK(open_client(1));
    CHECK(!radius_client_ask(
        client, now, &(struct radius_question){0, RADIUS_ANY, 1, bytes_of(large, sizeof(large))}));
    CHECK(!ask(RADIUS_AUTHENTICATION, 1) && !ask(2, RADIUS_ANY));
    close_client();
}

TEST(accounting_is_answered_by_what_it_was)
{
    CHECK(open_client(1));
    CHECK(ask(RADIUS_ACCOUNTING, RADIUS_ANY) && next(RADIUS_SEND));
    struct radius_secret s = radius_client_secret(client, 0);
    CHECK_EQ(asked.code, RADIUS_ACCOUNTING_REQUEST);
    CHECK(radius_is_request(&asked, &s));
    hear(0, RADIUS_ACCOUNTING, RADIUS_ACCOUNTING_RESPONSE); /* it needs no Message-Authenticator */
    CHECK(next(RADIUS_ANSWERED));
    close_client();
}

TEST(dropped_at_every_stage)
{
    CHECK(open_client(1));
    u64 number = ask(RADIUS_AUTHENTICATION, RADIUS_ANY); /* not sent yet */
    radius_client_drop(client, now, number);
    radius_client_drop(client, now, number);
    CHECK(nothing());
    number = ask(RADIUS_AUTHENTICATION, RADIUS_ANY);
    CHECK(next(RADIUS_SEND));
    radius_client_drop(client, now, number);
    hear(0, RADIUS_AUTHENTICATION, RADIUS_ACCESS_ACCEPT);
    CHECK(nothing());
    number = ask(RADIUS_AUTHENTICATION, RADIUS_ANY);
    CHECK(next(RADIUS_SEND));
    hear(0, RADIUS_AUTHENTICATION, RADIUS_ACCESS_ACCEPT);
    radius_client_drop(client, now, number); /* answered, and not told yet */
    CHECK(nothing());
    number = ask(RADIUS_AUTHENTICATION, RADIUS_ANY);
    CHECK(next(RADIUS_SEND));
    hear(0, RADIUS_AUTHENTICATION, RADIUS_ACCESS_ACCEPT);
    CHECK(next(RADIUS_ANSWERED));
    radius_client_drop(client, now, number); /* told */
    CHECK_EQ(out.answer.code, RADIUS_ACCESS_ACCEPT);
    CHECK(nothing());
    CHECK_EQ(radius_client_busy(client), 0);
    CHECK_EQ(radius_client_due(client), UINT64_MAX);
    close_client();
}

int main(void)
{
    return RUN(a_question_and_its_answer) | RUN(what_is_not_believed) |
           RUN(an_answer_without_message_authenticator) |
           RUN(the_same_octets_again_with_growing_pauses) | RUN(the_next_server_is_asked) |
           RUN(a_silent_server_moves_all_that_can) | RUN(one_question_tries_a_silent_server) |
           RUN(when_all_are_silent_one_is_asked) | RUN(the_preferred_one_then_who_has_less_to_do) |
           RUN(there_is_a_window) | RUN(more_lanes_have_more_room) | RUN(no_more_than_so_many) |
           RUN(accounting_is_answered_by_what_it_was) | RUN(dropped_at_every_stage);
}
