/* One shard's world: the pools, tables and queues that an exchange may touch. No lock: one thread
 * owns it. */
#ifndef SA_SHARD_H
#define SA_SHARD_H

#include "base/arena.h"
#include "base/heap.h"
#include "base/map.h"
#include "crypto/provider.h"
#include "sa/changes.h"
#include "sa/counts.h"
#include "sa/directory.h"
#include "sa/ladder.h"
#include "sa/path.h"
#include "sa/pending.h"
#include "sa/ring.h"
#include "sa/sa.h"

#define SNAPSHOTS_MAX 8           /* configurations held at once */
#define SCRATCH_SIZE  (2 * 65536) /* of one input: a message put together from its fragments */
#define OUT_MAX       32768       /* octets of a message of ours before it is sealed */

#define OP_TIME_MAX  (60 * SHRIKE_SECOND) /* an op not answered by then has failed */
#define GATE_BUCKETS 4096                 /* source prefixes are counted in so many buckets */

/* A configuration and how many SAs and exchanges look at it. */
struct snapshot {
    const struct shrike_conf *conf; /* NULL: free place */
    struct directory directory;     /* of it */
    u32 pins;
};

struct shard {
    const struct shrike_provider *provider;
    struct page_source source;
    struct slab sas, handshakes, children, works, reassemblies, commands, more_slots;
    struct packets packets;
    struct ring ring;
    struct arena scratch;
    void *scratch_pages;
    u8 *out;            /* OUT_MAX octets: the message being built */
    struct map by_spi;  /* our IKE SPI -> index of the SA */
    struct map by_init; /* hash of an IKE_SA_INIT request -> index of the SA that answered it */
    struct map by_peer; /* hash of two identities -> index of the newest SA between them */
    struct map by_esp;  /* our inbound SPI of ESP or AH, or CPI_KEY | CPI -> index of the child */
    struct heap timers;
    struct host_addresses host; /* of ours */
    struct changes changes;     /* of IKE SAs, for who keeps their records */
    struct snapshot snapshots[SNAPSHOTS_MAX];
    struct snapshot *current; /* NULL before the first configuration */
    struct shrike_limits limits;
    struct shrike_stats stats; /* counters only */
    struct counts counts;      /* by connection */
    struct ladder ladder;      /* messages, until they are taken */
    u8 hash_key[16];
    u8 cookie_seed[16];
    u64 jitter;                         /* state of the generator of harmless randomness */
    u32 half_open;                      /* handshakes that strangers began */
    u16 prefix_half_open[GATE_BUCKETS]; /* of these, by SipHash of the source prefix */
    u32 incarnation;
    u32 plane;   /* counts lives of the data plane, from 1 */
    u32 serials; /* of IKE SAs and Child SAs: the greatest there was */
    u32 given;   /* the greatest of those that were not imported */
    u8 shard, shards;
    shrike_time now;
    shrike_time events_since; /* of strangers, in this second */
    u32 events_count[3];      /* of what begins, of what is refused, of what fails */
};

bool shard_init(struct shard *s, const struct shrike_env *env, shrike_time now) must_use;
void shard_free(struct shard *s);

/* Harmless randomness for jitter, below n. */
u32 shard_jitter(struct shard *s, u32 n);
/* d, less a random part of spread; at least half of d. */
shrike_time shard_early(struct shard *s, shrike_time d, shrike_time spread);
/* d, more or less by percent. */
shrike_time shard_vary(struct shard *s, shrike_time d, unsigned percent);
/* The serial of a new IKE SA or Child SA. */
u32 shard_serial(struct shard *s);
/* An SPI nobody has, with our shard's first octet; 0 when the provider fails. */
u64 shard_draw_spi(struct shard *s);
struct ike_sa *shard_sa_by_spi(const struct shard *s, u64 spi);
struct ike_sa *shard_sa_at(const struct shard *s, u32 index); /* NULL: free place */

/* Configurations. */
bool shard_conf(struct shard *s, const struct shrike_conf *conf) must_use;
/* Is it one of those in force there, not a retired one? */
bool conf_has(const struct shrike_conf *conf, const struct shrike_conn *conn);
/* The connection of this name in force; NULL: there is none. */
const struct shrike_conn *shard_conn(const struct shard *s, const char *name);
/* The same for the connection of an SA, which may be of an older configuration or retired. */
const struct shrike_conn *shard_conn_now(const struct shard *s, const struct shrike_conn *conn);
struct snapshot *snapshot_pin(struct snapshot *n);
void snapshot_unpin(struct shard *s, struct snapshot *n);

/* The op that this slot is to wait for; its token is filled in. */
struct shrike_op *shard_ask(struct shard *s, struct ike_sa *sa, struct slot *slot,
                            enum shrike_op_kind kind);

#endif
