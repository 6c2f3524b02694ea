/* Scratch memory of one input: taken in order, forgotten all at once and wiped. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/bytes.h"

struct arena {
    u8 *start;
    size_t size, used;
};

void arena_init(struct arena *a, void *memory, size_t size);
/* size octets, zeroed, aligned to 16; NULL when the arena is exhausted. */
void *arena_take(struct arena *a, size_t size) must_use;
/* A copy of b in the arena; {NULL, 0} when exhausted. */
struct bytes arena_copy(struct arena *a, struct bytes b) must_use;
/* Forget and wipe everything; under ASan what was handed out is poisoned. */
void arena_reset(struct arena *a);

#endif
