/* What is done every second: Child SAs whose time is over go, NATs hear of us, net hears of what
 * has become of its Child SAs. */
#ifndef XFRM_WATCH_H
#define XFRM_WATCH_H

#include "xfrm/install.h"

#define WATCH_EACH  SHRIKE_SECOND
#define WATCH_ROUND 512 /* Child SAs that the kernel is asked for in one turn */

struct watch {
    int sockets[2]; /* at port 4500, of IPv4 and of IPv6, to send keepalives by; -1: none */
    u32 bucket;     /* of the Child SA that is looked at next */
};

/* false: nothing waits any more, until something is installed. */
bool watch_tick(struct watch *w, struct stock *i, shrike_time now);

/* Events of the kernel were lost: net is told of Child SAs that have ended meanwhile. */
void watch_lost(struct stock *i, shrike_time now);

/* An event of the kernel. */
struct event;
void watch_event(struct stock *i, const struct event *e, shrike_time now);

#endif
