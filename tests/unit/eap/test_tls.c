/* EAP-TLS between a server and a peer, with keys and certs as tables; and what either does with
 * nonsense. */
#include "both.h"

static void begin(EVP_PKEY *server_key, EVP_PKEY *peer_key)
{
    static const u8 method = EAP_TYPE_TLS;
    begin_by(&method, server_key, peer_key);
}

/* Both are proved by what keys signs, and have one key. */
static bool is_proved(void)
{
    return run() && b.answer[SERVER].mutual && b.answer[PEER].mutual &&
           b.answer[SERVER].secret.len == 64 &&
           bytes_equal(b.answer[SERVER].secret, b.answer[PEER].secret) && b.vouched[SERVER] == 1 &&
           b.vouched[PEER] == 1 && b.signed_[SERVER] == 1 && b.signed_[PEER] == 1;
}

TEST(each_kind_of_key)
{
    static const struct {
        const char *type, *curve;
        int bits;
    } rows[] = {{"RSA", NULL, 2048}, {"EC", "P-256", 0},   {"EC", "P-384", 0},
                {"EC", "P-521", 0},  {"ED25519", NULL, 0}, {"ED448", NULL, 0}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (unsigned newer = 0; newer < 2; newer++) {
            EVP_PKEY *key = pki_key(rows[i].type, rows[i].curve, rows[i].bits);
            tunnel_limit(newer ? 0 : 12);
            begin(key, pki_key("EC", "P-256", 0));
            CHECK(is_proved());
            CHECK_EQ(tunnel_is_newer(b.sessions[PEER].tunnel), newer);
            end();
            begin(pki_key("EC", "P-256", 0), key);
            CHECK(is_proved());
            end();
        }
    tunnel_limit(0);
}

TEST(each_refusal_has_its_reason)
{
    for (unsigned newer = 0; newer < 2; newer++) {
        tunnel_limit(newer ? 0 : 12);
        begin(NULL, NULL);
        b.no_vouch[SERVER] = SHRIKE_REASON_CERT_EXPIRED;
        CHECK(!run());
        CHECK_EQ(why(SERVER), SHRIKE_REASON_CERT_EXPIRED);
        CHECK(b.answer[SERVER].secret.len == 0);
        begin(NULL, NULL);
        b.no_vouch[PEER] = SHRIKE_REASON_CERT_ISSUER;
        CHECK(!run());
        CHECK_EQ(why(PEER), SHRIKE_REASON_CERT_ISSUER);
        CHECK(b.signed_[PEER] == 0); /* it has shown nothing to a stranger */
        begin(NULL, NULL);
        b.ops[SERVER].remote.data = TEXT("bob"); /* a certificate of somebody else */
        CHECK(!run());
        CHECK_EQ(why(SERVER), SHRIKE_REASON_CERT_IDENTITY);
        begin(NULL, NULL);
        b.no_sign[PEER] = SHRIKE_REASON_AUTH_NO_KEY;
        CHECK(!run());
        CHECK_EQ(why(PEER), SHRIKE_REASON_AUTH_NO_KEY);
        begin(NULL, NULL);
        b.no_sign[SERVER] = SHRIKE_REASON_AUTH_NO_KEY;
        CHECK(!run());
        CHECK_EQ(why(SERVER), SHRIKE_REASON_AUTH_NO_KEY);
        begin(NULL, NULL);
        b.strange = true; /* signatures by other keys than those of the certificates */
        CHECK(!run());
        CHECK(why(PEER) == SHRIKE_REASON_EAP_FAILED && b.vouched[PEER] == 0);
    }
    tunnel_limit(0);
    begin(NULL, NULL);
    b.ops[SERVER].credential = NULL;
    CHECK(!run());
    CHECK_EQ(why(SERVER), SHRIKE_REASON_AUTH_NO_KEY);
    begin(NULL, NULL);
    b.ops[PEER].credential = NULL;
    CHECK(!run());
    CHECK_EQ(why(PEER), SHRIKE_REASON_AUTH_NO_KEY);
    end();
}

/* Whatever message is the last one, Success before the end is not believed. */
TEST(success_early)
{
    for (unsigned newer = 0; newer < 2; newer++) {
        tunnel_limit(newer ? 0 : 12);
        begin(NULL, NULL);
        CHECK(run());
        unsigned all = b.rounds;
        for (unsigned n = 2; n + 1 < all; n += 2) {
            run_for(n); /* the peer has spoken last */
            if (b.rounds < n)
                break; /* signatures differ in length: the last piece was one too many before */
            CHECK(!step(PEER, bytes_of(success, sizeof(success))));
            CHECK_EQ(why(PEER), SHRIKE_REASON_EAP_EARLY);
        }
        end();
    }
    tunnel_limit(0);
}

/* A response of TLS, with this behind the type. */
static bool server_hears(struct bytes data)
{
    u8 message[SHRIKE_EAP_MAX];
    struct writer w = writer_of(message, sizeof(message));
    eap_write(&w, &(struct eap){.code = EAP_RESPONSE,
                                .identifier = b.sessions[SERVER].identifier,
                                .type = EAP_TYPE_TLS,
                                .data = data});
    return step(SERVER, written_bytes(&w));
}

#define SERVER_HEARS(s) (run_for(1), server_hears(TEXT(s)))

TEST(pieces_that_lie)
{
    begin(NULL, NULL);
    CHECK(!SERVER_HEARS(""));                /* no flags */
    CHECK(!SERVER_HEARS("\0"));              /* an acknowledgement of nothing */
    CHECK(!SERVER_HEARS("\x20"));            /* Start, of the peer */
    CHECK(!SERVER_HEARS("\x80\0\0"));        /* half a length */
    CHECK(!SERVER_HEARS("\x80\0\0\0\4abc")); /* less than was told */
    CHECK(!SERVER_HEARS("\x80\0\0\0\2abc")); /* more */
    CHECK(!SERVER_HEARS("\xc0\0\1\0\1abc")); /* more than anybody has to say */
    CHECK(!SERVER_HEARS("\x40"));            /* a piece of nothing */
    CHECK(SERVER_HEARS("\xc0\0\0\0\6abc"));  /* that is well */
    CHECK(!server_hears(TEXT("\x80\0\0\0\7"
                             "def"))); /* another length than before */
    CHECK_EQ(why(SERVER), SHRIKE_REASON_EAP_SYNTAX);
    CHECK(SERVER_HEARS("\xc0\0\0\0\6abc"));
    CHECK(!server_hears(TEXT("\0"))); /* the rest has to come */
    CHECK(SERVER_HEARS("\xc0\0\0\0\6abc"));
    CHECK(!server_hears(TEXT("\0"
                             "def"))); /* whole, and no TLS */
    CHECK_EQ(why(SERVER), SHRIKE_REASON_EAP_FAILED);
    end();
}

/* What the other side says in an alert, is the reason. */
TEST(alerts_are_reasons)
{
    static const struct {
        u8 alert;
        enum shrike_reason_code reason;
    } rows[] = {{48, SHRIKE_REASON_EAP_UNTRUSTED}, /* unknown_ca */
                {45, SHRIKE_REASON_EAP_UNTRUSTED}, /* certificate_expired */
                {40, SHRIKE_REASON_EAP_UNLIKE},    /* handshake_failure */
                {70, SHRIKE_REASON_EAP_UNLIKE},    /* protocol_version */
                {80, SHRIKE_REASON_EAP_FAILED}};   /* internal_error */
    tunnel_limit(12); /* by which the first message is of one piece: it has no keys */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        u8 message[32], data[] = {0, 21, 3, 3, 0, 2, 2, rows[i].alert};
        struct writer w = writer_of(message, sizeof(message));
        begin(NULL, NULL);
        run_for(2); /* the peer has said its first message */
        eap_write(&w, &(struct eap){.code = EAP_REQUEST,
                                    .identifier = 7,
                                    .type = EAP_TYPE_TLS,
                                    .data = bytes_of(data, sizeof(data))});
        CHECK(!step(PEER, written_bytes(&w)));
        CHECK_EQ(why(PEER), rows[i].reason);
    }
    tunnel_limit(0);
    end();
}

/* A server says its alert, and fails then. */
TEST(alerts_are_said)
{
    /* A first message of a version that nobody has. */
    static const u8 old[] = {
        0, 22, 3, 0, 0, 45, 1, 0, 0, 41, 3, 0, [44] = 0, /* random, no session */ 0, 2, 0, 5, 1, 0};
    begin(NULL, NULL);
    run_for(1);
    CHECK(server_hears(bytes_of(old, sizeof(old))));
    CHECK(b.last_len > 12 && b.last[6] == 21);
    CHECK(!server_hears(TEXT("\0")));
    CHECK_EQ(why(SERVER), SHRIKE_REASON_EAP_UNLIKE);
    end();
}

TEST(pieces_without_end)
{
    unsigned count = 1;
    begin(NULL, NULL);
    CHECK(SERVER_HEARS("\x40x"));
    while (count < 1000 && server_hears(TEXT("\x40x")))
        count++;
    CHECK_EQ(count, 256);
    CHECK_EQ(why(SERVER), SHRIKE_REASON_EAP_ROUNDS);
    end();
}

/* What is changed on the way, is noticed. */
TEST(changed_messages)
{
    for (unsigned newer = 0; newer < 2; newer++) {
        tunnel_limit(newer ? 0 : 12);
        begin(NULL, NULL);
        CHECK(run());
        unsigned all = b.rounds;
        for (unsigned n = 1; n < all; n++) {
            run_for(n);
            if (b.rounds != n || b.last_len < 16)
                continue;
            b.last[b.last_len - 1] ^= 1;
            unsigned side = n % 2;
            struct bytes in = last();
            for (; b.rounds < ROUNDS_MAX && step(side, in); side = !side) {
                b.rounds++;
                in = last();
            }
            CHECK(b.turn[SERVER].step == EAP_FAIL || b.turn[PEER].step == EAP_FAIL);
            CHECK(b.turn[SERVER].step != EAP_OVER || b.turn[PEER].step != EAP_OVER);
        }
        end();
    }
    tunnel_limit(0);
}

int main(void)
{
    ensure(tunnel_prepare());
    root = pki_authority("Root", NULL);
    int failed = RUN(each_kind_of_key) | RUN(each_refusal_has_its_reason) | RUN(success_early) |
                 RUN(pieces_that_lie) | RUN(alerts_are_reasons) | RUN(alerts_are_said) |
                 RUN(pieces_without_end) | RUN(changed_messages);
    pki_free();
    return failed;
}
