/* EAP-TTLS (RFC 5281, RFC 9427): the server proves itself by its certificate; in the tunnel the
 * client does, by a method of EAP or by its password as it is (PAP). The key is the tunnel's. */
#include "base/ct.h"
#include "eap/avp.h"
#include "eap/carry.h"

enum {
    PAP_ALIGNED = 16, /* RFC 5281 11.2.5: how long a password is, does not show */
    SAID_MAX = SHRIKE_EAP_MAX + 64,
};

/* What a client says in the tunnel. */
struct said {
    struct bytes name, password; /* at NULL: it has not said it */
    size_t eap;                  /* octets of its message of EAP, in the turn */
};

/* false: it cannot be understood. */
static bool read_said(struct eap_turn *t, struct bytes octets, struct said *out)
{
    struct reader r = reader_of(octets);
    struct avp a;
    *out = (struct said){.eap = 0};
    while (avp_read(&r, &a)) {
        if (a.vendor == 0 && a.code == AVP_USER_NAME) {
            out->name = a.data;
        } else if (a.vendor == 0 && a.code == AVP_USER_PASSWORD) {
            out->password = a.data;
        } else if (a.vendor == 0 && a.code == AVP_EAP_MESSAGE) {
            if (a.data.len > sizeof(t->octets) - out->eap)
                return false;
            memcpy(t->octets + out->eap, a.data.at, a.data.len);
            out->eap += a.data.len;
        } else if (a.must) {
            return false;
        }
    }
    return !r.bad;
}

/* ---- the server ---- */

/* RFC 5281 11.2.5: behind the password stand zeros. */
static void check_password(struct eap_session *s, struct eap_turn *t, const struct said *said)
{
    struct bytes password = said->password;
    while (password.len && password.at[password.len - 1] == 0)
        password.len--;
    if (!method_allows_inside(s, SHRIKE_EAP_PAP) || said->eap || s->inner ||
        password.len > PASSWORD_PROOF_MAX) {
        method_fail(s, t, SHRIKE_REASON_EAP_METHOD);
    } else if (!method_named(s, said->name) || password.len == 0) {
        method_fail(s, t, SHRIKE_REASON_EAP_FAILED);
    } else { /* the octets of a proof are those of the turn */
        if (password.len)
            memcpy(t->octets, password.at, password.len);
        method_ask(s, t,
                   &(struct mail_password){.what = PASSWORD_PLAIN,
                                           .checks = true,
                                           .proof = bytes_of(t->octets, password.len)});
    }
}

/* RFC 5281 11.2.1: the client says who it is before it is asked, with an identifier of its own. */
static void take_inside(struct eap_session *s, struct eap_turn *t, size_t len)
{
    bool first = !s->inner;
    if (method_go_inside(s, t, bytes_of(t->octets, len)) && first && len > 1)
        s->inner->identifier = t->octets[1];
}

static void serve(struct eap_session *s, struct eap_turn *t, struct bytes heard)
{
    struct said said;
    if (!read_said(t, heard, &said))
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    else if (said.eap)
        take_inside(s, t, said.eap);
    else if (said.name.at && said.password.at)
        check_password(s, t, &said);
    else
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
}

/* ---- the client ---- */

static void say_message(struct eap_session *s, struct eap_turn *t, struct bytes message)
{
    u8 octets[SAID_MAX];
    struct writer w = writer_of(octets, sizeof(octets));
    avp_write(&w, &(struct avp){.code = AVP_EAP_MESSAGE, .must = true, .data = message});
    carry_say(s, t, written_bytes(&w));
    wipe(octets, written(&w));
}

static void say_password(struct eap_session *s, struct eap_turn *t, struct bytes password)
{
    u8 octets[SAID_MAX], padded[PASSWORD_PROOF_MAX + PAP_ALIGNED] = {0};
    struct writer w = writer_of(octets, sizeof(octets));
    size_t len = MIN(password.len, (size_t)PASSWORD_PROOF_MAX);
    memcpy(padded, password.at, len);
    len += (PAP_ALIGNED - len % PAP_ALIGNED) % PAP_ALIGNED;
    avp_write(&w, &(struct avp){.code = AVP_USER_NAME, .must = true, .data = session_user(s)});
    avp_write(
        &w, &(struct avp){.code = AVP_USER_PASSWORD, .must = true, .data = bytes_of(padded, len)});
    if (w.full) {
        method_fail(s, t, SHRIKE_REASON_LIMIT);
    } else {
        method_done(s);
        carry_say(s, t, written_bytes(&w));
    }
    wipe(octets, sizeof(octets));
    wipe(padded, sizeof(padded));
}

/* By the password as it is, or by EAP, in which it is the first to speak. */
static void begin_inside(struct eap_session *s, struct eap_turn *t)
{
    static const u8 who[] = {EAP_REQUEST, 0, 0, 5, EAP_TYPE_IDENTITY};
    if (!method_allows_inside(s, SHRIKE_EAP_PAP))
        (void)method_go_inside(s, t, bytes_of(who, sizeof(who)));
    else
        method_ask(s, t, &(struct mail_password){.what = PASSWORD_PLAIN});
}

static void attend(struct eap_session *s, struct eap_turn *t, struct bytes heard)
{
    struct said said;
    if (!read_said(t, heard, &said))
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    else if (said.eap && s->inner)
        take_inside(s, t, said.eap);
    else
        carry_next(s, t);
}

/* ---- both ---- */

/* What has come through the tunnel; there need not be anything. */
static void hear(struct eap_session *s, struct eap_turn *t, bool opened)
{
    u8 octets[SAID_MAX];
    int n = carry_hear(s, octets, sizeof(octets));
    if (n < 0 || n == (int)sizeof(octets))
        method_fail(s, t, n < 0 ? carry_why(s) : SHRIKE_REASON_EAP_SYNTAX);
    else if (n == 0 && (opened || !s->server))
        carry_next(s, t);
    else if (s->server)
        serve(s, t, bytes_of(octets, (size_t)n));
    else
        attend(s, t, bytes_of(octets, (size_t)n));
    wipe(octets, n > 0 ? (size_t)n : 0);
}

static void go_on(struct eap_session *s, struct eap_turn *t, enum carry how)
{
    if (how == CARRY_SAID)
        return;
    if (how == CARRY_OPEN && !s->server)
        begin_inside(s, t);
    else if (how != CARRY_ACKED)
        hear(s, t, how == CARRY_OPEN);
    else if (s->server && !s->inner) /* it waits to be asked */
        (void)method_go_inside(s, t, bytes_of(NULL, 0));
    else
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
}

void ttls_begin(struct eap_session *s, struct eap_turn *t)
{
    carry_begin(s, t);
}

void ttls_take(struct eap_session *s, struct eap_turn *t, struct bytes data)
{
    go_on(s, t, carry_take(s, t, data));
}

void ttls_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    if (s->asked != EAP_ASK)
        go_on(s, t, carry_told(s, t, a));
    else if (a->reason)
        method_fail(s, t, a->reason);
    else if (s->server)
        method_over(s, t);
    else
        say_password(s, t, a->proof);
}

void ttls_inside(struct eap_session *s, struct eap_turn *t, const struct eap_turn *in)
{
    if (in->step == EAP_FAIL)
        method_fail(s, t, in->reason);
    else if (in->step == EAP_SAY)
        say_message(s, t, bytes_of(in->octets, in->len));
    else if (s->server)
        method_over(s, t);
    else
        carry_next(s, t); /* Success in the tunnel is not for IKE */
    s->done |= s->inner->done;
}
