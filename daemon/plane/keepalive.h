/* NAT keepalives (RFC 3948 4): which ends of tunnels need them, and when. */
#ifndef PLANE_KEEPALIVE_H
#define PLANE_KEEPALIVE_H

#include "base/list.h"
#include "shrike/types.h"

/* A local and a remote end; all SAs between the two share it. */
struct end {
    struct list link;
    struct shrike_endpoint local, remote;
    u32 users;
    shrike_time sent; /* when something last went there */
};

struct ends {
    struct list all;
};

void ends_open(struct ends *e);
void ends_close(struct ends *e);
bool ends_any(const struct ends *e);
/* One more user. NULL: no memory. */
struct end *ends_take(struct ends *e, const struct shrike_endpoint *local,
                      const struct shrike_endpoint *remote, shrike_time now);
void ends_give(struct end *end); /* one less; NULL is fine */
/* An end that has been quiet for so long, from now on counted as sent to; NULL: there is none. */
struct end *ends_quiet(struct ends *e, shrike_time now, shrike_time for_so_long);
/* One octet 0xff (RFC 3948 2.3) by this UDP socket; -1: not. */
void end_keepalive(const struct end *e, int fd);

#endif
