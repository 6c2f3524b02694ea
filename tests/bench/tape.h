/* The floor: a provider that writes down every call with its arguments, so that exactly the same
 * cryptography can be done again without an engine. */
#ifndef BENCH_TAPE_H
#define BENCH_TAPE_H

#include "crypto/provider.h"

#define TAPE_CALLS  128
#define TAPE_OCTETS 65536

struct tape_call; /* one call with its arguments */

struct tape {
    struct shrike_provider provider; /* give this one to whom is to be recorded */
    struct shrike_provider *bare;    /* that does the work */
    struct tape_call *calls;
    unsigned count;
    u8 *octets; /* of the arguments */
    size_t used;
    bool recording; /* else it only passes calls on */
};

void tape_init(struct tape *t, struct shrike_provider *bare);
void tape_free(struct tape *t);
/* Forget what was recorded and begin anew. */
void tape_record(struct tape *t);
void tape_stop(struct tape *t);
/* Make the same calls again with the bare provider. */
void tape_play(const struct tape *t);
/* "2 random, 14 prf": what is on the tape, by kind. */
#define TAPE_TEXT_MAX 120
void tape_text(const struct tape *t, char out[TAPE_TEXT_MAX]);

#endif
