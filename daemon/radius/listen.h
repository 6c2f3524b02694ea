/* The socket at which servers of RADIUS ask for somebody to be put out (RFC 5176), in the loop of a
 * process. What is right, dynamic.h says. */
#ifndef RADIUS_LISTEN_H
#define RADIUS_LISTEN_H

#include "proc/loop.h"
#include "radius/dynamic.h"

struct radius_listen_conf {
    struct shrike_endpoint at;
    struct radius_dynamic_conf rules;
    struct md5 *md5;                  /* they outlive it */
    struct radius_sessions *sessions; /* the same */
    /* What was asked, and answered; the verdict is valid during the call. */
    void (*heard)(void *ctx, const struct radius_verdict *v);
    void *ctx;
};

struct radius_listen;

/* NULL: no memory, or the system does not give this socket. */
struct radius_listen *radius_listen_new(struct loop *l,
                                        const struct radius_listen_conf *conf) must_use;
void radius_listen_free(struct radius_listen *l); /* NULL is fine */

#endif
