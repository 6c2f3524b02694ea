/* The gate: what a stranger must pass before it costs us any state (RFC 7296 2.6). */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include "sa/shard.h"

struct gate {
    u64 raised[GATE_BUCKETS / 64]; /* buckets that have asked for cookies lately */
    shrike_time calm_at;           /* all of them are lowered then */
    bool all;                      /* what was last told */
    shrike_time all_until;         /* cookies for everybody until then */
};

enum gate_verdict {
    GATE_ADMIT,  /* make an SA; *bucket is where it is counted */
    GATE_REPLAY, /* a request that was answered: *sa has the reply */
    GATE_COOKIE, /* answer with a cookie, keep nothing */
    GATE_DROP,
};

/* A datagram for no SA of ours, on its way in. */
struct stranger {
    const struct shrike_datagram *datagram;
    const struct message *message; /* IKE_SA_INIT request, parsed */
    u64 hash; /* of the request but for its cookie, and its source; names it in by_init */
    u32 bucket;
    struct ike_sa *sa; /* GATE_REPLAY */
};

/* Only a request for IKE_SA_INIT makes an SA: is this header one? */
bool gate_is_init(const struct header *h);
/* Where those of this address (its /32 or /64) are counted, below GATE_BUCKETS. */
u32 gate_bucket(const struct shard *s, const struct shrike_endpoint *from);
enum gate_verdict gate_admit(struct gate *g, struct shard *s, struct stranger *x) must_use;
/* GATE_REPLAY: who sends his request again with a newer cookie than the SA knows will sign that
 * one, whichever of both our reply comes to: AUTH is held against it from now on (RFC
 * 7296 2.6, 2.15). */
void gate_follow(struct shard *s, const struct stranger *x);
/* Count an admitted stranger until its handshake is over. */
bool gate_count(struct shard *s, struct ike_sa *sa, const struct stranger *x) must_use;
/* Send the cookie for this stranger (RFC 7296 2.6). */
void gate_send_cookie(struct shard *s, const struct stranger *x);

#endif
