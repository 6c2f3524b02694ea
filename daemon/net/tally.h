/* What the engine has counted of connections, for control. */
#ifndef NET_TALLY_H
#define NET_TALLY_H

#include "proc/seat.h"
#include "shrike/shrike.h"

struct mail;

/* Control's question: send what was counted, or begin anew. false: it makes no sense. */
bool tally_got(struct seat *seat, struct shrike *engine, const struct mail *m) must_use;

#endif
