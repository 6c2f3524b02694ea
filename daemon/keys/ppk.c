/* Keys stirred with a post-quantum preshared key: see ppk.h. */
#include "keys/ppk.h"

struct shrike_answer ppk_answer(const struct shrike_provider *p, const struct secrets *s,
                                const struct shrike_mix_op *op, u8 value[KEYMAT_MIXED * KEY_MAX])
{
    const struct prf_suite *prf = suite_prf(op->prf);
    struct bytes ppk;
    if (!prf || op->keys.len != KEYMAT_MIXED * (size_t)prf->key_len)
        return (struct shrike_answer){.reason = SHRIKE_REASON_CRYPTO};
    if (!secrets_find_ppk(s, op->id, &ppk))
        return (struct shrike_answer){.reason = SHRIKE_REASON_PPK_UNKNOWN};
    if (!keymat_mix(p, prf, ppk, op->keys, value))
        return (struct shrike_answer){.reason = SHRIKE_REASON_CRYPTO};
    return (struct shrike_answer){.ok = true, .value = bytes_of(value, op->keys.len)};
}
