/* Traffic selectors as sets of packets (RFC 7296 2.9, 3.13.1): intersecting, containing, narrowing.
 */
#ifndef SA_NARROW_H
#define SA_NARROW_H

#include "wire/ts.h"

/* The packets that both select; false when there are none, or when they are named by ports of any
 * protocol, which no selector may be (RFC 7296 3.13.1). out may be a or b. */
bool ts_intersect(const struct shrike_ts *a, const struct shrike_ts *b, struct shrike_ts *out);
/* Does outer select every packet that inner selects? */
bool ts_contains(const struct shrike_ts *outer, const struct shrike_ts *inner);

/* The responder: what of the offer our configuration allows; false when nothing. What is allowed of
 * the first selector, which may be the packet that made the peer ask, is always in it. */
bool narrow(const struct ts_list *offered, const struct shrike_ts *allowed, unsigned count,
            struct ts_list *out) must_use;

/* Selectors of two sides that meet in a packet: one whose family the other side does not have goes.
 * false: nothing is left. */
bool narrow_to_packets(struct ts_list *local, struct ts_list *remote) must_use;

/* Does each selector answered lie within one that was offered? For the initiator; and, the other
 * way round, for whoever rekeys: is nothing lost? */
bool narrow_verify(const struct ts_list *answered, const struct shrike_ts *offered,
                   unsigned count) must_use;

/* What `dynamic` stands for: the addresses of a host; octets all zero: all of the family. */
struct ts_hosts {
    struct shrike_addr addrs[SHRIKE_ADDRESSES_MAX];
    unsigned count;
};
/* Configured selectors as they are for these hosts: of a dynamic one, one for each address. */
void ts_resolve(const struct shrike_ts *conf, unsigned count, const struct ts_hosts *hosts,
                struct ts_list *out);
/* Is one of them dynamic? */
bool ts_dynamic(const struct shrike_ts *conf, unsigned count);

/* Transport mode behind a NAT (RFC 7296 2.23.1): each selector gets the address of this host.
 * false: they have more than one address, or one of another family. */
bool ts_substitute(struct ts_list *list, const struct shrike_endpoint *host) must_use;

/* Add those that no one of the list contains, as far as there is room. */
void ts_append(struct ts_list *list, const struct ts_list *more);

/* What to ask one Child SA each for when the peer takes single pairs of addresses only (RFC 7296
 * 2.9): pairs of single addresses, if there are no more than TS_PAIRS_MAX in all; else pairs of
 * selectors as they are, and no more than that. */
#define TS_PAIRS_MAX 16
struct ts_pair {
    struct shrike_ts local, remote;
};
unsigned ts_pairs(const struct ts_list *local, const struct ts_list *remote,
                  struct ts_pair out[TS_PAIRS_MAX]);

#endif
