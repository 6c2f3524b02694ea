/* EAP-GTC (RFC 3748 5.6): the peer says its password, in the protection of IKE; no key. */
#include "eap/method.h"

void gtc_begin(struct eap_session *s, struct eap_turn *t)
{
    static const char prompt[] = "password";
    method_say(s, t, EAP_TYPE_GTC, bytes_of(prompt, sizeof(prompt) - 1));
}

void gtc_take(struct eap_session *s, struct eap_turn *t, struct bytes data)
{
    struct mail_password ask = {.what = PASSWORD_PLAIN, .checks = s->server};
    if (s->server)
        ask.proof = data;
    if (s->server && (data.len == 0 || data.len > PASSWORD_PROOF_MAX))
        method_fail(s, t, SHRIKE_REASON_EAP_SYNTAX);
    else
        method_ask(s, t, &ask);
}

void gtc_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a)
{
    if (a->reason) {
        method_fail(s, t, a->reason);
    } else if (s->server) {
        method_over(s, t);
    } else {
        method_done(s);
        method_say(s, t, EAP_TYPE_GTC, a->proof);
    }
}
