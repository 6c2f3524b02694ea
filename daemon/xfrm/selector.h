/* Traffic selectors as the kernel has them: prefixes and masks in place of ranges. */
#ifndef XFRM_SELECTOR_H
#define XFRM_SELECTOR_H

#include "xfrm/letter.h"

/* Of one Child SA. Ranges that are no prefixes take several. */
#define SELECTORS_MAX 256

/* For packets that leave: from the local side to the remote one. Exactly what the traffic selectors
 * select, nothing more. Gives how many; 0: there are none in common, or a selector is one that the
 * kernel cannot have (OPAQUE ports, RFC 7296 3.13.1); more than SELECTORS_MAX: there are too many.
 */
struct selector_sides {
    const struct shrike_ts *local, *remote;
    u16 local_count, remote_count;
};
u32 selectors_make(const struct selector_sides *s, struct xfrm_selector out[SELECTORS_MAX]);
/* All packets between the single addresses of both sides, as they leave. false: a side has more
 * than one, or they are of two families. */
bool selector_of_hosts(const struct selector_sides *s, struct xfrm_selector *out) must_use;
/* The same for packets that come. */
void selector_turn(struct xfrm_selector *out, const struct xfrm_selector *s);

/* One side each of a packet, as an ACQUIRE of the kernel tells it. */
void selector_packet(const struct xfrm_selector *s, struct shrike_ts *local,
                     struct shrike_ts *remote);

enum selector_class { SELECTOR_PASS, SELECTOR_CHILD, SELECTOR_TRAP, SELECTOR_DROP };
/* The smaller the number, the earlier the kernel looks at it: what is narrower comes before. */
u32 selector_priority(const struct xfrm_selector *s, enum selector_class c);

#endif
