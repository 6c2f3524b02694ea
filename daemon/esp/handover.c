/* Child SAs from one esp to the next: see handover.h. */
#include "esp/handover.h"
#include "ops/parts.h"
#include "plane/estate.h"

#define MAGIC 0x53455350u /* "SESP" */

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
    write_flag(w, sa->outer.lose_df);
    write_flag(w, sa->outer.lose_ecn);
    write_flag(w, sa->outer.lose_dscp);
    write_flag(w, sa->outer.take_dscp);
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

static struct outer_rules read_outer(struct reader *r)
{
    struct outer_rules o;
    o.lose_df = read_flag(r);
    o.lose_ecn = read_flag(r);
    o.lose_dscp = read_flag(r);
    o.take_dscp = read_flag(r);
    return o;
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
    if (version >= 5)
        s->outer = read_outer(r);
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
    write_u64(w, p->rule);
    write_sa(w, p->in);
    write_sa(w, p->out);
}

static bool read_pair(struct installed *i, struct reader *r, u16 version)
{
    struct esp_sa_spec s = {.child_serial = read_u32(r), .reqid = read_u32(r), .inbound = true};
    bool alive = read_flag(r);
    shrike_time until = read_u64(r), idle = read_u64(r), idle_from = read_u64(r);
    u64 rule = version >= 4 ? read_u64(r) : 0;
    struct pair *pair = r->bad ? NULL : pairs_restore(&i->pairs, s.child_serial, s.reqid, until);
    if (!pair || !(pair->in = read_sa(i, r, version, s)))
        return false;
    s.inbound = false;
    if (!(pair->out = read_sa(i, r, version, s)) || !read_ended(r))
        return false;
    pair->rule = rule;
    rules_hold(&i->guard.rules, rule);
    if (alive)
        pair->end = ends_take(&i->ends, &pair->out->local, &pair->out->remote, i->plane->now);
    if (idle)
        pairs_limit(&i->pairs, pair, idle, 0, idle_from);
    return true;
}

/* ---- all of them ---- */

/* The last of the table first: each that is put in stands in front of its equals. */
int handover_write(const struct installed *i)
{
    struct estate e;
    estate_open(&e, "shrike-esp", MAGIC, HANDOVER_VERSION);
    for (u32 n = sadb_out_count(i->plane->db); n-- > 0;) {
        const struct esp_sa *out = sadb_out_at(i->plane->db, n);
        const struct pair *p = out->cipher ? pairs_of(&i->pairs, out) : NULL;
        if (!p)
            continue;
        struct writer w = estate_record(&e);
        write_pair(&w, p);
        estate_add(&e, &w);
    }
    return estate_close(&e);
}

static bool record(void *ctx, struct reader *r, u16 version)
{
    return read_pair(ctx, r, version);
}

bool handover_read(struct installed *i, int fd)
{
    const struct estate_reader reader = {MAGIC, HANDOVER_OLDEST, HANDOVER_VERSION, record, i};
    i->quiet = true;
    return estate_read(fd, &reader);
}
