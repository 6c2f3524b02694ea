/* The sockets of the servers of RADIUS, in the loop of a process: carries out what the client of
 * client.h wants. Each is opened when it is used first, and hears only its server. */
#ifndef RADIUS_LINK_H
#define RADIUS_LINK_H

#include "proc/loop.h"
#include "radius/client.h"

struct radius_link_conf {
    /* They outlive the link. They are opened by who uses it, for a process that is held to a few
     * system calls cannot begin to use the library. */
    struct md5 *md5;
    struct shrike_provider *provider;
    struct radius_client_conf client;
    struct shrike_endpoint ends[RADIUS_SERVERS_MAX][RADIUS_DOORS]; /* family 0: not known yet */
    struct shrike_addr sources[RADIUS_SERVERS_MAX]; /* family 0: as the system likes */
    /* What has happened, but for RADIUS_SEND: from the loop, or within link_ask(). It may ask and
     * drop. */
    void (*told)(void *ctx, const struct radius_output *what);
    void *ctx;
};

struct radius_link;

/* The loop outlives it. NULL: no memory. */
struct radius_link *radius_link_new(struct loop *l, const struct radius_link_conf *conf) must_use;
void radius_link_free(struct radius_link *k); /* NULL is fine; nobody is told any more */

/* As radius_client_ask(). Of a question that nobody can be asked, told() may say so before this
 * returns: by what it is about. */
u64 radius_link_ask(struct radius_link *k, const struct radius_question *q) must_use;
/* A server has this address now; one of family 0 has none, and is not there. */
void radius_link_move(struct radius_link *k, u16 server, const struct shrike_addr *to);
void radius_link_drop(struct radius_link *k, u64 number);
const struct radius_client *radius_link_client(const struct radius_link *k);

#endif
