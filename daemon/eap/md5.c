/* EAP-MD5 (RFC 3748 5.4): proves the peer, makes no key. */
#include "eap/method.h"

enum { DIGEST = 16 };

/* The value with its size in front; behind it may stand a name. */
static bool value_read(struct bytes data, struct bytes *out)
{
    struct reader r = reader_of(data);
    *out = read_bytes(&r, read_u8(&r));
    return !r.bad && out->len > 0;
}

static void say(struct eap_session *s, struct eap_turn *t, struct bytes value, struct bytes name)
{
    u8 data[1 + EAP_CHALLENGE + SHRIKE_ID_MAX];
    struct writer w = writer_of(data, sizeof(data));
    write_u8(&w, (u8)value.len);
    write_bytes(&w, value);
    write_bytes(&w, name);
    method_say(s, t, EAP_TYPE_MD5, written_bytes(&w));
}

void md5_begin(struct eap_session *s, struct eap_turn *t)
{
    struct md5_state *m = &s->of.md5;
    if (!method_random(m->challenge, sizeof(m->challenge)))
        method_fail(s, t, SHRIKE_REASON_CRYPTO);
    else
        say(s, t, bytes_of(m->challenge, sizeof(m->challenge)), bytes_of(NULL, 0));
}

void md5_take(struct eap_session *s, struct eap_turn *t, struct bytes data)
{
    struct mail_password ask = {
        .what = PASSWORD_MD5, .checks = s->server, .identifier = s->identifier};
    struct bytes value;
    if (!value_read(data, &value)) {
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
        return;
    }
    ask.challenge = s->server ? bytes_of(s->of.md5.challenge, EAP_CHALLENGE) : value;
    if (s->server)
        ask.proof = value;
    method_ask(s, t, &ask);
}

void md5_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    if (a->reason || (!s->server && a->proof.len != DIGEST)) {
        method_fail(s, t, a->reason ? a->reason : SHRIKE_REASON_EAP_SYNTAX);
    } else if (s->server) {
        method_over(s, t);
    } else {
        method_done(s);
        say(s, t, a->proof, session_user(s));
    }
}
