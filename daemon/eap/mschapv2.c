/* EAP-MSCHAPv2 (draft-kamath-pppext-eap-mschapv2, RFC 2759): both sides prove that they know a
 * password, and make a key of it. Whoever has heard it can guess the password at leisure, so that
 * it is not fit to stand alone (RFC 5998 4). */
#include "base/ct.h"
#include "base/text.h"
#include "eap/method.h"

enum { CHALLENGE = 1, RESPONSE = 2, SUCCESS = 3, FAILURE = 4 }; /* what a message is */
enum { PHASE_BEGUN, PHASE_ASKED, PHASE_PROVED, PHASE_REFUSED, PHASE_OVER };
enum {
    HEAD = 4,    /* code, identifier, length */
    NT_LEN = 24, /* of a response: challenge, eight zeros, this, flags */
    RESERVED = 8,
    VALUE = EAP_CHALLENGE + RESERVED + NT_LEN + 1,
    SERVER = 20,
};

struct message {
    u8 code, identifier;
    struct reader rest;
};

static bool message_read(struct bytes data, struct message *m)
{
    struct reader r = reader_of(data);
    *m = (struct message){.code = read_u8(&r)};
    m->rest = r;
    /* Of one octet, a Success or a Failure of the peer. */
    if (data.len == 1)
        return m->code == SUCCESS || m->code == FAILURE;
    m->identifier = read_u8(&r);
    u16 len = read_u16(&r);
    m->rest = r;
    return !r.bad && len == data.len;
}

/* A message with value, whose size stands in front when it has one, and text. */
static void say(struct eap_session *s, struct eap_turn *t, u8 code, struct bytes value,
                struct bytes text)
{
    u8 data[HEAD + 1 + VALUE + SHRIKE_ID_MAX];
    struct writer w = writer_of(data, sizeof(data));
    write_u8(&w, code);
    write_u8(&w, s->of.mschapv2.identifier);
    write_u16(&w, (u16)(HEAD + (value.len ? 1 + value.len : 0) + text.len));
    if (value.len)
        write_u8(&w, (u8)value.len);
    write_bytes(&w, value);
    write_bytes(&w, text);
    ensure(!w.full);
    method_say(s, t, EAP_TYPE_MSCHAPV2, written_bytes(&w));
}

static void say_short(struct eap_session *s, struct eap_turn *t, u8 code)
{
    method_say(s, t, EAP_TYPE_MSCHAPV2, bytes_of(&code, 1));
}

void mschapv2_begin(struct eap_session *s, struct eap_turn *t)
{
    static const char name[] = "shrike";
    struct mschapv2_state *m = &s->of.mschapv2;
    if (!method_random(m->challenge, sizeof(m->challenge)) || !method_random(&m->identifier, 1)) {
        method_fail(s, t, SHRIKE_REASON_CRYPTO);
        return;
    }
    say(s, t, CHALLENGE, bytes_of(m->challenge, sizeof(m->challenge)),
        bytes_of(name, sizeof(name) - 1));
}

/* ---- the server ---- */

/* draft-kamath-pppext-eap-mschapv2 2.2. The name is hashed as the peer writes it. */
static void take_response(struct eap_session *s, struct eap_turn *t, struct message *in)
{
    struct mschapv2_state *m = &s->of.mschapv2;
    u8 size = read_u8(&in->rest);
    struct bytes own = read_bytes(&in->rest, EAP_CHALLENGE);
    (void)read_bytes(&in->rest, RESERVED);
    struct bytes proof = read_bytes(&in->rest, NT_LEN);
    (void)read_u8(&in->rest);
    struct bytes name = read_rest(&in->rest);
    if (in->rest.bad || size != VALUE || in->identifier != m->identifier ||
        m->phase != PHASE_BEGUN) {
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
        return;
    }
    if (!method_same_user(name, session_user(s)) && !fault(142)) {
        method_fail(s, t, SHRIKE_REASON_EAP_FAILED);
        return;
    }
    m->phase = PHASE_ASKED;
    method_ask(s, t,
               &(struct mail_password){.what = PASSWORD_MSCHAPV2,
                                       .checks = true,
                                       .challenge = bytes_of(m->challenge, EAP_CHALLENGE),
                                       .own = own,
                                       .proof = proof,
                                       .spelling = name});
}

static void serve(struct eap_session *s, struct eap_turn *t, struct message *in)
{
    struct mschapv2_state *m = &s->of.mschapv2;
    if (in->code == RESPONSE)
        take_response(s, t, in);
    else if (in->code == SUCCESS && m->phase == PHASE_PROVED)
        method_over(s, t);
    else if (in->code == FAILURE && m->phase == PHASE_REFUSED)
        method_fail(s, t, SHRIKE_REASON_EAP_FAILED);
    else
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
}

/* RFC 2759 5: "S=" and 40 digits. */
static void say_success(struct eap_session *s, struct eap_turn *t)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[2 + 2 * SERVER + 1] = "S=";
    const struct mschapv2_state *m = &s->of.mschapv2;
    for (size_t i = 0; i < SERVER; i++) {
        text[2 + 2 * i] = digits[m->server[i] >> 4];
        text[3 + 2 * i] = digits[m->server[i] & 15];
    }
    say(s, t, SUCCESS, bytes_of(NULL, 0), bytes_of(text, strlen(text)));
}

/* RFC 2759 6: wrong password, and no second try. */
static void say_failure(struct eap_session *s, struct eap_turn *t)
{
    char text[64] = "E=691 R=0 C=";
    struct text out = {.start = text, .size = sizeof(text), .len = strlen(text)};
    text_bytes(&out, bytes_of(s->of.mschapv2.challenge, EAP_CHALLENGE));
    text_str(&out, " V=3");
    say(s, t, FAILURE, bytes_of(NULL, 0), bytes_of(text, out.len));
}

static void told_server(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    struct mschapv2_state *m = &s->of.mschapv2;
    if (a->reason == SHRIKE_REASON_EAP_FAILED) {
        m->phase = PHASE_REFUSED;
        say_failure(s, t);
    } else if (a->reason || a->server.len != SERVER || a->key.len == 0 || !method_key(s, a->key)) {
        method_fail(s, t, a->reason ? a->reason : SHRIKE_REASON_EAP_SYNTAX);
    } else {
        m->phase = PHASE_PROVED;
        memcpy(m->server, a->server.at, SERVER);
        say_success(s, t);
    }
}

/* ---- the peer ---- */

static void take_challenge(struct eap_session *s, struct eap_turn *t, struct message *in)
{
    struct mschapv2_state *m = &s->of.mschapv2;
    struct bytes challenge = read_bytes(&in->rest, read_u8(&in->rest));
    if (in->rest.bad || challenge.len != EAP_CHALLENGE || m->phase != PHASE_BEGUN) {
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
        return;
    }
    m->identifier = in->identifier;
    m->phase = PHASE_ASKED;
    memcpy(m->challenge, challenge.at, EAP_CHALLENGE);
    if (!method_random(m->own, sizeof(m->own))) {
        method_fail(s, t, SHRIKE_REASON_CRYPTO);
        return;
    }
    method_ask(s, t,
               &(struct mail_password){.what = PASSWORD_MSCHAPV2,
                                       .challenge = bytes_of(m->challenge, EAP_CHALLENGE),
                                       .own = bytes_of(m->own, EAP_CHALLENGE),
                                       .spelling = session_user(s)});
}

static int digit_of(u8 c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* The server knows the password, too. */
static bool is_server(const struct mschapv2_state *m, struct bytes text)
{
    u8 said[SERVER];
    if (text.len < 2 + 2 * SERVER || text.at[0] != 'S' || text.at[1] != '=')
        return false;
    for (size_t i = 0; i < SERVER; i++) {
        int high = digit_of(text.at[2 + 2 * i]), low = digit_of(text.at[3 + 2 * i]);
        if (high < 0 || low < 0)
            return false;
        said[i] = (u8)(high << 4 | low);
    }
    return ct_equal(said, m->server, SERVER);
}

static void take_request(struct eap_session *s, struct eap_turn *t, struct message *in)
{
    struct mschapv2_state *m = &s->of.mschapv2;
    if (in->code == CHALLENGE) {
        take_challenge(s, t, in);
    } else if (in->code == SUCCESS && m->phase == PHASE_PROVED) {
        if (!is_server(m, read_rest(&in->rest))) {
            method_fail(s, t, SHRIKE_REASON_EAP_FAILED);
            return;
        }
        m->phase = PHASE_OVER;
        method_done(s);
        say_short(s, t, SUCCESS);
    } else if (in->code == FAILURE && m->phase == PHASE_PROVED) {
        m->phase = PHASE_REFUSED;
        say_short(s, t, FAILURE);
    } else {
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    }
}

/* draft-kamath-pppext-eap-mschapv2 2.2. */
static void told_peer(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    struct mschapv2_state *m = &s->of.mschapv2;
    u8 value[VALUE] = {0};
    if (a->reason || a->proof.len != NT_LEN || a->server.len != SERVER || a->key.len == 0 ||
        !method_key(s, a->key)) {
        method_fail(s, t, a->reason ? a->reason : SHRIKE_REASON_EAP_SYNTAX);
        return;
    }
    m->phase = PHASE_PROVED;
    memcpy(m->server, a->server.at, SERVER);
    memcpy(value, m->own, EAP_CHALLENGE);
    memcpy(value + EAP_CHALLENGE + RESERVED, a->proof.at, NT_LEN);
    say(s, t, RESPONSE, bytes_of(value, sizeof(value)), session_user(s));
}

/* ---- both ---- */

void mschapv2_take(struct eap_session *s, struct eap_turn *t, struct bytes data)
{
    struct message in;
    if (!message_read(data, &in))
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    else if (s->server)
        serve(s, t, &in);
    else
        take_request(s, t, &in);
}

void mschapv2_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    if (s->of.mschapv2.phase != PHASE_ASKED)
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    else if (s->server)
        told_server(s, t, a);
    else
        told_peer(s, t, a);
}
