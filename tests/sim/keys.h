/* The model holder of long-term keys: answers PROVE and CHECK for shared keys, and EAP by a method
 * that knows the same key. */
#ifndef SIM_KEYS_H
#define SIM_KEYS_H

#include "crypto/keymat.h"
#include "shrike/action.h"

#define SECRET_MAX   64
#define KEYS_EAP_MAX (5 + PRF_MAX) /* octets of its messages */

struct keys {
    const struct shrike_provider *provider;
    u8 secret[SECRET_MAX];
    size_t secret_len; /* 0: there is none */
};

void keys_init(struct keys *k, const struct shrike_provider *provider, struct bytes secret);
/* The answer to an op; a PROVE's value goes to `value` (PRF_MAX octets). */
struct shrike_answer keys_answer(const struct keys *k, enum shrike_op_kind kind,
                                 const struct shrike_auth_op *op, u8 value[PRF_MAX]);
/* EAP: three requests, each answered by a MAC of its number. All is in the messages, so that any
 * number of sessions go on at once. */
struct shrike_answer keys_eap(const struct keys *k, const struct shrike_eap_op *op,
                              u8 value[KEYS_EAP_MAX]);
/* To a MIX: the PPK is the secret and the PPK's name, and is there for each name but "none". */
struct shrike_answer keys_mix(const struct keys *k, const struct shrike_mix_op *op,
                              u8 value[KEYMAT_MIXED * KEY_MAX]);

#endif
