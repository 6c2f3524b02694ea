/* Messages and rekeys counted, of all connections together and of each one. */
#ifndef SHRIKE_COUNT_H
#define SHRIKE_COUNT_H

#include "shrike/types.h"

enum shrike_count {
#define COUNT(name, text) SHRIKE_COUNT_##name,
#include "shrike/count.def"
#undef COUNT
    SHRIKE_COUNT_COUNT
};

const char *shrike_count_name(enum shrike_count which); /* "ike-init-in-req"; static */

/* Connections beyond this number, and those with longer names, are counted in the sum only. */
#define SHRIKE_COUNTED_MAX  1024
#define SHRIKE_COUNTED_NAME 64 /* octets, NUL included */
struct shrike_counts {
    char conn[SHRIKE_COUNTED_NAME]; /* "": all together, and what belongs to none */
    uint64_t of[SHRIKE_COUNT_COUNT];
};

struct shrike;

/* The next of them from place *at on; begin with *at = 0, which is the sum. What a connection has
 * counted stays when it is gone. A message is counted once, however often it is sent, when it is
 * known to be authentic; before the peer has said who it is it belongs to no connection. false:
 * that was all. */
bool shrike_counts(const struct shrike *e, uint32_t *at, struct shrike_counts *out);
/* Begin anew with this connection, with the sum (""), or with every connection and the sum (NULL).
 * false: there is none of this name. */
bool shrike_counts_reset(struct shrike *e, const char *conn);

#endif
