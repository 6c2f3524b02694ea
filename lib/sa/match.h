/* Which connection is meant: by the addresses of IKE_SA_INIT, by the identities of IKE_AUTH. */
#ifndef SA_MATCH_H
#define SA_MATCH_H

#include "sa/directory.h"
#include "sa/select.h"

bool net_contains(const struct shrike_net *net, const struct shrike_endpoint *host);

/* How well the connection fits a pair of addresses: 0 not at all; an address is better than a wide
 * block, a block better than any, and the remote side decides before the local one. */
unsigned match_addresses(const struct shrike_conn *conn, const struct shrike_endpoint *local,
                         const struct shrike_endpoint *remote);

/* Walks the connections of a pair of addresses, best first, equal ones in the order of the
 * configuration; of those that differ in nothing but what IKE_AUTH decides, only the first, where
 * there is a directory. Costs one pass over what that gives for each different score. */
struct match_walk {
    const struct shrike_conf *conf;
    const struct directory *directory; /* NULL: none */
    const struct shrike_endpoint *local, *remote;
    unsigned score;
    struct directory_walk at;
};
void match_begin(struct match_walk *walk, const struct shrike_conf *conf,
                 const struct directory *directory, const struct shrike_endpoint *local,
                 const struct shrike_endpoint *remote);
const struct shrike_conn *match_next(struct match_walk *walk); /* NULL: the end */

struct match_query {
    const struct shrike_conf *conf;
    const struct directory *directory; /* NULL: none */
    struct shrike_endpoint local, remote;
    const struct choice *choice; /* the IKE proposal agreed on */
    struct shrike_id remote_id;  /* IDi */
    struct shrike_id local_id;   /* IDr; type 0 when the peer does not say whom it wants */
    bool by_eap;                 /* the peer asks to be authenticated by EAP */
    bool by_nobody;              /* it proves nothing (RFC 7619) */
    bool another;                /* it proves itself once more (RFC 4739) */
};

/* The responder in IKE_AUTH: of the connections that fit the addresses and allow the IKE proposal,
 * of those by EAP where that is asked for, else of the others, first those that have more than one
 * round like the peer, the one whose remote id fits best, then its local id, then its addresses.
 * NULL: *why says what failed in the connection that came nearest; its detail is the payload that
 * decides, whose body the caller adds as what was offered. */
const struct shrike_conn *match_identity(const struct match_query *q, struct shrike_reason *why);

#endif
