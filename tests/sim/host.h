/* A host: the engine under test, between a model data plane and a model holder of keys that answer
 * late, out of order and sometimes with a failure. */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include "conf.h"
#include "keys.h"
#include "pages.h"
#include "pool.h"
#include "shrike/shrike.h"
#include "sim/kernel.h"
#include "sim/nat.h"
#include "sim/world.h"

#define HOST_OPS_MAX      512
#define HOST_INBOX_MAX    4096
#define HOST_SPIN_MAX     10000  /* ticks at one instant */
#define HOST_LOG_MAX      200000 /* events kept */
#define HOST_COMMANDS_MAX 4096
#define HOST_CONFS_MAX    64 /* configurations in one life */
#define HOST_UPLINKS_MAX  4

struct oracle;

/* A network that a host can be in: its address there, and where its datagrams go. */
struct host_uplink {
    struct shrike_endpoint address; /* its port does not matter */
    struct node *out;
    bool up;
};

/* An op whose answer is due. */
struct host_op {
    shrike_time due;
    u64 order;
    enum shrike_op_kind kind;
    struct shrike_token token;
    struct shrike_answer answer;
    u8 value[MAX(KEYMAT_MIXED * KEY_MAX, POOL_VALUE)];
    size_t place; /* of the pair, for CHILD_INSTALL */
    struct shrike_remove_op remove;
    struct shrike_switch_op change;
    struct kernel_move move;
    bool again; /* the same answer comes a second time */
};

/* What is kept of an event. */
struct host_event {
    shrike_time at;
    enum shrike_event_id id;
    enum shrike_reason_code reason;
    u32 ike, child, number, command, message_id;
    u32 line; /* of the rule that decided */
    u16 notify, detail;
    u8 exchange;
    bool theirs;
};

/* What is kept of a datagram sent. */
struct host_sent {
    shrike_time at;
    u64 spi_i, spi_r;
    u32 message_id;
    u32 len;
    u8 exchange, flags, next_payload;
};

/* The newest record of an IKE SA. */
struct host_record {
    u32 ike; /* its serial; 0: none */
    shrike_time made;
    u8 *octets;
    size_t len;
};

/* An IKE SA that was up at some time. */
struct host_ike {
    u32 serial;
    unsigned conn; /* which of the connections */
    u64 spi_i, spi_r;
    bool up, compared;
    size_t len[5];
    u8 keys[SHRIKE_KEYS_MAX];
};

/* A configuration; once the engine has let go of it, it is overwritten. */
struct host_conf {
    struct sim_conf *conf;
    bool unused, spoilt;
};

struct host_model {
    shrike_time latency_max;   /* of ops */
    shrike_time stuck;         /* latency of those that are stuck */
    shrike_time tick_late_max; /* ticks come up to so much after their deadline */
    u8 stuck_percent, install_fails, prove_fails, answers_twice, address_fails; /* percent */
    u8 batch_max; /* inputs before a drain, 1 to SHRIKE_BATCH */
};

struct host {
    struct node node;
    struct node *out; /* where its datagrams go */
    struct shrike *engine;
    const struct conf_knobs *knobs; /* of each connection */
    unsigned knob_count;
    struct host_conf confs[HOST_CONFS_MAX]; /* the last one is in force */
    unsigned conf_count;
    struct shrike_endpoint address;
    struct host_uplink uplinks[HOST_UPLINKS_MAX];
    unsigned uplink_count; /* 0: it is where it is, and has one address */
    struct prng prng;
    struct host_model model;
    struct pages pages;
    struct kernel kernel;
    struct keys keys;
    struct pool leased, used; /* internal addresses: of peers, of this host */
    struct oracle *oracle;
    unsigned number;       /* from 0 on */
    char letter;           /* for the ladder */
    bool lies;             /* with the right keys: what its peers have never agrees with it */
    const struct nat *nat; /* that it is behind; NULL: none */

    struct packet *inbox[HOST_INBOX_MAX];
    unsigned inbox_head, inbox_count;
    struct host_op ops[HOST_OPS_MAX];
    unsigned op_count;
    u64 op_order;
    shrike_time kernel_free_at; /* the data plane works in order */
    shrike_time deadline, tick_at;
    shrike_time tick_late; /* drawn anew after each tick */
    shrike_time last_tick;
    unsigned spins;

    struct host_event *log;
    size_t log_count, log_room;
    struct host_sent *sent;
    size_t sent_count, sent_room;
    struct host_ike *ikes;
    size_t ike_count, ike_room;
    u8 commands[HOST_COMMANDS_MAX]; /* by reference: answers had */
    u32 command_count, commands_open;
    struct shrike_stats at_start;
    struct host_record *records; /* by place; NULL: it keeps none */
    struct host_record *journal; /* what they were when host_flush() was called last */
    struct shrike_env env;       /* of its engine */
};

struct host_setup {
    const char *name;
    char letter;
    unsigned number;
    const struct shrike_provider *provider;
    const struct conf_knobs *knobs; /* outlive the host */
    unsigned knob_count;            /* 0: one */
    struct shrike_limits limits;
    struct shrike_endpoint address;
    struct bytes secret;
    struct node *out;
    struct oracle *oracle;
    bool keeps;    /* records of its SAs, so that it can begin anew */
    u64 pages_max; /* pieces of memory that it gets; 0: no limit */
};

bool host_init(struct host *h, struct world *w, const struct host_setup *setup);
/* It loses everything that it knew and begins anew; nobody is told. */
void host_reboot(struct host *h);
/* End the engine; pages and records stay to be looked at. */
void host_stop(struct host *h);
void host_free(struct host *h);
/* Make its engine, with a seed of its own, and give it its configuration. */
bool host_begin(struct host *h);
/* Carry out what the engine wants. */
void host_drain(struct host *h);
/* Give it its configuration anew, built of the same knobs as they are now. false: it holds too many
 * old ones. */
bool host_reload(struct host *h);
/* The connections in force. */
const struct shrike_conn *host_conn(const struct host *h);
/* Those that the child with this reqid is of. */
const struct conf_knobs *host_knobs(const struct host *h, u32 reqid);
/* Give a command at once; returns its reference. */
u32 host_command(struct host *h, struct shrike_command command);
u32 host_up(struct host *h, const char *child);
u32 host_down(struct host *h, const char *child);
/* From now on it is in these of its networks (a bit each), or has none; host_tell_addresses() says
 * so to the engine. */
void host_move(struct host *h, unsigned uplinks);
void host_tell_addresses(struct host *h);
/* The data plane tells something; or forgets everything, and tells that. */
void host_kernel(struct host *h, struct shrike_kernel_event event);
void host_lose_plane(struct host *h);
bool host_command_open(const struct host *h, u32 reference);
unsigned host_commands_open(const struct host *h);
struct shrike_stats host_stats(const struct host *h);

#endif
