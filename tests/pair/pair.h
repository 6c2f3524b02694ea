/* Two engines wired to each other without loss or delay, for tests, fuzzers and benchmarks that
 * need a handshake but no network. Ops are answered at once by the model of a key holder and a data
 * plane. */
#ifndef PAIR_PAIR_H
#define PAIR_PAIR_H

#include "crypto/provider.h"
#include "shrike/shrike.h"
#include "toy_eap.h"

#define PAIR_CHILDREN 8
#define PAIR_QUEUE    64
#define PAIR_OPS      16
#define PAIR_LEASES   16

/* What one side's data plane was given for one Child SA. */
struct pair_child {
    uint32_t serial, spi_in, spi_out;
    uint16_t cpi_in, cpi_out, tfc_padding, replay_window;
    uint8_t protocol;
    uint8_t in[128], out[128]; /* encryption key, then integrity key */
    size_t in_len, out_len;
    enum shrike_mode mode;
    bool esn, nat_here, encap, whole;
    uint32_t reqid, replaces;
    struct shrike_life life;
    shrike_time heard_every;
    struct shrike_endpoint local, remote;
    int rank; /* of those with one reqid, the highest is sent by */
};

/* An installation that is not carried out yet. */
struct pair_op {
    struct shrike_token token;
    struct pair_child child;
    bool later, void_now;
};

/* Leases that are not over. */
struct pair_leases {
    uint32_t open[PAIR_LEASES];
    unsigned count;
    unsigned held;  /* told of by `held` */
    unsigned wrong; /* begun twice, or ended without having begun */
};

/* What was asked for in a PROVE or CHECK. */
struct pair_proof {
    enum shrike_auth_kind kind;
    uint8_t method;
    uint16_t hashes;
    uint32_t schemes, wished;
    unsigned certs;
    struct shrike_key_id key;
    uint8_t encoding; /* of the first certificate; 0: there is none */
};

/* The last move that a data plane was asked for. */
struct pair_move {
    struct shrike_endpoint local, remote;
    bool encap, nat_here;
    unsigned children;
};

struct pair_datagram {
    struct shrike_endpoint local, remote; /* of the receiver */
    uint8_t *data;                        /* of its very size, so that an overrun shows */
    size_t len;
    bool marker;
};

struct pair_side {
    struct shrike *engine;
    struct shrike_provider *provider;
    const char *secret;
    struct shrike_endpoint here;
    struct pair_child children[PAIR_CHILDREN];
    unsigned child_count;
    uint64_t spi_i, spi_r;
    uint32_t ike; /* serial of the last IKE SA that came up */
    unsigned ike_up, ike_down, child_up, child_down, failed, ike_rekeyed, child_rekeyed;
    unsigned done, refused; /* commands */
    unsigned moved, path_lost, move_failed;
    unsigned moves; /* asked of the data plane */
    struct pair_move move;
    int ranks;                      /* given out by the data plane */
    enum shrike_reason_code reason; /* of the last failure */
    struct shrike_reason failure;   /* the whole of it; its slices are gone */
    bool by_stranger;               /* it was */
    enum shrike_reason_code why;    /* of the last IKE SA that went down or could not move,
                                     * or got no address */
    /* datagrams for this side */
    struct pair_datagram queue[PAIR_QUEUE];
    unsigned head, count;
    /* what its data plane has still to install */
    struct pair_op ops[PAIR_OPS];
    unsigned op_count;
    struct pair_proof proof, check; /* the last of each */
    unsigned proofs, mixes;         /* PROVE and MIX asked for */
    const char *ppk;                /* PPK of the name "tomorrow"; NULL: there is none */
    struct toy_eap eap;
    /* gateways */
    unsigned redirected, redirecting; /* events */
    struct shrike_endpoint led_to;    /* of the last of the first kind */
    struct shrike_bytes resolved;     /* what a RESOLVE is answered with; empty: it fails */
    char name[256];                   /* of the last one */
    /* internal addresses */
    struct pair_leases leases, addresses; /* of LEASE, of ADDRESS_ADD */
    struct shrike_bytes give;             /* what a LEASE is answered with; empty: no address */
    struct shrike_addr wishes[SHRIKE_ADDRESSES_MAX]; /* of the last LEASE */
    struct shrike_addr got[SHRIKE_ADDRESSES_MAX];    /* of the last ADDRESS_ADD */
    struct shrike_addr dns[SHRIKE_ADDRESSES_MAX];
    unsigned wish_count, got_count, dns_count;
    unsigned given, taken;      /* events */
    size_t granted;             /* octets of the grant in the last LEASE */
    unsigned withheld;          /* ADDRESS_REFUSED */
    unsigned turned_away;       /* STRANGER_REFUSED for a limit */
    struct shrike_token waited; /* of the last of these ops */
    bool hold_leases;           /* these ops are not answered */
    bool refuse_addresses;      /* ADDRESS_ADD fails */
    bool hold_ops;              /* it installs by pair_answer() only */
    bool mute;                  /* its datagrams are lost */
    bool refuse_ops;            /* its ops fail */
    bool believe;               /* it takes any AUTH value for true */
    bool lose_checks;           /* nobody answers CHECK */
};

/* Algorithms of a pair, by IANA numbers; 0 leaves the type out. */
struct pair_algorithms {
    uint16_t encr, encr_bits, integ, prf, ke;
    uint16_t esp_encr, esp_bits, esp_integ, esp_ke, esp_sn;
};
extern const struct pair_algorithms pair_usual; /* AES-GCM-16-256, HMAC-SHA2-256, X25519 */

struct pair {
    struct pair_side side[2]; /* 0 initiates */
    shrike_time now;
    struct pair_algorithms algorithms;
    uint64_t datagrams, octets;
};

struct pair_options {
    struct pair_algorithms algorithms;
    struct shrike_limits limits;
    uint32_t cookie_threshold; /* half-open SAs from which cookies are asked for; never when 0 */
    unsigned children;         /* 1 when 0 */
    enum shrike_start start;   /* of all of them */
    /* Lifetimes, as in shrike_conn and shrike_child_conf. */
    shrike_time ike_rekey, ike_reauth, ike_over, child_rekey, child_life;
    uint8_t window; /* requests under way at once; 1 when 0 */
    bool transport;
    bool mobike;
    bool internal;         /* side 0 asks for an internal address, side 1 gives it 10.3.0.1 */
    bool cookies;          /* wanted from every stranger */
    const char *secret[2]; /* NULL: the same for both */
};

/* Make both engines; providers are the caller's. The configuration stands until pair_free(). */
struct pair *pair_new(struct shrike_provider *initiator, struct shrike_provider *responder,
                      const struct pair_options *options);
void pair_free(struct pair *p);
/* Side 0 calls side 1: `up` of connection "pair" and all its children, or one of them. */
void pair_up(struct pair *p, const char *child);
void pair_down(struct pair *p, unsigned side, const char *child);
/* The child that a side sends by for this reqid; NULL: none. */
const struct pair_child *pair_outbound(const struct pair_side *side, uint32_t reqid);
/* This side's data plane forgets everything and says so. */
void pair_lose_plane(struct pair *p, unsigned side);
/* This side has these addresses now. */
void pair_addresses(struct pair *p, unsigned side, const struct shrike_addr *list, unsigned count);
/* Carry actions and datagrams to and fro until nothing is left to carry. */
void pair_run(struct pair *p);
/* The same step by step: hand over one datagram; carry out what one side wants. false: nothing to
 * do. */
bool pair_deliver(struct pair *p, unsigned side);
bool pair_drain(struct pair *p, unsigned side);
/* A data plane that holds its ops: install the first that waits, and answer. false: there is none.
 */
bool pair_answer(struct pair *p, unsigned side);
/* Put a datagram at the end of a side's queue (data is copied); forget the first one, or all. */
void pair_post(struct pair_side *to, const struct pair_datagram *d);
void pair_lose(struct pair_side *side);
void pair_lose_all(struct pair_side *side);
/* Where a side shows its newest IKE SA, for shrike_view_child(); 0: nowhere. */
u32 pair_place(const struct pair_side *side);
/* Let time pass up to `until`, ticking both. */
void pair_wait(struct pair *p, shrike_time until);
/* Do both sides have an IKE SA with the same keys, and Child SAs with the same keys crosswise? */
bool pair_agrees(const struct pair *p);

#endif
