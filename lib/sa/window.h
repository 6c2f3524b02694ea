/* Message IDs (RFC 7296 2.2, 2.3): which request is new, which was seen, which is stale. */
#ifndef SA_WINDOW_H
#define SA_WINDOW_H

#include "base/bytes.h"

struct window {
    u32 ours;   /* ID of our next request */
    u32 theirs; /* ID of the next request that we expect */
    u8 size;    /* requests in flight that both sides allow, each way; 1 unless agreed otherwise */
};

enum window_verdict {
    WINDOW_NEW,  /* to be handled */
    WINDOW_SEEN, /* a request we have begun or answered: the remembered reply, if there is one */
    WINDOW_STALE /* to be dropped */
};

/* A request of the peer with this ID. With a window of n, requests may arrive up to n - 1 IDs
 * early. */
enum window_verdict window_request(const struct window *w, u32 id);
/* The request was accepted: the next one has the next ID. */
void window_accept(struct window *w, u32 id);
/* May the SA go on? IDs never wrap (RFC 7296 2.2). */
bool window_spent(const struct window *w);

#endif
