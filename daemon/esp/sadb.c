/* Tables of SAs with one writer and one reader. */
#include "esp/sadb.h"
#include <stdlib.h>

#define AWAY UINT64_MAX /* the worker holds nothing */

/* What the worker walks on the way out; never changed, only replaced. */
struct policies {
    struct policies *next_retired;
    u64 retired_at;
    u32 count;
    struct esp_sa *rows[];
};

struct sadb {
    u32 mask, sas_max, sas;
    _Atomic(struct esp_sa *) *slots;
    _Atomic(struct policies *) policies;
    _Atomic u64 epoch; /* counts what was taken out */
    _Atomic u64 seen;  /* the epoch in which the worker last rested, or AWAY */
    struct esp_sa *retired;
    struct policies *retired_policies;
};

/* Stands where an SA was and others may come behind it. */
static struct esp_sa gone;

struct sadb *sadb_new(u32 sas_max)
{
    u32 slots = 16;
    struct sadb *db = calloc(1, sizeof(*db));
    struct policies *none = calloc(1, sizeof(*none));
    sas_max = MIN(sas_max, SADB_SAS_MAX);
    while (slots < sas_max * 2)
        slots *= 2;
    _Atomic(struct esp_sa *) *table = calloc(slots, sizeof(*table));
    if (!db || !none || !table) {
        free(db);
        free(none);
        free(table);
        return NULL;
    }
    db->mask = slots - 1;
    db->sas_max = sas_max;
    db->slots = table;
    atomic_init(&db->policies, none);
    atomic_init(&db->seen, AWAY);
    return db;
}

void sadb_free(struct sadb *db)
{
    struct policies *p = db->policies;
    for (u32 i = 0; i <= db->mask; i++)
        if (db->slots[i] && db->slots[i] != &gone)
            esp_sa_free(db->slots[i]);
    for (u32 i = 0; i < p->count; i++)
        esp_sa_free(p->rows[i]);
    atomic_store(&db->seen, AWAY);
    sadb_collect(db);
    free(p);
    free(db->slots);
    free(db);
}

/* Our inbound SPIs are drawn at random; others spread by this too. */
static u32 slot_of(const struct sadb *db, u32 spi)
{
    return (spi * 0x9e3779b1u >> 8) & db->mask;
}

struct esp_sa *sadb_in(struct sadb *db, u32 spi)
{
    for (u32 i = slot_of(db, spi), n = 0; n <= db->mask; i = (i + 1) & db->mask, n++) {
        struct esp_sa *sa = atomic_load_explicit(&db->slots[i], memory_order_acquire);
        if (!sa)
            return NULL;
        if (sa != &gone && sa->spi == spi)
            return sa;
    }
    return NULL;
}

struct esp_sa *sadb_out(struct sadb *db, const struct inner *p)
{
    struct policies *all = atomic_load_explicit(&db->policies, memory_order_acquire);
    for (u32 i = 0; i < all->count; i++)
        if (esp_sa_takes(all->rows[i], p))
            return all->rows[i];
    return NULL;
}

u64 sadb_version(const struct sadb *db)
{
    return atomic_load(&db->epoch) + 1;
}

void sadb_enter(struct sadb *db)
{
    /* Sequentially consistent, as the writer's side is: either the writer sees that the worker is
     * back, or the worker sees what the writer has taken out. */
    atomic_store(&db->seen, atomic_load(&db->epoch));
    atomic_thread_fence(memory_order_seq_cst);
}

void sadb_rest(struct sadb *db)
{
    sadb_enter(db);
}

void sadb_leave(struct sadb *db)
{
    atomic_store(&db->seen, AWAY);
}

/* After the tables were changed: from which epoch on what was taken out is out of reach. */
static u64 next_epoch(struct sadb *db)
{
    atomic_thread_fence(memory_order_seq_cst);
    return atomic_fetch_add(&db->epoch, 1) + 1;
}

size_t sadb_collect(struct sadb *db)
{
    size_t waiting = 0;
    u64 seen = atomic_load(&db->seen);
    struct esp_sa **sa = &db->retired;
    struct policies **p = &db->retired_policies;
    while (*sa) {
        struct esp_sa *old = *sa;
        if (old->retired_at <= seen) {
            *sa = old->next_retired;
            esp_sa_free(old);
        } else {
            sa = &old->next_retired;
            waiting++;
        }
    }
    while (*p) {
        struct policies *old = *p;
        if (old->retired_at <= seen) {
            *p = old->next_retired;
            free(old);
        } else {
            p = &old->next_retired;
            waiting++;
        }
    }
    return waiting;
}

static bool add_in(struct sadb *db, struct esp_sa *sa)
{
    if (db->sas == db->sas_max || sadb_in(db, sa->spi))
        return false;
    /* RFC 7296 2.8.1 (2): packets come in by each that is there, whatever it replaces. */
    u32 i = slot_of(db, sa->spi);
    while (db->slots[i] && db->slots[i] != &gone)
        i = (i + 1) & db->mask;
    atomic_store_explicit(&db->slots[i], sa, memory_order_release);
    db->sas++;
    return true;
}

static bool remove_in(struct sadb *db, struct esp_sa *sa)
{
    u32 i = slot_of(db, sa->spi), n = 0;
    while (n <= db->mask && db->slots[i] && db->slots[i] != sa) {
        i = (i + 1) & db->mask;
        n++;
    }
    if (db->slots[i] != sa)
        return false;
    db->slots[i] = &gone;
    db->sas--;
    /* Marks at the end of a run are of no use to anybody. */
    while (db->slots[i] == &gone && !db->slots[(i + 1) & db->mask]) {
        db->slots[i] = NULL;
        i = (i - 1) & db->mask;
    }
    return true;
}

/* How many leading bits of the range's two ends agree: the more, the narrower. */
static unsigned agreeing_bits(const struct shrike_ts *ts)
{
    unsigned octets = ts->family == 4 ? 4 : 16, i = 0, bits;
    while (i < octets && ts->from[i] == ts->to[i])
        i++;
    if (i == octets)
        return octets * 8;
    for (bits = i * 8; !((ts->from[i] ^ ts->to[i]) & (0x80 >> bits % 8));)
        bits++;
    return bits;
}

/* Of the widest selector of a list: addresses first, then protocol, then ports. */
static unsigned narrowness(const struct shrike_ts *ts, u16 count)
{
    unsigned least = UINT32_MAX;
    for (u16 i = 0; i < count; i++) {
        bool all_ports = ts[i].port_from == 0 && ts[i].port_to == UINT16_MAX;
        unsigned one = agreeing_bits(&ts[i]) * 4 + (ts[i].protocol ? 2 : 0) + !all_ports;
        least = MIN(least, one);
    }
    return least;
}

static bool stands_before(const struct esp_sa *a, const struct esp_sa *b)
{
    unsigned remote_a = narrowness(a->remote_ts, a->remote_ts_count);
    unsigned remote_b = narrowness(b->remote_ts, b->remote_ts_count);
    unsigned local_a = narrowness(a->local_ts, a->local_ts_count);
    unsigned local_b = narrowness(b->local_ts, b->local_ts_count);
    if (remote_a != remote_b)
        return remote_a > remote_b;
    if (local_a != local_b)
        return local_a > local_b;
    if (a->later && b->cipher && b->child_serial != 0)
        return false;               /* orphans have no peer that counts on them */
    return a->cipher || !b->cipher; /* new before old, but no trap before an SA */
}

static struct policies *policies_new(u32 count)
{
    struct policies *p = calloc(1, sizeof(*p) + count * sizeof(p->rows[0]));
    if (p)
        p->count = count;
    return p;
}

static void publish(struct sadb *db, struct policies *now)
{
    struct policies *old = db->policies;
    atomic_store_explicit(&db->policies, now, memory_order_release);
    old->retired_at = next_epoch(db);
    old->next_retired = db->retired_policies;
    db->retired_policies = old;
}

/* All rows of old but sa itself, with sa in its place among them. */
static void place(struct policies *now, const struct policies *old, struct esp_sa *sa)
{
    bool placed = false;
    now->count = 0;
    for (u32 i = 0; i < old->count; i++) {
        if (old->rows[i] == sa)
            continue;
        if (!placed && stands_before(sa, old->rows[i])) {
            now->rows[now->count++] = sa;
            placed = true;
        }
        now->rows[now->count++] = old->rows[i];
    }
    if (!placed)
        now->rows[now->count++] = sa;
}

static bool add_out(struct sadb *db, struct esp_sa *sa)
{
    struct policies *old = db->policies;
    if (old->count == SADB_POLICIES_MAX)
        return false;
    struct policies *now = policies_new(old->count + 1);
    if (!now)
        return false;
    place(now, old, sa);
    publish(db, now);
    return true;
}

bool sadb_prefer(struct sadb *db, struct esp_sa *sa)
{
    struct policies *now = policies_new(db->policies->count);
    if (!now)
        return false;
    sa->later = false;
    place(now, db->policies, sa);
    publish(db, now);
    sadb_collect(db);
    return true;
}

static bool remove_out(struct sadb *db, struct esp_sa *sa)
{
    struct policies *old = db->policies;
    u32 at = 0;
    while (at < old->count && old->rows[at] != sa)
        at++;
    if (at == old->count)
        return false;
    struct policies *now = policies_new(old->count - 1);
    if (!now)
        return false;
    memcpy(now->rows, old->rows, at * sizeof(now->rows[0]));
    memcpy(now->rows + at, old->rows + at + 1, (now->count - at) * sizeof(now->rows[0]));
    publish(db, now);
    return true;
}

bool sadb_add(struct sadb *db, struct esp_sa *sa)
{
    bool added = sa->inbound ? add_in(db, sa) : add_out(db, sa);
    sadb_collect(db);
    return added;
}

bool sadb_remove(struct sadb *db, struct esp_sa *sa)
{
    if (!(sa->inbound ? remove_in(db, sa) : remove_out(db, sa)))
        return false;
    sa->retired_at = next_epoch(db);
    sa->next_retired = db->retired;
    db->retired = sa;
    sadb_collect(db);
    return true;
}

struct esp_sa *sadb_find(struct sadb *db, u32 child_serial, bool inbound)
{
    struct policies *p = db->policies;
    for (u32 i = 0; inbound && i <= db->mask; i++) {
        struct esp_sa *sa = db->slots[i];
        if (sa && sa != &gone && sa->child_serial == child_serial)
            return sa;
    }
    for (u32 i = 0; !inbound && i < p->count; i++)
        if (p->rows[i]->child_serial == child_serial)
            return p->rows[i];
    return NULL;
}

u32 sadb_out_count(const struct sadb *db)
{
    return db->policies->count;
}

const struct esp_sa *sadb_out_at(const struct sadb *db, u32 n)
{
    ensure(n < db->policies->count);
    return db->policies->rows[n];
}
