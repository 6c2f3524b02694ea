/* Names to addresses: a question goes out, and its answer comes by the loop. Hosts file, name
 * servers of the system, numeric addresses. */
#ifndef RESOLVE_RESOLVE_H
#define RESOLVE_RESOLVE_H

#include "proc/loop.h"

#define RESOLVED_MAX    16                   /* addresses of one name that are kept */
#define RESOLVER_ASKED  64                   /* questions at a time; each holds a few sockets */
#define RESOLVER_LIMIT  (20 * SHRIKE_SECOND) /* until a question without answer fails */
#define RESOLVE_TTL_MIN 5u                   /* seconds */
#define RESOLVE_TTL_MAX 86400u

struct resolved {
    bool ok;
    const char *why; /* one sentence without its dot when not ok; static */
    unsigned count;  /* at least 1 when ok, best first */
    struct shrike_addr addrs[RESOLVED_MAX];
    u32 ttl_s; /* when to ask again: RESOLVE_TTL_MIN to RESOLVE_TTL_MAX, also when not ok */
};

struct resolver;

/* NULL: no memory. The loop outlives it. */
struct resolver *resolver_new(struct loop *l) must_use;
/* The same for tests: these servers ("127.0.0.1:5353,...") in place of the system's, and another
 * limit than RESOLVER_LIMIT. The text must live as long as the resolver. */
struct resolver *resolver_new_for(struct loop *l, const char *servers, shrike_time limit) must_use;
/* Whoever still waits is not called any more. NULL is fine; not from within done(). */
void resolver_free(struct resolver *r);

/* Ask for the addresses of a name, of family 4, 6, or 0 for both. done() is called once, from the
 * loop and never from within this call; it may ask and cancel. The name is copied. false: not
 * asked, and done() is not called; resolver_why() has the reason. */
bool resolver_ask(struct resolver *r, const char *name, u8 family,
                  void (*done)(void *ctx, const struct resolved *answer), void *ctx) must_use;
const char *resolver_why(const struct resolver *r); /* of the last refusal; static */
/* Drop every question with this ctx: done() will not be called for it. */
void resolver_cancel(struct resolver *r, const void *ctx);

#endif
