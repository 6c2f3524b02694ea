/* Proofs with a shared secret. */
#ifndef KEYS_PSK_H
#define KEYS_PSK_H

#include "crypto/provider.h"
#include "shrike/action.h"

/* Can this op be answered with a secret at all? Else the reason why not. */
enum shrike_reason_code psk_fault(const struct shrike_op *op);

/* Answer PROVE or CHECK with this secret. The AUTH data is written to `value`, which the answer to
 * PROVE points to; the caller wipes it. Takes as long for a wrong proof as for a right one. */
struct shrike_answer psk_answer(const struct shrike_provider *p, struct bytes secret,
                                const struct shrike_op *op, u8 value[PRF_MAX]);

#endif
