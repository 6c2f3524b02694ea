/* Proofs with a shared secret (RFC 7296 2.15). */
#include "keys/psk.h"
#include "base/ct.h"
#include "crypto/keymat.h"

static struct shrike_answer refuse(enum shrike_reason_code reason)
{
    return (struct shrike_answer){.ok = false, .reason = reason};
}

enum shrike_reason_code psk_fault(const struct shrike_op *op)
{
    if ((op->kind != SHRIKE_PROVE && op->kind != SHRIKE_CHECK) ||
        op->auth.kind != SHRIKE_AUTH_PSK || !suite_prf(op->auth.prf))
        return SHRIKE_REASON_AUTH_METHOD;
    return SHRIKE_REASON_NONE;
}

struct shrike_answer psk_answer(const struct shrike_provider *p, struct bytes secret,
                                const struct shrike_op *op, u8 value[PRF_MAX])
{
    const struct prf_suite *prf = suite_prf(op->auth.prf);
    enum shrike_reason_code fault = psk_fault(op);
    if (fault != SHRIKE_REASON_NONE)
        return refuse(fault);
    if (!keymat_psk_auth(p, prf, secret, op->auth.octets, value))
        return refuse(SHRIKE_REASON_CRYPTO);
    if (op->kind == SHRIKE_PROVE)
        return (struct shrike_answer){
            .ok = true, .method = AUTH_PSK, .value = bytes_of(value, prf->len)};
    if (op->auth.value.len != prf->len || !ct_equal(op->auth.value.at, value, prf->len))
        return refuse(SHRIKE_REASON_AUTH_MAC);
    return (struct shrike_answer){.ok = true};
}
