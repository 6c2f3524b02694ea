/* Child SAs go into the tables and out of them. */
#include "esp/install.h"
#include "esp/cipher.h"
#include "plane/post.h"
#include "wire/codes.h"

#define IDLE_PER_TICK 64 /* told of; each one is looked for anew */

static void route(void *ctx, const struct esp_sa *sa, bool add)
{
    static struct mail_route m; /* used by one call at a time */
    struct installed *i = ctx;
    m = (struct mail_route){.add = add,
                            .reqid = sa->reqid,
                            .local_count = sa->local_ts_count,
                            .remote_count = sa->remote_ts_count};
    memcpy(m.local, sa->local_ts, sa->local_ts_count * sizeof(m.local[0]));
    memcpy(m.remote, sa->remote_ts, sa->remote_ts_count * sizeof(m.remote[0]));
    if (!i->quiet)
        post_route(i->seat, answers_next(&i->answers), &m);
}

void installed_open(struct installed *i, struct seat *seat, struct plane *plane)
{
    static const u32 replay_window = 1024, keepalive_s = 20; /* until a snapshot comes */
    *i = (struct installed){
        .seat = seat, .plane = plane, .replay_window = replay_window, .keepalive_s = keepalive_s};
    i->traps.db = plane->db;
    i->traps.route = route;
    i->traps.ctx = i;
    pairs_open(&i->pairs);
    ledger_open(&i->ledger, seat, &i->pairs);
    ends_open(&i->ends);
    traps_open(&i->traps);
    answers_open(&i->answers, seat);
    guard_open(&i->guard, seat);
}

/* The process ends: the routes stay, so that nothing leaks past the tunnel. */
void installed_close(struct installed *i)
{
    ledger_close(&i->ledger);
    pairs_close(&i->pairs);
    ends_close(&i->ends);
    traps_forget(&i->traps);
    answers_close(&i->answers);
    guard_close(&i->guard);
}

void installed_conf(struct installed *i, const struct snapshot_copy *s)
{
    i->plane->mtu = s->settings.mtu;
    i->replay_window = s->settings.replay_window;
    i->keepalive_s = s->settings.keepalive_s;
    cipher_prefer(s->settings.esp_library == LIBRARY_OPENSSL ? CIPHER_OPENSSL : CIPHER_FASTEST);
    u32 failed = traps_apply(&i->traps, &s->conf);
    if (failed > 0)
        seat_log(i->seat, SHRIKE_ERROR,
                 "%u children with start_action = trap have no trap: no memory, or more than %u",
                 failed, TRAPS_MAX);
}

static bool ends_fit(const struct shrike_endpoint *local, const struct shrike_endpoint *remote)
{
    return (local->family == 4 || local->family == 6) && local->family == remote->family;
}

/* Can it be done at all? */
static bool sensible(struct installed *i, const struct shrike_install_op *op)
{
    const char *child = op->child ? op->child : "?";
    if (op->mode != SHRIKE_TUNNEL) {
        seat_log(i->seat, SHRIKE_ERROR,
                 "child %s: tunnel mode only in the data plane in user space: use mode = tunnel",
                 child);
        return false;
    }
    if (op->protocol != PROTOCOL_ESP) {
        seat_log(i->seat, SHRIKE_ERROR,
                 "child %s: ESP only in the data plane in user space: use esp_proposals", child);
        return false;
    }
    if (op->cpi_in || op->cpi_out) {
        seat_log(i->seat, SHRIKE_ERROR,
                 "child %s: no compression in the data plane in user space: leave out ipcomp",
                 child);
        return false;
    }
    if (!ends_fit(&op->local, &op->remote) || op->child_serial == 0 ||
        pairs_find(&i->pairs, op->child_serial)) {
        seat_log(i->seat, SHRIKE_ERROR, "child %s: the request to install it makes no sense",
                 child);
        return false;
    }
    return true;
}

static struct esp_sa *sa_of(struct installed *i, const struct shrike_install_op *op,
                            const struct rules_verdict *v, bool inbound)
{
    const struct shrike_sa_keys *keys = inbound ? &op->in : &op->out;
    struct esp_sa_spec s = {
        .spi = keys->spi,
        .child_serial = op->child_serial,
        .reqid = op->reqid,
        .local = op->local,
        .remote = op->remote,
        .encap = op->encap,
        .inbound = inbound,
        .later = op->outbound_later,
        .cipher = {.encr = op->encr,
                   .encr_bits = op->encr_key_bits,
                   .integ = op->integ,
                   .esn = op->esn,
                   .encr_key = keys->encr_key,
                   .integ_key = keys->integ_key},
        .replay_window = op->replay_window ? op->replay_window : i->replay_window,
        .heard_every = op->heard_every,
        .tfc_padding = op->tfc_padding,
        .limits = {op->life.bytes_soft, op->life.bytes_hard, op->life.packets_soft,
                   op->life.packets_hard},
        .local_ts = op->local_ts,
        .remote_ts = op->remote_ts,
        .local_ts_count = op->local_ts_count,
        .remote_ts_count = op->remote_ts_count,
    };
    const struct shrike_plane_conf *p = v->child ? &v->child->plane : NULL;
    if (p)
        s.outer = (struct outer_rules){p->lose_df, p->lose_ecn, p->lose_dscp, p->take_dscp};
    struct esp_sa *sa = esp_sa_new(&s);
    if (sa && !sadb_add(i->plane->db, sa)) {
        esp_sa_free(sa);
        return NULL;
    }
    return sa;
}

static void take_out(struct installed *i, struct esp_sa *sa)
{
    if (sa && sa->inbound)
        unknown_gone(&i->unknown, sa->spi, i->plane->now);
    if (sa && !sadb_remove(i->plane->db, sa))
        ensure(false);
}

static struct allowed_before before_of(const struct pair *pair)
{
    const struct esp_sa *sa = pair->out;
    return (struct allowed_before){.local = sa->local,
                                   .remote = sa->remote,
                                   .local_ts = sa->local_ts,
                                   .remote_ts = sa->remote_ts,
                                   .local_ts_count = sa->local_ts_count,
                                   .remote_ts_count = sa->remote_ts_count};
}

bool installed_allows(struct installed *i, const struct shrike_install_op *op,
                      struct rules_verdict *v)
{
    if (!sensible(i, op))
        return false;
    const struct pair *old = op->replaces ? pairs_find(&i->pairs, op->replaces) : NULL;
    struct allowed_before before = {.local_ts_count = 0};
    bool same = old && old->reqid == op->reqid;
    if (same)
        before = before_of(old);
    *v = guard_install(&i->guard, op, same ? &before : NULL, same ? old->rule : 0, i->plane->now);
    return v->why == REFUSAL_NONE;
}

bool installed_add(struct installed *i, const struct shrike_install_op *op,
                   const struct rules_verdict *v)
{
    shrike_time now = i->plane->now;
    struct pair *pair = pairs_add(&i->pairs, op->child_serial, op->reqid);
    /* Inbound first: the peer may send as soon as it hears of it. */
    struct esp_sa *in = pair ? sa_of(i, op, v, true) : NULL;
    struct esp_sa *out = in ? sa_of(i, op, v, false) : NULL;
    if (!out) {
        take_out(i, in);
        if (pair)
            pairs_remove(&i->pairs, pair);
        seat_log(i->seat, SHRIKE_ERROR,
                 "child %s: its SAs could not be made: algorithms that the library lacks, an SPI "
                 "in use, or no memory",
                 op->child ? op->child : "?");
        return false;
    }
    pair->in = in;
    pair->out = out;
    pair->rule = v->rule;
    rules_hold(&i->guard.rules, v->rule);
    /* RFC 7296 2.23 (11): so that the NAT does not forget us. */
    if (op->nat_here && op->encap)
        pair->end = ends_take(&i->ends, &op->local, &op->remote, now);
    pairs_limit(&i->pairs, pair, op->life.idle, op->replaces, now);
    pairs_succeeded(&i->pairs, op->reqid, now);
    route(i, out, true);
    return true;
}

/* Those of traps are in the same table. */
void installed_routes(struct installed *i)
{
    i->quiet = false;
    for (u32 n = sadb_out_count(i->plane->db); n-- > 0;)
        route(i, sadb_out_at(i->plane->db, n), true);
}

static void end(struct installed *i, struct pair *pair)
{
    ledger_gone(&i->ledger, pair);
    rules_release(&i->guard.rules, pair->rule, i->plane->now);
    if (pair->out)
        route(i, pair->out, false);
    take_out(i, pair->in);
    take_out(i, pair->out);
    pairs_remove(&i->pairs, pair);
}

static void linger(struct installed *i, struct pair *pair)
{
    ledger_gone(&i->ledger, pair);
    route(i, pair->out, false);
    take_out(i, pair->out);
    pairs_linger(&i->pairs, pair, i->plane->now);
}

void installed_remove(struct installed *i, u32 serial)
{
    struct pair *pair = serial == 0 ? NULL : pairs_find(&i->pairs, serial);
    if (pair && pairs_has_sibling(&i->pairs, pair))
        linger(i, pair);
    else if (pair)
        end(i, pair);
}

void installed_switch(struct installed *i, u32 serial)
{
    struct pair *pair = serial == 0 ? NULL : pairs_find(&i->pairs, serial);
    if (pair && !sadb_prefer(i->plane->db, pair->out))
        seat_log(i->seat, SHRIKE_ERROR, "no memory to send by a new Child SA: the old one is used");
}

void installed_move(struct installed *i, const struct shrike_move_op *op)
{
    shrike_time now = i->plane->now;
    if (!ends_fit(&op->local, &op->remote))
        return;
    for (u16 n = 0; n < op->child_count; n++) {
        struct pair *pair = op->children[n] == 0 ? NULL : pairs_find(&i->pairs, op->children[n]);
        if (!pair || (pair->rule && !guard_move(&i->guard, pair->rule, op, now)))
            continue;
        bool alive = op->nat_here && op->encap;
        pair_move(pair, &op->local, &op->remote, op->encap,
                  alive ? ends_take(&i->ends, &op->local, &op->remote, now) : NULL);
    }
}

void installed_new_net(struct installed *i)
{
    pairs_unclaim(&i->pairs);
}

u32 installed_heir(struct installed *i, const struct mail_heir *m)
{
    for (u16 n = 0; n < m->count; n++) {
        struct shrike_kernel_event gone = {.kind = SHRIKE_EXPIRE_HARD,
                                           .child_serial = m->serials[n]};
        if (!pairs_claim(&i->pairs, m->serials[n]))
            (void)post_kernel(i->seat, &gone);
    }
    return m->last ? pairs_orphan(&i->pairs, i->plane->now) : 0;
}

/* net is told of those that have carried nothing for too long, and again when it has done nothing
 * about it. */
static void tell_idle(struct installed *i, shrike_time now)
{
    struct pair *idle;
    for (u32 n = 0; n < IDLE_PER_TICK && (idle = pairs_idle(&i->pairs, now)); n++) {
        struct shrike_kernel_event k = {
            .kind = SHRIKE_IDLE, .reqid = idle->reqid, .child_serial = idle->serial};
        if (!post_kernel(i->seat, &k))
            return;
        pairs_limit(&i->pairs, idle, idle->idle, 0, now);
    }
}

bool installed_tick(struct installed *i, shrike_time now)
{
    struct pair *ended;
    struct end *quiet;
    while ((ended = pairs_ended(&i->pairs, now)))
        end(i, ended);
    if (i->keepalive_s > 0 && ends_any(&i->ends)) {
        pairs_note_sent(&i->pairs);
        while ((quiet = ends_quiet(&i->ends, now, i->keepalive_s * SHRIKE_SECOND)))
            plane_keepalive(i->plane, &quiet->local, &quiet->remote);
    }
    tell_idle(i, now);
    bool retired = sadb_collect(i->plane->db) > 0;
    bool waits = answers_tick(&i->answers, now);
    waits |= guard_tick(&i->guard, now);
    return waits || retired || i->pairs.idling > 0 || ends_any(&i->ends) ||
           !list_empty(&i->pairs.orphans);
}

void installed_count(const struct installed *i, u32 serial, struct mail_count *out)
{
    const struct pair *pair = serial == 0 ? NULL : pairs_find(&i->pairs, serial);
    *out = (struct mail_count){.child_serial = serial};
    if (!pair)
        return;
    out->bytes_in = atomic_load(&pair->in->bytes);
    out->packets_in = atomic_load(&pair->in->packets);
    out->used_in = atomic_load(&pair->in->used);
    out->bytes_out = atomic_load(&pair->out->bytes);
    out->packets_out = atomic_load(&pair->out->packets);
    out->used_out = atomic_load(&pair->out->used);
}
