/* Message IDs (RFC 7296 2.2, 2.3): which request is new, which was seen, which is stale; and how
 * many requests may be under way at once. */
#ifndef SA_WINDOW_H
#define SA_WINDOW_H

#include "base/bytes.h"
#include "shrike/conf.h"

#define WINDOW_MAX SHRIKE_WINDOW_MAX

struct window {
    u32 ours;   /* ID of our next request */
    u32 theirs; /* lowest ID of a request that has not come yet */
    u8 allowed; /* requests of ours that the peer keeps state for; 1 unless it has said more */
    u8 kept;    /* requests of the peer that we have said to keep state for; 1 unless we have */
    u8 early;   /* bit n: the request with the ID theirs + 1 + n has come */
    u32 synced; /* the peer has begun anew with the ID before this one; 0: never */
};

enum window_verdict {
    WINDOW_NEW,  /* to be handled */
    WINDOW_SEEN, /* a request we have begun or answered: the remembered reply, if there is one */
    WINDOW_STALE /* to be dropped */
};

/* Of a new IKE SA (RFC 7296 2.3: one at a time). */
void window_init(struct window *w);
/* A request of the peer with this ID. With a window of n, requests may arrive up to n - 1 IDs
 * early. */
enum window_verdict window_request(const struct window *w, u32 id);
/* The request, which is new, was accepted: its ID is spent. */
void window_accept(struct window *w, u32 id);
/* As if the request, one of the last accepted, had not come. */
void window_forget(struct window *w, u32 id);
/* The peer begins anew with this ID, and we with `ours` if we have not come as far (RFC 6311 5.1).
 * false: it, or a higher one, has been heard of before, or there would soon be none left. */
bool window_sync(struct window *w, u32 theirs, u32 ours) must_use;
/* The highest ID that was accepted, and one more. */
u32 window_top(const struct window *w);
/* May a request of ours go out while the one with this ID waits for its response? */
bool window_reaches(const struct window *w, u32 waiting);
/* May the SA go on? IDs never wrap (RFC 7296 2.2). */
bool window_spent(const struct window *w);

#endif
