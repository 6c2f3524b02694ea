/* How the hosts of a benchmark prove who they are: by a shared key, or by signatures with the code
 * of those who hold private keys and who know certificates. */
#ifndef BENCH_PROOFS_H
#define BENCH_PROOFS_H

#include "crypto/provider.h"
#include "shrike/action.h"
#include "shrike/conf.h"

enum proofs { PROOFS_PSK, PROOFS_ECDSA_256, PROOFS_RSA_2048, PROOFS_RSA_3072, PROOFS_COUNT };

#define PROOFS_VALUE_MAX 640 /* octets of AUTH data */

/* From now on. Every host has the same key and certificate. */
void proofs_use(enum proofs kind);
/* A connection that proves itself so. */
void proofs_conn(struct shrike_conn *conn);
/* Answer PROVE or CHECK; the value is written to `value`. */
struct shrike_answer proofs_answer(struct shrike_provider *p, const struct shrike_op *op,
                                   u8 value[PROOFS_VALUE_MAX]);
/* Only the signatures of a responder, so many times: one is verified, one made. */
void proofs_play(unsigned times);
void proofs_free(void);

#endif
