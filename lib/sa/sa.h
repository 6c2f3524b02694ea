/* The IKE SA (RFC 7296 2.1 to 2.6, RFC 4301 4.4): what it is made of, making and freeing one. */
#ifndef SA_SA_H
#define SA_SA_H

#include "base/heap.h"
#include "base/list.h"
#include "crypto/keymat.h"
#include "sa/rekey.h"
#include "sa/ring.h"
#include "sa/select.h"
#include "sa/slot.h"
#include "sa/window.h"
#include "shrike/conf.h"

struct shard;
struct child_sa;
struct snapshot;
struct reassembly;

enum ike_state {
    IKE_INIT,    /* IKE_SA_INIT is under way */
    IKE_AUTH,    /* keys are agreed, nobody is authenticated */
    IKE_UP,      /* established */
    IKE_CLOSING, /* a delete was sent, or the peer's is being answered */
    IKE_GONE,    /* closed; kept a minute to answer late retransmissions */
};

/* What an SA should do next (exchange/wants.c). */
enum ike_want {
    WANT_INIT = 1 << 0,
    WANT_AUTH = 1 << 1,
    WANT_CLOSE = 1 << 2,
    WANT_LIVENESS = 1 << 3,
    WANT_REKEY = 1 << 4,  /* of a slot only: rekeying the IKE SA; when, ike_sa.rekey_at says */
    WANT_REJECT = 1 << 5, /* we do not believe who the peer says it is, or could not find out */
    WANT_TELL = 1 << 6,   /* something is to be told: bad_spi, gateway */
    WANT_ROAM = 1 << 7,   /* something is to be said about addresses: ike_sa.roam */
};

/* Exchanges that go alone: no other request of ours is under way beside them. */
enum { WANTS_ALONE = WANT_INIT | WANT_AUTH | WANT_CLOSE | WANT_REKEY | WANT_REJECT | WANT_ROAM };

/* What an SA that has come up does to older ones between the same identities. */
enum ike_oust {
    OUST_NONE,
    OUST_CLOSE,  /* the peer does not have them any more */
    OUST_DELETE, /* the peer is told */
};

#define IV_RANGE 4096 /* explicit IVs reserved at a time */

/* Where an IKE_AUTH with EAP is, between its messages. */
enum eap_phase {
    EAP_NOT,   /* it has not begun, or is not asked for */
    EAP_TALK,  /* EAP messages go to and fro */
    EAP_PROOF, /* it has succeeded: AUTH payloads come next */
};

/* One in an IKE_AUTH (exchange/eap.h). */
struct eap_run {
    u32 session;             /* that has begun; 0: none */
    u32 child;               /* initiator: serial of the Child SA asked for */
    struct packet *request;  /* responder: the first one, which says what is wanted beside */
    struct packet *message;  /* EAP, to be sent next */
    struct packet *secret;   /* MSK; NULL: there is none */
    struct packet *identity; /* responder: of the peer, as EAP knows it; NULL: it does not */
    u8 phase;                /* enum eap_phase */
    u8 rounds;               /* requests so far */
    u8 code;                 /* initiator: of the peer's last message */
    u8 identifier, type;     /* of the last request */
    bool ran;                /* initiator: a method was answered, not only who we are */
};

/* What is needed until IKE_AUTH is over and no longer. */
struct handshake {
    u32 index;
    struct packet *init_i, *init_r; /* both IKE_SA_INIT messages, as they went over the wire */
    struct packet *cookie;          /* initiator: the cookie to show */
    struct span ni, nr;             /* nonces in init_i and init_r */
    struct span ke;                 /* the peer's public value in its message */
    struct choice choice;           /* the IKE proposal chosen */
    u32 prefix_bucket;              /* responder: where the gate counts it */
    u8 cookies;                     /* initiator: cookies received */
    u8 groups;                      /* initiator: groups tried */
    bool shows;                     /* initiator: a cookie is all that its request has anew */
    shrike_time began;              /* when */
    u16 group;                      /* of the key pair */
    u16 group_asked;                /* initiator: by INVALID_KE_PAYLOAD */
    u16 elsewhere;                  /* initiator: how often another address was tried */
    u16 hashes;                     /* that the peer takes in signatures: set of HASH_BIT; 0: it
                                     * knows no RFC 7427 */
    u8 rounds[2];                   /* that are over (RFC 4739): of the peer, of ours */
    bool rounds_known;              /* the peer knows several */
    u16 hint;                       /* an unauthenticated error notify (RFC 7296 2.21.1) */
    bool childless;                 /* initiator: the peer takes IKE SAs without a Child SA */
    bool counted;                   /* responder: the gate counts it as half-open */
    bool proved;                    /* responder: the peer has proved itself, and we not yet */
    bool moved;                     /* initiator: what it has said of NATs was of another address */
    u8 again;                       /* responder: how often IKE_SA_INIT came once more */
    u8 parts, parts_all;            /* fragments of the peer's message that came, and of how many */
    u16 part_octets;                /* the largest of these */
    u8 ke_private[KE_PRIVATE_MAX];
    u8 sk_p[2][KEY_MAX];       /* SK_pi, SK_pr */
    bool ppk;                  /* both say that they use PPKs (RFC 8784) */
    struct packet *mixed;      /* SK_d, SK_pi and SK_pr stirred with one, until it is clear that
                                * both have it */
    struct packet *plain_auth; /* initiator: AUTH data without it */
    struct eap_run eap;
};

struct ike_sa {
    u64 spi_i, spi_r;
    u32 serial, index;
    u8 state;                 /* enum ike_state */
    bool initiator;           /* we are the original initiator */
    bool marker;              /* on port 4500: non-ESP marker (RFC 3948) */
    bool nat_here, nat_there; /* behind a NAT: we, the peer (RFC 7296 2.23) */
    bool encap_forced;        /* we pretended to be behind one, so both encapsulate */
    bool fragmentation;       /* both sides know RFC 7383 */
    bool authenticated;       /* the peer has proved itself */
    bool caller;              /* we are the initiator of the first of its line (RFC 4555 1.3) */
    bool natt;                /* the peer knows NAT traversal: it has sent what detects NATs */
    bool mobike;              /* both ends know RFC 4555 */
    bool idsync;              /* both ends know RFC 6311 */
    bool ppk;                 /* a PPK is in its keys, or in those of the first of its line */
    bool kin;                 /* the peer means by notifies of private use what we do */
    bool redirects;           /* the peer has called us, and can be led elsewhere (RFC 5685) */
    u8 roam;                  /* set of enum roam (move.h) */
    u8 nat_refusals;          /* UNEXPECTED_NAT_DETECTED in a row (RFC 4555 3.9) */
    u8 wants;                 /* set of enum ike_want */
    struct shrike_endpoint local, remote;
    struct ike_suite suite;
    struct packet *keys; /* keys.h; NULL: not agreed yet, or wiped */
    u64 iv;              /* counter of explicit IVs; never used twice with one key (RFC 5282 3.1) */
    u64 iv_end;          /* of the range that is reserved for it: what is imported goes on there */
    struct window window;
    u32 questions;            /* ops asked so far */
    struct slot ours, theirs; /* with a window of one: the slots; else the first of each side */
    struct more_slots *more;  /* NULL with a window of one */
    struct reassembly *fragments[2]; /* of a request, of a response */
    struct handshake *handshake;
    const struct shrike_conn *conn; /* NULL for a responder before IKE_AUTH */
    struct snapshot *snapshot;      /* that holds conn */
    struct packet *peer_id;         /* type octet, then data; NULL before IKE_AUTH */
    struct packet *internal;        /* internal addresses (internal.h); NULL: none */
    struct list peers;              /* others between the same identities (peers.h) */
    u64 peer_hash; /* of both identities: its key in by_peer, also when it has left; 0: never there
                    */
    shrike_time oust_before; /* established until then */
    struct list children;    /* of struct child_sa */
    u16 tries;               /* attempts in a row to make again what was lost; 0: it is none */
    u16 child_count, dead;   /* children in all; dead ones to be swept */
    struct heap_node timer;
    shrike_time established;  /* when; 0: not yet */
    u64 line;                 /* SPIi of the first of its line, the one that was no rekey */
    shrike_time born;         /* when the first of its line was established; 0: not yet */
    shrike_time twins_at;     /* when to look for Child SAs of one thing; SHRIKE_NEVER: not */
    shrike_time heard;        /* last authenticated message */
    shrike_time expires;      /* half-open, up, closing or gone: the end; SHRIKE_NEVER: none */
    shrike_time not_before;   /* no new request of ours before it (back-off) */
    shrike_time forget;       /* when the remembered reply may go (RFC 7296 2.1); 0: none */
    u32 command_alive;        /* that asks whether the peer is there: a handle of pending.h */
    u32 command_down;         /* that closes it: a handle of pending.h */
    shrike_time forced;       /* it is forgotten then, whatever the peer says; SHRIKE_NEVER: not */
    bool last_word;           /* that time has come, and its delete may go out once */
    struct ike_sa *next[2];   /* what is to replace it: asked for by us, by the peer */
    struct ike_sa *before;    /* what it is to replace, while that is there */
    shrike_time bad_spi_told; /* when; 0: never */
    shrike_time hinted;       /* when a hint had the peer asked; 0: never */
    u32 bad_spi;              /* of ESP, that the peer is to be told of; 0: none */
    bool told;                /* that it is down, or has failed */
    bool unsettled;           /* more is to be done than one input may cause */
    bool reap;                /* to be freed when the input is over */
    struct lowest lowest;     /* of the exchange that made it, when that was a rekey */
    bool spare;               /* it has not taken over from `before`, or never will */
    bool replaced;            /* another one has taken over: only its delete is missing */
    u8 rekeys;                /* attempts in a row that have failed */
    u8 reason;                /* why it is being closed: enum shrike_reason_code; 0: a command */
    u8 ousts;                 /* what it does to older ones there: enum ike_oust */
    u8 lost;                  /* why it has ended: enum ike_lost */
    u8 pace;                  /* waits so far that were doubled */
    u16 rekey_group;          /* that the peer has asked for; KE_NONE: none */
    u32 reauth;               /* serial of the one made from scratch to take over; 0: none */
    u32 succeeds;             /* made from scratch: serial of the one that ends when it is up */
    u32 command_rekey;        /* that rekeys it: a handle of pending.h */
    shrike_time rekey_at;     /* SHRIKE_NEVER: not */
    shrike_time reauth_at;    /* SHRIKE_NEVER: not */
    u64 init_hash;            /* responder: its key in by_init; 0 none */
    u64 cookie2;              /* that the response to our request must have; 0: none */
    u64 mapping; /* start of the last hash of our end as the peer sees it (RFC 4555 3.8) */
    struct packet *peer_addresses; /* struct shrike_addr each: where the peer can be found, too */
    struct packet *gateway;        /* that the peer is to be led to: a notify's data; NULL: none */
    struct packet *grant;          /* what EAP has granted the peer; NULL: nothing */
    struct packet *led; /* how we were led here (exchange/redirect.c); NULL: we were not */
};

/* A new SA with a handshake, an SPI of ours and a place in the tables; NULL at a cap. */
struct ike_sa *sa_new(struct shard *s, bool initiator) must_use;
/* One of ours that waits for its time and has no handshake yet; sa_begin_handshake() gives it one.
 * NULL, or false, at a cap. */
struct ike_sa *sa_new_waiting(struct shard *s) must_use;
bool sa_begin_handshake(struct shard *s, struct ike_sa *sa) must_use;
/* An IKE SA that we begin, and that has no peer yet, gets another SPI. false: there is none. */
bool sa_new_spi(struct shard *s, struct ike_sa *sa) must_use;
/* Where its connection sends from, and whom it calls. */
void sa_use_endpoints(const struct shard *s, struct ike_sa *sa);
/* Another address of ours to send from, when that one is not there any more. */
void sa_use_source(const struct shard *s, struct ike_sa *sa);
/* One that is to replace `old`: it has an SPI of ours, what `old` knows of the peer, and no keys
 * yet. ours: we asked for it, so we are its initiator. NULL at a cap. */
struct ike_sa *sa_new_rekeyed(struct shard *s, struct ike_sa *old, bool ours) must_use;
/* One with this SPI of ours and this serial, as a record says; no handshake. NULL: the SPI is not
 * one of this shard or is taken, or a cap. */
struct ike_sa *sa_new_restored(struct shard *s, bool initiator, u64 spi, u32 serial) must_use;
/* A replacement takes over: children, wants and commands of the old one move to it. */
void sa_take_over(struct shard *s, struct ike_sa *sa);
/* Those that it was to replace, and that were to replace it, know it no more. */
void sa_unlink(struct shard *s, struct ike_sa *sa);
/* Free it and what hangs on it at once. Nothing is told to anybody. */
void sa_free(struct shard *s, struct ike_sa *sa);
/* The live SA with this serial; NULL: there is none. */
struct ike_sa *sa_by_serial(const struct shard *s, u32 serial);
/* The algorithms chosen. false: one of them we do not have. */
bool sa_use_suite(struct ike_sa *sa, const struct choice *c) must_use;
/* Our own SPI and the peer's. */
u64 sa_spi_ours(const struct ike_sa *sa);
/* The connection of an SA, pinned. */
void sa_use_conn(struct shard *s, struct ike_sa *sa, const struct shrike_conn *conn,
                 struct snapshot *snapshot);
/* The child of a connection by its name; NULL: it has none. */
const struct shrike_child_conf *sa_child_conf(const struct shrike_conn *conn, const char *name);
/* Look at the same connection in the current configuration, if it stands there unchanged or is
 * retired. */
void sa_rehome(struct shard *s, struct ike_sa *sa);
/* Free the handshake and everything needed only until now. */
void sa_end_handshake(struct shard *s, struct ike_sa *sa);
/* The identity that the peer proved; type 0 when none yet. */
struct shrike_id sa_peer_id(const struct ike_sa *sa);
/* Whom a connection calls: whom its last round is to prove; type 0: anybody. */
const struct shrike_id *sa_wanted_id(const struct shrike_conn *conn);
/* Take the peer's place and ours from this datagram. */
void sa_path(const struct ike_sa *sa, struct ring_path *out);
/* Does ESP go in UDP between these ends (RFC 7296 2.23, RFC 3948)? */
bool sa_encap(const struct ike_sa *sa);
/* The next tick, which is at once, looks after this SA: so one input may concern any number. */
void sa_touch(struct shard *s, struct ike_sa *sa);
/* The one in whose record it is: what it is to replace, or itself. */
const struct ike_sa *sa_root(const struct ike_sa *sa);
/* What its record says may not be so any more. */
void sa_changed(struct shard *s, const struct ike_sa *sa);
/* When the timer of this SA is to go off. */
shrike_time sa_due(const struct shard *s, const struct ike_sa *sa);

#endif
