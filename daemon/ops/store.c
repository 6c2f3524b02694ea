/* Memory given back all at once: see store.h. */
#include "ops/store.h"

#include <stdalign.h>
#include <stdlib.h>

#define CHUNK_SIZE 65536 /* octets; what is larger has a chunk of its own */

struct store_chunk {
    struct store_chunk *next;
    size_t size, used;
    alignas(max_align_t) u8 octets[];
};

void *store_take(struct store *s, size_t count, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (count == 0 || size == 0 || count > SIZE_MAX / 2 / size)
        return NULL;
    size_t whole = (count * size + align - 1) / align * align;
    struct store_chunk *c = s->chunks;
    if (!c || c->size - c->used < whole) {
        size_t room = MAX(whole, CHUNK_SIZE);
        c = calloc(1, sizeof(*c) + room);
        if (!c)
            return NULL;
        c->size = room;
        c->next = s->chunks;
        s->chunks = c;
    }
    c->used += whole;
    return c->octets + c->used - whole;
}

void store_free(struct store *s)
{
    while (s->chunks) {
        struct store_chunk *c = s->chunks;
        s->chunks = c->next;
        free(c);
    }
}
