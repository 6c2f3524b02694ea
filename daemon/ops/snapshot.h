/* A compiled configuration as one sealed memory file, from control to those who use it. */
#ifndef OPS_SNAPSHOT_H
#define OPS_SNAPSHOT_H

#include "config/settings.h"
#include "shrike/conf.h"

/* A descriptor of a memory file that nobody can change any more; -1: the system refuses. */
int snapshot_seal(const struct shrike_conf *conf, const struct settings *settings);

struct snapshot_copy {
    struct shrike_conf conf; /* everything it points to lives as long as the copy */
    struct settings settings;
    void *memory;
};

/* Read one; the descriptor stays the caller's. NULL: not sealed, not whole, or no memory. */
struct snapshot_copy *snapshot_load(int fd);
void snapshot_free(struct snapshot_copy *s);

#endif
