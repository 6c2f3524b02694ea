/* What an SA should do next. Timers, commands, ops and responses only set wants; this picks the
 * most urgent one and begins its exchange. */
#ifndef EXCHANGE_WANTS_H
#define EXCHANGE_WANTS_H

#include "sa/shard.h"

/* Begin the most urgent exchange, if the window is free and nothing forbids it. */
void wants_next(struct shard *s, struct ike_sa *sa);

#endif
