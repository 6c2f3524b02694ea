/* Address prefixes: what a routing table knows, of ranges, what selectors are. */
#ifndef OPS_PREFIX_H
#define OPS_PREFIX_H

#include "base/bytes.h"

struct prefix {
    u8 octets[16]; /* those behind the prefix are zero */
    u8 family;     /* 4 or 6 */
    u8 bits;
};

#define PREFIXES_MAX 254 /* what the worst range of IPv6 takes: two for each bit but the first */

/* The fewest prefixes that cover exactly the addresses of this selector, in ascending order.
 * 0: it is no range of a family. */
u32 prefix_split(const struct shrike_ts *range, struct prefix out[PREFIXES_MAX]);

/* Does the prefix hold this address? */
bool prefix_covers(const struct prefix *p, u8 family, const u8 *octets);

#define PREFIX_TEXT 52
/* "192.0.2.0/24"; gives out. */
const char *prefix_text(const struct prefix *p, char out[PREFIX_TEXT]);

#endif
