/* One round: a crowd calls a server, checks that it lives, asks for further Child SAs, for new
 * keys, and leaves. What each end does in each phase can be measured alone. */
#ifndef BENCH_ROUND_H
#define BENCH_ROUND_H

#include "crowd.h"
#include "meter.h"

enum phase {
    PHASE_HANDSHAKE, /* IKE_SA_INIT and IKE_AUTH with the first Child SA */
    PHASE_LIVENESS,
    PHASE_CHILD,           /* a further Child SA */
    PHASE_CHILD_PFS,       /* the same with a key exchange */
    PHASE_CHILD_REKEY,     /* of the first of these, with the delete of the old one */
    PHASE_CHILD_REKEY_PFS, /* of the second */
    PHASE_IKE_REKEY,
    PHASES,
};

enum end { RESPONDER, INITIATOR, ENDS };

struct round {
    struct host *server;
    struct crowd crowd;
    struct box up, down;
};

/* A crowd of this many hosts stands before the server. */
void round_begin(struct round *r, struct host *server, struct shrike_provider *p, unsigned count);
/* All of them together; the meters count what either end does, unless they are NULL. */
void round_phase(struct round *r, enum phase phase, struct meter *meters[ENDS]);
/* All leave, and the server forgets them. */
void round_end(struct round *r);

/* count hosts call and fall silent: they are up there, or half-open. */
void round_fill(struct host *server, struct shrike_provider *p, unsigned count, bool half_open);

/* What either end asks of this provider, for one peer, in each phase. */
void round_record(struct tape tapes[ENDS][PHASES], struct shrike_provider *p);

#endif
