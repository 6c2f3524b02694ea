/* The last IKE datagrams as they were on the wire, kept while somebody follows them. What is
 * protected stays so: it is copied before it is decrypted. */
#ifndef NET_CAPTURE_H
#define NET_CAPTURE_H

#include "base/bytes.h"
#include "shrike/types.h"

#define CAPTURE_OCTETS                                                                             \
    (256 * 1024)         /* a turn of all sockets, and some that nobody has asked for yet */
#define CAPTURE_MAX  512 /* datagrams */
#define CAPTURE_EYES 4   /* who follows: bits of the masks below */

struct captured {
    shrike_time when;
    u64 spi_i, spi_r; /* as its header has them */
    struct shrike_endpoint local, remote;
    u32 at, len;    /* in octets */
    u8 meant, told; /* for whom it is, by bit; who has got it */
    bool sent, marker;
};

struct capture {
    u32 first, count;       /* of `all`, round and round */
    u32 lost[CAPTURE_EYES]; /* gone before who it is for has got them */
    bool changed;           /* something came */
    struct captured all[CAPTURE_MAX];
    u8 octets[CAPTURE_OCTETS];
};

/* NULL: no memory. */
struct capture *capture_new(void) must_use;
void capture_free(struct capture *c); /* NULL: nothing */
/* Copy this datagram in place of the oldest ones; the marker of port 4500 is part of it. */
void capture_add(struct capture *c, const struct captured *d, struct bytes data);
/* The i-th, the oldest first; NULL: there are not so many. */
struct captured *capture_at(struct capture *c, u32 i);
struct bytes capture_data(const struct capture *c, const struct captured *d);

#endif
