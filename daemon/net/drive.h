/* Drives the engine: what happened goes in, and what the engine wants done comes out, once a turn
 * of the loop: datagrams to the sockets, ops to the other roles, events to control. */
#ifndef NET_DRIVE_H
#define NET_DRIVE_H

#include "crypto/provider.h"
#include "lease/desk.h"
#include "net/accounts.h"
#include "net/courier.h"
#include "net/held.h"
#include "net/keyfile.h"
#include "net/ladders.h"
#include "net/local.h"
#include "net/records.h"
#include "net/roam.h"
#include "net/udp.h"
#include "net/watches.h"

#define DRIVE_TICKS 64 /* ticks in one turn; more work goes on in the next */
/* Configurations given back in one drain: one for each input, and what the engine held before. */
#define DRIVE_UNUSED (SHRIKE_BATCH + 16)

struct drive {
    struct seat *seat;
    struct shrike_provider *provider;
    struct shrike *engine;
    struct udp udp;
    struct local local;
    struct roam roam;
    struct held held;
    struct courier courier;
    struct desk desk; /* virtual addresses that we give out */
    struct accounts accounts;
    struct keyfile keyfile;
    struct records records;
    struct ladders ladders;
    struct watches watches;
    struct alarm alarm; /* the engine's deadline */
    struct alarm well;  /* what was found in the records was no harm */
    u64 plane;          /* the life of esp that Child SAs were given to; 0: none yet */
    u32 inputs;         /* since the last drain */
    const struct shrike_conf *unused[DRIVE_UNUSED];
    u32 unused_count;
    bool configured; /* the engine has a configuration */
    u64 events, events_lost;
    u64 events_owned_up;     /* of those lost: told to control */
    u64 established, failed; /* handshakes that ended so */
    u64 strays_lost;
    shrike_time may_say; /* when the next line about datagrams that cannot be sent may be written */
};

/* false: no memory or no provider; nothing is left open. */
bool drive_open(struct drive *d, struct seat *seat) must_use;
void drive_close(struct drive *d);

/* Inputs; at most SHRIKE_BATCH of them between two drains, which these functions see to. */
void drive_command(struct drive *d, const struct shrike_command *c);
void drive_answer(struct drive *d, enum role from, struct shrike_token token,
                  const struct shrike_answer *a);
void drive_kernel(struct drive *d, const struct shrike_kernel_event *k);
/* Addresses or routes of this host have changed; told to the engine when it has a configuration and
 * something is different for it. false: that is not what the event is. */
bool drive_addresses(struct drive *d, const struct shrike_kernel_event *k) must_use;
/* esp is there, in the life that the seat tells: the same as before, or one that knows nothing of
 * our Child SAs. */
void drive_plane(struct drive *d);
/* The file with the records of the net before us; before the first snapshot. false: it cannot be
 * used. */
bool drive_journal(struct drive *d, int fd) must_use;
/* Another program takes over: what comes is for its net, to which the records are none that this
 * one has ended by. */
void drive_yield(struct drive *d);
/* A snapshot, given to the engine in this or a later turn. With the first one, SAs go on from their
 * records and the sockets are read. false: it cannot be used. */
bool drive_conf(struct drive *d, int fd) must_use;

/* TRACE, TRACE_END; control is gone. */
bool drive_trace(struct drive *d, const struct mail *m) must_use;
void drive_trace_end(struct drive *d);

/* Let the engine work and carry out what it wants. true: there is more to do at once. */
bool drive_settle(struct drive *d);

#endif
