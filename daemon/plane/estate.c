/* What one process of a data plane leaves to the next: see estate.h. */
#include "plane/estate.h"
#include "base/ct.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(struct estate *e, const struct writer *w)
{
    struct bytes b = written_bytes(w);
    e->bad |= e->bad || w->full || write(e->fd, b.at, b.len) != (ssize_t)b.len;
}

void estate_open(struct estate *e, const char *name, u32 magic, u16 version)
{
    e->fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    e->room = malloc(ESTATE_RECORD_MAX);
    e->bad = e->fd < 0 || !e->room;
    struct writer w = writer_of(e->room, e->bad ? 0 : ESTATE_RECORD_MAX);
    write_u32(&w, magic);
    write_u16(&w, version);
    put(e, &w);
}

struct writer estate_record(struct estate *e)
{
    struct writer w = writer_of(e->room, e->bad ? 0 : ESTATE_RECORD_MAX);
    write_u32(&w, 0); /* its length */
    return w;
}

void estate_add(struct estate *e, struct writer *w)
{
    if (!w->full)
        write_u32_at(w, 0, (u32)(written(w) - 4));
    put(e, w);
}

int estate_close(struct estate *e)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int fd = e->fd;
    bool good = !e->bad && fcntl(fd, F_ADD_SEALS, seals) == 0;
    if (e->room)
        wipe(e->room, ESTATE_RECORD_MAX);
    free(e->room);
    e->room = NULL;
    e->fd = -1;
    if (!good && fd >= 0)
        close(fd);
    return good ? fd : -1;
}

static bool read_all(struct bytes all, const struct estate_reader *k)
{
    struct reader r = reader_of(all);
    bool ours = read_u32(&r) == k->magic;
    u16 version = read_u16(&r);
    if (!ours || (!fault(231) && (version < k->oldest || version > k->newest)))
        return false;
    while (!r.bad && read_left(&r)) {
        u32 len = read_u32(&r);
        struct reader one = reader_of(read_bytes(&r, len));
        if (r.bad || !k->record(k->ctx, &one, version))
            return false;
    }
    return !r.bad;
}

bool estate_read(int fd, const struct estate_reader *k)
{
    struct stat s;
    int seals = fcntl(fd, F_GET_SEALS); /* -1 has all bits */
    if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &s) != 0 || s.st_size <= 0 ||
        s.st_size > (off_t)ESTATE_MAX)
        return false;
    void *at = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return false;
    bool good = read_all(bytes_of(at, (size_t)s.st_size), k);
    munmap(at, (size_t)s.st_size);
    return good;
}
