/* Memory that is given back all at once, and wiped: configuration text holds secrets. */
#ifndef DAEMON_CONFIG_POOL_H
#define DAEMON_CONFIG_POOL_H

#include <stddef.h>

struct pool {
    struct pool_chunk *chunks;
};

/* Zeroed, aligned for everything. Ends the process when memory is out. */
void *pool_take(struct pool *p, size_t size);
/* A copy of these characters, with a NUL behind. */
char *pool_text(struct pool *p, const char *at, size_t len);
void pool_free(struct pool *p);

#endif
