/* Two configurations negotiate with each other, in a simulated network and in simulated time: what
 * two daemons would do, from one seed. Nothing leaves the process. */
#ifndef SIM_PLAY_H
#define SIM_PLAY_H

#include "crypto/provider.h"
#include "sim/link.h"
#include "sim/nat.h"
#include "sim/peer.h"
#include "sim/place.h"
#include "sim/router.h"

#define PLAY_DARK_MAX 256 /* times at which packets would have been lost; more are counted */

struct play_setup {
    struct config *config[2]; /* they stay the caller's; their connections get addresses */
    const char *conn;         /* NULL: the first that fits */
    struct link_faults faults;
    bool nat[2];
    bool busy; /* packets flow all the time; else there are none */
    u64 seed;
};

/* No Child SA by which both ends would have carried a packet. */
struct play_dark {
    shrike_time from, until; /* SHRIKE_NEVER: still */
};

/* One installed Child SA. */
#define PLAY_WAYS_MAX 4096
struct play_way {
    u32 reqid, spi_in, spi_out;
    int64_t rank;
};

struct play {
    struct world world;
    struct place place[2];
    unsigned first; /* the side that begins */
    struct prng dice;
    struct shrike_provider *openssl;
    struct shrike_provider provider; /* the same with our dice */
    struct router router;
    struct link link[2]; /* from this side to the other */
    struct nat nat[2];
    struct peer peer[2];
    struct play_way out[PLAY_WAYS_MAX], in[PLAY_WAYS_MAX]; /* to look, at one instant */
    bool lit;                                              /* a Child SA is there */
    struct play_dark dark[PLAY_DARK_MAX];
    unsigned dark_count;
    u64 darks;
};

/* NULL: *why, one line. Only one at a time. */
struct play *play_new(const struct play_setup *setup, struct text *why) must_use;
void play_free(struct play *p); /* NULL is fine */

/* As `shrike up` and `shrike rekey` on this side, until they are answered, at most so long.
 * conn NULL: the connection that was chosen; child NULL: all of its children, or the IKE SA. false:
 * they failed; of an `up` because of a name without an address too. */
bool play_up(struct play *p, unsigned side, const char *conn, shrike_time within);
bool play_rekey(struct play *p, unsigned side, const char *conn, const char *child);
void play_run(struct play *p, shrike_time duration);

const struct shrike_conn *play_conn(const struct play *p, unsigned side); /* NULL: none */
/* Do both ends have the same Child SAs, as mirrors of each other? Else what differs; NULL: they
 * do. *count: how many. */
const char *play_difference(const struct play *p, unsigned *count);
/* What the simulation itself found to be impossible; NULL: nothing. */
const char *play_broken(const struct play *p);

#endif
