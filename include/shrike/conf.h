/* The configuration as the engine sees it: an immutable snapshot, compiled by the caller.
 *
 * The engine never copies a snapshot and never writes to it. It holds every snapshot given to
 * shrike_conf() until the action SHRIKE_CONF_UNUSED names it. All strings are NUL-terminated. */
#ifndef SHRIKE_CONF_H
#define SHRIKE_CONF_H

#include "shrike/types.h"

/* One algorithm of a proposal, by IANA numbers (RFC 7296 3.3.2). */
struct shrike_transform {
    uint8_t type;      /* enum transform_type */
    uint16_t id;       /* of that type */
    uint16_t key_bits; /* 0: no key length attribute */
};

/* One proposal: all transforms of one type are alternatives, in order of preference.
 * For IKE: ENCR, PRF, KE and, unless ENCR is an AEAD, INTEG. For ESP: ENCR, INTEG unless AEAD,
 * SN, and KE when perfect forward secrecy is wanted; for AH the same without ENCR. A proposal holds
 * AEADs or other ciphers, never both (RFC 7296 3.3), and is of one protocol: ESP inside AH cannot
 * be negotiated. */
struct shrike_proposal {
    uint8_t protocol; /* enum protocol: IKE, AH, ESP */
    uint16_t transform_count;
    const struct shrike_transform *transforms;
    struct shrike_origin origin;
};

enum shrike_mode {
    SHRIKE_TUNNEL,
    SHRIKE_TRANSPORT,
    SHRIKE_BEET,  /* between two addresses as a tunnel, without the inner header */
    SHRIKE_IPTFS, /* a tunnel of packets that are joined and cut to one size (RFC 9347) */
    SHRIKE_PASS,  /* shunts: what goes past the tunnels, ... */
    SHRIKE_DROP,  /* ... and what is dropped where no tunnel takes it */
};
/* When a child is called up: bits. */
enum shrike_start {
    SHRIKE_START_NONE = 0,
    SHRIKE_START_TRAP = 1, /* when a packet wants it */
    SHRIKE_START_NOW = 2,
    SHRIKE_START_BOTH = SHRIKE_START_TRAP | SHRIKE_START_NOW,
};

/* What an IKE SA that comes up does to others between the same two identities. */
enum shrike_unique {
    SHRIKE_UNIQUE_NO,      /* those that INITIAL_CONTACT says are dead are closed */
    SHRIKE_UNIQUE_NEVER,   /* nothing; INITIAL_CONTACT is neither sent nor heeded */
    SHRIKE_UNIQUE_REPLACE, /* and older ones are deleted */
    SHRIKE_UNIQUE_KEEP,    /* and while there is one, new ones are refused */
};

/* IKE SAs that are made without a Child SA, which is asked for next (RFC 6023). */
enum shrike_childless {
    SHRIKE_CHILDLESS_ALLOW,  /* taken from the peer; asked for when there is no child to ask for */
    SHRIKE_CHILDLESS_PREFER, /* and asked for where the peer takes them */
    SHRIKE_CHILDLESS_FORCE,  /* and no other */
    SHRIKE_CHILDLESS_NEVER,
};

/* When a peer that can be led to another gateway (RFC 5685) is, as its responder. */
enum shrike_redirect {
    SHRIKE_REDIRECT_NO,   /* by a command only */
    SHRIKE_REDIRECT_INIT, /* at once: before it is known who it is */
    SHRIKE_REDIRECT_AUTH, /* once it has proved who it is */
};

/* When a Child SA has carried enough (RFC 4301 4.4.2.1), or nothing for too long; 0: no limit. */
struct shrike_life {
    uint64_t bytes_soft, bytes_hard;
    uint64_t packets_soft, packets_hard;
    shrike_time idle; /* without a packet in either direction */
};

/* A number that packets are known by, or are given (fwmark), or that of an XFRM interface. */
enum shrike_mark_kind {
    SHRIKE_MARK_FIXED,
    SHRIKE_MARK_UNIQUE,      /* each Child SA has one of its own, ... */
    SHRIKE_MARK_UNIQUE_DIR,  /* ... or one for each direction */
    SHRIKE_MARK_UNIQUE_PEER, /* those of one peer have one together, ... */
    SHRIKE_MARK_UNIQUE_PEER_DIR,
    SHRIKE_MARK_SAME, /* the value of the mark of its direction */
};
struct shrike_mark {
    uint32_t value;
    uint32_t mask; /* what of it counts; 0: there is none. All, of interfaces */
    uint8_t kind;  /* enum shrike_mark_kind: other than FIXED, without value */
};

/* What a data plane does with packets beside what was negotiated. Not the engine's business. */
#define SHRIKE_LINK_MAX 15 /* characters of a name */
struct shrike_plane_conf {
    struct shrike_mark mark_in, mark_out; /* of packets that its policies, and its outbound SA, are
                                           * for */
    struct shrike_mark set_mark_in, set_mark_out; /* of packets that have come through an SA */
    struct shrike_mark if_id_in, if_id_out;
    const char *link;  /* an XFRM interface with if_id_out, to be made where there is none, at most
                        * SHRIKE_LINK_MAX characters; NULL: none is made */
    uint32_t priority; /* of its policies, the lowest counts first; 0: as its selectors say */
    bool offload;      /* the device encrypts, where it can, ... */
    bool must_offload; /* ... or it cannot be */
    bool packet;       /* the device has to look at policies and put headers on, too */
    bool mark_in_sa;   /* mark_in is that of the inbound SA, too */
    bool no_policies;
    /* Of the outer header of tunnels (RFC 4301 5.1.2). */
    bool lose_df, lose_ecn, lose_dscp; /* they are not copied outwards, ECN not inwards either */
    bool take_dscp;                    /* it is copied inwards */
};

#define SHRIKE_UPDOWN_MAX 1023
struct shrike_child_conf {
    const char *name;
    enum shrike_mode mode;
    enum shrike_start start;
    enum shrike_start dpd_action;            /* NOW: made again when the peer was given up */
    enum shrike_start close_action;          /* NOW: made again when the peer deleted it */
    const struct shrike_proposal *proposals; /* all of one protocol: ESP or AH */
    const struct shrike_ts *local_ts;
    const struct shrike_ts *remote_ts;
    uint16_t proposal_count;
    uint16_t local_ts_count;
    uint16_t remote_ts_count;
    uint16_t tfc_padding;   /* octets to which shorter packets are padded (RFC 4303 2.7), unless the
                             * peer takes none; 0: none, UINT16_MAX: what the path takes */
    uint16_t replay_window; /* packets that may come late; 0: as the data plane has it for others */
    bool hostaccess;        /* for the script: it is told so */
    bool ipcomp;    /* offer and accept compression by DEFLATE (RFC 7296 2.22): for a data plane
                     * that has it */
    uint32_t reqid; /* for the data plane; unique per child configuration */
    struct shrike_life life;
    shrike_time rekey_time; /* after which a Child SA is rekeyed (RFC 7296 2.8); 0: never */
    shrike_time life_time;  /* after which it is deleted; 0: never */
    shrike_time rand_time;  /* a random part of it is taken off rekey_time each time */
    const char *updown;     /* a command for when one has come up or gone, at most SHRIKE_UPDOWN_MAX
                             * characters; NULL: none. Not the engine's business */
    struct shrike_plane_conf plane;
    struct shrike_origin origin;
    struct shrike_origin mode_origin;
    struct shrike_origin proposals_origin;
    struct shrike_origin ts_origin;
};

enum shrike_auth_kind {
    SHRIKE_AUTH_NONE,   /* of a connection that only has shunts */
    SHRIKE_AUTH_PSK,    /* by a shared key (RFC 7296 2.15) */
    SHRIKE_AUTH_PUBKEY, /* by a signature */
    SHRIKE_AUTH_EAP,  /* by EAP (RFC 7296 2.16): of who calls, while the other side signs; of both:
                       * EAP alone proves both (RFC 5998) */
    SHRIKE_AUTH_NULL, /* not at all (RFC 7619), and the other side takes that. What such a peer says
                       * that it is called is not looked at: its id here is of type 0 */
};

/* What a public key is known by: the SHA-1 of its SubjectPublicKeyInfo, as CERTREQ payloads name
 * those of authorities (RFC 7296 3.7). */
#define SHRIKE_KEY_ID 20
struct shrike_key_id {
    uint8_t octets[SHRIKE_KEY_ID];
};

#define SHRIKE_CERTS_MAX 8 /* CERT payloads of one message */

/* What a certificate is named by in place of itself (RFC 7296 3.6): its SHA-1, and a URL. */
#define SHRIKE_LOOKUP_HASH 20
#define SHRIKE_LOOKUP_MAX  1024 /* octets of both */

/* A key pair of ours, and what says whose it is. The private key is held elsewhere. */
struct shrike_credential {
    struct shrike_key_id key;
    uint8_t encoding;    /* of what is in certs: enum cert_encoding */
    uint16_t cert_count; /* at most SHRIKE_CERTS_MAX */
    uint16_t authority_count;
    const struct shrike_bytes *certs;   /* the end entity first, then who signed the one before */
    const struct shrike_bytes *lookups; /* in place of each of them, for who looks it up, at most
                                         * SHRIKE_LOOKUP_MAX octets; empty: itself; NULL: all */
    const struct shrike_key_id *authorities; /* that stand behind it */
    struct shrike_origin origin;
};

/* How EAP is to go (RFC 3748), for whoever has its methods. */
#define SHRIKE_EAP_METHODS 8
#define SHRIKE_EAP_RELAY   255 /* in place of a type: somebody else has the methods (RFC 3579) */
#define SHRIKE_EAP_PAP     253 /* in place of a type, in a tunnel: the password as it is */
struct shrike_eap_rule {
    struct shrike_bytes methods; /* their types, at most SHRIKE_EAP_METHODS, the one to be preferred
                                  * first; empty: those that are there */
    struct shrike_id id;         /* whose proof it is, where EAP knows the peer, or us, by another
                                  * name than IKE does; of a peer one of many, perhaps */
    bool asks;                   /* the server asks the peer who it is */
    /* The peer must be of one of these groups, by those who have the methods: names, each with a
     * NUL behind it; empty: of any. */
    struct shrike_bytes groups;
    /* Where a method has others in a tunnel: their types, likewise. */
    struct shrike_bytes inside;
    struct shrike_id server; /* the peer: who the server has to be, where that is not who it is in
                              * IKE */
};
#define SHRIKE_GROUPS_MAX 1024 /* octets of them */

/* How one side proves itself. An id of type 0 means any. */
struct shrike_auth {
    enum shrike_auth_kind kind;
    uint32_t schemes; /* PUBKEY: set of ways to sign that are allowed (crypto/scheme.h) */
    struct shrike_id id;
    /* PUBKEY, on our side: the first whose authorities the peer asks for, else the first, signs. */
    uint16_t credential_count;
    /* PUBKEY, on the peer's side: it is asked for certificates by these; 0: it is not asked. */
    uint16_t authority_count;
    const struct shrike_credential *credentials;
    const struct shrike_key_id *authorities;
    struct shrike_eap_rule eap;
    /* PUBKEY, on the peer's side: what whoever judges certificates calls this rule; NULL: as the
     * connection. */
    const char *rule;
    struct shrike_origin origin;
};

#define SHRIKE_ROUNDS_MAX 4 /* of one side: each costs a message */

/* When our certificates are sent. */
enum shrike_send_cert { SHRIKE_CERT_IFASKED, SHRIKE_CERT_ALWAYS, SHRIKE_CERT_NEVER };

/* More requests under way at once gain nothing, and for each one state is kept. */
#define SHRIKE_WINDOW_MAX 8

struct shrike_conn {
    const char *name;
    uint64_t hash; /* of name and contents; live SAs refer to their connection by it */
    const struct shrike_net *local_addrs;
    const struct shrike_net *remote_addrs;
    uint16_t local_addr_count;  /* 0: any */
    uint16_t remote_addr_count; /* 0: any */
    uint16_t local_port;        /* 500 */
    uint16_t remote_port;       /* 500 */
    const struct shrike_proposal *proposals;
    const struct shrike_child_conf *children;
    uint16_t proposal_count;
    uint16_t child_count;
    uint16_t shunt_count; /* behind the children: not the engine's business */
    /* RFC 7296 2.19. As the initiator we ask for these internal addresses; octets all zero: for any
     * one of the family. As the responder we give some out of these pools, by name, in this order;
     * the pools themselves are the caller's. Both have at most SHRIKE_ADDRESSES_MAX. */
    uint16_t vip_count;
    uint16_t pool_count;
    const struct shrike_addr *vips;
    const char *const *pools;
    struct shrike_auth local;
    struct shrike_auth remote;
    /* Further rounds, in which each side proves itself once more (RFC 4739), fewer than
     * SHRIKE_ROUNDS_MAX; none is NULL. The peer is in the end whom its last round proves. The side
     * that is called has no EAP there, and is through before EAP begins. */
    const struct shrike_auth *local_rounds;
    const struct shrike_auth *remote_rounds;
    uint8_t local_round_count;
    uint8_t remote_round_count;
    struct shrike_endpoint
        local_endpoint; /* for the initiator: what to send from (family 0: any) */
    /* For the initiator: whom to ask; when nobody answers there, the single addresses among
     * remote_addrs, one after the other. */
    struct shrike_endpoint remote_endpoint;

    /* RFC 7296 2.1, 2.4: the n-th resend follows the send before it by
     * retransmit_first * 2^n, cut at retransmit_max, +- retransmit_jitter percent. */
    shrike_time retransmit_first; /* 1 s */
    shrike_time retransmit_max;   /* 64 s */
    uint8_t retransmit_tries;     /* 7 resends */
    uint8_t retransmit_jitter;    /* 10 percent */
    shrike_time give_up_after;    /* 64 s after the last resend */
    shrike_time half_open_max;    /* 30 s: a responder waits no longer for IKE_AUTH */
    shrike_time dpd_delay;        /* 0: no liveness checks (RFC 7296 2.4) */
    shrike_time rekey_time;       /* after which the IKE SA is rekeyed (RFC 7296 2.8); 0: never */
    shrike_time reauth_time;      /* after which a new one is made from scratch (2.8.3); 0: never */
    shrike_time over_time;        /* after the earlier of both it is closed; 0: never */
    shrike_time rand_time;        /* a random part of it is taken off both each time */
    uint32_t keyingtries;         /* attempts in a row to make again what was lost; 0: for ever */
    enum shrike_unique unique;
    enum shrike_childless childless;
    enum shrike_send_cert send_cert;
    enum shrike_redirect redirect;
    struct shrike_id redirect_to; /* an address (which it is never led to from there itself), or a
                                   * name: ID_IPV4_ADDR, ID_IPV6_ADDR, ID_FQDN */
    shrike_time redirect_wait;    /* after which a peer that was led away is closed; 0: never */
    uint16_t fragment_size;       /* IP octets per IKE packet; 1280 (RFC 7383 2.5.1) */
    uint8_t window;        /* 1; requests under way at once, where the peer allows it (2.3) */
    bool fragmentation;    /* offer and accept RFC 7383 */
    bool force_encap;      /* pretend to be behind a NAT: UDP encapsulation always */
    bool follow_redirects; /* as the initiator, to another gateway (RFC 5685) */
    bool mobike;           /* RFC 4555: the addresses of its SAs may change; not beside children
                            * in transport mode, which it does not have */
    bool looks_up;         /* who is asked for certificates may name them by hash and URL (3.6) */
    bool asks_ocsp;    /* the peer is asked what responders say of its certificates (RFC 4806) */
    bool ppk_required; /* a post-quantum preshared key (PPK, RFC 8784) must be used */
    /* The name of a PPK, at most SHRIKE_ID_MAX octets: as the initiator we use this one, as the
     * responder no other; empty: none, and any. */
    struct shrike_bytes ppk_id;
    struct shrike_origin origin;
    struct shrike_origin proposals_origin;
    struct shrike_origin vips_origin;
    struct shrike_origin pools_origin;
    struct shrike_origin ppk_origin;
};

struct shrike_conf {
    const struct shrike_conn *conns;
    uint32_t conn_count;

    /* The gate (RFC 7296 2.6): half-open SAs above which a stranger must show a cookie. */
    uint32_t cookie_threshold;        /* 30, over all */
    uint32_t cookie_prefix_threshold; /* 3, of one /32 or /64 */
    uint32_t half_open_max;           /* refuse all new ones above it */
    uint32_t half_open_prefix_max;    /* ... of one /32 or /64; 0: none are */
    uint32_t ike_sas_max;             /* no new ones for strangers above so many; 0: any number */
    bool rounds; /* some connection has several rounds of authentication: callers are told so */
    bool beet;   /* some child is in BEET mode: callers that know it are told that it is known */
    bool ppks;   /* there are PPKs here: a peer that asks whether it may use one is told so */

    /* Connections that are gone, or no longer as they were, as long as SAs go on by them: what
     * shrike_view_conn() shows beside conns. Nobody is called up or answered by them anew. With
     * them here no SA needs an older snapshot. */
    const struct shrike_conn *retired;
    uint32_t retired_count;
};

#endif
