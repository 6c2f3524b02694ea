/* What the parts of this role share: the role itself, its parts, and who is asked for what. */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "control/asks.h"
#include "control/authorities.h"
#include "control/certs.h"
#include "control/clients.h"
#include "control/conns.h"
#include "control/counters.h"
#include "control/creds.h"
#include "control/ended.h"
#include "control/failures.h"
#include "control/ladders.h"
#include "control/listing.h"
#include "control/log.h"
#include "control/lookup.h"
#include "control/metrics.h"
#include "control/model.h"
#include "control/names.h"
#include "control/objects.h"
#include "control/policies.h"
#include "control/pools.h"
#include "control/publish.h"
#include "control/reload.h"
#include "control/renew.h"
#include "control/shared.h"
#include "control/sinks.h"
#include "control/start.h"
#include "control/stats.h"
#include "control/tasks.h"
#include "control/upgrade.h"
#include "control/walk.h"

/* Whose answer a reference brings: its upper bits. */
enum reference_kind {
    REFERENCE_NONE,
    REFERENCE_TASK,    /* COMMAND of a client */
    REFERENCE_START,   /* COMMAND of start.c */
    REFERENCE_LISTING, /* LIST and COUNT */
    REFERENCE_STATS,
    REFERENCE_POOLS,
    REFERENCE_COUNTERS,
    REFERENCE_LADDERS,
    REFERENCE_METRICS,
    REFERENCE_KEYS,
};
#define REFERENCE_SHIFT 28

struct control {
    struct seat *seat;
    struct hook hook;
    struct config_report report; /* of what is read just now */
    struct log log;
    struct sinks sinks;
    struct metrics metrics;
    struct model model;
    struct creds creds;
    struct objects objects;
    struct certs_commands certs;
    struct authorities authorities;
    struct renew renew;
    struct names names;
    struct lookups lookups;
    struct publish publish;
    struct starts starts;
    struct clients clients;
    struct listings listings;
    struct tasks tasks;
    struct walks walks;
    struct stats_asks stats;
    struct asks asks;
    struct failures failures;
    struct ended ended;
    vici_ticket upgrade;  /* who waits for what the parent says of another program; 0: nobody */
    struct shared shared; /* names of secrets that the control socket brought */
    struct policies policies;
    u32 serial; /* of the last reference */
    shrike_time began;
    u64 refused; /* mails that made no sense */
    bool ready;
};

/* A reference that no other question in flight has. */
u32 control_reference(struct control *c, enum reference_kind kind);
enum reference_kind control_reference_kind(u32 reference);

/* A line of this role itself. */
void control_say(struct control *c, enum shrike_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Every line of the report, at its place. sparing: warnings count against what may be said in a
 * second, since reports like it may follow by the thousand. */
void control_say_report(struct control *c, const struct config_report *r, bool sparing);
/* Read the files again. false: they have errors, which are in c->report and were said. */
bool control_reload(struct control *c);
/* The configuration as it is now, joined; NULL: the files could not be used yet. */
const struct config *control_config(struct control *c);

#endif
