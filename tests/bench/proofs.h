/* How the hosts of a benchmark prove who they are: by a shared key, by signatures, or those who
 * call by EAP-MSCHAPv2; with the code of those who hold private keys and passwords, who know
 * certificates, and who run EAP. */
#ifndef BENCH_PROOFS_H
#define BENCH_PROOFS_H

#include "crypto/provider.h"
#include "shrike/action.h"
#include "shrike/conf.h"

enum proofs {
    PROOFS_PSK,
    PROOFS_ECDSA_256,
    PROOFS_RSA_2048,
    PROOFS_RSA_3072,
    PROOFS_MSCHAPV2,
    PROOFS_COUNT
};

#define PROOFS_VALUE_MAX 640 /* octets of AUTH data */

/* From now on. Every host has the same key and certificate. */
void proofs_use(enum proofs kind);
/* A connection that proves itself so: of the server, or of who calls it. */
void proofs_conn(struct shrike_conn *conn, bool server);
/* Messages of the initiator in one handshake. */
unsigned proofs_messages(void);
/* Answer PROVE, CHECK or EAP; what the answer points to is written to `value`. */
struct shrike_answer proofs_answer(struct shrike_provider *p, const struct shrike_op *op,
                                   u8 value[PROOFS_VALUE_MAX]);
/* A session of EAP is over. */
void proofs_eap_over(u32 session, bool server);
/* Only the signatures and proofs by passwords of a responder, so many times. */
void proofs_play(unsigned times);
void proofs_free(void);

#endif
