/* A peer that has the right keys and sends what it likes: seals any chain of payloads for one side
 * of a pair. For the fuzzers and for tests of what an authenticated but hostile peer can do. */
#ifndef PAIR_FORGER_H
#define PAIR_FORGER_H

#include "pair.h"
#include "sa/shard.h"

struct forger {
    struct pair *pair;
    unsigned victim; /* side that receives */
    struct shard shard;
    struct ike_sa sa;
    struct shrike_conn conn;
};

/* Take the keys of the pair's IKE SA: one that the victim's side told IKE_UP of, or, before that,
 * the one whose first IKE_AUTH request is on its way to side 1. false: there is none. */
bool forger_init(struct forger *f, struct pair *p, unsigned victim);
/* The same in the middle of the first handshake: up to IKE_AUTH, whose request waits at side 1
 * then.
 */
bool forger_half_way(struct forger *f, struct pair *p, unsigned victim);
void forger_free(struct forger *f);

struct forgery {
    uint8_t exchange, flags_extra; /* flags to be flipped */
    uint8_t first;                 /* type of the first inner payload */
    uint32_t message_id;
    struct shrike_bytes inner;
    bool response, fragment;
};
/* Seal and hand over. The victim's actions are left to be drained. */
void forge(struct forger *f, const struct forgery *what);

#endif
