/* PEAPv0 (draft-kamath-pppext-peapv0): the server proves itself by its certificate; in the tunnel
 * the client does, by a method of EAP whose messages are without their head, and then both say how
 * it has ended. The key is the tunnel's. */
#include "base/ct.h"
#include "eap/carry.h"

enum {
    HEAD = 4,       /* of EAP: code, identifier, length */
    TYPE_TLV = 33,  /* of the messages in which they say how it has ended */
    TLV_RESULT = 3, /* the one by which they do */
    TLV_MUST = 0x8000,
    RESULT_GOOD = 1,
    RESULT_BAD = 2,
    SAID_MAX = SHRIKE_EAP_MAX + 64,
};

/* ---- how it has ended ---- */

static void say_result(struct eap_session *s, struct eap_turn *t, bool good)
{
    u8 octets[16], code = s->server ? EAP_REQUEST : EAP_RESPONSE;
    struct writer w = writer_of(octets, sizeof(octets));
    write_u8(&w, code);
    write_u8(&w, (u8)(s->identifier + (s->server ? 1 : 0)));
    write_u16(&w, HEAD + 1 + 6);
    write_u8(&w, TYPE_TLV);
    write_u16(&w, TLV_MUST | TLV_RESULT);
    write_u16(&w, 2);
    write_u16(&w, good ? RESULT_GOOD : RESULT_BAD);
    carry_say(s, t, written_bytes(&w));
}

/* Is this a message with its head, of this code, that says how it has ended? */
static bool is_result(struct bytes octets, u8 code)
{
    return octets.len > HEAD && octets.at[0] == code &&
           (size_t)(octets.at[2] << 8 | octets.at[3]) == octets.len && octets.at[HEAD] == TYPE_TLV;
}

/* What it says; 0: nothing that can be understood. */
static u16 result_read(struct bytes octets)
{
    struct reader r = reader_of(octets);
    u16 result = 0;
    (void)read_bytes(&r, HEAD + 1);
    while (!r.bad && read_left(&r)) {
        u16 type = read_u16(&r);
        struct bytes value = read_bytes(&r, read_u16(&r));
        if ((type & ~TLV_MUST) == TLV_RESULT && value.len == 2)
            result = (u16)(value.at[0] << 8 | value.at[1]);
    }
    return r.bad ? 0 : result;
}

/* The client has done its part when the server says so in the tunnel, and nobody else can. */
static void hear_result(struct eap_session *s, struct eap_turn *t, struct bytes octets)
{
    bool good = result_read(octets) == RESULT_GOOD && s->inner && (s->inner->done || fault(144));
    if (good)
        method_done(s);
    else
        s->failed = true;
    say_result(s, t, good);
}

/* ---- messages of EAP ---- */

/* Messages inside are numbered as those outside are. */
static void go_inside(struct eap_session *s, struct eap_turn *t, struct bytes message)
{
    if (method_go_inside(s, t, message))
        s->inner->identifier = s->identifier;
}

static void take_inside(struct eap_session *s, struct eap_turn *t, struct bytes octets)
{
    struct writer w = writer_of(t->octets, sizeof(t->octets));
    write_u8(&w, s->server ? EAP_RESPONSE : EAP_REQUEST);
    write_u8(&w, s->identifier);
    write_u16(&w, (u16)(HEAD + octets.len));
    write_bytes(&w, octets);
    if (w.full)
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    else
        go_inside(s, t, written_bytes(&w));
}

static void serve(struct eap_session *s, struct eap_turn *t, struct bytes octets)
{
    bool result = is_result(octets, EAP_RESPONSE);
    if (s->of.tls.verdict == 0 && !result && s->inner)
        take_inside(s, t, octets);
    else if (s->of.tls.verdict == RESULT_BAD)
        method_fail(s, t, s->of.tls.reason);
    else if (s->of.tls.verdict == RESULT_GOOD && result && result_read(octets) == RESULT_GOOD)
        method_over(s, t);
    else
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
}

static void hear(struct eap_session *s, struct eap_turn *t)
{
    u8 octets[SAID_MAX];
    int n = carry_hear(s, octets, sizeof(octets));
    struct bytes heard = bytes_of(octets, n > 0 ? (size_t)n : 0);
    if (n < 0 || n == (int)sizeof(octets))
        method_fail(s, t, n < 0 ? carry_why(s) : SHRIKE_REASON_EAP_SYNTAX);
    else if (s->server)
        serve(s, t, heard);
    else if (n == 0)
        carry_next(s, t);
    else if (is_result(heard, EAP_REQUEST))
        hear_result(s, t, heard);
    else
        take_inside(s, t, heard);
    wipe(octets, heard.len);
}

static void go_on(struct eap_session *s, struct eap_turn *t, enum carry how)
{
    if (how == CARRY_SAID)
        return;
    bool begins = s->server && !s->inner;
    if (begins && how == CARRY_OPEN && tunnel_waits(s->tunnel))
        carry_next(s, t); /* the last message of the handshake */
    else if (begins && how != CARRY_HEARD)
        go_inside(s, t, bytes_of(NULL, 0));
    else if (!begins && how != CARRY_ACKED)
        hear(s, t);
    else
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
}

void peap_begin(struct eap_session *s, struct eap_turn *t)
{
    carry_begin(s, t);
}

void peap_take(struct eap_session *s, struct eap_turn *t, struct bytes data)
{
    go_on(s, t, carry_take(s, t, data));
}

void peap_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    go_on(s, t, carry_told(s, t, a));
}

void peap_inside(struct eap_session *s, struct eap_turn *t, const struct eap_turn *in)
{
    if (in->step == EAP_SAY) {
        carry_say(s, t, bytes_of(in->octets + HEAD, in->len - HEAD));
    } else if (s->server) { /* who has failed hears of it, too */
        s->of.tls.verdict = in->step == EAP_FAIL ? RESULT_BAD : RESULT_GOOD;
        s->of.tls.reason = in->reason;
        say_result(s, t, in->step != EAP_FAIL);
    } else {
        method_fail(s, t, in->step == EAP_FAIL ? in->reason : SHRIKE_REASON_EAP_SYNTAX);
    }
}
