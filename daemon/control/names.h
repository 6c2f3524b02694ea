/* Names of the DNS in connections: asked for, kept up to date, and put into a configuration. */
#ifndef CONTROL_NAMES_H
#define CONTROL_NAMES_H

#include "config/config.h"
#include "resolve/resolve.h"

#define NAMES_MAX   20000 /* different ones */
#define NAMES_ASKED 32    /* at a time; the resolver takes RESOLVER_ASKED */

enum name_state {
    NAME_NEW,   /* to be asked for as soon as there is room */
    NAME_ASKED, /* for the first time, or again */
    NAME_GOOD,  /* until its time */
    NAME_BAD,   /* nobody knows it, or nobody answers: asked again at its time */
};

struct names {
    struct loop *loop;
    struct resolver *resolver;
    /* Called from the loop when a name has got its first answer or other addresses than before. */
    void (*changed)(void *ctx, const char *name, const struct resolved *answer);
    void *ctx;
    struct name **buckets; /* by hash of the name */
    u32 bucket_count, count, asked;
    u32 round;          /* which names the newest configuration has */
    struct alarm alarm; /* of all: when the first of them is to be asked for again */
    shrike_time next;   /* what it is set to; SHRIKE_NEVER: not at all */
};

/* changed and ctx are set by the caller. false: no memory. */
bool names_open(struct names *n, struct loop *loop) must_use;
void names_close(struct names *n);

/* Ask for the names of this configuration from now on, and no longer for others; put the addresses
 * that are known into it: its connections are written to. false: a name is beyond the cap. */
bool names_use(struct names *n, struct config *c);

/* Why the connection beside this cannot be called up yet: a name without an address. NULL: all have
 * one. *waits: an answer is still to come. */
const char *names_missing(const struct names *n, const struct config_conn *beside, bool *waits);

#endif
