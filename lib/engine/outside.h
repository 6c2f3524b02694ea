/* Messages outside of an IKE SA (RFC 7296 1.5, 2.5, 2.21.4): answers to requests that we cannot
 * take, hints that an SA has been lost, and telling of ESP packets that belong to none.
 *
 * Nothing of it changes an SA: a hint at most has the peer asked whether it is there. Answers to
 * strangers are shorter than what they answer, and so many in a second, of each address and in all.
 * Looking for the SA that a hint is about goes over a part of them in each tick; while it does,
 * further hints are dropped. */
#ifndef ENGINE_OUTSIDE_H
#define ENGINE_OUTSIDE_H

#include "sa/shard.h"

enum {
    OUTSIDE_ANSWERS = 4,         /* a second, of one /32 or /64 */
    OUTSIDE_ANSWERS_ALL = 200,   /* a second, in all */
    OUTSIDE_LOOKS_PER_TICK = 64, /* SAs looked at */
};
#define OUTSIDE_HINT_EVERY                                                                         \
    (60 * SHRIKE_SECOND)                        /* liveness checks of one SA that hints may cause  \
                                                 */
#define OUTSIDE_TELL_EVERY (10 * SHRIKE_SECOND) /* INVALID_SPI over one SA */
#define OUTSIDE_IDLE       UINT32_MAX

struct outside {
    shrike_time since; /* the second that is counted */
    u32 answers_all;
    u8 answers[GATE_BUCKETS];
    u32 next; /* index of the SA to be looked at; OUTSIDE_IDLE: nothing is looked for */
    struct shrike_endpoint local, remote;
    u32 spi;
    bool lacking; /* of ESP that we lack; else what the peer says that it lacks */
};

void outside_init(struct outside *o);
/* A request whose major version is above ours. */
void outside_version(struct outside *o, struct shard *s, const struct shrike_datagram *d,
                     const struct header *h);
/* A message whose major version is below ours: does it say that its sender knows no other, in
 * answer to a first request of ours? That one's SA, for which it is a hint; else NULL. */
struct ike_sa *outside_old(struct shard *s, const struct shrike_datagram *d,
                           const struct header *h);
/* A message that names no SA of ours and begins none. */
void outside_stranger(struct outside *o, struct shard *s, const struct shrike_datagram *d,
                      const struct header *h);
/* Is this message, which names an SA of ours, an unprotected response? Then it is no more than a
 * hint, taken here. */
bool outside_hint(struct shard *s, struct ike_sa *sa, const struct shrike_datagram *d,
                  const struct header *h);
/* An ESP packet has come that belongs to no SA. */
void outside_esp(struct outside *o, struct shard *s, const struct shrike_kernel_event *k);
/* Go on looking. */
void outside_work(struct outside *o, struct shard *s);

#endif
