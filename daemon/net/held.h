/* The configurations that the engine looks at. It holds a few at a time: old ones live as long as
 * an SA refers to them. Where a connection begins from is filled in here, in a copy of ours. */
#ifndef NET_HELD_H
#define NET_HELD_H

#include "net/local.h"
#include "net/udp.h"
#include "ops/snapshot.h"
#include "shrike/view.h"

struct held_conf {
    struct held_conf *next;
    struct shrike_conf conf;       /* that the engine gets */
    struct shrike_conn *conns;     /* its connections */
    struct snapshot_copy *copy;    /* what they point to, and how they were written */
    struct snapshot_copy *retired; /* connections of older ones that SAs go on by; NULL: none */
    u8 *retired_octets;            /* what these point to */
    bool scripts;                  /* some child has one */
};

struct held {
    struct held_conf *given;   /* to the engine, the newest first */
    struct held_conf *waiting; /* for the engine; NULL: none */
    bool scripts;              /* of some child of these, or of those before */
};

/* Read a snapshot that is to be given to the engine. It takes the place of one that waits still.
 * The descriptor stays the caller's. false: it cannot be used; what was there stays. */
bool held_load(struct held *h, int fd) must_use;
const struct shrike_conf *held_waiting(const struct held *h); /* NULL: none */
/* Of the one that waits; there is one. */
const struct settings *held_settings(const struct held *h);
/* Before the engine gets the one that waits: connections of SAs that it has not, or not as they
 * are, are retired into it, so that no older one is held for them for long. No memory: it goes
 * without. */
void held_retire(struct held *h, const struct shrike *engine);
void held_give(struct held *h); /* the engine has taken it */
/* Has, or had, a child a script (`updown`)? */
bool held_scripts(const struct held *h);
void held_unused(struct held *h, const struct shrike_conf *conf);
void held_free(struct held *h);

/* What is about to be initiated: a connection by name (NULL: every one of them) or by the number
 * of a child's policy. */
struct held_aim {
    const char *conn;
    u32 reqid; /* 0: by name */
    struct udp *udp;
    struct local *local;
};
/* Fill in where these connections of the newest configuration send from, as routes and sockets are
 * now: an address, if none is written, and the port as the engine knows it (net/udp.h). A peer at
 * another port than 500 is spoken to from 4500, with non-ESP markers: behind such a port, whatever
 * its number, IKE and ESP come together (RFC 3948 2).
 * false: no route leads to a peer; then the system chooses the address with each datagram. */
bool held_take_aim(struct held *h, const struct held_aim *aim);

#endif
