/* The IKE SA: see sa.h. */
#include "sa/sa.h"
#include "base/ct.h"
#include "base/text.h"
#include "sa/child.h"
#include "sa/protect.h"
#include "sa/shard.h"

static bool sa_new_handshake(struct shard *s, struct ike_sa *sa)
{
    u32 index;
    sa->handshake = slab_take(&s->handshakes, &index);
    if (sa->handshake)
        sa->handshake->index = index;
    return sa->handshake != NULL;
}

struct ike_sa *sa_new(struct shard *s, bool initiator)
{
    u64 spi = shard_draw_spi(s);
    u32 index;
    struct ike_sa *sa = spi ? slab_take(&s->sas, &index) : NULL;
    if (!sa)
        return NULL;
    sa->index = index;
    sa->serial = ++s->serials;
    sa->initiator = initiator;
    sa->expires = SHRIKE_NEVER;
    sa->heard = s->now;
    sa->window.size = 1;
    list_init(&sa->children);
    if (initiator)
        sa->spi_i = spi;
    else
        sa->spi_r = spi;
    if (!map_put(&s->by_spi, spi, index) || !sa_new_handshake(s, sa)) {
        sa_free(s, sa);
        return NULL;
    }
    return sa;
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
    slab_put(&s->handshakes, h->index);
    sa->handshake = NULL;
    if (sa->init_hash)
        map_remove(&s->by_init, sa->init_hash, sa->index);
    sa->init_hash = 0;
}

void sa_free(struct shard *s, struct ike_sa *sa)
{
    for (struct child_sa *c; (c = child_first(sa)) != NULL;)
        child_free(s, sa, c);
    slot_free(s, &sa->ours);
    slot_free(s, &sa->theirs);
    protect_forget(s, sa, 0);
    protect_forget(s, sa, 1);
    sa_end_handshake(s, sa);
    pending_release(s, sa->command_alive, SHRIKE_REASON_SA_CLOSING);
    pending_release(s, sa->command_down, SHRIKE_REASON_NONE);
    packet_drop(&s->packets, sa->peer_id);
    snapshot_unpin(s, sa->snapshot);
    map_remove(&s->by_spi, sa_spi_ours(sa), sa->index);
    heap_remove(&s->timers, &sa->timer);
    slab_put(&s->sas, sa->index);
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
}

shrike_time sa_due(const struct shard *s, const struct ike_sa *sa)
{
    shrike_time due = sa->dead || sa->reap || sa->unsettled ? s->now : sa->expires;
    for (unsigned i = 0; i < ARRAY_LEN(sa->fragments); i++) {
        if (sa->fragments[i])
            due = MIN(due, sa->fragments[i]->since + REASSEMBLY_TIME_MAX);
    }
    if (sa->ours.exchange)
        due = MIN(due, sa->ours.due);
    if (sa->theirs.awaiting)
        due = MIN(due, sa->theirs.due);
    /* Closing waits until IKE_AUTH is over: else the peer would be left with an SA. */
    u8 wants = sa->state < IKE_UP ? sa->wants & (u8)~WANT_CLOSE : sa->wants;
    if (!sa->ours.exchange && (wants || sa->not_before > s->now))
        due = MIN(due, MAX(sa->not_before, s->now));
    if (sa->forget)
        due = MIN(due, sa->forget);
    if (sa->state == IKE_UP && !sa->ours.exchange && sa->conn->dpd_delay)
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

void sa_rehome(struct shard *s, struct ike_sa *sa)
{
    const struct shrike_conf *conf = s->current->conf;
    for (u32 i = 0; i < conf->conn_count; i++) {
        const struct shrike_conn *conn = &conf->conns[i];
        if (conn->hash != sa->conn->hash)
            continue;
        for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
            if (!sa_child_conf(conn, c->conf->name))
                return; /* not the same after all */
        }
        for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c))
            c->conf = sa_child_conf(conn, c->conf->name);
        sa_use_conn(s, sa, conn, s->current);
        return;
    }
}

void slot_work_free(struct shard *s, struct slot *slot)
{
    if (!slot->work)
        return;
    packet_drop(&s->packets, slot->work->octets);
    packet_drop(&s->packets, slot->work->ke_public);
    slab_put(&s->works, slot->work->index);
    slot->work = NULL;
}

void slot_free(struct shard *s, struct slot *slot)
{
    packet_drop(&s->packets, slot->message);
    slot_work_free(s, slot);
    memset(slot, 0, sizeof(*slot));
}

void slot_rest(struct shard *s, struct slot *slot)
{
    struct slot kept = {
        .message = slot->message, .message_id = slot->message_id, .hash = slot->hash};
    slot_work_free(s, slot);
    *slot = kept;
}

struct work *slot_work(struct shard *s, struct slot *slot)
{
    if (slot->work)
        return slot->work;
    u32 index;
    slot->work = slab_take(&s->works, &index);
    if (slot->work)
        slot->work->index = index;
    return slot->work;
}

bool slot_keep(struct shard *s, struct slot *slot, const struct message *m)
{
    struct work *work = slot_work(s, slot);
    if (!work)
        return false;
    if (m == &work->in)
        return true; /* it waits for the second time */
    size_t end = 0;
    for (u32 i = 0; i < m->count; i++)
        end = MAX(end, (size_t)m->payloads[i].body.off + m->payloads[i].body.len);
    work->octets = packet_copy(&s->packets, bytes_of(m->base, end));
    if (!work->octets)
        return false;
    work->in = *m;
    work->in.base = work->octets->data;
    return true;
}
