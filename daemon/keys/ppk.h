/* Keys stirred with a post-quantum preshared key (RFC 8784). */
#ifndef KEYS_PPK_H
#define KEYS_PPK_H

#include "crypto/keymat.h"
#include "keys/secrets.h"
#include "shrike/action.h"

/* Answer MIX. The keys are written to `value`, which the answer points to; the caller wipes it. */
struct shrike_answer ppk_answer(const struct shrike_provider *p, const struct secrets *s,
                                const struct shrike_mix_op *op, u8 value[KEYMAT_MIXED * KEY_MAX]);

#endif
