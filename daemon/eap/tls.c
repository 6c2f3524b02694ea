/* EAP-TLS (RFC 5216, RFC 9190): both sides prove themselves by certificates, and a key comes of
 * it. */
#include "eap/carry.h"

static void end(struct eap_session *s, struct eap_turn *t)
{
    method_done(s);
    carry_next(s, t);
}

/* RFC 9190 2.5: with TLS 1.3, the server has not said all before an octet of zero. */
static void hear_end(struct eap_session *s, struct eap_turn *t)
{
    u8 heard[16];
    int n = carry_hear(s, heard, sizeof(heard));
    if (n == 0)
        carry_next(s, t);
    else if (n == 1 && heard[0] == 0)
        end(s, t);
    else
        method_fail(s, t, n < 0 ? carry_why(s) : SHRIKE_REASON_EAP_SYNTAX);
}

static void go_on(struct eap_session *s, struct eap_turn *t, enum carry how)
{
    static const u8 commitment[1] = {0};
    bool newer = s->tunnel && tunnel_is_newer(s->tunnel);
    if (how == CARRY_SAID)
        return;
    if (how == CARRY_OPEN && s->server && newer)
        carry_say(s, t, bytes_of(commitment, 1));
    else if (how == CARRY_OPEN && s->server)
        carry_next(s, t);
    else if (how == CARRY_OPEN && !newer)
        end(s, t);
    else if (how != CARRY_ACKED && !s->server && !s->done)
        hear_end(s, t);
    else if (how == CARRY_ACKED && s->server)
        method_over(s, t);
    else
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
}

void tls_begin(struct eap_session *s, struct eap_turn *t)
{
    carry_begin(s, t);
}

void tls_take(struct eap_session *s, struct eap_turn *t, struct bytes data)
{
    go_on(s, t, carry_take(s, t, data));
}

void tls_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    go_on(s, t, carry_told(s, t, a));
}
