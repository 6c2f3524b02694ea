/* Snapshots: see snapshot.h. */
#include "ops/snapshot.h"
#include "ops/conf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC      0x736872696b650a63 /* "shrike", newline, 'c' */
#define VERSION    1                  /* another one is of another build: refused */
#define LENGTH_AT  12                 /* where the header has the length of all */
#define ROOM_FIRST 65536              /* octets tried first */
#define SEALS      (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* What a copy points to. */
struct memory {
    struct store store;
    void *map; /* of the file; NULL: the octets are somebody else's */
    size_t map_len;
};

void snapshot_write(struct writer *w, const struct shrike_conf *conf,
                    const struct settings *settings)
{
    write_u64(w, MAGIC);
    write_u32(w, VERSION);
    write_u32(w, 0);
    settings_write(w, settings);
    conf_write(w, conf);
    write_u32_at(w, LENGTH_AT, (u32)written(w));
}

/* How much it is shows only when it is written: try with more room until it fits. */
u8 *snapshot_octets(const struct shrike_conf *conf, const struct settings *settings, size_t *len)
{
    for (size_t size = ROOM_FIRST; size <= SNAPSHOT_MAX; size *= 2) {
        u8 *octets = malloc(size);
        if (!octets)
            return NULL;
        struct writer w = writer_of(octets, size);
        snapshot_write(&w, conf, settings);
        *len = written(&w);
        if (!w.full)
            return octets;
        free(octets);
    }
    return NULL;
}

static bool put_all(int fd, const u8 *at, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

int snapshot_seal(const struct shrike_conf *conf, const struct settings *settings)
{
    size_t len;
    u8 *octets = snapshot_octets(conf, settings, &len);
    if (!octets)
        return -1;
    int fd = memfd_create("snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 && (!put_all(fd, octets, len) || fcntl(fd, F_ADD_SEALS, SEALS) != 0)) {
        close(fd);
        fd = -1;
    }
    free(octets);
    return fd;
}

struct snapshot_copy *snapshot_read(struct bytes octets)
{
    struct snapshot_copy *s = calloc(1, sizeof(*s));
    struct memory *m = calloc(1, sizeof(*m));
    if (!s || !m) {
        free(s);
        free(m);
        return NULL;
    }
    s->memory = m;
    struct reader r = reader_of(octets);
    u64 magic = read_u64(&r);
    u32 version = read_u32(&r), len = read_u32(&r);
    r.bad |= magic != MAGIC || version != VERSION || len != octets.len;
    settings_read(&r, &m->store, &s->settings);
    conf_read(&r, &m->store, &s->conf);
    if (read_ended(&r))
        return s;
    snapshot_free(s);
    return NULL;
}

/* The file's octets, which no one can change; NULL: not so. */
static void *map_sealed(int fd, size_t *len)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & SEALS) != SEALS)
        return NULL;
    if (fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > SNAPSHOT_MAX)
        return NULL;
    *len = (size_t)st.st_size;
    void *map = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
    return map == MAP_FAILED ? NULL : map;
}

struct snapshot_copy *snapshot_load(int fd)
{
    size_t len;
    void *map = map_sealed(fd, &len);
    if (!map)
        return NULL;
    struct snapshot_copy *s = snapshot_read(bytes_of(map, len));
    if (!s) {
        munmap(map, len);
        return NULL;
    }
    struct memory *m = s->memory;
    m->map = map;
    m->map_len = len;
    return s;
}

void snapshot_free(struct snapshot_copy *s)
{
    if (!s)
        return;
    struct memory *m = s->memory;
    store_free(&m->store);
    if (m->map)
        munmap(m->map, m->map_len);
    free(m);
    free(s);
}
