/* Fetches small things by HTTP, in the loop: bounded in number, size, time and redirections, and
 * only from addresses that it may speak to. Names are looked up by somebody else. */
#ifndef CERTS_FETCH_H
#define CERTS_FETCH_H

#include "certs/target.h"
#include "proc/loop.h"

#define FETCH_AT_ONCE   16                  /* connections */
#define FETCH_WAITING   256                 /* with those that wait for one */
#define FETCH_LIMIT     (8 * SHRIKE_SECOND) /* from the question to the answer, whatever happens */
#define FETCH_REDIRECTS 3
#define FETCH_ADDRESSES 3 /* of a name that are tried */

struct fetcher;

struct fetch_use {
    /* Look up a name: fetch_resolved() with this number is the answer. false: it cannot be asked.
     */
    bool (*resolve)(void *ctx, u32 number, const char *host);
    /* Exactly once for each that was taken, never from within fetch(). fault: static text, that
     * fits behind the URL; else NULL, and the octets are valid during the call. */
    void (*done)(void *ctx, u64 token, struct bytes octets, const char *fault);
    void *ctx;
};

/* Load the library that does it, while files can be opened. false: it is not there. Once is enough.
 */
bool fetch_load(void);
/* NULL: no library, or no memory. */
struct fetcher *fetcher_new(struct loop *l, const struct fetch_use *use) must_use;
void fetcher_free(struct fetcher *f); /* done() is not called any more; NULL is fine */
/* May it speak to this host and its networks, and others that are not everybody's? */
void fetcher_allow_private(struct fetcher *f, bool allow);

struct fetch_ask {
    u64 token;
    const char *url;
    struct bytes post; /* of this type; empty: GET */
    const char *type;
    size_t most;       /* octets of the answer */
    bool straight;     /* who leads elsewhere is not followed */
    shrike_time limit; /* 0: FETCH_LIMIT */
};

/* Everything is copied. false: there are too many, or it is no URL for it: done() is not called. */
bool fetch(struct fetcher *f, const struct fetch_ask *a) must_use;
void fetch_resolved(struct fetcher *f, u32 number, const struct shrike_addr *addrs, u32 count);

struct fetch_numbers {
    u32 now, most; /* that are under way; the most there ever were */
    u64 asked, came, failed;
};
struct fetch_numbers fetcher_numbers(const struct fetcher *f);

#endif
