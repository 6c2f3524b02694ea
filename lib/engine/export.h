/* State is a value: an IKE SA, those that are to replace it and their children as a record, in
 * which there is all that they are but what another one must have of its own (randomness) or can do
 * without (commands, fragments). Keys of Child SAs are not in it: the engine has none.
 *
 * An SA that waits for the data plane is written as one that has not begun to: a request of the
 * peer's is taken back, to be answered when it comes again; a child of our request is to be deleted
 * and made anew, for its keys may be in use already. An attempt of ours to make again what was lost
 * is written as one that has not begun. */
#ifndef ENGINE_EXPORT_H
#define ENGINE_EXPORT_H

#include "sa/shard.h"

/* The record of this SA; returns its length, and nothing of use is in `out` when that is more than
 * `size`. 0: there is nothing to be written of it, because it is a handshake without anything in
 * the data plane, or is in the record of the one that it is to replace. */
size_t export_ike(const struct shard *s, const struct ike_sa *sa, void *out, size_t size);

#endif
