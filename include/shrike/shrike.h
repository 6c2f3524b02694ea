/* The engine: inputs in, actions out. It does no I/O, reads no clock, takes no lock and calls
 * nobody but its provider and its page source.
 *
 *     shrike_datagram(e, now, &d);
 *     while (shrike_next(e, &a)) carry_out(&a);
 *     wait until shrike_deadline(e), then shrike_tick(e, now)
 *
 * After each input, or a batch of at most SHRIKE_BATCH inputs, drain shrike_next() until it says
 * false. Same inputs, same seed, same provider: same outputs, bit for bit. */
#ifndef SHRIKE_H
#define SHRIKE_H

#include "shrike/action.h"
#include "shrike/conf.h"
#include "shrike/count.h"
#include "shrike/event.h"
#include "shrike/rung.h"
#include "shrike/types.h"

#define SHRIKE_BATCH 32

struct shrike;
struct shrike_provider; /* lib/crypto/provider.h */

/* Caps; at a cap the engine refuses, it never grows past it. Zero takes the value in brackets. */
struct shrike_limits {
    uint32_t ike_sas;    /* IKE SAs, half-open ones included [1024] */
    uint32_t half_open;  /* handshakes in progress, as either side [256] */
    uint32_t child_sas;  /* [2 * ike_sas] */
    uint32_t memory_mib; /* pages taken from the page source, in all [64] */
};

/* Memory in pages of SHRIKE_PAGE octets, zeroed and aligned to 64. take may answer NULL. */
#define SHRIKE_PAGE 65536
struct shrike_pages {
    void *(*take)(void *ctx, size_t size); /* size is a multiple of SHRIKE_PAGE */
    void (*give)(void *ctx, void *page, size_t size);
    void *ctx;
};

struct shrike_env {
    const struct shrike_provider *provider;
    struct shrike_pages pages;
    struct shrike_limits limits;
    uint8_t seed[32];     /* secret and random: keys of hash tables, cookies and jitter */
    uint32_t incarnation; /* differs at each start */
    uint8_t shard;        /* our SPIs have a first octet that is shard modulo shards */
    uint8_t shards;       /* 1 or more */
};

/* A datagram as received. data is written to (decrypted in place). marker: the four zero octets
 * of RFC 3948 2.2 stood in front and have been taken off. */
struct shrike_datagram {
    struct shrike_endpoint local, remote;
    uint8_t *data;
    size_t len;
    bool marker;
};

enum shrike_command_kind {
    SHRIKE_UP,       /* conn, and child or NULL for all of its children */
    SHRIKE_DOWN,     /* conn, or child of conn, or by serial in ike or child_serial; nothing
                      * named: every IKE SA */
    SHRIKE_LIVENESS, /* conn or ike: ask the peer whether it is there */
    SHRIKE_REKEY,    /* named like those of DOWN, one name at least; reauth: the IKE SAs are made
                      * from scratch and take over */
    SHRIKE_REDIRECT, /* conn or ike: lead the peer to `gateway` (RFC 5685) */
};

/* reference comes back in COMMAND_DONE or COMMAND_FAILED. What is there, shrike/view.h shows. */
struct shrike_command {
    enum shrike_command_kind kind;
    uint32_t reference;
    const char *conn;
    const char *child;
    uint32_t ike;
    uint32_t child_serial;
    bool reauth;              /* REKEY of IKE SAs */
    struct shrike_id gateway; /* REDIRECT: as redirect_to in shrike_conn */
    shrike_time forget; /* DOWN of IKE SAs: one that is there still after so long is forgotten,
                         * whether the peer has answered or not; 0: only by retransmission */
    bool limited;       /* UP: not while more handshakes are under way than half_open_max */
};

/* What the data plane has to tell. */
enum shrike_kernel_kind {
    SHRIKE_ACQUIRE,     /* a packet met a trap: make the child with this reqid */
    SHRIKE_EXPIRE_SOFT, /* child_serial has carried its soft limit */
    SHRIKE_EXPIRE_HARD, /* ... its hard one: it passes nothing more */
    SHRIKE_PLANE_LOST,  /* the data plane began anew and holds no SA of ours */
    SHRIKE_SPI_UNKNOWN, /* an ESP packet from `from` to `to` belongs to no SA: `spi` */
    SHRIKE_IDLE,        /* child_serial has carried nothing for as long as it may */
    SHRIKE_HEARD,       /* authentic ESP of child_serial has come: its peer is there */
    SHRIKE_MAPPING,     /* authentic and new ESP of child_serial came from `from` to `to`, and the
                         * peer's end was another one */
    SHRIKE_ADDRESSES,   /* this host has these addresses now; or its routes have changed */
};
#define SHRIKE_HOST_ADDRESSES_MAX 32 /* of one host; the first ones count */

/* Pointers are valid during the call.
 * local and remote: of an ACQUIRE, what selects the packet and no more, as if it had come from the
 * local side: its addresses, its protocol, its ports (or its ICMP type and code, in both). family 0
 * in both: not known. */
struct shrike_kernel_event {
    enum shrike_kernel_kind kind;
    uint32_t reqid;
    uint32_t child_serial;
    struct shrike_ts local, remote;
    struct shrike_endpoint from, to; /* SPI_UNKNOWN, MAPPING; ports 0: it was not in UDP */
    uint32_t spi;
    const struct shrike_addr *addresses; /* ADDRESSES: those that IKE and ESP can be sent from */
    uint16_t address_count;
};

/* How long something took, as counts: of what took at most each of the bounds, and more than the
 * one before; the last place counts what took longer than all of them. */
#define SHRIKE_LATENCY_BOUNDS 10
extern const shrike_time shrike_latency_bounds[SHRIKE_LATENCY_BOUNDS];
struct shrike_latency {
    uint64_t counts[SHRIKE_LATENCY_BOUNDS + 1];
    uint64_t sum_us;
};
enum shrike_took {
    SHRIKE_TOOK_HANDSHAKE, /* in either role, from the first message on until both are known */
    SHRIKE_TOOK_CHILD,     /* these three from our request until its answer was used */
    SHRIKE_TOOK_CHILD_REKEY,
    SHRIKE_TOOK_IKE_REKEY,
    SHRIKE_TOOK_COUNT,
};

/* What the engine holds now; for tests, statistics and the oracle of the simulator. */
struct shrike_stats {
    uint32_t ike_sas, half_open, child_sas, handshakes, packets, works;
    uint64_t bytes_live;  /* octets of live pool objects */
    uint64_t bytes_pages; /* octets taken from the page source */
    uint64_t allocations; /* pool objects ever taken */
    uint64_t received, sent, dropped, refused, retransmits, cookies, replays;
    struct shrike_latency took[SHRIKE_TOOK_COUNT];
};

/* Make an engine. NULL when a page could not be had. Free it with shrike_free(). */
struct shrike *shrike_new(const struct shrike_env *env, shrike_time now);

/* Wipe and give back everything; nothing is sent. */
void shrike_free(struct shrike *e);

/* Use this snapshot from now on. false: too many old ones are still held, try after a drain. */
bool shrike_conf(struct shrike *e, const struct shrike_conf *conf);

void shrike_datagram(struct shrike *e, shrike_time now, const struct shrike_datagram *d);
void shrike_command(struct shrike *e, shrike_time now, const struct shrike_command *c);
void shrike_done(struct shrike *e, shrike_time now, struct shrike_token token,
                 const struct shrike_answer *answer);
/* An event of the data plane.
 * ACQUIRE: the child with this reqid is called up, as by UP without a reference, with the packet's
 *   own selectors first (RFC 7296 2.9); nothing when it is there or under way. One that is there
 *   and does not take the packet gets a further one beside it, if the peer has shown that it makes
 *   such (it narrowed what was asked, or takes single pairs of addresses only).
 * EXPIRE_SOFT: told, and the Child SA is rekeyed.
 * EXPIRE_HARD: the Child SA is deleted; one of `start` NOW is made anew, one of TRAP at the next
 *   ACQUIRE.
 * PLANE_LOST: every Child SA installed until now is made anew with the selectors it had, then the
 *   old one is deleted. Ops asked before and not answered yet are to be answered with a failure;
 *   CHILD_REMOVE may still come for what the data plane has lost.
 * SPI_UNKNOWN: the peer is told, over an IKE SA to that address or, without one, in the clear; to
 *   be told at most a few times a second.
 * IDLE: the Child SA is deleted; its IKE SA stays. To be told again when it is still there after
 *   the same time.
 * HEARD: as good as a message of IKE: no liveness check before dpd_delay has passed again (RFC 7296
 *   2.4). When it is to be told, the install op says.
 * MAPPING: when the peer is behind a NAT and we are not, it is followed (RFC 7296 2.23, RFC 4555
 *   3.8).
 * ADDRESSES: to be told after the first shrike_conf() and at each change, all of them each time, in
 *   the order in which they are to be tried: addresses of links that carry, without those of
 *   tunnels of ours. As long as nothing was told, every address is taken to be there. An SA whose
 *   address is gone moves to another path (RFC 4555), or is made from scratch where it cannot; one
 *   whose address is still there asks the peer whether the path is.
 * What it does not know (a reqid, a serial) is ignored. */
void shrike_kernel(struct shrike *e, shrike_time now, const struct shrike_kernel_event *k);
void shrike_tick(struct shrike *e, shrike_time now);

/* When shrike_tick() is wanted next; SHRIKE_NEVER when nothing waits. A time in the past or equal
 * to now means at once (long work goes on there). */
shrike_time shrike_deadline(const struct shrike *e);

/* Take the next action. false: drained; everything handed out before is void now. */
bool shrike_next(struct shrike *e, struct shrike_action *out);

void shrike_stats(const struct shrike *e, struct shrike_stats *out);

/* ---- state is a value ---- */

/* Write an IKE SA (its keys included), what is to replace it, and their Child SAs (without keys) as
 * one record, from which another engine goes on. Returns its length; when that is more than `size`,
 * nothing of use is in `out`. 0: there is nothing to be kept of it: it is gone, its handshake is
 * not over, or it is in the record of the one that it is to replace. A record holds secrets.
 *
 * Who keeps records writes those of shrike_changed() at each drain, before any of its actions is
 * carried out. Commands that wait for an SA are not in its record. */
size_t shrike_export(const struct shrike *e, uint32_t ike, void *out, size_t size);

/* Where a record belongs: an IKE SA has a place of its own below the limit ike_sas. */
struct shrike_change {
    uint32_t place;
    uint32_t ike; /* the serial of the one there now; 0: none */
};
/* The next place whose record may not be true any more, each once: what shrike_export() writes
 * takes the place of the old record, and when that is nothing, the old one is to be forgotten. All
 * changes of a drain belong together. false: there are no more. */
bool shrike_changed(struct shrike *e, struct shrike_change *out);

/* Go on with what a record says, whole or not at all; to be called after shrike_conf(), and drained
 * like every input. `made`: when the record was written, by the clock of this engine (of another
 * clock's record: now); what was left of times is left from then. Nothing is told of what is
 * imported: it has been before. The connection is found by its name.
 *
 * The data plane is taken to be what it was, and answers of ops asked by the former engine are not
 * wanted: what was being installed is asked to be removed. If it is another one,
 * SHRIKE_PLANE_LOST is to follow.
 *
 * false: the record is not whole, of an unknown version, or contradicts itself; an SPI or serial is
 * taken or belongs to another shard; there is no such connection; a cap is reached. Serials of
 * records of two engines may meet: such records are not for one. */
bool shrike_import(struct shrike *e, shrike_time made, const void *record, size_t len);

/* The same of a record that may not be the newest one: of a journal that lags behind, of another
 * host. Message IDs and explicit IVs that it takes for unused may have been used since, so nothing
 * is sent by its keys any more: the SA is down (IKE_DOWN, CHILD_DOWN: STALE_RECORD), and what it
 * carried is asked for from scratch a moment later (IKE_AGAIN), if its connection says whom to
 * call. The peer lets go of the old one by INITIAL_CONTACT, or finds out by itself.
 *
 * The data plane must hold nothing of the former engine: it is not asked to remove what the record
 * says, since that may be wrong. */
bool shrike_import_stale(struct shrike *e, const void *record, size_t len);

/* The keys of an IKE SA that has them, for tests and for decoding captures. false: no such SA.
 * out holds SK_d, SK_ai, SK_ar, SK_ei, SK_er one after the other with their sizes in len[5]. */
#define SHRIKE_KEYS_MAX 320
bool shrike_unsafe_keys(const struct shrike *e, uint32_t ike, uint8_t out[SHRIKE_KEYS_MAX],
                        size_t len[5]);

/* Called when the library finds itself broken; the caller supplies it and it must not return. */
_Noreturn void shrike_panic(const char *file, int line, const char *what);

#endif
