/* Builds configurations from a few knobs. Every rule has an origin in "sim.conf". */
#ifndef SIM_CONF_H
#define SIM_CONF_H

#include "shrike/conf.h"
#include "wire/codes.h"

#define CONF_PROPOSALS_MAX  4
#define CONF_TRANSFORMS_MAX 16
#define CONF_CHILDREN_MAX   8
#define CONF_NAME_MAX       16
#define CONF_FILE           "sim.conf"

/* Lines of the origins, so that a scenario can check which rule is blamed. */
enum conf_line {
    CONF_LINE_CONN = 10,
    CONF_LINE_PROPOSALS = 11, /* the n-th proposal: + n */
    CONF_LINE_LOCAL = 20,
    CONF_LINE_REMOTE = 21,
    CONF_LINE_VIPS = 30,
    CONF_LINE_POOLS = 31,
    CONF_LINE_PPK = 32,
    CONF_LINE_CHILD = 100, /* the n-th child: + 10 * n */
    CONF_CHILD_MODE = 1,   /* offsets in a child */
    CONF_CHILD_PROPOSALS = 2,
    CONF_CHILD_TS = 3,
};

/* One cipher suite; of a child, encr 0: of AH. groups end with 0; integ is INTEG_NONE for AEADs. */
struct conf_suite {
    u16 encr, encr_bits, prf, integ;
    u16 groups[4];
    bool esn;
};

/* A block of addresses of a child: 10.x.y.0/prefix; x == 0 is dynamic. */
struct conf_block {
    u8 x, y, prefix;
    u8 protocol;
    u16 port; /* 0: all */
};

struct conf_child {
    const char *name;
    enum shrike_mode mode;
    enum shrike_start start, dpd_action, close_action;
    bool ipcomp;
    struct conf_suite esp;
    struct conf_block local, remote;
};

struct conf_knobs {
    const char *conn; /* its name; NULL: CONF_CONN */
    u32 reqids;       /* those of its children begin behind it */
    unsigned peer;    /* the number of the host at the other end */
    struct shrike_endpoint local, remote;
    bool from_anybody;                /* answer every address */
    const char *local_id, *remote_id; /* remote NULL: any */
    size_t local_id_pad;              /* octets in front that make the identity large */
    struct conf_suite ike[CONF_PROPOSALS_MAX];
    unsigned ike_count;
    struct conf_child children[CONF_CHILDREN_MAX];
    unsigned child_count;
    unsigned vip_count; /* internal addresses to ask for: IPv4, then IPv6 */
    bool gives;         /* it has a pool of them */
    shrike_time dpd_delay;
    shrike_time ike_rekey, ike_reauth, ike_over, ike_rand; /* 0: never */
    shrike_time child_rekey, child_life, child_rand;       /* of all children */
    u16 fragment_size;                                     /* 0: 1280 */
    enum shrike_unique unique;
    enum shrike_childless childless;
    enum shrike_redirect redirect;
    struct shrike_id redirect_to;
    bool follows; /* redirections */
    u32 keyingtries;
    bool fragmentation;
    bool force_encap;
    bool eap;        /* alone proves both */
    const char *ppk; /* its name; "none": of one that nobody has; NULL: none is used */
    bool ppk_required;
    bool mobike;
    bool roams; /* use every address of ours */
    u8 jitter;  /* percent of retransmission times */
    u8 window;  /* requests under way at once; 0: 1 */
    u32 cookie_threshold, cookie_prefix_threshold, half_open_max;
};

/* What a connection points to. */
struct sim_part {
    struct shrike_proposal ike[CONF_PROPOSALS_MAX];
    struct shrike_transform ike_transforms[CONF_PROPOSALS_MAX][CONF_TRANSFORMS_MAX];
    struct shrike_child_conf children[CONF_CHILDREN_MAX];
    struct shrike_proposal esp[CONF_CHILDREN_MAX];
    struct shrike_transform esp_transforms[CONF_CHILDREN_MAX][CONF_TRANSFORMS_MAX];
    struct shrike_ts local_ts[CONF_CHILDREN_MAX], remote_ts[CONF_CHILDREN_MAX];
    struct shrike_net local_net, remote_net;
    struct shrike_addr vips[2];
    const char *pools[1];
    char name[CONF_NAME_MAX], names[CONF_CHILDREN_MAX][CONF_NAME_MAX];
    char local_id[SHRIKE_ID_MAX], remote_id[SHRIKE_ID_MAX];
};

/* A snapshot; its connections and what they point to lie behind it, in the same piece of memory. */
struct sim_conf {
    size_t size; /* of all of it */
    struct shrike_conf conf;
};

#define CONF_CONN "site" /* the name of a connection that has no other */

/* Knobs that work: X25519, AES-GCM, one child in tunnel mode. The side is 0 or 1. */
struct conf_knobs conf_defaults(unsigned side);
/* A connection for each of the knobs; what belongs to no connection is of the first ones. */
struct sim_conf *conf_new(const struct conf_knobs *knobs, unsigned count);
/* Nobody is to look at it any more: overwrite it. */
void conf_spoil(struct sim_conf *c);

#endif
