/* Messages as they were sent and received, kept until they are taken: shrike/rung.h. */
#ifndef SA_LADDER_H
#define SA_LADDER_H

#include "sa/packet.h"
#include "sa/ring.h"
#include "shrike/rung.h"
#include "wire/message.h"

struct shard;
struct ike_sa;

struct ladder {
    struct shrike_rung rungs[SHRIKE_RUNGS_MAX];
    u32 first, count;
};

/* A message has come by this path, with these payloads; NULL: it is one that was answered before.
 */
void ladder_in(struct shard *s, const struct ike_sa *sa, const struct ring_path *path,
               struct bytes datagram, const struct message *m);
/* A message was sealed and is sent; the plain payloads begin with one of type `first`. */
void ladder_out(struct shard *s, const struct ike_sa *sa, const struct packet *chain,
                struct bytes plain, u8 first);
/* The same octets once more. */
void ladder_again(struct shard *s, const struct ike_sa *sa, const struct packet *chain);
bool ladder_next(struct ladder *l, struct shrike_rung *out) must_use;

#endif
