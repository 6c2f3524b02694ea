/* What must hold when the faults have stopped, and when everything is closed. */
#ifndef SIM_ORACLE_END_H
#define SIM_ORACLE_END_H

#include "oracle.h"
#include "sim/nat.h"

/* NULL when all hosts hold exactly the same SAs and nothing is under way, else what is not so. */
const char *oracle_settled(const struct oracle *o);
/* NULL when data would pass both ways over every pair. */
const char *oracle_carries(const struct oracle *o);
/* NULL when this host's engine holds nothing but its tables. */
const char *oracle_empty(const struct host *h);
/* Secrets in any page of this host; NULL for none. */
const char *oracle_secrets(struct oracle *o, const struct host *h);

#endif
