/* Which connections of two configurations talk to each other, and where both hosts are: what is
 * fixed is taken, names stand for the other host, and what may be anything gets an address of those
 * set aside for documentation (RFC 5737, RFC 3849). */
#ifndef SIM_PLACE_H
#define SIM_PLACE_H

#include "base/text.h"
#include "config/config.h"

#define PLACE_NONE UINT32_MAX

/* One side. */
struct place {
    struct config *config;
    bool nat;                   /* it is behind one */
    u32 conn;                   /* of its connections; PLACE_NONE: it has none */
    bool meets;                 /* the other's expects these addresses */
    bool invented;              /* its address is written nowhere */
    struct shrike_addr own;     /* where it is */
    struct shrike_addr outside; /* as the other sees it: that of its NAT, or the same */
};

/* May the x-th connection of `a` and the y-th of `b` come from and to each other? A name has no
 * address here: it may be any. */
bool place_addresses_meet(const struct config *a, u32 x, const struct config *b, u32 y);
bool place_ids_meet(const struct config *a, u32 x, const struct config *b, u32 y);
/* A name that nobody has (RFC 6761 6.4), of those whom the connection calls; NULL: none such. */
const char *place_missing(const struct config *c, u32 conn);
/* A single address, or a name: somebody whom it can call. */
bool place_can_call(const struct config *c, u32 conn);
/* Has it a child that is begun by itself? */
bool place_starts(const struct config *c, u32 conn);
/* The connection of this name; PLACE_NONE: there is none. */
u32 place_find(const struct config *c, const char *name);

/* Choose the connections, `name` first, which may be NULL. *first: the side that begins. false: why
 * none can. */
bool place_choose(struct place p[2], const char *name, unsigned *first, struct text *why) must_use;
/* Where they are; and written into the connections of both. */
void place_settle(struct place p[2]);
/* The i-th address at which this side is to be reached from outside; false: no more. */
bool place_address(const struct place *p, u32 *at, struct shrike_addr *out) must_use;

#endif
