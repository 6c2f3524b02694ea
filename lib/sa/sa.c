/* The IKE SA: see sa.h. */
#include "sa/sa.h"
#include "base/ct.h"
#include "base/text.h"
#include "sa/child.h"
#include "sa/internal.h"
#include "sa/life.h"
#include "sa/move.h"
#include "sa/peers.h"
#include "sa/protect.h"
#include "sa/shard.h"
#include "sa/trace.h"

bool sa_begin_handshake(struct shard *s, struct ike_sa *sa)
{
    u32 index;
    sa->handshake = slab_take(&s->handshakes, &index);
    if (!sa->handshake)
        return false;
    sa->handshake->index = index;
    sa->handshake->began = s->now;
    return true;
}

/* With this SPI of ours and a place in the tables. */
static struct ike_sa *sa_place(struct shard *s, bool initiator, u64 spi)
{
    u32 index;
    struct ike_sa *sa = spi ? slab_take(&s->sas, &index) : NULL;
    if (!sa)
        return NULL;
    sa->index = index;
    sa->initiator = sa->caller = initiator;
    sa->forced = sa->expires = sa->rekey_at = sa->reauth_at = sa->twins_at = SHRIKE_NEVER;
    sa->heard = s->now;
    window_init(&sa->window);
    list_init(&sa->children);
    if (initiator)
        sa->spi_i = spi;
    else
        sa->spi_r = spi;
    if (!map_put(&s->by_spi, spi, index)) {
        sa_free(s, sa);
        return NULL;
    }
    return sa;
}

static struct ike_sa *sa_take(struct shard *s, bool initiator)
{
    struct ike_sa *sa = sa_place(s, initiator, shard_draw_spi(s));
    if (sa)
        sa->serial = shard_serial(s);
    return sa;
}

struct ike_sa *sa_new_restored(struct shard *s, bool initiator, u64 spi, u32 serial)
{
    bool here = (spi >> 56) % s->shards == s->shard;
    struct ike_sa *sa = here && !shard_sa_by_spi(s, spi) ? sa_place(s, initiator, spi) : NULL;
    if (sa)
        sa->serial = serial;
    return sa;
}

struct ike_sa *sa_new(struct shard *s, bool initiator)
{
    struct ike_sa *sa = sa_take(s, initiator);
    if (sa && !sa_begin_handshake(s, sa)) {
        sa_free(s, sa);
        return NULL;
    }
    return sa;
}

struct ike_sa *sa_new_waiting(struct shard *s)
{
    return sa_take(s, true);
}

bool sa_new_spi(struct shard *s, struct ike_sa *sa)
{
    u64 spi = shard_draw_spi(s);
    ensure(sa->initiator && sa->state == IKE_INIT);
    if (!spi || !map_put(&s->by_spi, spi, sa->index))
        return false;
    map_remove(&s->by_spi, sa->spi_i, sa->index);
    sa->spi_i = spi;
    return true;
}

void sa_use_source(const struct shard *s, struct ike_sa *sa)
{
    struct path_query q = {.host = &s->host,
                           .allowed = sa->conn->local_addrs,
                           .allowed_count = sa->conn->local_addr_count};
    struct ring_path paths[PATHS_MAX];
    sa_path(sa, &q.now);
    if (path_list(&q, paths))
        sa->local = paths[0].local;
}

void sa_use_endpoints(const struct shard *s, struct ike_sa *sa)
{
    sa->local = sa->conn->local_endpoint;
    sa->remote = sa->conn->remote_endpoint;
    sa->marker = sa->local.port == 4500;
    sa_use_source(s, sa);
}

/* RFC 7296 2.8: what is known of the peer stays as it was. */
static void copy_peer(struct shard *s, const struct ike_sa *from, struct ike_sa *to)
{
    to->local = from->local;
    to->remote = from->remote;
    to->marker = from->marker;
    to->nat_here = from->nat_here;
    to->nat_there = from->nat_there;
    to->encap_forced = from->encap_forced;
    to->fragmentation = from->fragmentation;
    to->caller = from->caller;
    to->line = from->line;
    to->born = from->born;
    to->natt = from->natt;
    to->mobike = from->mobike;
    to->idsync = from->idsync;
    to->redirects = from->redirects;
    to->ppk = from->ppk;
    to->kin = from->kin;
    packet_drop(&s->packets, to->peer_addresses);
    to->peer_addresses = from->peer_addresses ? packet_ref(from->peer_addresses) : NULL;
    packet_drop(&s->packets, to->grant);
    to->grant = from->grant ? packet_ref(from->grant) : NULL;
    packet_drop(&s->packets, to->led);
    to->led = from->led ? packet_ref(from->led) : NULL;
}

struct ike_sa *sa_new_rekeyed(struct shard *s, struct ike_sa *old, bool ours)
{
    /* RFC 7296 2.18 (3): like every new one it begins with message ID 0. */
    struct ike_sa *sa = sa_take(s, ours);
    if (!sa)
        return NULL;
    copy_peer(s, old, sa);
    sa_use_conn(s, sa, old->conn, old->snapshot);
    sa->peer_id = packet_ref(old->peer_id);
    sa->spare = true;
    sa->before = old;
    old->next[ours ? 0 : 1] = sa;
    return sa;
}

static void hand_children(struct ike_sa *from, struct ike_sa *to)
{
    for (struct child_sa *c; (c = child_first(from)) != NULL;) {
        list_remove(&c->link);
        list_append(&to->children, &c->link);
        /* RFC 7296 1.4 (3): from now on its successor speaks for them. */
        c->sa = to->index;
    }
    to->child_count = (u16)(to->child_count + from->child_count);
    to->dead = (u16)(to->dead + from->dead);
    to->twins_at = MIN(to->twins_at, from->twins_at);
    from->twins_at = SHRIKE_NEVER;
    from->child_count = from->dead = 0;
}

/* What it asks about addresses may never be answered: it is asked anew. */
static void hand_roam(struct ike_sa *from, struct ike_sa *to)
{
    to->wants |= from->wants & WANT_ROAM;
    to->roam = from->roam & (u8)~ROAM_IN_FLIGHT;
    if (slot_of_want(from, WANT_ROAM) && !fault(74)) {
        to->wants |= WANT_ROAM;
        to->roam |= ROAM_TELL;
        to->roam |= from->roam & ROAM_UPDATING ? ROAM_UPDATE : 0;
        to->roam |= from->roam & ROAM_CHECKING ? ROAM_CHECK : 0;
    }
    from->roam &= ROAM_IN_FLIGHT;
}

/* Where the peer is to be led and was not told yet. One that was told has its time to go. */
static void hand_gateway(struct shard *s, struct ike_sa *from, struct ike_sa *to)
{
    packet_drop(&s->packets, to->gateway);
    to->gateway = from->gateway;
    from->gateway = NULL;
    if (to->gateway)
        to->wants |= WANT_TELL;
    if (from->reason == SHRIKE_REASON_REDIRECTED)
        to->expires = MIN(to->expires, from->expires);
}

/* Who waits for the old one waits for the new one. */
static void move_commands(struct shard *s, struct ike_sa *from, struct ike_sa *to)
{
    to->command_alive = from->command_alive;
    to->command_down = from->command_down;
    to->forced = from->forced;
    pending_release(s, from->command_rekey, SHRIKE_REASON_NONE);
    from->command_alive = from->command_down = from->command_rekey = 0;
    to->reauth = from->reauth;
    struct ike_sa *fresh = sa_by_serial(s, to->reauth);
    if (fresh)
        fresh->succeeds = to->serial;
}

void sa_take_over(struct shard *s, struct ike_sa *sa)
{
    struct ike_sa *old = sa->before;
    copy_peer(s, old, sa);
    internal_move(old, sa);
    hand_children(old, sa);
    move_commands(s, old, sa);
    sa->wants |= old->wants & (WANT_CLOSE | WANT_LIVENESS);
    if (sa->command_alive) /* its request may be in flight on the old one, which goes */
        sa->wants |= WANT_LIVENESS;
    hand_roam(old, sa);
    hand_gateway(s, old, sa);
    sa->reason = old->reason;
    sa->succeeds = old->succeeds;
    sa->spare = false;
    old->wants = 0;
    old->replaced = true;
    peers_follow(s, sa, old);
    peers_remove(s, old);
    sa_touch(s, sa);
    trace_ike_rekeyed(s, sa, old);
}

static void end_eap(struct shard *s, struct ike_sa *sa, struct eap_run *run)
{
    packet_drop(&s->packets, run->request);
    packet_drop(&s->packets, run->message);
    packet_drop(&s->packets, run->secret);
    packet_drop(&s->packets, run->identity);
    if (run->session)
        shard_ask(s, sa, NULL, SHRIKE_EAP_OVER)->session_over = run->session;
}

void sa_end_handshake(struct shard *s, struct ike_sa *sa)
{
    struct handshake *h = sa->handshake;
    if (!h)
        return;
    if (h->counted && !fault(32)) {
        s->half_open--;
        s->prefix_half_open[h->prefix_bucket]--;
    }
    packet_drop(&s->packets, h->init_i);
    packet_drop(&s->packets, h->init_r);
    packet_drop(&s->packets, h->cookie);
    packet_drop(&s->packets, h->mixed);
    packet_drop(&s->packets, h->plain_auth);
    end_eap(s, sa, &h->eap);
    slab_put(&s->handshakes, h->index);
    sa->handshake = NULL;
    if (sa->init_hash)
        map_remove(&s->by_init, sa->init_hash, sa->index);
    sa->init_hash = 0;
}

void sa_unlink(struct shard *s, struct ike_sa *sa)
{
    sa_changed(s, sa);
    for (unsigned i = 0; i < ARRAY_LEN(sa->next); i++) {
        if (sa->before && sa->before->next[i] == sa)
            sa->before->next[i] = NULL;
        if (sa->next[i]) {
            changes_note(&s->changes, sa->next[i]->index);
            sa->next[i]->before = NULL;
        }
        sa->next[i] = NULL;
    }
    sa->before = NULL;
}

void sa_free(struct shard *s, struct ike_sa *sa)
{
    for (struct child_sa *c; (c = child_first(sa)) != NULL;)
        child_free(s, sa, c);
    slots_free(s, sa);
    protect_forget(s, sa, 0);
    protect_forget(s, sa, 1);
    sa_end_handshake(s, sa);
    peers_remove(s, sa);
    pending_release(s, sa->command_alive, SHRIKE_REASON_SA_CLOSING);
    pending_release(s, sa->command_down, SHRIKE_REASON_NONE);
    pending_release(s, sa->command_rekey, SHRIKE_REASON_SA_CLOSING);
    sa_unlink(s, sa);
    packet_drop(&s->packets, sa->peer_id);
    packet_drop(&s->packets, sa->keys);
    internal_end(s, sa);
    packet_drop(&s->packets, sa->internal);
    packet_drop(&s->packets, sa->peer_addresses);
    packet_drop(&s->packets, sa->gateway);
    packet_drop(&s->packets, sa->grant);
    packet_drop(&s->packets, sa->led);
    snapshot_unpin(s, sa->snapshot);
    map_remove(&s->by_spi, sa_spi_ours(sa), sa->index);
    heap_remove(&s->timers, &sa->timer);
    slab_put(&s->sas, sa->index);
}

struct ike_sa *sa_by_serial(const struct shard *s, u32 serial)
{
    for (u32 i = 0; serial && i < s->sas.cut; i++) {
        struct ike_sa *sa = shard_sa_at(s, i);
        if (sa && sa->serial == serial && sa->state != IKE_GONE)
            return sa;
    }
    return NULL;
}

bool sa_use_suite(struct ike_sa *sa, const struct choice *c)
{
    sa->suite = (struct ike_suite){
        .encr = suite_encr(c->encr, c->encr_bits),
        .prf = suite_prf(c->prf),
        .integ = c->integ == INTEG_NONE ? NULL : suite_integ(c->integ),
        .ke = suite_ke(c->ke),
    };
    return sa->suite.encr && sa->suite.prf && sa->suite.ke;
}

u64 sa_spi_ours(const struct ike_sa *sa)
{
    return sa->initiator ? sa->spi_i : sa->spi_r;
}

void sa_use_conn(struct shard *s, struct ike_sa *sa, const struct shrike_conn *conn,
                 struct snapshot *snapshot)
{
    struct snapshot *old = sa->snapshot;
    sa->snapshot = snapshot_pin(snapshot);
    sa->conn = conn;
    snapshot_unpin(s, old);
}

struct shrike_id sa_peer_id(const struct ike_sa *sa)
{
    struct bytes b = packet_bytes(sa->peer_id);
    if (b.len == 0)
        return (struct shrike_id){0};
    return (struct shrike_id){.type = b.at[0], .data = bytes_of(b.at + 1, b.len - 1)};
}

const struct shrike_id *sa_wanted_id(const struct shrike_conn *conn)
{
    unsigned more = conn->remote_round_count;
    return more ? &conn->remote_rounds[more - 1].id : &conn->remote.id;
}

void sa_path(const struct ike_sa *sa, struct ring_path *out)
{
    *out = (struct ring_path){.local = sa->local, .remote = sa->remote, .marker = sa->marker};
}

bool sa_encap(const struct ike_sa *sa)
{
    return sa->nat_here || sa->nat_there || sa->encap_forced;
}

void sa_touch(struct shard *s, struct ike_sa *sa)
{
    heap_set(&s->timers, &sa->timer, s->now);
    sa_changed(s, sa);
}

const struct ike_sa *sa_root(const struct ike_sa *sa)
{
    return sa->spare && sa->before ? sa->before : sa;
}

void sa_changed(struct shard *s, const struct ike_sa *sa)
{
    changes_note(&s->changes, sa->index);
    changes_note(&s->changes, sa_root(sa)->index);
}

shrike_time sa_due(const struct shard *s, const struct ike_sa *sa)
{
    shrike_time due = sa->dead || sa->reap || sa->unsettled || sa->ousts || sa->roam & ROAM_DUE
                          ? s->now
                          : sa->expires;
    for (unsigned i = 0; i < ARRAY_LEN(sa->fragments); i++) {
        if (sa->fragments[i])
            due = MIN(due, sa->fragments[i]->since + REASSEMBLY_TIME_MAX);
    }
    due = MIN(due, slots_due(sa));
    /* Closing waits until IKE_AUTH is over: else the peer would be left with an SA. */
    u8 wants = sa->state < IKE_UP ? sa->wants & (u8)~WANT_CLOSE : sa->wants;
    bool may_ask = life_lets_ask(s, sa) != NULL;
    if (may_ask && (wants || sa->not_before > s->now))
        due = MIN(due, MAX(sa->not_before, s->now));
    if (sa->forget)
        due = MIN(due, sa->forget);
    due = MIN(due, sa->forced);
    bool carries_on = sa->state == IKE_UP && !sa->spare && !sa->replaced;
    if (sa->state == IKE_UP)
        due = MIN(due, life_due(s, sa));
    if (carries_on)
        due = MIN(due, sa->twins_at);
    if (carries_on && may_ask && sa->conn->dpd_delay && !slot_of_want(sa, WANT_LIVENESS))
        due = MIN(due, MAX(sa->heard + sa->conn->dpd_delay, sa->not_before));
    return due;
}

const struct shrike_child_conf *sa_child_conf(const struct shrike_conn *conn, const char *name)
{
    for (u32 i = 0; i < conn->child_count; i++) {
        if (text_same(conn->children[i].name, name))
            return &conn->children[i];
    }
    return NULL;
}

/* The place of what has this hash, looked for from a place outwards: few have come or gone. */
static u32 place_of_hash(const struct shrike_conn *conns, u32 count, u32 from, u64 hash)
{
    from = MIN(from, count);
    for (u32 d = 0; d <= MAX(from, count - from); d++) {
        if (d < count - from && conns[from + d].hash == hash)
            return from + d;
        if (d > 0 && d <= from && conns[from - d].hash == hash)
            return from - d;
    }
    return count;
}

/* The connection of an SA in the current configuration, in force or retired; NULL: it has none. */
static const struct shrike_conn *home_of(const struct shard *s, const struct ike_sa *sa)
{
    const struct shrike_conf *now = s->current->conf, *old = sa->snapshot->conf;
    u32 from = conf_has(old, sa->conn) ? (u32)(sa->conn - old->conns) : 0, at;
    at = place_of_hash(now->conns, now->conn_count, from, sa->conn->hash);
    if (at < now->conn_count)
        return &now->conns[at];
    at = place_of_hash(now->retired, now->retired_count, 0, sa->conn->hash);
    return at < now->retired_count ? &now->retired[at] : NULL;
}

void sa_rehome(struct shard *s, struct ike_sa *sa)
{
    const struct shrike_conn *conn = home_of(s, sa);
    if (!conn)
        return;
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (!sa_child_conf(conn, c->conf->name))
            return; /* not the same after all */
    }
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c))
        c->conf = sa_child_conf(conn, c->conf->name);
    sa_use_conn(s, sa, conn, s->current);
}
