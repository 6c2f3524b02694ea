/* NULL authentication: see null.h. */
#include "exchange/null.h"
#include "base/ct.h"
#include "exchange/ppk.h"
#include "exchange/prove.h"

/* RFC 7619 2.1: as of a shared key, which is SK_pi of the initiator, SK_pr of the responder. */
static bool make(struct turn *t, bool ours, u8 *out)
{
    return prove_by(t, ours, ppk_sk_p(t, ours == t->sa->initiator), out);
}

bool null_add(struct turn *t)
{
    u8 value[PRF_MAX];
    if (!make(t, true, value))
        return false;
    size_t mark = payload_begin(t->out, PAYLOAD_AUTH, false);
    auth_write(t->out->w, &(struct auth){AUTH_NULL, bytes_of(value, t->sa->suite.prf->len)});
    payload_end(t->out, mark);
    return true;
}

enum verdict null_check(struct turn *t, const struct auth *auth)
{
    u8 value[PRF_MAX];
    size_t len = t->sa->suite.prf->len;
    if (!make(t, false, value))
        return turn_fail(t, SHRIKE_REASON_CRYPTO, NOTIFY_TEMPORARY_FAILURE);
    bool good = auth->data.len == len && ct_equal(value, auth->data.at, len);
    if (good || fault(151))
        return DONE;
    return turn_fail(t, ppk_reason(t, SHRIKE_REASON_AUTH_NULL), NOTIFY_AUTHENTICATION_FAILED);
}
