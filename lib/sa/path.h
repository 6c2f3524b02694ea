/* The paths that an IKE SA can take: pairs of an address of this host and one of the peer's (RFC
 * 4555 3.5, 3.10). Pure. */
#ifndef SA_PATH_H
#define SA_PATH_H

#include "sa/ring.h"
#include "shrike/shrike.h"

#define PATHS_MAX          8  /* tried at once: a peer must not have us flood others */
#define PEER_ADDRESSES_MAX 16 /* of one peer that we keep, and of ours that we name */

/* The addresses of this host, those to be tried first in front. */
struct host_addresses {
    struct shrike_addr at[SHRIKE_HOST_ADDRESSES_MAX];
    u8 count;
    bool known; /* false: nobody has told, and every address is taken to be there */
};

/* What differs between this list and the one there was. */
enum host_news {
    HOST_FIRST,  /* there was none */
    HOST_ROUTES, /* nothing: so it is the routes */
    HOST_LIST,
};
/* Take the list of an event; more than its cap are left out. */
enum host_news addresses_take(struct host_addresses *h, const struct shrike_addr *list,
                              unsigned count);
/* Is this address, whatever the port, one of ours? */
bool addresses_have(const struct host_addresses *h, const struct shrike_endpoint *end);

/* The same address, whatever the ports? The same way in everything? */
bool endpoint_at(const struct shrike_endpoint *end, const struct shrike_addr *address);
bool endpoint_same_address(const struct shrike_endpoint *a, const struct shrike_endpoint *b);
bool path_same(const struct ring_path *a, const struct ring_path *b);
/* Can somebody be called there? Not at addresses of many or of nobody. */
bool endpoint_usable(const struct shrike_endpoint *end);
struct shrike_addr endpoint_address(const struct shrike_endpoint *end);

/* What there is to choose from. */
struct path_query {
    const struct host_addresses *host;
    const struct shrike_net *allowed; /* of ours, by configuration */
    unsigned allowed_count;           /* 0: all */
    const struct shrike_addr *peer;   /* of the peer, beside now.remote */
    unsigned peer_count;
    struct ring_path now; /* the path in use; its ports are kept */
    u16 peer_port;        /* at the peer's other addresses */
};
/* Paths within one family, each once: the one in use first if its address is still ours, then in
 * the order of our addresses, to the peer's present address before its others. Addresses of one
 * link only are left out, but for the path in use. Gives how many. */
unsigned path_list(const struct path_query *q, struct ring_path out[PATHS_MAX]);
/* An address of ours, not of one link only, that may be named to the peer beside the one in use:
 * the n-th; NULL: there are no more. */
const struct shrike_addr *path_other(const struct path_query *q, unsigned n);

#endif
