/* Shared keys (RFC 7296 2.15). */
#include "keys.h"
#include "crypto/keymat.h"

void keys_init(struct keys *k, const struct shrike_provider *provider, struct bytes secret)
{
    memset(k, 0, sizeof *k);
    k->provider = provider;
    k->secret_len = MIN(secret.len, (size_t)SECRET_MAX);
    if (k->secret_len > 0)
        memcpy(k->secret, secret.at, k->secret_len);
}

static struct shrike_answer refuse(enum shrike_reason_code code)
{
    return (struct shrike_answer){.ok = false, .reason = code};
}

struct shrike_answer keys_answer(const struct keys *k, enum shrike_op_kind kind,
                                 const struct shrike_auth_op *op, u8 value[PRF_MAX])
{
    const struct prf_suite *prf = suite_prf(op->prf);

    if (op->kind != SHRIKE_AUTH_PSK || prf == NULL)
        return refuse(SHRIKE_REASON_AUTH_METHOD);
    if (k->secret_len == 0)
        return refuse(SHRIKE_REASON_AUTH_NO_SECRET);
    if (!keymat_psk_auth(k->provider, prf, bytes_of(k->secret, k->secret_len), op->octets, value))
        return refuse(SHRIKE_REASON_CRYPTO);
    if (kind == SHRIKE_PROVE)
        return (struct shrike_answer){
            .ok = true, .method = AUTH_PSK, .value = bytes_of(value, prf->len)};
    if (!bytes_equal(op->value, bytes_of(value, prf->len)))
        return refuse(SHRIKE_REASON_AUTH_MAC);
    return (struct shrike_answer){.ok = true};
}
