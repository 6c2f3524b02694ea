/* NAT detection (RFC 7296 2.23): a hash of each end's address tells whether it was translated. */
#ifndef EXCHANGE_NATD_H
#define EXCHANGE_NATD_H

#include "exchange/exchange.h"

/* Add both NAT_DETECTION notifies for this path. */
void natd_add(struct turn *t, const struct ring_path *path);

/* What those of a message say about the path that it took. */
struct natd {
    bool nat_here, nat_there; /* behind a NAT: we, the peer */
    u64 mapping;              /* start of the hash of our end as the peer sees it */
};
/* false: the message has not both. */
bool natd_read(const struct turn *t, struct natd *out) must_use;
/* From now on it is so. */
void natd_use(struct ike_sa *sa, const struct natd *n);
/* Does it say something else than what is known? */
bool natd_differs(const struct ike_sa *sa, const struct natd *n);

#endif
