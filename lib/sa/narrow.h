/* Traffic selectors as sets of packets (RFC 7296 2.9, 3.13.1): intersecting, containing, narrowing.
 */
#ifndef SA_NARROW_H
#define SA_NARROW_H

#include "wire/ts.h"

/* The packets that both select; false when there are none. out may be a or b. */
bool ts_intersect(const struct shrike_ts *a, const struct shrike_ts *b, struct shrike_ts *out);
/* Does outer select every packet that inner selects? */
bool ts_contains(const struct shrike_ts *outer, const struct shrike_ts *inner);

/* The responder: what of the offer our configuration allows; false when nothing. What is allowed of
 * the first selector, which may be the packet that made the peer ask, is always in it. */
bool narrow(const struct ts_list *offered, const struct shrike_ts *allowed, unsigned count,
            struct ts_list *out) must_use;

/* The initiator: does each selector answered lie within one that was offered? */
bool narrow_verify(const struct ts_list *answered, const struct shrike_ts *offered,
                   unsigned count) must_use;

/* Configured selectors as they are for this host: dynamic ones become its address. Those are left
 * out while the host has none. */
void ts_resolve(const struct shrike_ts *conf, unsigned count, const struct shrike_endpoint *host,
                struct ts_list *out);

#endif
