/* Looks out for changes of this host's addresses, links and routes. */
#ifndef PARENT_WATCH_H
#define PARENT_WATCH_H

#include "parent/netlink.h"
#include "proc/loop.h"

/* A change comes as many messages: they are waited for so long. */
#define WATCH_SETTLE (50 * SHRIKE_MS)
/* Routes alone are looked at no more often than this: a router may have many changes a second. */
#define WATCH_ROUTES (SHRIKE_SECOND)

/* What one message says. */
enum watch_news {
    NEWS_NONE,   /* nothing about the way to peers */
    NEWS_ROUTES, /* another way, perhaps */
    NEWS_HERE,   /* an address or a link has come or changed */
    NEWS_GONE,   /* an address has gone, and the routes that had it as their source */
};
/* tunnel: our own link; table: our own routing table. Neither is news. */
enum watch_news watch_read(const struct nlmsghdr *h, u32 tunnel, u32 table);

struct watch {
    /* Set by the owner. gone: a NEWS_GONE was among it. */
    struct loop *loop;
    u32 tunnel, table;
    void (*changed)(void *ctx, bool gone);
    void *ctx;

    struct mnl_socket *socket;
    struct source source;
    struct alarm settle;
    shrike_time due;    /* when the alarm goes off; SHRIKE_NEVER: it is not set */
    shrike_time looked; /* when it went off last */
    bool gone;
};

/* From now on changed() is called when something has changed and has settled. false: errno says
 * why. */
bool watch_open(struct watch *w) must_use;
void watch_close(struct watch *w); /* twice is fine, and without watch_open() */

#endif
