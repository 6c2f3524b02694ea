/* How long handshakes and rekeys take. */
#ifndef SA_LATENCY_H
#define SA_LATENCY_H

#include "sa/shard.h"

/* One of this kind has taken from `began` until now. */
void latency_note(struct shard *s, enum shrike_took kind, shrike_time began);

#endif
