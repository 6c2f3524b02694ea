/* What comes out of the engine: datagrams to send, ops to carry out, events to tell. */
#ifndef SHRIKE_ACTION_H
#define SHRIKE_ACTION_H

#include "shrike/conf.h"
#include "shrike/event.h"
#include "shrike/types.h"

enum shrike_action_kind {
    SHRIKE_SEND,
    SHRIKE_OP,
    SHRIKE_EVENT,
    SHRIKE_CONF_UNUSED, /* this snapshot is not looked at again */
};

/* One UDP datagram. marker: put the four zero octets of RFC 3948 2.2 in front (port 4500). */
struct shrike_send {
    struct shrike_endpoint local, remote;
    struct shrike_bytes data;
    bool marker;
};

enum shrike_op_kind {
    SHRIKE_PROVE,         /* give the AUTH value for these octets */
    SHRIKE_CHECK,         /* does this AUTH value hold? */
    SHRIKE_LEASE,         /* give a peer internal addresses */
    SHRIKE_ADDRESS_ADD,   /* internal addresses given to us are to be used */
    SHRIKE_RESOLVE,       /* find the addresses of a gateway that another one has named */
    SHRIKE_EAP,           /* go on with an EAP session */
    SHRIKE_MIX,           /* stir keys with a post-quantum preshared key */
    SHRIKE_CHILD_INSTALL, /* put a pair of ESP SAs and its policies into the data plane */
    /* not answered: */
    SHRIKE_CHILD_REMOVE,   /* take them out; or, asked after an INSTALL that was not answered in
                            * time, see to it that they do not stay */
    SHRIKE_CHILD_SWITCH,   /* send by this pair from now on, not by others like it */
    SHRIKE_CHILD_MOVE,     /* the ends of these pairs are others from now on */
    SHRIKE_LEASE_FREE,     /* the peer does not need them any more */
    SHRIKE_ADDRESS_REMOVE, /* they are not ours any more */
    SHRIKE_EAP_OVER,       /* the session is not needed any more */
};

/* A CERT payload (RFC 7296 3.6). */
struct shrike_cert {
    uint8_t encoding; /* enum cert_encoding */
    struct shrike_bytes data;
};

/* PROVE and CHECK (RFC 7296 2.15). For a shared key the AUTH value is
 * prf(prf(secret, "Key Pad for IKEv2"), octets); the holder of the secret computes it. A signature
 * is made by the holder of `key`, and checked by whoever knows which certificates to trust. */
struct shrike_auth_op {
    enum shrike_auth_kind kind;
    uint8_t method;   /* CHECK: enum auth_method of the AUTH payload */
    uint16_t prf;     /* negotiated PRF, IANA number */
    uint16_t hashes;  /* PROVE: that the peer takes, a set of HASH_BIT; 0: it knows no RFC 7427 */
    uint32_t schemes; /* set of ways to sign that are allowed */
    uint32_t wished;  /* PROVE: that the peer says it takes (RFC 9593); 0: it has not said */
    struct shrike_key_id key; /* PROVE, of a signature */
    uint16_t cert_count;      /* CHECK: the peer's, at most SHRIKE_CERTS_MAX, as they came */
    const struct shrike_cert *certs;
    const char *conn;
    struct shrike_id local, remote;
    struct shrike_bytes octets;  /* InitiatorSignedOctets or ResponderSignedOctets */
    struct shrike_bytes value;   /* CHECK: the peer's AUTH data */
    struct shrike_origin origin; /* of the authentication rule */
};

/* One direction of a Child SA. Keys are wiped when the drain is over. */
struct shrike_sa_keys {
    uint32_t spi;
    struct shrike_bytes encr_key; /* with the salt behind it for AEAD and CTR (RFC 4106 8.1) */
    struct shrike_bytes integ_key;
};

struct shrike_install_op {
    const char *conn, *child;
    uint32_t child_serial, reqid;
    uint32_t replaces; /* serial of the Child SA that it is to replace; 0: none. How long that one
                        * has been idle goes on to count */
    enum shrike_mode mode;
    bool initiator;                      /* of the IKE SA that made it */
    bool encap;                          /* UDP encapsulation between these ends (RFC 3948) */
    bool esn;                            /* 64-bit sequence numbers */
    bool nat_here;                       /* we are behind a NAT: keepalives (RFC 3948 4) */
    bool whole;                          /* SHRIKE_IPTFS: the peer takes no packets in pieces */
    bool outbound_later;                 /* the peer may not have it yet: while there are others
                                          * that take the same packets, send by those, until an
                                          * authentic packet has come by this one or a SWITCH */
    uint8_t protocol;                    /* PROTOCOL_ESP or PROTOCOL_AH */
    uint16_t encr, encr_key_bits, integ; /* IANA numbers */
    uint16_t tfc_padding;                /* outbound, as in the configuration; 0: none */
    uint16_t replay_window;              /* inbound, likewise; 0: as for others */
    uint16_t cpi_in, cpi_out;            /* compression by DEFLATE inside (RFC 3173); 0: none */
    struct shrike_endpoint local, remote;
    struct shrike_sa_keys in, out;
    const struct shrike_ts *local_ts, *remote_ts;
    uint16_t local_ts_count, remote_ts_count;
    struct shrike_life life;
    shrike_time heard_every; /* HEARD is to be told at most this often; 0: never */
};

struct shrike_remove_op {
    uint32_t child_serial;
    uint32_t spi_in, spi_out;
    struct shrike_endpoint local, remote;
};

/* From now on this pair is the first of those that take the same packets. What it names may be gone
 * already. */
struct shrike_switch_op {
    uint32_t child_serial;
};

/* All Child SAs of one IKE SA are between these ends from now on, in both directions: keys, SPIs,
 * sequence numbers and replay windows stay. What comes to the old address still is taken. What they
 * name may be gone already. */
#define SHRIKE_MOVE_MAX 256 /* Child SAs of one IKE SA */
struct shrike_move_op {
    struct shrike_endpoint local, remote;
    bool encap;    /* as for CHILD_INSTALL; it may differ from what it was */
    bool nat_here; /* the same */
    uint16_t child_count;
    const uint32_t *children; /* their serials */
};

/* Internal addresses (RFC 7296 2.19, 3.15). Each LEASE has a number that is given once and ends
 * once, by LEASE_FREE, also when it has failed or its answer is not waited for any more. A peer
 * that makes its IKE SA from scratch asks for the addresses that it has: until the former lease is
 * freed they belong to both. The same holds for ADDRESS_ADD and ADDRESS_REMOVE, whose numbers are
 * others.
 *
 * After an import each lease and each address still in use is asked for once more, with the number
 * it had and `held`: they are that peer's (or ours) already, and the answer is not looked at. */
struct shrike_lease_op {
    uint32_t lease;
    bool held;
    uint16_t wish_count; /* at most SHRIKE_ADDRESSES_MAX */
    uint16_t pool_count;
    const char *conn;
    const struct shrike_addr *wishes; /* addresses asked for; octets all zero: any of the family */
    const char *const *pools;         /* names, in the order of preference */
    struct shrike_id remote;          /* the peer, who has proved to be it */
    struct shrike_bytes grant;        /* what EAP has granted it; empty: nothing */
};

/* In the order of the peer's preference. They came from the peer: whoever uses them checks that
 * they are of use. */
struct shrike_address_op {
    uint32_t lease;
    bool held;
    uint16_t address_count; /* both at most SHRIKE_ADDRESSES_MAX */
    uint16_t dns_count;
    const char *conn;
    const struct shrike_addr *addresses;
    const struct shrike_addr *dns; /* servers for names */
    struct shrike_endpoint local;  /* our own end of the tunnel */
};

/* The name came from a peer: letters, digits, '-' and '_' between dots, at most 255 octets, and no
 * NUL behind it. */
struct shrike_resolve_op {
    const char *conn;
    struct shrike_bytes name;
};
#define SHRIKE_RESOLVED_SIZE 17 /* octets of an address in the answer: its family, 16 octets */

/* EAP (RFC 3748, RFC 7296 2.16), by whoever has its methods. Each session has a number that is
 * given once and ends once, by EAP_OVER, also when it has failed or its answer is not waited for
 * any more.
 *
 * A server is asked without a message first, then with each response of the peer. It answers with
 * the next request, or with no message when the peer has proved who it is. A peer is asked with
 * each request, and answers with the response; and with Success, which it is to believe no earlier
 * than its method allows, and answers with no message. Success and Failure of a server are made
 * here: an answer that is not `ok` is a Failure. */
#define SHRIKE_EAP_MAX 4096 /* octets of a message: what RADIUS can carry (RFC 2865 3) */
#define SHRIKE_MSK_MAX 128  /* octets of its key: 64 or more (RFC 3748 7.10) */
/* Octets of what a server's methods grant a peer besides: addresses, for how long, what accounting
 * needs. It stays with the IKE SA and what takes its place, is in its records, and its octets are
 * of no meaning here. */
#define SHRIKE_GRANT_MAX 2048
struct shrike_eap_op {
    uint32_t session;
    bool server;
    bool only; /* nothing else proves who the server is (RFC 5998): only a method that proves both
                * sides and makes a key will do */
    const char *conn;
    struct shrike_eap_rule rule;
    /* What we show where a method has certificates, in the first op; NULL: nothing. */
    const struct shrike_credential *credential;
    struct shrike_id local, remote; /* as they stand in IKE_AUTH, and nobody has proved yet */
    struct shrike_endpoint local_end, remote_end; /* of the IKE SA, now */
    struct shrike_bytes message;                  /* at most SHRIKE_EAP_MAX */
    struct shrike_origin origin;                  /* of the authentication rule */
};

/* MIX (RFC 8784 3): SK_d, SK_pi and SK_pr, one behind the other, are each to become
 * prf+(PPK, SK); the answer's value is as long. Who holds the PPK does it. PPK_UNKNOWN: there is
 * none of this name. */
struct shrike_mix_op {
    uint16_t prf; /* negotiated PRF, IANA number */
    const char *conn;
    struct shrike_bytes id; /* of the PPK, at most SHRIKE_ID_MAX; of a responder it is the peer's */
    struct shrike_bytes keys;
    struct shrike_origin origin; /* of what the connection says of PPKs */
};

/* An op. Those up to CHILD_INSTALL are answered, sooner or later, by shrike_done(). Nobody is told
 * when an answer is no longer waited for: a late one is dropped by its token. */
struct shrike_op {
    enum shrike_op_kind kind;
    struct shrike_token token;
    union {
        struct shrike_auth_op auth;
        struct shrike_install_op install;
        struct shrike_remove_op remove;
        struct shrike_switch_op change;
        struct shrike_move_op move;
        struct shrike_lease_op lease;
        struct shrike_address_op address;
        struct shrike_resolve_op resolve;
        struct shrike_eap_op eap;
        struct shrike_mix_op mix;
        uint32_t lease_over;   /* LEASE_FREE, ADDRESS_REMOVE: the number of the lease */
        uint32_t session_over; /* EAP_OVER: the number of the session */
    };
};

/* Everything pointed to is valid until shrike_next() has said false. */
struct shrike_action {
    enum shrike_action_kind kind;
    union {
        struct shrike_send send;
        struct shrike_op op;
        struct shrike_event event;
        const struct shrike_conf *conf;
    };
};

/* The answer to an op. */
struct shrike_answer {
    bool ok;
    enum shrike_reason_code reason; /* when not ok; AUTH_NO_SECRET, AUTH_MAC, KERNEL ... */
    uint8_t method;                 /* PROVE: enum auth_method of the value */
    struct shrike_bytes value;      /* PROVE: the AUTH data. CHECK that failed: what the secret is
                                     * called, for the reason. LEASE: configuration attributes as on
                                     * the wire (RFC 7296 3.15.1), addresses and what else the peer
                                     * is to know. RESOLVE: addresses, the best one first. EAP: the
                                     * message to be sent. MIX: the keys. Copied during the call */
    /* EAP, when it has succeeded: */
    bool mutual;                  /* the method has proved both sides */
    struct shrike_bytes secret;   /* its MSK, at most SHRIKE_MSK_MAX; empty: it makes none */
    struct shrike_bytes identity; /* server: of the peer, at most SHRIKE_ID_MAX; empty: it has not
                                   * become known */
    struct shrike_bytes grant;    /* server: at most SHRIKE_GRANT_MAX */
};

#endif
