/* Records that outlive a process, in a memory file: see vault.h. */
#include "proc/vault.h"
#include "base/ct.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAGIC 0x5348524b5641554cull /* "SHRKVAUL" */

/* In front of the file. Written with one call, so that it is always one or the other. */
struct header {
    u64 magic, start, end;
};

/* In front of each record; key and value follow. */
struct record {
    u32 key_len, value_len;
    u32 dead;
    u32 unused;
};

enum { PLACES_MIN = 64, SLACK = 1 << 20 /* dead octets not worth a new log */ };

static u64 size_of(const struct record *r)
{
    return sizeof *r + r->key_len + r->value_len;
}

static bool put_at(int fd, const void *at, size_t len, u64 place)
{
    return pwrite(fd, at, len, (off_t)place) == (ssize_t)len;
}

static bool get_at(int fd, void *at, size_t len, u64 place)
{
    return pread(fd, at, len, (off_t)place) == (ssize_t)len;
}

static bool put_header(const struct vault *v)
{
    struct header h = {MAGIC, v->start, v->end};
    return put_at(v->fd, &h, sizeof h, 0);
}

int vault_make(void)
{
    int fd = memfd_create("shrike-vault", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct vault v = {.fd = fd, .start = sizeof(struct header), .end = sizeof(struct header)};
    if (fd >= 0 && put_header(&v) && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* FNV-1a: the keys are ours. */
static u32 hash_of(struct bytes key)
{
    u32 h = 0x811c9dc5;
    for (size_t i = 0; i < key.len; i++)
        h = (h ^ key.at[i]) * 0x01000193;
    return h;
}

static bool is_key(const struct vault *v, u64 place, struct bytes key)
{
    struct record r;
    u8 there[VAULT_KEY_MAX];
    return get_at(v->fd, &r, sizeof r, place) && r.key_len == key.len &&
           get_at(v->fd, there, key.len, place + sizeof r) && memcmp(there, key.at, key.len) == 0;
}

/* Where the place of this key stands in the table, or the free one where it would. */
static u32 slot_of(const struct vault *v, struct bytes key)
{
    u32 mask = v->place_count - 1, at = hash_of(key) & mask;
    while (v->places[at] && !is_key(v, v->places[at], key))
        at = (at + 1) & mask;
    return at;
}

static bool key_at(const struct vault *v, u64 place, u8 out[VAULT_KEY_MAX], struct bytes *key)
{
    struct record r;
    if (!get_at(v->fd, &r, sizeof r, place) || r.key_len > VAULT_KEY_MAX ||
        !get_at(v->fd, out, r.key_len, place + sizeof r))
        return false;
    *key = bytes_of(out, r.key_len);
    return true;
}

/* A table of twice the size, or the first one. */
static bool grow(struct vault *v)
{
    u64 *old = v->places;
    u32 count = v->place_count;
    u64 *places = calloc(count ? 2 * (size_t)count : PLACES_MIN, sizeof *places);
    if (!places)
        return false;
    v->places = places;
    v->place_count = count ? 2 * count : PLACES_MIN;
    for (u32 i = 0; i < count; i++) {
        u8 buffer[VAULT_KEY_MAX];
        struct bytes key;
        if (old[i] && key_at(v, old[i], buffer, &key))
            places[slot_of(v, key)] = old[i];
    }
    free(old);
    return true;
}

static bool room_for_one(struct vault *v)
{
    return v->record_count * 2 < v->place_count || grow(v);
}

/* Take a place out of the table and close the gap behind it. */
static void forget(struct vault *v, u32 at)
{
    u32 mask = v->place_count - 1;
    v->places[at] = 0;
    v->record_count--;
    for (u32 next = (at + 1) & mask; v->places[next]; next = (next + 1) & mask) {
        u8 buffer[VAULT_KEY_MAX];
        struct bytes key;
        u64 place = v->places[next];
        v->places[next] = 0;
        if (key_at(v, place, buffer, &key))
            v->places[slot_of(v, key)] = place;
    }
}

static void kill(struct vault *v, u64 place)
{
    struct record r;
    if (!get_at(v->fd, &r, sizeof r, place))
        return;
    v->live -= MIN(v->live, size_of(&r));
    r.dead = 1;
    put_at(v->fd, &r, sizeof r, place);
}

/* Note that the live record of its key is at this place; an older one is dead. */
static bool note(struct vault *v, struct bytes key, u64 place)
{
    if (!room_for_one(v))
        return false;
    u32 at = slot_of(v, key);
    if (v->places[at])
        kill(v, v->places[at]);
    else
        v->record_count++;
    v->places[at] = place;
    return true;
}

/* One record of the log in memory that is wiped and freed; NULL: the log is broken here. */
static u8 *load(const struct vault *v, u64 place, struct record *r)
{
    if (v->end - place < sizeof *r || !get_at(v->fd, r, sizeof *r, place) ||
        r->key_len > VAULT_KEY_MAX || size_of(r) > v->end - place)
        return NULL;
    u8 *at = malloc((size_t)r->key_len + r->value_len + 1);
    if (at && get_at(v->fd, at, (size_t)r->key_len + r->value_len, place + sizeof *r))
        return at;
    free(at);
    return NULL;
}

static void unload(u8 *at, const struct record *r)
{
    wipe(at, (size_t)r->key_len + r->value_len);
    free(at);
}

/* Go through the log: `reader` NULL builds the table, else it is given what the table holds. */
static bool walk(struct vault *v, const struct vault_reader *reader)
{
    for (u64 place = v->start; place < v->end;) {
        struct record r;
        u8 *at = load(v, place, &r);
        if (!at)
            return false;
        struct bytes key = bytes_of(at, r.key_len);
        bool good = true;
        if (!reader && !r.dead) {
            v->live += size_of(&r);
            good = note(v, key, place);
        } else if (reader && !r.dead) {
            reader->record(reader->ctx, key, bytes_of(at + r.key_len, r.value_len));
        }
        place += size_of(&r);
        unload(at, &r);
        if (!good)
            return false;
    }
    return true;
}

bool vault_open(struct vault *v, int fd, const struct vault_reader *reader)
{
    struct header h;
    off_t size = lseek(fd, 0, SEEK_END);
    *v = (struct vault){.fd = fd};
    if (get_at(fd, &h, sizeof h, 0) && h.magic == MAGIC && h.start >= sizeof h &&
        h.start <= h.end && size >= 0 && h.end <= (u64)size) {
        v->start = h.start;
        v->end = h.end;
        if (grow(v) && walk(v, NULL) && walk(v, reader))
            return true;
    }
    vault_close(v);
    return false;
}

static bool copy_record(struct vault *v, u64 from, u64 to, u64 *len)
{
    struct record r;
    u8 *at = load(v, from, &r);
    if (!at)
        return false;
    size_t body = (size_t)r.key_len + r.value_len;
    bool good = put_at(v->fd, &r, sizeof r, to) && put_at(v->fd, at, body, to + sizeof r);
    *len = size_of(&r);
    unload(at, &r);
    return good;
}

/* The live records again behind the end, then the header, then the old ones are given back: at any
 * instant the file holds one whole log. */
static void compact(struct vault *v)
{
    u64 to = v->end, len;
    for (u64 place = v->start; place < v->end; place += len) {
        struct record r;
        if (!get_at(v->fd, &r, sizeof r, place))
            return;
        len = size_of(&r);
        if (r.dead)
            continue;
        if (!copy_record(v, place, to, &len))
            return;
        to += len;
    }
    struct vault old = *v;
    v->start = old.end;
    v->end = to;
    if (!put_header(v)) {
        *v = old;
        return;
    }
    fallocate(v->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, sizeof(struct header),
              (off_t)(v->start - sizeof(struct header)));
    memset(v->places, 0, v->place_count * sizeof *v->places);
    v->record_count = 0;
    v->live = 0;
    (void)walk(v, NULL);
}

bool vault_put(struct vault *v, struct bytes key, struct bytes value)
{
    struct record r = {.key_len = (u32)key.len, .value_len = (u32)value.len};
    if (v->fd < 0 || key.len > VAULT_KEY_MAX || value.len > VAULT_MAX ||
        v->live + size_of(&r) > VAULT_MAX || !room_for_one(v))
        return false;
    u64 place = v->end;
    if (!put_at(v->fd, &r, sizeof r, place) || !put_at(v->fd, key.at, key.len, place + sizeof r) ||
        !put_at(v->fd, value.at, value.len, place + sizeof r + key.len))
        return false;
    v->end += size_of(&r);
    if (!put_header(v)) {
        v->end = place;
        return false;
    }
    v->live += size_of(&r);
    (void)note(v, key, place); /* there is room in the table */
    if (v->end - v->start > 2 * v->live + SLACK)
        compact(v);
    return true;
}

void vault_drop(struct vault *v, struct bytes key)
{
    if (v->fd < 0 || key.len > VAULT_KEY_MAX)
        return;
    u32 at = slot_of(v, key);
    if (!v->places[at])
        return;
    kill(v, v->places[at]);
    forget(v, at);
}

void vault_close(struct vault *v)
{
    if (v->fd >= 0)
        close(v->fd);
    free(v->places);
    *v = (struct vault){.fd = -1};
}
