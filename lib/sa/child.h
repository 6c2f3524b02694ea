/* The Child SA (RFC 7296 1.3, RFC 4301 4.4.2): a pair of ESP SAs and its selectors. Its keys are
 * never kept: they go to the data plane and are wiped. */
#ifndef SA_CHILD_H
#define SA_CHILD_H

#include "sa/narrow.h"
#include "sa/sa.h"

enum child_state {
    CHILD_WANTED,     /* to be asked for */
    CHILD_NEGOTIATED, /* an exchange about it is under way */
    CHILD_UP,
    CHILD_DELETING, /* our delete is under way */
    CHILD_DEAD,     /* to be taken down by child_sweep() */
};

enum { IPSEC_SPI_LEN = 4 }; /* octets, of ESP and of AH */

#define CHILDREN_MAX 256   /* of one IKE SA; some gateways make about 100 */
#define CPI_MIN      256   /* RFC 3173 3.3: negotiated ones */
#define CPI_MAX      61439 /* above they are for private use */
#define CPI_COUNT    (CPI_MAX - CPI_MIN + 1)
#define CPI_KEY      ((u64)1 << 32) /* with it a CPI of ours is a key of shard.by_esp */
#define SWEEP_MAX    8              /* children taken down at once */
#define SWEEP_ROOM   8              /* actions that the end of one child may cause */

struct child_sa {
    struct list link; /* in ike_sa.children */
    u32 serial, index;
    u32 sa; /* index of its IKE SA */
    u32 spi_in, spi_out;
    u8 state; /* enum child_state */
    bool wants_delete;
    bool again;     /* when it is gone, a child of its configuration is wanted once more */
    bool announced; /* CHILD_UP was told */
    u8 reason;      /* why it ends: enum shrike_reason_code */
    bool encap, esn;
    u8 protocol, mode;
    u8 proposal_number; /* of the offer that was chosen */
    u8 stated;          /* choice.stated of it */
    u16 encr, encr_bits, integ, ke;
    u16 cpi_in, cpi_out; /* of compression (RFC 3173): that we chose, that the peer did; 0: none */
    u8 local_ts_count, remote_ts_count;
    u8 retries;   /* attempts that the peer asked to repeat later */
    bool packet;  /* its selectors are those of the packet that wants it, and not agreed yet */
    bool pair;    /* its selectors are a single pair, as the peer takes no others */
    bool more;    /* the peer may make further ones for what is configured and not in them */
    bool ours;    /* we asked for it */
    bool asked;   /* we asked for the first of its line, the one that replaced none */
    bool lost;    /* the peer is to delete it: ours has taken the place */
    bool refused; /* the peer makes no replacement for it */
    bool later;   /* the data plane sends by others first (outbound_later) */
    struct lowest lowest; /* of the exchange that made it */
    u32 stands_for; /* what the one that it replaces was to replace, not gone yet: serial; 0: none
                     */
    struct packet *selectors;             /* local ones, then remote ones: struct shrike_ts */
    const struct shrike_child_conf *conf; /* in the SA's snapshot */
    u32 plane;            /* shard.plane when it was to be installed; 0: it was not */
    u32 heir;             /* serial of the child that was to take its place; 0: none yet */
    shrike_time up_since; /* 0: not up yet */
    u32 command;          /* that wanted it: a handle of pending.h */
    u32 command_down;     /* that ends it */
    u32 command_rekey;    /* that rekeys it */
    u32 replaces;         /* serial of the child that it is to replace; 0: none */
    shrike_time rekey_at; /* SHRIKE_NEVER: not */
    shrike_time dies_at;  /* SHRIKE_NEVER: never */
};

/* A child of this SA; NULL at the cap. */
struct child_sa *child_new(struct shard *s, struct ike_sa *sa,
                           const struct shrike_child_conf *conf) must_use;
/* Unlink and free; the data plane is told when it has it. */
void child_free(struct shard *s, struct ike_sa *sa, struct child_sa *child);
/* It is to be deleted at the peer too, for this reason. */
void child_end(struct child_sa *child, enum shrike_reason_code code);
/* It is wanted as if it had not been asked for yet: by an SPI that the peer has not heard of. */
void child_anew(struct shard *s, struct child_sa *child);
/* The first child of a configuration of this name that is there or under way, but for `not`; NULL:
 * there is none. */
struct child_sa *child_named(const struct ike_sa *sa, const char *name,
                             const struct child_sa * not );
/* The child of this SA with this serial; NULL: there is none, or it is dead. */
struct child_sa *child_of_serial(const struct ike_sa *sa, u32 serial);
/* What is to replace the child with this serial, asked for by us or by the peer; NULL: nothing. One
 * that is going down again is nothing. */
struct child_sa *child_replacing(const struct ike_sa *sa, u32 serial, bool ours);
/* The same, if it is up: of two the one that stays. */
struct child_sa *child_successor(const struct ike_sa *sa, const struct child_sa *child);
/* The data plane is to send by this one from now on. */
void child_switch(struct shard *s, struct ike_sa *sa, struct child_sa *child);
/* Before it goes, at this end or at the other: its successor is sent by. */
void child_hand_over(struct shard *s, struct ike_sa *sa, const struct child_sa *child);
/* The child with this serial, of any IKE SA (child_sa.sa); NULL: there is none. */
struct child_sa *child_by_serial(const struct shard *s, u32 serial);
/* It is over: child_sweep() will say so and free it. */
void child_die(struct ike_sa *sa, struct child_sa *child, enum shrike_reason_code code);
/* Take down dead children, at most SWEEP_MAX; ike_sa.dead counts those that are left. What is
 * wanted again is made of the place that got free. */
void child_sweep(struct shard *s, struct ike_sa *sa);
/* Draw an inbound SPI, for ESP or AH: random, with our shard's bits, free in both, not reserved
 * (RFC 4303 2.1, RFC 4302 2.4). */
bool child_draw_spi(struct shard *s, struct child_sa *child) must_use;
/* The same of an inbound CPI. false: there is none to be had. */
bool child_draw_cpi(struct shard *s, struct child_sa *child) must_use;
/* There is to be no compression. */
void child_drop_cpi(struct shard *s, struct child_sa *child);
/* Keep the selectors agreed. */
bool child_keep_ts(struct shard *s, struct child_sa *child, const struct ts_list *local,
                   const struct ts_list *remote) must_use;
/* Selectors agreed, or those that an heir is to ask for. */
void child_read_ts(const struct child_sa *child, struct ts_list *local, struct ts_list *remote);
const struct shrike_ts *child_local_ts(const struct child_sa *child);
const struct shrike_ts *child_remote_ts(const struct child_sa *child);
/* Of this SA, by the SPI that the peer uses to name it: its inbound one, which is our outbound one.
 * The peer may have chosen the same for ESP and for AH. */
struct child_sa *child_by_peer_spi(const struct ike_sa *sa, u8 protocol, u32 spi);
/* Walk: the first child, the next one, or NULL. */
struct child_sa *child_first(const struct ike_sa *sa);
struct child_sa *child_after(const struct ike_sa *sa, const struct child_sa *child);

#endif
