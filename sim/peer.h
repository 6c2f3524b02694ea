/* One side of a negotiation that is played: an engine with the configuration, the secrets and the
 * pools of a file, and a model data plane. What it tells of failures, messages and SAs is kept. */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include "config/config.h"
#include "keys/secrets.h"
#include "lease/desk.h"
#include "shrike/shrike.h"
#include "sim/kernel.h"

#define PEER_FAILURES_MAX 64   /* that differ; more are not kept */
#define PEER_RUNGS_MAX    256  /* messages from the beginning on */
#define PEER_CHANGES_MAX  8192 /* of SAs: a day of children that live for a minute */
#define PEER_OPS_MAX      512  /* at one instant: a file may have 256 children */
#define PEER_FILTERS_MAX  16
#define PEER_TOLD_MAX     16384 /* octets that are told of one failure */
#define PEER_NAME_MAX     64    /* of a connection or child, NUL included; a longer one is cut */

/* One failure, or several that are alike: what `shrike why` is told, elements of VICI. */
struct peer_failure {
    shrike_time first, last;
    u32 count;
    u8 *message;
    size_t len;
};

/* What became of an SA. */
struct peer_change {
    shrike_time at;
    enum shrike_event_id id;
    enum shrike_reason_code reason;
    bool began;  /* this side has begun the exchange */
    bool theirs; /* the other side has decided it */
    u32 resent;  /* requests since the change before */
    char conn[PEER_NAME_MAX], child[PEER_NAME_MAX];
};

/* Datagrams that do not come through, or come changed; what is 0 may be anything. */
struct peer_filter {
    u16 from_port, to_port;
    u32 longer_than;                /* octets of UDP, with its header */
    u16 set_from_port, set_to_port; /* both 0: they are lost */
};

/* Who answers what the files of a side cannot: proofs by certificates, EAP. What the answer points
 * to stands until the next call; EAP_OVER is not answered. */
struct peer_outside {
    void *ctx;
    void (*answer)(void *ctx, const struct shrike_op *op, struct shrike_answer *out); /* NULL: they
                                                                                       * fail */
};

struct peer {
    struct node node;
    struct node *out;
    struct config *config;
    struct shrike_conf conf;
    struct shrike_provider *provider;
    struct secrets *secrets;
    struct desk desk;
    struct shrike *engine;
    struct kernel kernel;
    struct peer_op {
        struct shrike_token token;
        struct shrike_answer answer;
        u8 *octets; /* of the answer; NULL: none */
    } ops[PEER_OPS_MAX];
    unsigned op_first, op_count;
    struct peer_outside outside;
    bool busy;
    bool began; /* the last exchange that makes SAs was one of ours */
    u32 resent;

    struct peer_filter filters[PEER_FILTERS_MAX]; /* each after the one before it */
    unsigned filter_count;
    struct peer_failure failures[PEER_FAILURES_MAX];
    unsigned failure_count;
    struct shrike_rung rungs[PEER_RUNGS_MAX]; /* conn: NULL */
    unsigned rung_count;
    u64 messages; /* sent and received */
    struct peer_change changes[PEER_CHANGES_MAX];
    unsigned change_count;
    u32 command; /* reference of the last one */
    bool answered;
    enum shrike_reason_code answer; /* NONE: it was done */
};

struct peer_setup {
    const char *name;
    struct config *config; /* its connections have addresses; stays the caller's */
    struct shrike_provider *provider;
    bool busy; /* there are always packets: no Child SA is ever idle */
    struct peer_outside outside;
};

/* false: no memory. Its secrets are taken from the configuration. */
bool peer_init(struct peer *p, struct world *w, const struct peer_setup *setup) must_use;
void peer_free(struct peer *p); /* secrets and keys are wiped; twice is fine */

/* From here on this is done to datagrams before it gets them. */
void peer_filter(struct peer *p, const struct peer_filter *filter);
/* Give a command; p->answered says when it is answered. */
void peer_command(struct peer *p, struct shrike_command command);
/* The name of an address of this connection is not known. */
void peer_no_address(struct peer *p, const struct shrike_conn *conn, const char *name,
                     const char *why);
/* Has the connection an IKE SA that is up? */
bool peer_is_up(const struct peer *p, const char *conn);

#endif
