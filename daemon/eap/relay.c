/* The method that is none: a server of RADIUS does EAP with the peer, and we carry its messages
 * (RFC 3579). Who it is, may have been asked here before. */
#include "eap/method.h"

static void pass(struct eap_turn *t, struct bytes message)
{
    t->step = EAP_PASS;
    t->len = MIN(message.len, sizeof(t->octets));
    if (t->len)
        memcpy(t->octets, message.at, t->len);
}

void relay_begin(struct eap_session *s, struct eap_turn *t)
{
    radius_pass_begin(&s->of.relay);
    pass(t, bytes_of(NULL, 0));
}

/* Every response, of whatever type: the server looks. */
void relay_pass(struct eap_session *s, struct eap_turn *t, struct bytes message)
{
    if (s->of.relay.question)
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    else
        pass(t, message);
}

void relay_say(struct eap_session *s, struct eap_turn *t, struct bytes message)
{
    if (message.len > sizeof(t->octets)) {
        method_fail(s, t, SHRIKE_REASON_LIMIT);
        return;
    }
    t->step = EAP_SAY;
    t->len = message.len;
    memcpy(t->octets, message.at, message.len);
}

void relay_take(struct eap_session *s, struct eap_turn *t, struct bytes data)
{
    (void)data;
    method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
}

void relay_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    (void)a; /* nothing was asked */
    method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
}
