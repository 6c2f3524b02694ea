/* Reading records (export.h): what one engine wrote lives on in another. */
#ifndef ENGINE_IMPORT_H
#define ENGINE_IMPORT_H

#include "sa/shard.h"

/* Make what a record says, whole or not at all. `made`: when it was written, by the clock of this
 * engine; its durations count from then. false: it is not whole, contradicts itself, does not fit
 * (an SPI or serial that is taken, a shard that is not this one, a cap), or there is no connection
 * of its name. */
bool import_ike(struct shard *s, shrike_time made, struct bytes record) must_use;

/* The same of a record that may not be the newest: the SA is closed at once, without a word to the
 * peer or to the data plane, and what it carried is wanted of a new one. */
bool import_stale(struct shard *s, struct bytes record) must_use;

#endif
