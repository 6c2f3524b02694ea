/* PEAP between a server and a peer; and what either does with what strangers say in the tunnel. */
#include "both.h"

#define RESULT(code, id, value) code id "\0\13\41\200\3\0\2\0" value

static void begin(const char *inside)
{
    static const u8 method = EAP_TYPE_PEAP;
    begin_inside(&method, bytes_of(inside, strlen(inside)));
}

TEST(each_method_inside)
{
    static const char *const rows[] = {"\32", "\4", "\6"};
    for (unsigned i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        const char *inside = rows[i / 2];
        tunnel_limit(i % 2 ? 0 : 12);
        begin(inside);
        CHECK(is_proved_inside());
        CHECK_EQ(tunnel_is_newer(b.sessions[PEER].tunnel), i % 2);
        begin(inside);
        b.passwords[PEER] = "another";
        CHECK(!run());
        CHECK_EQ(why(SERVER), SHRIKE_REASON_EAP_FAILED);
        CHECK(b.answer[SERVER].secret.len == 0 && !b.sessions[PEER].done);
        begin(inside);
        b.passwords[PEER] = NULL;
        CHECK(!run());
        CHECK_EQ(why(PEER), SHRIKE_REASON_AUTH_NO_SECRET);
    }
    tunnel_limit(0);
    begin("");
    b.ops[SERVER].rule.inside = TEXT("\6");
    CHECK(!run()); /* a password as it is, a peer says only where that is named */
    CHECK(why(SERVER) == SHRIKE_REASON_EAP_METHOD && b.asked[PEER] == 0);
    end();
}

TEST(names_are_said_inside)
{
    begin("\32");
    b.ops[SERVER].rule.asks = true;
    b.ops[SERVER].remote.data = b.ops[PEER].local.data = TEXT("10.0.0.2");
    b.ops[PEER].rule.id = (struct shrike_id){ID_FQDN, TEXT("alice")};
    CHECK(is_proved_inside());
    CHECK(bytes_equal(b.answer[SERVER].identity, TEXT("alice")));
    begin("\32");
    b.ops[SERVER].remote.data = TEXT("bob");
    CHECK(!run());
    CHECK(why(SERVER) == SHRIKE_REASON_EAP_FAILED && b.asked[SERVER] == 0);
    begin("\32");
    b.no_vouch[PEER] = SHRIKE_REASON_CERT_ISSUER;
    CHECK(!run());
    CHECK(why(PEER) == SHRIKE_REASON_CERT_ISSUER && b.asked[PEER] == 0);
    end();
}

/* The peer believes Success when it has heard in the tunnel that it is so. */
TEST(success_early)
{
    for (unsigned newer = 0; newer < 2; newer++) {
        tunnel_limit(newer ? 0 : 12);
        begin("\32");
        success_too_early(6);
    }
    tunnel_limit(0);
    end();
}

/* Up to the first message of the server inside, which nobody has heard. */
static void go_inside(void)
{
    begin("\32");
    end();
    session_init(&b.sessions[SERVER], &b.ops[SERVER]);
    session_init(&b.sessions[PEER], &b.ops[PEER]);
    struct bytes in = {NULL, 0};
    for (unsigned side = SERVER;
         b.rounds++ < ROUNDS_MAX && step(side, in) && !b.sessions[SERVER].inner; side = !side)
        in = last();
    ensure(b.sessions[SERVER].inner && b.turn[SERVER].step == EAP_SAY);
}

/* This is said instead. */
static bool hears(unsigned side, struct bytes inside)
{
    return hears_inside(side, EAP_TYPE_PEAP, inside);
}

static void hear_first(void)
{
    struct bytes in = last();
    (void)step(PEER, in);
}

TEST(what_a_server_hears)
{
    for (unsigned newer = 0; newer < 2; newer++) {
        tunnel_limit(newer ? 0 : 12);
        go_inside();
        CHECK(hears(SERVER, TEXT("\1alice")) &&
              b.sessions[SERVER].inner->type == EAP_TYPE_MSCHAPV2);
        CHECK(hears(SERVER, TEXT("\3\4"))); /* it would rather have MD5 */
        CHECK_EQ(b.sessions[SERVER].inner->type, EAP_TYPE_MD5);
        go_inside();
        CHECK(!hears(SERVER, TEXT(RESULT("\2", "\7", "\1")))); /* how it has ended, before it has */
        CHECK_EQ(why(SERVER), SHRIKE_REASON_EAP_SYNTAX);
        go_inside();
        CHECK(hears(SERVER, TEXT("\1bob"))); /* who is told that it has failed, and then has */
        CHECK(!hears(SERVER, TEXT(RESULT("\2", "\7", "\1"))));
        CHECK_EQ(why(SERVER), SHRIKE_REASON_EAP_FAILED);
        go_inside();
        CHECK(hears(SERVER, TEXT("\32\2\1\0"))); /* a proof before a question */
        CHECK(!hears(SERVER, TEXT("\1alice")) && why(SERVER) == SHRIKE_REASON_EAP_SYNTAX);
    }
    tunnel_limit(0);
    end();
}

TEST(what_a_peer_hears)
{
    for (unsigned newer = 0; newer < 2; newer++) {
        tunnel_limit(newer ? 0 : 12);
        go_inside();
        hear_first();
        CHECK(hears(PEER, TEXT(RESULT("\1", "\7", "\1")))); /* good, before anything was proved */
        CHECK(!b.sessions[PEER].done);
        CHECK(!step(PEER, bytes_of(success, sizeof(success))) && !b.answer[PEER].ok);
        go_inside();
        hear_first();
        CHECK(hears(PEER, TEXT("\6password"))); /* which it does not say: Nak */
        CHECK(b.asked[PEER] == 0 && b.sessions[PEER].inner->type == 0);
        go_inside();
        hear_first();
        CHECK(!hears(PEER, TEXT("\32\1\7"))); /* half a challenge */
        CHECK_EQ(why(PEER), SHRIKE_REASON_EAP_SYNTAX);
    }
    tunnel_limit(0);
    end();
}

int main(void)
{
    if (!prepare_inside("peap"))
        return 0;
    int failed = RUN(each_method_inside) | RUN(names_are_said_inside) | RUN(success_early) |
                 RUN(what_a_server_hears) | RUN(what_a_peer_hears);
    pki_free();
    return failed;
}
