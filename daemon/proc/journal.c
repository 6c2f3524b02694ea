/* Records of IKE SAs in a file that outlives a process: see journal.h. */
#include "proc/journal.h"
#include "base/ct.h"
#include <assert.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC   0x5348524b4a524e4cull /* "SHRKJRNL" */
#define VERSION 1
#define UNIT    8
#define FRONT   64           /* units in front of the log, for the header */
#define STEP    (256u << 10) /* octets that are reserved ahead */
#define SLACK   (256u << 10) /* void octets that are not worth a new log */
#define PAGE    4096

struct header {
    u64 magic;
    u32 version, tries;
    struct journal_about about;
    u64 plane;
    _Atomic u64 bounds; /* of the log: where it starts << 32 | where it ends */
};
static_assert(sizeof(struct header) <= FRONT * UNIT, "the header has its place");

/* In front of each record. */
struct record {
    u32 len; /* 0: the place has none any more */
    u32 place;
    u32 before; /* the record of the same place that this one makes void; 0: none */
    u32 unused;
    shrike_time made;
};
#define RECORD_UNITS (sizeof(struct record) / UNIT)

/* ---- the file ---- */

static u64 bounds_of(u32 start, u32 end)
{
    return (u64)start << 32 | end;
}

static bool put_header(int fd, const struct journal_about *about)
{
    struct header h = {.magic = MAGIC, .version = VERSION, .about = *about};
    u8 front[FRONT * UNIT] = {0};
    atomic_init(&h.bounds, bounds_of(FRONT, FRONT));
    memcpy(front, &h, sizeof(h));
    return pwrite(fd, front, sizeof(front), 0) == (ssize_t)sizeof(front);
}

int journal_make(const struct journal_about *about)
{
    int fd = memfd_create("shrike-journal", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 && put_header(fd, about) && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

bool journal_adopt(int fd, const struct journal_about *about, bool *kept)
{
    struct header h;
    *kept = pread(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) && h.magic == MAGIC &&
            h.version == VERSION && memcmp(h.about.boot, about->boot, sizeof(h.about.boot)) == 0;
    return *kept || (ftruncate(fd, 0) == 0 && put_header(fd, about));
}

static struct header *header(const struct journal *j)
{
    return (struct header *)j->at;
}

static struct record *record_at(const struct journal *j, u32 place)
{
    return (struct record *)(j->at + (u64)place * UNIT);
}

static u64 round_up(u64 octets)
{
    return (octets + PAGE - 1) & ~(u64)(PAGE - 1);
}

/* Memory for the file from here to there: to touch a mapping of what has none ends the process. */
static bool fill(struct journal *j, u64 from, u64 to)
{
    from &= ~(u64)(PAGE - 1);
    if (posix_fallocate(j->fd, (off_t)from, (off_t)(to - from)) != 0)
        return false;
    if (to <= j->mapped)
        return true;
    void *at = mremap(j->at, j->mapped, to, MREMAP_MAYMOVE);
    if (at == MAP_FAILED)
        return false;
    j->at = at;
    j->mapped = to;
    return true;
}

static bool reserve(struct journal *j, u64 upto)
{
    if (upto <= j->reserved)
        return true;
    u64 to = round_up(MIN(upto + STEP, JOURNAL_MAX));
    if (upto > JOURNAL_MAX || !fill(j, j->reserved, to))
        return false;
    j->reserved = to;
    return true;
}

/* Wiped, and given back as far as it is whole pages. */
static void release(struct journal *j, u32 from, u32 to)
{
    u64 start = (u64)from * UNIT, len = (u64)(to - from) * UNIT;
    if (len == 0)
        return;
    if (fallocate(j->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)start, (off_t)len) != 0)
        wipe(j->at + start, len);
}

/* ---- the table of places ---- */

static u32 units_of(u32 len)
{
    return (u32)(RECORD_UNITS + ((u64)len + UNIT - 1) / UNIT);
}

static bool table_has(struct journal *j, u32 place)
{
    u32 count = MAX(j->place_count, 64u);
    if (place < j->place_count)
        return true;
    if (place >= JOURNAL_PLACES_MAX)
        return false;
    while (count <= place)
        count *= 2;
    u32 *places = reallocarray(j->places, count, sizeof(*places));
    if (!places)
        return false;
    memset(places + j->place_count, 0, (count - j->place_count) * sizeof(*places));
    j->places = places;
    j->place_count = count;
    return true;
}

/* The later record of a place counts. false: it is not a log, or there is no memory. */
static bool walk(struct journal *j, u32 start, u32 end)
{
    if (start < FRONT || start > end || (u64)end * UNIT > j->mapped)
        return false;
    for (u32 at = start; at < end;) {
        const struct record *r = record_at(j, at);
        if (end - at < RECORD_UNITS || r->len > (u64)(end - at - RECORD_UNITS) * UNIT ||
            !table_has(j, r->place))
            return false;
        j->places[r->place] = r->len ? at : 0;
        at += units_of(r->len);
    }
    return true;
}

/* ---- open and close ---- */

static bool map(struct journal *j)
{
    struct stat s;
    if (fstat(j->fd, &s) != 0 || s.st_size < FRONT * UNIT || s.st_size > (off_t)JOURNAL_MAX)
        return false;
    void *at = mmap(NULL, (size_t)s.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, j->fd, 0);
    if (at == MAP_FAILED)
        return false;
    j->at = at;
    j->mapped = (u64)s.st_size;
    (void)madvise(at, j->mapped, MADV_DONTDUMP);
    return header(j)->magic == MAGIC && header(j)->version == VERSION;
}

bool journal_open(struct journal *j, int fd)
{
    *j = (struct journal){.fd = fd};
    if (!map(j)) {
        journal_close(j);
        return false;
    }
    u64 bounds = atomic_load(&header(j)->bounds);
    u32 start = (u32)(bounds >> 32), end = (u32)bounds;
    if (walk(j, start, end)) {
        j->old = j->places;
        j->old_count = j->place_count;
    } else { /* of a part, who knows what is void? */
        free(j->places);
        start = end = FRONT;
        atomic_store(&header(j)->bounds, bounds_of(start, end));
    }
    j->places = NULL;
    j->place_count = 0;
    j->start = j->end = j->committed = end;
    j->reserved = (u64)end * UNIT;
    j->plane = header(j)->plane;
    header(j)->tries++;
    return true;
}

void journal_close(struct journal *j)
{
    if (j->at)
        munmap(j->at, j->mapped);
    if (j->fd >= 0)
        close(j->fd);
    free(j->places);
    free(j->old);
    *j = (struct journal){.fd = -1};
}

u32 journal_tries(const struct journal *j)
{
    return header(j)->tries;
}

void journal_well(struct journal *j)
{
    if (j->at)
        header(j)->tries = 0;
}

bool journal_old(struct journal *j, u32 *at, struct journal_record *out)
{
    while (*at < j->old_count && !j->old[*at])
        (*at)++;
    if (*at >= j->old_count)
        return false;
    const struct record *r = record_at(j, j->old[*at]);
    *out = (struct journal_record){
        .place = (*at)++, .made = r->made, .octets = bytes_of((const u8 *)(r + 1), r->len)};
    return true;
}

/* ---- records ---- */

u8 *journal_room(struct journal *j, size_t want, size_t *size)
{
    u64 at = (u64)j->end * UNIT + sizeof(struct record);
    if (want > JOURNAL_MAX || !reserve(j, at + want + UNIT))
        return NULL;
    *size = (size_t)(j->reserved - at - UNIT);
    return j->at + at;
}

static bool append(struct journal *j, u32 place, shrike_time made, u32 len)
{
    if (!table_has(j, place))
        return false;
    struct record *r = record_at(j, j->end);
    u32 before = j->places[place];
    *r = (struct record){.len = len, .place = place, .before = before, .made = made};
    if (before)
        j->live -= units_of(record_at(j, before)->len);
    j->places[place] = len ? j->end : 0;
    j->live += len ? units_of(len) : 0;
    j->end += units_of(len);
    return true;
}

bool journal_put(struct journal *j, u32 place, shrike_time made, size_t len)
{
    return append(j, place, made, (u32)len);
}

bool journal_drop(struct journal *j, u32 place)
{
    size_t size;
    if (place >= j->place_count || !j->places[place])
        return true;
    return journal_room(j, 0, &size) && append(j, place, 0, 0);
}

static void set_bounds(struct journal *j)
{
    atomic_store_explicit(&header(j)->bounds, bounds_of(j->start, j->end), memory_order_release);
}

/* What the records since the last commit have made void. */
static void wipe_void(struct journal *j)
{
    for (u32 at = j->committed; at < j->end;) {
        const struct record *r = record_at(j, at);
        struct record *before = r->before ? record_at(j, r->before) : NULL;
        if (before)
            wipe(before + 1, before->len);
        at += units_of(r->len);
    }
}

/* What counts again, in front of the log where there is room, else behind it; then the old log is
 * given back. Without memory for that, the log goes on as it is. */
static void write_anew(struct journal *j)
{
    u32 start = j->start, end = j->end;
    bool front = FRONT + j->live <= start;
    u64 to = front ? FRONT : end, octets = round_up((to + j->live) * UNIT);
    if (front ? !fill(j, 0, octets) : !reserve(j, octets))
        return;
    j->start = (u32)to;
    for (u32 place = 0; place < j->place_count; place++) {
        if (!j->places[place])
            continue;
        struct record *r = record_at(j, j->places[place]), *copy = record_at(j, (u32)to);
        memcpy(copy, r, sizeof(*r) + r->len);
        copy->before = 0;
        j->places[place] = (u32)to;
        to += units_of(r->len);
    }
    j->end = (u32)to;
    set_bounds(j);
    if (front)
        j->reserved = octets;
    release(j, start, end);
}

static void forget_old(struct journal *j)
{
    u64 bounds = atomic_load(&header(j)->bounds);
    set_bounds(j);
    release(j, (u32)(bounds >> 32), (u32)bounds);
    free(j->old);
    j->old = NULL;
    j->old_count = 0;
}

void journal_commit(struct journal *j, u64 plane)
{
    if (!j->at)
        return;
    if (j->old)
        forget_old(j);
    if (j->end != j->committed) {
        set_bounds(j);
        wipe_void(j);
        if ((u64)(j->end - j->start) * UNIT > j->live * UNIT * 3 / 2 + SLACK)
            write_anew(j);
        j->committed = j->end;
    }
    /* Behind the records: of those before them, nothing is in this data plane. */
    if (j->plane != plane)
        header(j)->plane = j->plane = plane;
}

void journal_void(struct journal *j)
{
    if (!j->at)
        return;
    atomic_store(&header(j)->bounds, bounds_of(FRONT, FRONT));
    release(j, FRONT, (u32)(j->mapped / UNIT));
    journal_close(j);
}
