/* Looking at the SAs of an engine: what a listing shows. Reading changes nothing. */
#ifndef SHRIKE_VIEW_H
#define SHRIKE_VIEW_H

#include "shrike/conf.h"
#include "shrike/types.h"

/* The order is that of an SA's life. */
enum shrike_ike_state {
    SHRIKE_IKE_CONNECTING, /* IKE_SA_INIT or IKE_AUTH is under way */
    SHRIKE_IKE_ESTABLISHED,
    SHRIKE_IKE_DELETING,
};

enum shrike_child_state {
    SHRIKE_CHILD_CREATING,
    SHRIKE_CHILD_INSTALLED,
    SHRIKE_CHILD_DELETING,
};

/* One IKE SA. Pointers are valid until the next input to the engine. */
struct shrike_ike_view {
    uint32_t serial;
    enum shrike_ike_state state;
    const char *conn; /* NULL for a responder before IKE_AUTH */
    bool initiator;   /* we are the original initiator */
    bool nat_here, nat_there;
    bool encap_forced; /* its configuration pretends a NAT */
    bool ppk;          /* a post-quantum preshared key (RFC 8784) is in its keys */
    uint64_t spi_i, spi_r;
    struct shrike_endpoint local, remote;
    struct shrike_id local_id;                    /* type 0: not known yet */
    struct shrike_id remote_id;                   /* proved, or before that as configured */
    uint16_t encr, encr_key_bits, integ, prf, ke; /* IANA numbers; 0 before they are agreed */
    shrike_time established;                      /* when; 0: not yet */
    shrike_time rekey_at, reauth_at;              /* when it is to be; 0: never */
    uint32_t children;                            /* how many shrike_view_child() will show */
    uint16_t local_vip_count, remote_vip_count;
    const struct shrike_addr *local_vips, *remote_vips; /* internal addresses: ours, the peer's */
};

/* One Child SA of it. */
struct shrike_child_view {
    uint32_t serial, reqid;
    enum shrike_child_state state;
    const char *child;
    uint8_t mode;     /* enum shrike_mode */
    uint8_t protocol; /* enum protocol: ESP or AH */
    bool encap, esn;
    uint32_t spi_in, spi_out;
    uint16_t cpi_in, cpi_out;                /* of compression (RFC 3173); 0: none */
    uint16_t encr, encr_key_bits, integ, ke; /* ke: of the exchange that made it, 0 without one */
    shrike_time installed;                   /* when; 0: not yet */
    shrike_time rekey_at, dies_at;           /* when it is to be; 0: never */
    const struct shrike_ts *local_ts, *remote_ts;
    uint16_t local_ts_count, remote_ts_count;
};

struct shrike;

/* All of these but one are steps: a listing costs as much as there is to list. */

/* The next IKE SA from place *at on, in no particular order; begin with *at = 0. false: that was
 * all. SAs closed already are not shown, nor those that have not taken over from the one that they
 * are to replace; one that was replaced is shown as deleting. An SA made meanwhile may or may not
 * be shown. */
bool shrike_view_ike(const struct shrike *e, uint32_t *at, struct shrike_ike_view *out);

/* The IKE SA with these SPIs, one of which is ours, whichever: a closed one, too, for as long as it
 * answers late copies, then as deleting. false: there is none. */
bool shrike_view_ike_of(const struct shrike *e, uint64_t spi_i, uint64_t spi_r,
                        struct shrike_ike_view *out);

/* What EAP has granted the peer of that IKE SA; one that takes its place by rekeying has the same.
 */
struct shrike_grant_view {
    uint32_t serial;
    shrike_time born;          /* when it, or the one it follows, was established; 0: not yet */
    struct shrike_bytes grant; /* empty: nothing */
};
bool shrike_view_grant(const struct shrike *e, uint64_t spi_i, uint64_t spi_r,
                       struct shrike_grant_view *out);

/* Of the IKE SA that shrike_view_ike() has shown: `at` as it left it, `ike` its serial: the Child
 * SA with the lowest serial above `after`; begin with after = 0. false: there is none, or the IKE
 * SA is gone. */
bool shrike_view_child(const struct shrike *e, uint32_t at, uint32_t ike, uint32_t after,
                       struct shrike_child_view *out);

/* The connection of the next SA from place *at on, closed ones and half-open ones too; begin with
 * *at = 0. The same may be shown several times. false: that was all. */
bool shrike_view_conn(const struct shrike *e, uint32_t *at, const struct shrike_conn **out);

/* The next Child SA that the data plane holds, or was asked to hold, from place *at on, in no
 * particular order; begin with *at = 0. false: that was all. */
bool shrike_view_held(const struct shrike *e, uint32_t *at, uint32_t *serial);

#endif
