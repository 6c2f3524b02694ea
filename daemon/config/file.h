/* Whole files of this host, as octets. */
#ifndef DAEMON_CONFIG_FILE_H
#define DAEMON_CONFIG_FILE_H

#include "base/bytes.h"
#include <sys/stat.h>

struct file {
    uint8_t *at; /* NULL: it could not be read */
    size_t len;
    struct stat stat;
};

/* NULL: done. Else why not, as text that fits behind its path. */
const char *file_read(const char *path, size_t max, struct file *out);
/* Wipes it. */
void file_free(struct file *f);

static inline struct bytes file_bytes(const struct file *f)
{
    return bytes_of(f->at, f->len);
}

/* Is it the same file as when that was read? */
static inline bool file_is_same(const struct stat *now, const struct stat *then)
{
    return now->st_ino == then->st_ino && now->st_dev == then->st_dev &&
           now->st_size == then->st_size && now->st_mtim.tv_sec == then->st_mtim.tv_sec &&
           now->st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}

#endif
