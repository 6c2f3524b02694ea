/* Traffic selector payloads (RFC 7296 3.13). */
#ifndef WIRE_TS_H
#define WIRE_TS_H

#include "base/cursor.h"

struct ts_list {
    u8 count;
    struct shrike_ts ts[SHRIKE_TS_MAX];
};

/* Read a TSi or TSr body. Selectors of unknown types are passed over (RFC 7296 2.9, 3.13.1), so is
 * what is beyond SHRIKE_TS_MAX. false: malformed, no selector announced, or a range that ends
 * before it begins. */
bool ts_read(struct bytes body, struct ts_list *out) must_use;
void ts_write(struct writer *w, const struct shrike_ts *ts, unsigned count);

#endif
