/* A server and a peer of a method that has TLS, with keys and certs as tables. */
#ifndef TEST_EAP_BOTH_H
#define TEST_EAP_BOTH_H

#include "../certs/pki.h"
#include "eap/session.h"
#include "keys/password.h"
#include "keys/signer.h"
#include "wire/codes.h"
#include "wire/payload.h"

#define TEXT(s) bytes_of((s), sizeof(s) - 1)

enum { ROUNDS_MAX = 100, SERVER = 0, PEER = 1 };

static struct node root, link_of[2], certs[2];
static const u8 success[] = {EAP_SUCCESS, 9, 0, 4};

/* What both are told, and what has become of it. */
static struct both {
    struct shrike_credential credentials[2];
    struct bytes chains[2][2];
    struct shrike_eap_op ops[2];
    struct eap_session sessions[2];
    struct eap_turn turn[2];
    struct shrike_answer answer[2];
    enum shrike_reason_code no_vouch[2], no_sign[2]; /* what certs and keys say to each */
    const char *passwords[2];                        /* that keys knows; NULL: none */
    unsigned vouched[2], signed_[2], asked[2], rounds;
    bool strange; /* keys signs with another key */
    u8 last[SHRIKE_EAP_MAX];
    size_t last_len;
} b;

static void end(void)
{
    session_close(&b.sessions[SERVER]);
    session_close(&b.sessions[PEER]);
}

/* By this method of EAP. A key of NULL: any. */
static void begin_by(const u8 *method, EVP_PKEY *server_key, EVP_PKEY *peer_key)
{
    EVP_PKEY *keys[2] = {server_key, peer_key};
    end();
    b = (struct both){.passwords = {"sesame", "sesame"}};
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
                                   .rule.methods = bytes_of(method, 1),
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

/* keys: by the password of the user that this side has said. */
static void ask(unsigned side)
{
    struct password_room room;
    struct eap_session *s = &b.sessions[side];
    struct mail_password question = b.turn[side].ask;
    struct mail_password_is is = {.reason = SHRIKE_REASON_AUTH_NO_SECRET};
    const char *text = b.passwords[side];
    struct password p = {bytes_of(text, text ? strlen(text) : 0), false};
    if (text && bytes_equal(question.user, TEXT("alice")))
        is = password_answer(&p, &question, &room);
    b.asked[side]++;
    session_told(s, &b.turn[side], &is);
}

static bool is_answered(unsigned side)
{
    enum eap_step step = b.turn[side].step;
    if (step == EAP_SIGN)
        sign(side);
    else if (step == EAP_VOUCH)
        vouch(side);
    else if (step == EAP_ASK)
        ask(side);
    else
        return true;
    return false;
}

/* One side has a message, and says the next one. */
static bool step(unsigned side, struct bytes in)
{
    struct eap_turn *t = &b.turn[side];
    session_take(&b.sessions[side], t, in);
    for (unsigned i = 0; i < 4 && !is_answered(side); i++)
        ;
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

/* ---- methods that run others inside ---- */

/* The peer has no certificate; it names what goes on inside, and the server takes all. */
static inline void begin_inside(const u8 *method, struct bytes inside)
{
    begin_by(method, NULL, NULL);
    b.ops[PEER].credential = NULL;
    b.ops[PEER].rule.inside = inside;
}

static inline bool is_proved_inside(void)
{
    return run() && b.answer[SERVER].mutual && b.answer[PEER].mutual &&
           b.answer[SERVER].secret.len == 64 &&
           bytes_equal(b.answer[SERVER].secret, b.answer[PEER].secret) && b.vouched[SERVER] == 0 &&
           b.vouched[PEER] == 1 && b.signed_[SERVER] == 1 && b.signed_[PEER] == 0;
}

/* What was begun is run; then up to each message of the server, in whose place it says Success. The
 * peer does not believe that, so many times at least. */
static inline void success_too_early(unsigned least)
{
    CHECK(run());
    unsigned all = b.rounds, early = 0;
    for (unsigned n = 2; n < all; n += 2) {
        run_for(n); /* the peer has spoken last */
        if (b.rounds < n || b.sessions[PEER].done)
            break;
        CHECK(!step(PEER, bytes_of(success, sizeof(success))));
        CHECK_EQ(why(PEER), SHRIKE_REASON_EAP_EARLY);
        early++;
    }
    CHECK(early >= least);
}

/* This is said in the tunnel, by the other side. */
static inline bool hears_inside(unsigned side, u8 method, struct bytes inside)
{
    u8 message[SHRIKE_EAP_MAX], piece[SHRIKE_EAP_MAX - 64];
    struct writer w = writer_of(message, sizeof(message));
    struct tunnel *tunnel = b.sessions[!side].tunnel;
    ensure(tunnel && tunnel_say(tunnel, inside));
    piece[0] = 0;
    size_t len = 1 + tunnel_take(tunnel, piece + 1, sizeof(piece) - 1);
    eap_write(&w, &(struct eap){.code = side == SERVER ? EAP_RESPONSE : EAP_REQUEST,
                                .identifier = b.sessions[SERVER].identifier,
                                .type = method,
                                .data = bytes_of(piece, len)});
    return step(side, written_bytes(&w));
}

/* Before the first test; false: there is no MD4, which most of what runs inside needs. */
static inline bool prepare_inside(const char *test)
{
    ensure(tunnel_prepare());
    if (!password_open()) {
        printf("skip %s: the library has no MD4\n", test);
        return false;
    }
    root = pki_authority("Root", NULL);
    return true;
}

#endif
