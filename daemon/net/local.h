/* Which address of ours leads to a peer: the system's own choice of a source, as its routes are
 * now. Wanted where a connection names no local address: the engine's hashes for NAT detection
 * (RFC 7296 2.23) and the ESP SAs need it before the first datagram comes. */
#ifndef NET_LOCAL_H
#define NET_LOCAL_H

#include "base/bytes.h"

/* UDP sockets that are bound to nothing and receive nothing, one of each family; -1: not there. */
struct local {
    int four, six;
};

/* The socket is ours from then on and takes the place of an earlier one. */
void local_add(struct local *l, u8 family, int fd);
void local_close(struct local *l);

/* Set the address and family of *local; its port stays. false: no route, or no socket. */
bool local_find(struct local *l, const struct shrike_endpoint *remote,
                struct shrike_endpoint *local) must_use;

#endif
