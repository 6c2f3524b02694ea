/* The world: a virtual clock that jumps from one thing that happens to the next, the nodes that
 * things happen to, and the datagrams that pass between them. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "shrike/types.h"
#include "sim/prng.h"

#define WORLD_NODES_MAX  128
#define WORLD_START      (1000 * SHRIKE_SECOND)
#define WORLD_EVENTS_MAX 4000000 /* of one seed; a seed that needs more is stuck in a loop */
#define PACKET_HOPS_MAX  16

struct world;

/* A UDP datagram on its way. Whoever forwards a packet gives it away. */
struct packet {
    struct shrike_endpoint from, to;
    bool marker;
    u8 hops;
    size_t len;
    u8 data[];
};

/* Something that packets come to and that does things at times of its own. */
struct node {
    const char *name;
    struct world *world;
    shrike_time next_run_at;
    void (*forward)(struct node *self, struct packet *p);
    void (*run)(struct node *self); /* NULL: never runs */
};

struct world_counts {
    u64 events, datagrams, octets, delivered, lost, duplicated, corrupted, reordered, unroutable;
    u64 handshakes, children, commands, ops, ops_failed;
    u64 restarts, stale, reboots; /* from records, from a journal that lags, from nothing */
};

struct world {
    shrike_time now;
    u64 seed;
    struct prng prng;
    struct node *nodes[WORLD_NODES_MAX];
    unsigned node_count;
    bool verbose;
    bool failed;
    char failure[600];
    u64 hash; /* of every datagram sent and when */
    struct world_counts counts;
    void (*after)(void *ctx); /* looks at the world after every event */
    void *after_ctx;
};

void world_init(struct world *w, u64 seed, bool verbose);
void world_add(struct world *w, struct node *n);
/* One event, if there is one up to `until`; else the clock goes there and it says false. */
bool world_step(struct world *w, shrike_time until);
/* Until a time, or until something failed. */
void world_run(struct world *w, shrike_time until);
/* Keep the first failure and its time; everything ends there. */
void world_fail(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line of the ladder, with the time before it; only with -v. */
void world_say(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_hash(struct world *w, const void *data, size_t len);

struct packet *packet_make(const void *data, size_t len);
struct packet *packet_clone(const struct packet *p);
bool endpoint_equal(const struct shrike_endpoint *a, const struct shrike_endpoint *b);
bool address_equal(const struct shrike_endpoint *a, const struct shrike_endpoint *b);
struct shrike_endpoint endpoint_v4(u8 a, u8 b, u8 c, u8 d, u16 port);
/* 2001:db8::n */
struct shrike_endpoint endpoint_v6(u8 n, u16 port);
/* "192.0.2.1:500", in a buffer of the caller. */
#define ENDPOINT_TEXT_MAX 64
const char *endpoint_text(const struct shrike_endpoint *e, char out[ENDPOINT_TEXT_MAX]);

#endif
