/* A compiled configuration as one sealed memory file, from control to those who use it. */
#ifndef OPS_SNAPSHOT_H
#define OPS_SNAPSHOT_H

#include "base/cursor.h"
#include "config/settings.h"
#include "shrike/conf.h"

#define SNAPSHOT_MAX                                                                               \
    (256u * 1024 * 1024) /* octets of one; 10,000 connections have about 10 MiB                    \
                          */

/* A descriptor of a memory file that nobody can change any more; -1: the system refuses, or the
 * configuration is above a cap of ops/conf.h. */
int snapshot_seal(const struct shrike_conf *conf, const struct settings *settings);

struct snapshot_copy {
    struct shrike_conf conf; /* everything it points to lives as long as the copy */
    struct settings settings;
    void *memory;
};

/* Read one; the descriptor stays the caller's. NULL: not sealed, not whole, or no memory. */
struct snapshot_copy *snapshot_load(int fd);
void snapshot_free(struct snapshot_copy *s); /* NULL is fine */

/* The same without a file. The octets read must outlive the copy. */
void snapshot_write(struct writer *w, const struct shrike_conf *conf,
                    const struct settings *settings);
struct snapshot_copy *snapshot_read(struct bytes octets) must_use; /* NULL as above */
/* Written into memory of its own, to be given back with free(); NULL: no memory, or above a cap. */
u8 *snapshot_octets(const struct shrike_conf *conf, const struct settings *settings,
                    size_t *len) must_use;

#endif
