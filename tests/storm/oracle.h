/* What must come of each packet: written down before the plane sees it, held against it after.
 *
 * What adds up, turn by turn:
 *
 * Out: a packet of the device counts once, as passed or by the reason why not. A super-segment that
 * is refused whole (inner, no_policy, trapped, too_big) counts once; else each of its pieces
 * counts, as passed or expired, up to one that finds the numbers exhausted, which counts for the
 * rest.
 *
 * In: a datagram of ESP counts once, as passed or by the reason why not. A keepalive, an empty
 * datagram, and IKE behind its marker (told of) do not count.
 *
 * What was sealed and counted as passed, and what the network or the device then does not take,
 * counts again (send, too_big, tun); the storm has room for everything, so here nothing does. */
#ifndef STORM_ORACLE_H
#define STORM_ORACLE_H

#include "storm.h"

/* This side's host hands a packet to its device: into cast, expected and the model. */
void foretell_out(struct storm *s, int side, const struct craft *c);

struct arriving {
    u8 transport, tos;
    const u8 *octets;
    size_t len;
    const struct datagram *origin; /* NULL: changed on its way, or made up */
};
/* A datagram comes to this side: into cast, due and the model. */
void foretell_in(struct storm *s, int side, const struct arriving *a);

/* A turn in which cast is to come true. */
struct turn {
    int side;
    u64 before[ESP_DROP_COUNT];
};
struct turn oracle_begin(struct storm *s, int side);
void oracle_end(struct storm *s, const struct turn *t);

/* Take what has come out of this side's device: what is due, or errors about what was too big. */
void oracle_take_due(struct storm *s, int side);
void oracle_take_errors(struct storm *s, int side);
/* Do both sides' books of a Child SA agree with what the plane says? */
void oracle_audit(struct storm *s, int side, const struct child *c);

#endif
