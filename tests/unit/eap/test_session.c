/* EAP between a server and a peer, with the proofs of keys; and what either does with nonsense. */
#include "eap/session.h"
#include "keys/password.h"
#include "test.h"
#include "wire/payload.h"

#define TEXT(s) bytes_of((s), sizeof(s) - 1)

enum { ROUNDS_MAX = 20 };

/* What both are told, and what has become of it. */
static struct both {
    struct shrike_eap_op server_op, peer_op;
    const char *server_password, *peer_password; /* NULL: there is none */
    struct eap_session server, peer;
    struct eap_turn turn[2]; /* of the server, of the peer */
    struct shrike_answer answer[2];
    u8 last[SHRIKE_EAP_MAX]; /* message */
    unsigned rounds;
} b;

static void begin(const char *server_methods, const char *peer_methods)
{
    b = (struct both){.server_password = "sesame", .peer_password = "sesame"};
    b.server_op =
        (struct shrike_eap_op){.server = true,
                               .rule.methods = bytes_of(server_methods, strlen(server_methods)),
                               .local = {ID_FQDN, TEXT("gate.example")},
                               .remote = {ID_FQDN, TEXT("alice")}};
    b.peer_op = (struct shrike_eap_op){.rule.methods = bytes_of(peer_methods, strlen(peer_methods)),
                                       .local = {ID_FQDN, TEXT("alice")},
                                       .remote = {ID_FQDN, TEXT("gate.example")}};
}

static bool ask_keys(struct eap_session *s, struct eap_turn *t, const char *password)
{
    struct password_room room;
    struct mail_password ask = t->ask;
    struct mail_password_is is = {.reason = SHRIKE_REASON_AUTH_NO_SECRET};
    struct password p = {bytes_of(password, password ? strlen(password) : 0), false};
    if (!bytes_equal(ask.user, session_user(s)))
        return false;
    if (password)
        is = password_answer(&p, &ask, &room);
    session_told(s, t, &is);
    return t->step != EAP_ASK;
}

/* One side has a message, and says the next one. */
static bool step(unsigned side, struct bytes in)
{
    struct eap_session *s = side ? &b.peer : &b.server;
    struct eap_turn *t = &b.turn[side];
    session_take(s, t, in);
    if (t->step == EAP_ASK && !ask_keys(s, t, side ? b.peer_password : b.server_password))
        return false;
    b.answer[side] = session_answer(s, t);
    return t->step == EAP_SAY;
}

static struct bytes keep(unsigned side)
{
    struct bytes m = b.answer[side].value;
    memcpy(b.last, m.at, m.len);
    return bytes_of(b.last, m.len);
}

/* Until the server is done or one of both gives up; then the peer is told Success. */
static bool run(void)
{
    static const u8 success[] = {EAP_SUCCESS, 9, 0, 4};
    session_init(&b.server, &b.server_op);
    session_init(&b.peer, &b.peer_op);
    struct bytes message = {NULL, 0};
    while (step(0, message) && b.rounds++ < ROUNDS_MAX) {
        if (!step(1, keep(0)))
            return false;
        message = keep(1);
    }
    if (b.turn[0].step != EAP_OVER)
        return false;
    (void)step(1, bytes_of(success, sizeof(success)));
    return b.turn[1].step == EAP_OVER && b.answer[0].ok && b.answer[1].ok;
}

static enum shrike_reason_code why(unsigned side)
{
    return b.turn[side].step == EAP_FAIL ? b.answer[side].reason : SHRIKE_REASON_NONE;
}

TEST(each_method_proves_the_peer)
{
    static const struct {
        const char *type;
        bool key;
    } rows[] = {{"\4", false}, {"\6", false}, {"\32", true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin(rows[i].type, rows[i].type);
        if (rows[i].key && !password_open())
            continue;
        CHECK(run());
        CHECK_EQ(b.answer[0].secret.len, rows[i].key ? 64 : 0);
        CHECK(bytes_equal(b.answer[0].secret, b.answer[1].secret));
        CHECK(!b.answer[0].mutual && b.answer[0].identity.len == 0);
        begin(rows[i].type, rows[i].type);
        b.peer_password = "another";
        CHECK(!run());
        CHECK_EQ(why(0), SHRIKE_REASON_EAP_FAILED);
        CHECK(b.answer[0].secret.len == 0);
        begin(rows[i].type, rows[i].type);
        b.peer_password = NULL;
        CHECK(!run());
        CHECK_EQ(why(1), SHRIKE_REASON_AUTH_NO_SECRET);
        begin(rows[i].type, rows[i].type);
        b.server_password = NULL;
        CHECK(!run());
        CHECK_EQ(why(0), SHRIKE_REASON_AUTH_NO_SECRET);
    }
}

/* A server that does not know the password is found out by MSCHAPv2. */
TEST(the_server_proves_itself)
{
    if (!password_open())
        return;
    begin("\32", "\32");
    session_init(&b.server, &b.server_op);
    session_init(&b.peer, &b.peer_op);
    CHECK(step(0, bytes_of(NULL, 0)) && step(1, keep(0)) && step(0, keep(1)));
    struct bytes success = keep(0);
    b.last[success.len - 1] ^= 1;
    CHECK(!step(1, success));
    CHECK_EQ(why(1), SHRIKE_REASON_EAP_FAILED);
}

TEST(the_server_asks_who_it_is)
{
    begin("\4", "\4");
    b.server_op.rule.asks = true;
    b.server_op.remote = (struct shrike_id){ID_IPV4_ADDR, TEXT("\12\1\2\3")};
    CHECK(run());
    CHECK(bytes_equal(b.answer[0].identity, TEXT("alice")));
    b.server_op.rule.id = (struct shrike_id){ID_RFC822_ADDR, TEXT("*@example.org")};
    struct shrike_eap_op server = b.server_op, peer = b.peer_op;
    begin("\4", "\4");
    b.server_op.rule = server.rule;
    CHECK(!run());
    CHECK_EQ(why(0), SHRIKE_REASON_EAP_FAILED);
    b.peer_op.rule.id = (struct shrike_id){ID_RFC822_ADDR, TEXT("bob@example.org")};
    b.rounds = 0;
    CHECK(run());
    CHECK(bytes_equal(b.answer[0].identity, TEXT("bob@example.org")));
    (void)peer;
}

/* Whoever proves to be bob is not taken for alice, as who it has said in IKE that it is. */
TEST(a_name_of_the_method_is_the_one_that_is_known)
{
    if (!password_open())
        return;
    begin("\32", "\32");
    b.peer_op.rule.id = (struct shrike_id){ID_FQDN, TEXT("bob")};
    CHECK(!run());
    CHECK_EQ(why(0), SHRIKE_REASON_EAP_FAILED);
    begin("\32", "\32");
    b.peer_op.rule.id = (struct shrike_id){ID_FQDN, TEXT("HOME\\Alice")};
    CHECK(run());
    CHECK_EQ(b.answer[0].identity.len, 0);
    begin("\32", "\32");
    b.server_op.rule.id = (struct shrike_id){ID_FQDN, TEXT("bob")};
    CHECK(!run());
    begin("\32", "\32");
    b.server_op.rule.id = b.peer_op.rule.id = (struct shrike_id){ID_FQDN, TEXT("bob")};
    CHECK(run());
    CHECK(bytes_equal(b.answer[0].identity, TEXT("bob")));
}

TEST(methods_are_agreed_on)
{
    begin("\6\4", "\4");
    CHECK(run());
    CHECK_EQ(b.server.type, EAP_TYPE_MD5);
    begin("\6", "\4");
    CHECK(!run());
    CHECK_EQ(why(0), SHRIKE_REASON_EAP_METHOD);
    /* None is named: a password is not said as it is. */
    begin("\6\4", "");
    CHECK(run());
    CHECK_EQ(b.server.type, EAP_TYPE_MD5);
    begin("\6", "");
    CHECK(!run());
    /* One that is not here. */
    begin("\x37", "\4");
    CHECK(!run());
    CHECK_EQ(why(0), SHRIKE_REASON_EAP_METHOD);
}

static bool peer_takes(const void *octets, size_t len)
{
    session_init(&b.peer, &b.peer_op);
    return step(1, bytes_of(octets, len));
}
#define PEER_TAKES(s) peer_takes(s, sizeof(s) - 1)

TEST(the_peer_is_asked_nonsense)
{
    begin("\4", "\4");
    CHECK(!PEER_TAKES("\3\1\0\4")); /* Success before anything */
    CHECK_EQ(why(1), SHRIKE_REASON_EAP_EARLY);
    CHECK(!PEER_TAKES("\2\1\0\5\1")); /* a response */
    CHECK(!PEER_TAKES("\1\1\0\6\1")); /* lengths */
    CHECK(!PEER_TAKES("\1\1\0\5"));
    CHECK(!PEER_TAKES("\1\1\0\5\4"));
    CHECK(!PEER_TAKES("\1\1\0\6\4\0"));
    CHECK(!PEER_TAKES("\1\1\0\7\4\2x"));
    CHECK_EQ(why(1), SHRIKE_REASON_EAP_SYNTAX);
    CHECK(!step(1, TEXT("\1\1\0\5\1"))); /* it stays failed */
    CHECK(PEER_TAKES("\1\7\0\5\1"));     /* who are you? */
    CHECK(b.answer[1].value.len == 10 && memcmp(b.answer[1].value.at, "\2\7\0\12\1alice", 10) == 0);
    CHECK(step(1, TEXT("\1\10\0\7\2hi"))); /* RFC 3748 5.2: heard */
    CHECK(b.answer[1].value.len == 5 && memcmp(b.answer[1].value.at, "\2\10\0\5\2", 5) == 0);
    CHECK(step(1, TEXT("\1\11\0\6\15\0"))); /* TLS: Nak */
    CHECK(b.answer[1].value.len == 6 && memcmp(b.answer[1].value.at, "\2\11\0\6\3\4", 6) == 0);
    CHECK(step(1, TEXT("\1\12\0\7\4\1x")));
    CHECK_EQ(b.answer[1].value.at[4], EAP_TYPE_MD5);
    CHECK(!step(1, TEXT("\1\13\0\6\6?"))); /* a second method */
    CHECK_EQ(why(1), SHRIKE_REASON_EAP_SYNTAX);
}

static bool server_takes(struct bytes message)
{
    session_init(&b.server, &b.server_op);
    return step(0, bytes_of(NULL, 0)) && step(0, message);
}

TEST(the_server_is_answered_nonsense)
{
    begin("\4\6", "\4");
    CHECK(!server_takes(TEXT("\2\1\0\5\4")));
    CHECK_EQ(why(0), SHRIKE_REASON_EAP_SYNTAX);
    CHECK(!server_takes(TEXT("\2\2\0\6\3\6"))); /* another identifier */
    CHECK(!server_takes(TEXT("\1\1\0\6\3\6"))); /* a request */
    CHECK(!server_takes(TEXT("\2\1\0\6\6x")));  /* another method */
    CHECK(!server_takes(TEXT("\2\1\0\5\1")));   /* a name, unasked */
    CHECK(!server_takes(TEXT("\2\1\0\5\3")));   /* Nak without a wish */
    CHECK_EQ(why(0), SHRIKE_REASON_EAP_METHOD);
    CHECK(server_takes(TEXT("\2\1\0\6\3\6")));
    CHECK(!step(0, TEXT("\2\2\0\6\3\4"))); /* what was refused does not come back */
    CHECK_EQ(why(0), SHRIKE_REASON_EAP_METHOD);
}

static bool mschapv2_takes(struct bytes data)
{
    u8 message[128] = {EAP_RESPONSE, 1, 0, (u8)(5 + data.len), EAP_TYPE_MSCHAPV2};
    memcpy(message + 5, data.at, data.len);
    session_init(&b.server, &b.server_op);
    if (!step(0, bytes_of(NULL, 0)))
        return true;
    message[6] = b.server.of.mschapv2.identifier;
    return step(0, bytes_of(message, 5 + data.len));
}

TEST(responses_of_mschapv2_that_are_none)
{
    u8 data[4 + 50 + 5] = {2, 0, 0, sizeof(data), 49};
    memcpy(data + 54, "alice", 5);
    begin("\32", "\32");
    if (!password_open())
        return;
    CHECK(mschapv2_takes(bytes_of(data, sizeof(data)))); /* well formed: a Failure follows */
    CHECK_EQ(b.answer[0].value.at[5], 4);
    u8 id = b.server.identifier;
    u8 failure[] = {EAP_RESPONSE, id, 0, 6, EAP_TYPE_MSCHAPV2, 4};
    CHECK(!step(0, bytes_of(failure, sizeof(failure))));
    CHECK_EQ(why(0), SHRIKE_REASON_EAP_FAILED);
    for (size_t len = 1; len < sizeof(data); len++) {
        data[3] = (u8)len;
        CHECK(!mschapv2_takes(bytes_of(data, len)));
    }
    data[3] = sizeof(data);
    for (u8 code = 0; code < 9; code++) {
        data[0] = code;
        CHECK_EQ(mschapv2_takes(bytes_of(data, sizeof(data))), code == 2);
    }
    data[0] = 2;
    data[4] = 48;
    CHECK(!mschapv2_takes(bytes_of(data, sizeof(data))));
    CHECK(!mschapv2_takes(TEXT("\3"))); /* Success, unproved */
    CHECK(!mschapv2_takes(TEXT("\4")));
}

int main(void)
{
    return RUN(each_method_proves_the_peer) | RUN(the_server_proves_itself) |
           RUN(the_server_asks_who_it_is) | RUN(a_name_of_the_method_is_the_one_that_is_known) |
           RUN(methods_are_agreed_on) | RUN(the_peer_is_asked_nonsense) |
           RUN(the_server_is_answered_nonsense) | RUN(responses_of_mschapv2_that_are_none);
}
