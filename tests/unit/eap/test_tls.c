/* EAP-TLS between a server and a peer, with keys and certs as tables; and what either does with
 * nonsense. */
#include "../certs/pki.h"
#include "eap/session.h"
#include "keys/signer.h"
#include "wire/codes.h"
#include "wire/payload.h"

#define TEXT(s) bytes_of((s), sizeof(s) - 1)

enum { ROUNDS_MAX = 100, SERVER = 0, PEER = 1 };

static struct node root, link_of[2], certs[2];

/* What both are told, and what has become of it. */
static struct both {
    struct shrike_credential credentials[2];
    struct bytes chains[2][2];
    struct shrike_eap_op ops[2];
    struct eap_session sessions[2];
    struct eap_turn turn[2];
    struct shrike_answer answer[2];
    enum shrike_reason_code no_vouch[2], no_sign[2]; /* what certs and keys say to each */
    unsigned vouched[2], signed_[2], rounds;
    bool strange; /* keys signs with another key */
    u8 last[SHRIKE_EAP_MAX];
    size_t last_len;
} b;

static void end(void)
{
    session_close(&b.sessions[SERVER]);
    session_close(&b.sessions[PEER]);
}

static void begin(EVP_PKEY *server_key, EVP_PKEY *peer_key)
{
    EVP_PKEY *keys[2] = {server_key, peer_key};
    end();
    b = (struct both){.rounds = 0};
    for (unsigned i = 0; i < 2; i++) {
        link_of[i] = pki_authority(i ? "For clients" : "For servers", &root);
        certs[i] = PKI(.cn = i ? "alice" : "gate", .by = &link_of[i], .key = keys[i],
                       .san = i ? "DNS:alice" : "DNS:gate.example");
        b.chains[i][0] = certs[i].der;
        b.chains[i][1] = link_of[i].der;
        b.credentials[i] = (struct shrike_credential){.key.octets[0] = (u8)i,
                                                      .encoding = CERT_X509_SIGNATURE,
                                                      .cert_count = 2,
                                                      .certs = b.chains[i]};
        b.ops[i] =
            (struct shrike_eap_op){.server = i == SERVER,
                                   .rule.methods = TEXT("\15"),
                                   .credential = &b.credentials[i],
                                   .local = {ID_FQDN, i ? TEXT("alice") : TEXT("gate.example")},
                                   .remote = {ID_FQDN, i ? TEXT("gate.example") : TEXT("alice")}};
    }
}

/* keys: by the key that this side has said. */
static void sign(unsigned side)
{
    u8 value[SIGNER_VALUE_MAX];
    struct eap_session *s = &b.sessions[side];
    const struct farkey *wanted = tunnel_wanted(s->tunnel);
    const struct scheme *scheme = scheme_at((enum scheme_id)wanted->scheme);
    struct signer signer = {.key = certs[b.strange ? !side : s->own->key.octets[0]].key};
    struct shrike_auth_op op = {.kind = SHRIKE_AUTH_PUBKEY,
                                .schemes = SCHEME_BIT(scheme->id),
                                .hashes = (u16)HASH_BIT(scheme->hash),
                                .octets = wanted->octets};
    ensure(signature_ability(signer.key, &signer.ability));
    struct shrike_answer a = signer_answer(&signer, &op, value);
    struct mail_password_is is = {.reason = (u16)(b.no_sign[side] ? b.no_sign[side] : a.reason)};
    if (a.ok)
        ensure(scheme_read(a.method, a.value, &is.proof) == scheme);
    b.signed_[side]++;
    session_told(s, &b.turn[side], &is);
}

/* certs: who it is, and the chain as it was sent. */
static void vouch(unsigned side)
{
    const struct eap_turn *t = &b.turn[side];
    struct mail_password_is is = {.reason = (u16)b.no_vouch[side]};
    bool right = t->cert_count == 2 && bytes_equal(t->certs[0].data, certs[!side].der) &&
                 bytes_equal(t->certs[1].data, link_of[!side].der) && t->claimed.type == ID_FQDN &&
                 bytes_equal(t->claimed.data, side ? TEXT("gate.example") : TEXT("alice"));
    if (!right)
        is.reason = SHRIKE_REASON_CERT_IDENTITY;
    b.vouched[side]++;
    session_told(&b.sessions[side], &b.turn[side], &is);
}

/* One side has a message, and says the next one. */
static bool step(unsigned side, struct bytes in)
{
    struct eap_turn *t = &b.turn[side];
    session_take(&b.sessions[side], t, in);
    for (unsigned i = 0; i < 4 && (t->step == EAP_SIGN || t->step == EAP_VOUCH); i++) {
        if (t->step == EAP_SIGN)
            sign(side);
        else
            vouch(side);
    }
    b.answer[side] = session_answer(&b.sessions[side], t);
    if (t->step == EAP_SAY) {
        b.last_len = b.answer[side].value.len;
        memcpy(b.last, b.answer[side].value.at, b.last_len);
    }
    return t->step == EAP_SAY;
}

static struct bytes last(void)
{
    return bytes_of(b.last, b.last_len);
}

/* Up to so many messages of both. */
static void run_for(unsigned messages)
{
    static const u8 success[] = {EAP_SUCCESS, 9, 0, 4};
    end();
    session_init(&b.sessions[SERVER], &b.ops[SERVER]);
    session_init(&b.sessions[PEER], &b.ops[PEER]);
    b.rounds = 0;
    struct bytes in = {NULL, 0};
    for (unsigned side = SERVER; b.rounds < messages && step(side, in); side = !side) {
        b.rounds++;
        in = last();
    }
    if (b.turn[SERVER].step == EAP_OVER)
        (void)step(PEER, bytes_of(success, sizeof(success)));
}

static bool run(void)
{
    run_for(ROUNDS_MAX);
    return b.turn[SERVER].step == EAP_OVER && b.turn[PEER].step == EAP_OVER &&
           b.answer[SERVER].ok && b.answer[PEER].ok;
}

static enum shrike_reason_code why(unsigned side)
{
    return b.turn[side].step == EAP_FAIL ? b.answer[side].reason : SHRIKE_REASON_NONE;
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
    static const u8 success[] = {EAP_SUCCESS, 9, 0, 4};
    for (unsigned newer = 0; newer < 2; newer++) {
        tunnel_limit(newer ? 0 : 12);
        begin(NULL, NULL);
        CHECK(run());
        unsigned all = b.rounds;
        for (unsigned n = 2; n + 1 < all; n += 2) {
            run_for(n); /* the peer has spoken last */
            CHECK_EQ(b.rounds, n);
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
                 RUN(pieces_that_lie) | RUN(pieces_without_end) | RUN(changed_messages);
    pki_free();
    return failed;
}
