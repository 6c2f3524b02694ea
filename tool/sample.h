/* What the daemon does, looked at twice: numbers of its processes and Child SAs, and what became of
 * them in between. */
#ifndef TOOL_SAMPLE_H
#define TOOL_SAMPLE_H

#include "tool/tunnels.h"

/* With more IKE SAs than these, each second's list would cost more than it tells. */
#define SAMPLE_SAS_MAX 5000

struct sample_flow {
    u64 id; /* of a Child SA */
    u64 in, out;
};

/* One look; zeros: none yet. */
struct sample {
    u64 when_us; /* since whenever */
    u8 *memory;
    struct bytes stats; /* the answer to `stats` */
    bool listed;        /* else there are too many SAs: `all` is empty */
    struct tunnels all;
    struct sample_flow *flows; /* by id */
    size_t flow_count;
};

/* Ask the daemon. false: the session's why; nothing is to be freed. */
bool sample_take(struct sample *s, struct session *session) must_use;
void sample_free(struct sample *s);

/* A number of the stats, by its path; 0 when it is not there. */
u64 sample_number(const struct sample *s, const char *path);
/* How much it grew in a second, in tenths; 0 when it became less: its process began anew. */
u64 sample_rate(const struct sample *before, const struct sample *now, const char *path);
/* Octets that a Child SA carries in a second. */
struct sample_flow sample_flow(const struct sample *before, const struct sample *now,
                               const struct tunnel_child *child);

#endif
