#include "config/pool.h"

#include "base/ct.h"
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* Chunks grow: there are pools for one connection, and some for ten thousand. */
#define CHUNK_LEAST 512
#define CHUNK_MOST  65536

struct pool_chunk {
    struct pool_chunk *next;
    size_t size, used;
    alignas(max_align_t) unsigned char data[];
};

void *pool_take(struct pool *p, size_t size)
{
    size_t align = alignof(max_align_t);
    size = (size + align - 1) / align * align;
    struct pool_chunk *c = p->chunks;
    if (!c || c->size - c->used < size) {
        size_t room = c ? 2 * c->size : CHUNK_LEAST;
        room = room > CHUNK_MOST ? CHUNK_MOST : room;
        room = size > room ? size : room;
        c = calloc(1, sizeof(*c) + room);
        if (!c)
            abort();
        c->size = room;
        c->next = p->chunks;
        p->chunks = c;
    }
    void *at = c->data + c->used;
    c->used += size;
    return at;
}

char *pool_text(struct pool *p, const char *at, size_t len)
{
    char *copy = pool_take(p, len + 1);
    memcpy(copy, at, len);
    return copy;
}

void pool_free(struct pool *p)
{
    while (p->chunks) {
        struct pool_chunk *c = p->chunks;
        p->chunks = c->next;
        wipe(c->data, c->size);
        free(c);
    }
}
