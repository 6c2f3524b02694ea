/* Child SAs from one esp to the next: see handover.h. */
#include "esp/handover.h"
#include "base/ct.h"
#include "base/cursor.h"
#include "ops/parts.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC    0x53455350u   /* "SESP" */
#define PAIR_MAX (64u << 10)   /* octets of a pair */
#define FILE_MAX (1024u << 20) /* of all of them */

/* ---- one SA ---- */

static void write_replay(struct writer *w, const struct replay *r)
{
    write_u64(w, r->top);
    write_u32(w, r->window);
    for (u32 i = 0; i <= r->mask / 64; i++)
        write_u64(w, r->ring[i]);
}

static bool read_replay(struct reader *r, struct replay *out)
{
    out->top = read_u64(r);
    if (read_u32(r) != out->window) /* it was made with this */
        return false;
    for (u32 i = 0; i <= out->mask / 64; i++)
        out->ring[i] = read_u64(r);
    return !r->bad;
}

static void write_sa(struct writer *w, const struct esp_sa *sa)
{
    const struct cipher_spec *c = &sa->made;
    write_u32(w, sa->spi);
    write_endpoint(w, &sa->local);
    write_endpoint(w, &sa->remote);
    write_flag(w, sa->encap);
    write_flag(w, sa->esn);
    write_flag(w, sa->heralds || sa->later);
    write_u16(w, c->encr);
    write_u16(w, c->encr_bits);
    write_u16(w, c->integ);
    write_slice(w, c->encr_key);
    write_slice(w, c->integ_key);
    write_u64(w, sa->limits.bytes_soft);
    write_u64(w, sa->limits.bytes_hard);
    write_u64(w, sa->limits.packets_soft);
    write_u64(w, sa->limits.packets_hard);
    write_u64(w, sa->heard_every);
    write_u16(w, sa->tfc_padding);
    write_selectors(w, sa->local_ts, sa->local_ts_count);
    write_selectors(w, sa->remote_ts, sa->remote_ts_count);
    write_u64(w, atomic_load(&sa->bytes));
    write_u64(w, atomic_load(&sa->packets));
    write_u64(w, atomic_load(&sa->used));
    write_u64(w, sa->seq);
    write_u32(w, sa->replay ? sa->replay->window : 0);
    if (sa->replay)
        write_replay(w, sa->replay);
}

static void read_spec(struct reader *r, u16 version, struct esp_sa_spec *s,
                      struct shrike_ts ts[2][SHRIKE_TS_MAX])
{
    s->spi = read_u32(r);
    s->local = read_endpoint(r);
    s->remote = read_endpoint(r);
    s->encap = read_flag(r);
    s->cipher.esn = read_flag(r);
    s->later = read_flag(r);
    s->cipher.encr = read_u16(r);
    s->cipher.encr_bits = read_u16(r);
    s->cipher.integ = read_u16(r);
    s->cipher.encr_key = read_slice(r);
    s->cipher.integ_key = read_slice(r);
    s->limits.bytes_soft = read_u64(r);
    s->limits.bytes_hard = read_u64(r);
    s->limits.packets_soft = read_u64(r);
    s->limits.packets_hard = read_u64(r);
    s->heard_every = read_u64(r);
    s->tfc_padding = version >= 3 ? read_u16(r) : 0;
    s->local_ts = ts[0];
    s->remote_ts = ts[1];
    s->local_ts_count = read_selectors(r, ts[0]);
    s->remote_ts_count = read_selectors(r, ts[1]);
}

static struct esp_sa *read_sa(struct installed *i, struct reader *r, u16 version,
                              struct esp_sa_spec s)
{
    static struct shrike_ts ts[2][SHRIKE_TS_MAX]; /* used by one call at a time */
    read_spec(r, version, &s, ts);
    u64 bytes = read_u64(r), packets = read_u64(r), used = read_u64(r), seq = read_u64(r);
    s.replay_window = read_u32(r);
    struct esp_sa *sa = r->bad ? NULL : esp_sa_new(&s);
    if (!sa)
        return NULL;
    atomic_store(&sa->bytes, bytes);
    atomic_store(&sa->packets, packets);
    atomic_store(&sa->used, used);
    sa->seq = seq;
    if ((!sa->replay || read_replay(r, sa->replay)) && sadb_add(i->plane->db, sa))
        return sa;
    esp_sa_free(sa);
    return NULL;
}

/* ---- a pair ---- */

static void write_pair(struct writer *w, const struct pair *p)
{
    write_u32(w, p->serial);
    write_u32(w, p->reqid);
    write_flag(w, p->end != NULL);
    write_u64(w, p->until);
    write_u64(w, p->idle);
    write_u64(w, p->idle_from);
    write_sa(w, p->in);
    write_sa(w, p->out);
}

static bool read_pair(struct installed *i, struct reader *r, u16 version)
{
    struct esp_sa_spec s = {.child_serial = read_u32(r), .reqid = read_u32(r), .inbound = true};
    bool alive = read_flag(r);
    shrike_time until = read_u64(r), idle = read_u64(r), idle_from = read_u64(r);
    struct pair *pair = r->bad ? NULL : pairs_restore(&i->pairs, s.child_serial, s.reqid, until);
    if (!pair || !(pair->in = read_sa(i, r, version, s)))
        return false;
    s.inbound = false;
    if (!(pair->out = read_sa(i, r, version, s)) || !read_ended(r))
        return false;
    if (alive)
        pair->end = ends_take(&i->ends, &pair->out->local, &pair->out->remote, i->plane->now);
    if (idle)
        pairs_limit(&i->pairs, pair, idle, 0, idle_from);
    return true;
}

/* ---- all of them ---- */

static bool put(int fd, const struct writer *w)
{
    struct bytes b = written_bytes(w);
    return !w->full && write(fd, b.at, b.len) == (ssize_t)b.len;
}

static bool put_pair(int fd, u8 *room, const struct pair *p)
{
    struct writer w = writer_of(room, PAIR_MAX);
    write_u32(&w, 0);
    write_pair(&w, p);
    if (!w.full)
        write_u32_at(&w, 0, (u32)(written(&w) - 4));
    return put(fd, &w);
}

/* The last of the table first: each that is put in stands in front of its equals. */
static bool put_all(const struct installed *i, int fd, u8 *room)
{
    struct writer w = writer_of(room, PAIR_MAX);
    const struct esp_sa *out;
    write_u32(&w, MAGIC);
    write_u16(&w, HANDOVER_VERSION);
    if (!put(fd, &w))
        return false;
    for (u32 n = sadb_out_count(i->plane->db); n-- > 0;) {
        out = sadb_out_at(i->plane->db, n);
        const struct pair *p = out->cipher ? pairs_of(&i->pairs, out) : NULL;
        if (p && !put_pair(fd, room, p))
            return false;
    }
    return true;
}

int handover_write(const struct installed *i)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int fd = memfd_create("shrike-esp", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    u8 *room = malloc(PAIR_MAX);
    bool done = fd >= 0 && room && put_all(i, fd, room) && fcntl(fd, F_ADD_SEALS, seals) == 0;
    if (room)
        wipe(room, PAIR_MAX);
    free(room);
    if (!done && fd >= 0)
        close(fd);
    return done ? fd : -1;
}

static bool read_all(struct installed *i, struct bytes all)
{
    struct reader r = reader_of(all);
    bool ours = read_u32(&r) == MAGIC;
    u16 version = read_u16(&r);
    if (!ours || version < HANDOVER_OLDEST || version > HANDOVER_VERSION)
        return false;
    while (!r.bad && read_left(&r)) {
        u32 len = read_u32(&r);
        struct reader one = reader_of(read_bytes(&r, len));
        if (r.bad || !read_pair(i, &one, version))
            return false;
    }
    return !r.bad;
}

bool handover_read(struct installed *i, int fd)
{
    struct stat s;
    int seals = fcntl(fd, F_GET_SEALS); /* -1 has all bits */
    i->quiet = true;
    if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &s) != 0 || s.st_size <= 0 ||
        s.st_size > (off_t)FILE_MAX)
        return false;
    void *at = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return false;
    bool good = read_all(i, bytes_of(at, (size_t)s.st_size));
    munmap(at, (size_t)s.st_size);
    return good;
}
