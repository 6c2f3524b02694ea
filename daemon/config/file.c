/* Whole files: see file.h. */
#include "config/file.h"
#include "base/ct.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_all(int fd, uint8_t *at, size_t len)
{
    while (len > 0) {
        ssize_t n = read(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static const char *read_open(int fd, size_t max, struct file *out)
{
    if (fstat(fd, &out->stat) != 0 || !S_ISREG(out->stat.st_mode))
        return "is no file";
    if ((uint64_t)out->stat.st_size > max)
        return "is too large";
    out->len = (size_t)out->stat.st_size;
    out->at = malloc(out->len + 1);
    if (!out->at)
        return "cannot be read: there is no memory";
    if (read_all(fd, out->at, out->len))
        return NULL;
    file_free(out);
    return "cannot be read";
}

const char *file_read(const char *path, size_t max, struct file *out)
{
    *out = (struct file){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would not be waited for */
    if (fd < 0)
        return errno == ENOENT ? "is not there" : strerror(errno);
    const char *why = read_open(fd, max, out);
    close(fd);
    return why;
}

void file_free(struct file *f)
{
    if (f->at)
        wipe(f->at, f->len);
    free(f->at);
    f->at = NULL;
    f->len = 0;
}
