/* One round: a crowd calls a server, checks that it lives, asks for further Child SAs and leaves.
 * What the server does in each phase can be measured alone. */
#ifndef BENCH_ROUND_H
#define BENCH_ROUND_H

#include "crowd.h"
#include "meter.h"

enum phase {
    PHASE_HANDSHAKE, /* IKE_SA_INIT and IKE_AUTH with the first Child SA */
    PHASE_LIVENESS,
    PHASE_CHILD,     /* a further Child SA */
    PHASE_CHILD_PFS, /* the same with a key exchange */
    PHASES,
};

struct round {
    struct host *server;
    struct crowd crowd;
    struct box up, down;
};

/* A crowd of this many hosts stands before the server. */
void round_begin(struct round *r, struct host *server, struct shrike_provider *p, unsigned count);
/* All of them together; the meter counts what the server does, unless it is NULL. */
void round_phase(struct round *r, enum phase phase, struct meter *m);
/* All leave, and the server forgets them. */
void round_end(struct round *r);

/* count hosts call and fall silent: they are up there, or half-open. */
void round_fill(struct host *server, struct shrike_provider *p, unsigned count, bool half_open);

/* What the server asks of this provider, for one peer, in each phase. */
void round_record(struct tape tapes[PHASES], struct shrike_provider *p);

#endif
