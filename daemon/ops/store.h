/* Memory that is taken piece by piece and given back all at once: what a snapshot points to. */
#ifndef OPS_STORE_H
#define OPS_STORE_H

#include "base/bytes.h"

struct store {
    struct store_chunk *chunks;
};

/* count things of this size, zeroed and aligned for everything; NULL: none, or no memory. */
void *store_take(struct store *s, size_t count, size_t size) must_use;
void store_free(struct store *s);

#endif
