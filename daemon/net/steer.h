/* Which socket of an SO_REUSEPORT group gets a datagram: a small filter in the system tells IKE
 * from ESP and leads each IKE message to the shard that holds its SA. */
#ifndef NET_STEER_H
#define NET_STEER_H

#include "base/bytes.h"

#define STEER_SOCKETS_MAX 128 /* of one group: an SPI's octet leads to so many at most */

/* The sockets of one group, numbered in the order in which they were bound: first one for each
 * shard of net, then those of esp. A socket must stay open (the parent keeps a copy) while the
 * group lives: when one is closed the system moves the last into its place. */
struct steer {
    u16 shards; /* 1 or more: where IKE goes, by our SPI (shrike_env.shards) */
    u16 esp;    /* 0: the port carries IKE alone, without a non-ESP marker (port 500);
                 * else IKE stands behind the marker and the rest is ESP (port 4500) */
};

/* Put the filter on the group that this socket is in or, by a bind with SO_REUSEPORT, is going to
 * found. Once a group is enough; a second time replaces the first. false: the system refuses, or
 * there are no sockets or too many.
 *
 * A datagram that is too short to tell goes to socket 0, the keepalive of one octet among them. */
bool steer_attach(int fd, const struct steer *s) must_use;

#endif
