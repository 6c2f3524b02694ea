/* The Child SA: see child.h. */
#include "sa/child.h"
#include "base/text.h"
#include "sa/again.h"
#include "sa/shard.h"
#include "sa/trace.h"

struct child_sa *child_new(struct shard *s, struct ike_sa *sa, const struct shrike_child_conf *conf)
{
    u32 index;
    if (sa->child_count >= CHILDREN_MAX)
        return NULL;
    struct child_sa *child = slab_take(&s->children, &index);
    if (!child)
        return NULL;
    child->index = index;
    child->sa = sa->index;
    child->serial = shard_serial(s);
    child->conf = conf;
    child->mode = (u8)conf->mode;
    child->rekey_at = child->dies_at = SHRIKE_NEVER;
    list_append(&sa->children, &child->link);
    sa->child_count++;
    return child;
}

struct child_sa *child_of_serial(const struct ike_sa *sa, u32 serial)
{
    for (struct child_sa *c = child_first(sa); c && serial; c = child_after(sa, c)) {
        if (c->serial == serial && c->state != CHILD_DEAD)
            return c;
    }
    return NULL;
}

struct child_sa *child_replacing(const struct ike_sa *sa, u32 serial, bool ours)
{
    for (struct child_sa *c = child_first(sa); c && serial; c = child_after(sa, c)) {
        if (c->replaces == serial && c->ours == ours && !c->wants_delete && c->state <= CHILD_UP)
            return c;
    }
    return NULL;
}

struct child_sa *child_successor(const struct ike_sa *sa, const struct child_sa *child)
{
    struct child_sa *ours = child_replacing(sa, child->serial, true);
    struct child_sa *theirs = child_replacing(sa, child->serial, false);
    if (ours && ours->state == CHILD_UP)
        return ours;
    if (theirs && theirs->state == CHILD_UP)
        return theirs;
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c->stands_for == child->serial && c->state == CHILD_UP && !c->wants_delete)
            return c;
    }
    return NULL;
}

void child_switch(struct shard *s, struct ike_sa *sa, struct child_sa *child)
{
    struct shrike_op *op = shard_ask(s, sa, NULL, SHRIKE_CHILD_SWITCH);
    op->change = (struct shrike_switch_op){.child_serial = child->serial};
    child->later = false;
}

void child_hand_over(struct shard *s, struct ike_sa *sa, const struct child_sa *child)
{
    struct child_sa *heir = child_successor(sa, child);
    if (heir && heir->later && heir->plane && !fault(35))
        child_switch(s, sa, heir);
}

void child_free(struct shard *s, struct ike_sa *sa, struct child_sa *child)
{
    struct child_sa *heir = child_successor(sa, child);
    if (child->plane) {
        child_hand_over(s, sa, child);
        struct shrike_op *op = shard_ask(s, sa, NULL, SHRIKE_CHILD_REMOVE);
        op->remove = (struct shrike_remove_op){
            .child_serial = child->serial,
            .spi_in = child->spi_in,
            .spi_out = child->spi_out,
            .local = sa->local,
            .remote = sa->remote,
        };
    }
    pending_release(s, child->command, child->reason ? child->reason : SHRIKE_REASON_LIMIT);
    pending_release(s, child->command_down, SHRIKE_REASON_NONE);
    pending_release(s, child->command_rekey, heir ? SHRIKE_REASON_NONE : SHRIKE_REASON_CHILD_GONE);
    const struct child_sa *rival = child_replacing(sa, child->replaces, true);
    if (heir && !child->ours && rival && rival->state < CHILD_UP) {
        /* It takes its place in a collision that is not settled yet. */
        heir->replaces = child->replaces;
        heir->lowest = child->lowest;
    }
    if (heir && !child->announced) /* what this one stood for may still be there */
        heir->stands_for = child->stands_for ? child->stands_for : child->replaces;
    slots_forget_child(sa, child);
    if (child->spi_in)
        map_remove(&s->by_esp, child->spi_in, child->index);
    child_drop_cpi(s, child);
    if (child->state == CHILD_DEAD)
        sa->dead--;
    sa->child_count--;
    list_remove(&child->link);
    packet_drop(&s->packets, child->selectors);
    slab_put(&s->children, child->index);
}

void child_end(struct child_sa *child, enum shrike_reason_code code)
{
    child->wants_delete = true;
    child->reason = (u8)code;
}

void child_anew(struct shard *s, struct child_sa *child)
{
    if (child->spi_in)
        map_remove(&s->by_esp, child->spi_in, child->index);
    child_drop_cpi(s, child);
    child->spi_in = 0;
    child->state = CHILD_WANTED;
}

void child_die(struct ike_sa *sa, struct child_sa *child, enum shrike_reason_code code)
{
    if (child->state == CHILD_DEAD)
        return;
    child->state = CHILD_DEAD;
    slots_forget_child(sa, child);
    child->reason = (u8)code;
    sa->dead++;
}

/* What its configuration wants in its place: nothing when the IKE SA ends, or when there is another
 * one. */
static const struct shrike_child_conf *wanted_again(const struct ike_sa *sa,
                                                    const struct child_sa *child)
{
    bool wanted = child->again && sa->state == IKE_UP && !(sa->wants & WANT_CLOSE);
    bool alone = child->pair || !child_named(sa, child->conf->name, child);
    return wanted && alone ? child->conf : NULL;
}

/* A new one in its place; of a single pair, as the one before. */
static void make_again(struct shard *s, struct ike_sa *sa, const struct shrike_child_conf *conf,
                       struct packet *pair, const u8 counts[2])
{
    struct child_sa *child = child_new(s, sa, conf);
    sa->unsettled |= child != NULL;
    if (!child || !pair)
        return;
    child->selectors = packet_ref(pair);
    child->local_ts_count = counts[0];
    child->remote_ts_count = counts[1];
    child->pair = true;
}

/* It is down, or another one has taken its place. */
static void tell_end(struct shard *s, struct ike_sa *sa, struct child_sa *child)
{
    struct shrike_reason why = {.code = child->reason};
    struct child_sa *heir = sa->state == IKE_GONE ? NULL : child_successor(sa, child);
    if (!child->announced)
        return;
    if (child->reason == SHRIKE_REASON_IDLE || child->reason == SHRIKE_REASON_EXPIRED)
        why.origin = child->conf->origin; /* its limits stand there */
    if (heir && !heir->announced) {
        trace_child_rekeyed(s, sa, heir, child);
        heir->announced = true;
    } else {
        trace_child_reason(s, SHRIKE_EVENT_CHILD_DOWN, sa, child, &why);
    }
}

void child_sweep(struct shard *s, struct ike_sa *sa)
{
    struct child_sa *next;
    unsigned swept = 0;
    for (struct child_sa *c = child_first(sa); c && sa->dead && swept < SWEEP_MAX; c = next) {
        if (ring_room(&s->ring) < SWEEP_ROOM)
            return;
        next = child_after(sa, c);
        if (c->state != CHILD_DEAD)
            continue;
        tell_end(s, sa, c);
        const struct shrike_child_conf *again = wanted_again(sa, c);
        struct packet *pair = again && c->pair ? packet_ref(c->selectors) : NULL;
        u8 counts[2] = {c->local_ts_count, c->remote_ts_count};
        bool by_peer = c->reason == SHRIKE_REASON_PEER_DELETED;
        again_child(s, sa, c);
        child_free(s, sa, c);
        if (again)
            make_again(s, sa, again, pair, counts);
        if (again && by_peer) /* else both ends might do and undo it without end */
            sa->not_before = MAX(sa->not_before, s->now + again_wait(s, 0));
        packet_drop(&s->packets, pair);
        swept++;
    }
}

bool child_draw_spi(struct shard *s, struct child_sa *child)
{
    enum { RESERVED_SPIS = 256 }; /* RFC 4303 2.1 */
    unsigned shards = s->shards;
    for (int tries = 0; tries < 100; tries++) {
        u8 octets[4];
        if (!s->provider->random(s->provider->ctx, octets, sizeof(octets)))
            return false;
        octets[0] = (u8)(octets[0] - octets[0] % shards + s->shard);
        u32 spi = (u32)octets[0] << 24 | (u32)octets[1] << 16 | (u32)octets[2] << 8 | octets[3];
        /* RFC 7296 1.4.1 (6): not one that is there, and be it half closed. */
        if (octets[0] % shards != s->shard || spi < RESERVED_SPIS ||
            map_get(&s->by_esp, spi) != MAP_NONE)
            continue;
        if (!map_put(&s->by_esp, spi, child->index))
            return false;
        child->spi_in = spi;
        return true;
    }
    return false;
}

bool child_draw_cpi(struct shard *s, struct child_sa *child)
{
    unsigned shards = s->shards;
    for (int tries = 0; tries < 100; tries++) {
        u8 octets[2];
        if (!s->provider->random(s->provider->ctx, octets, sizeof(octets)))
            return false;
        octets[0] = (u8)(octets[0] - octets[0] % shards + s->shard);
        u16 cpi = (u16)(octets[0] << 8 | octets[1]);
        if (octets[0] % shards != s->shard || cpi < CPI_MIN || cpi > CPI_MAX ||
            map_get(&s->by_esp, CPI_KEY | cpi) != MAP_NONE)
            continue;
        if (!map_put(&s->by_esp, CPI_KEY | cpi, child->index))
            return false;
        child->cpi_in = cpi;
        return true;
    }
    return false;
}

void child_drop_cpi(struct shard *s, struct child_sa *child)
{
    if (child->cpi_in)
        map_remove(&s->by_esp, CPI_KEY | child->cpi_in, child->index);
    child->cpi_in = child->cpi_out = 0;
}

bool child_keep_ts(struct shard *s, struct child_sa *child, const struct ts_list *local,
                   const struct ts_list *remote)
{
    size_t local_size = local->count * sizeof(struct shrike_ts);
    size_t remote_size = remote->count * sizeof(struct shrike_ts);
    struct packet *kept = packet_new(&s->packets, local_size + remote_size);
    if (!kept)
        return false;
    memcpy(kept->data, local->ts, local_size);
    memcpy(kept->data + local_size, remote->ts, remote_size);
    packet_drop(&s->packets, child->selectors);
    child->selectors = kept;
    child->local_ts_count = local->count;
    child->remote_ts_count = remote->count;
    return true;
}

void child_read_ts(const struct child_sa *child, struct ts_list *local, struct ts_list *remote)
{
    const struct shrike_ts *ts = child_local_ts(child);
    local->count = child->local_ts_count;
    remote->count = child->remote_ts_count;
    memcpy(local->ts, ts, local->count * sizeof(*ts));
    memcpy(remote->ts, ts + local->count, remote->count * sizeof(*ts));
}

const struct shrike_ts *child_local_ts(const struct child_sa *child)
{
    return child->selectors ? (const struct shrike_ts *)(const void *)child->selectors->data : NULL;
}

const struct shrike_ts *child_remote_ts(const struct child_sa *child)
{
    const struct shrike_ts *local = child_local_ts(child);
    return local ? local + child->local_ts_count : NULL;
}

struct child_sa *child_by_peer_spi(const struct ike_sa *sa, u8 protocol, u32 spi)
{
    /* 0 is no SPI: a child that is only asked for has it in its place. */
    for (struct child_sa *c = spi ? child_first(sa) : NULL; c; c = child_after(sa, c)) {
        if (c->spi_out == spi && c->protocol == protocol && c->state != CHILD_WANTED &&
            c->state != CHILD_DEAD)
            return c;
    }
    return NULL;
}

struct child_sa *child_named(const struct ike_sa *sa, const char *name,
                             const struct child_sa * not )
{
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c != not &&c->state <= CHILD_UP && !c->wants_delete && text_same(c->conf->name, name))
            return c;
    }
    return NULL;
}

struct child_sa *child_by_serial(const struct shard *s, u32 serial)
{
    for (u32 i = 0; i < s->children.cut; i++) {
        struct child_sa *c = slab_at(&s->children, i);
        if (c && c->serial == serial)
            return c;
    }
    return NULL;
}

struct child_sa *child_first(const struct ike_sa *sa)
{
    return list_empty(&sa->children) ? NULL : list_item(sa->children.next, struct child_sa, link);
}

struct child_sa *child_after(const struct ike_sa *sa, const struct child_sa *child)
{
    return child->link.next == &sa->children ? NULL
                                             : list_item(child->link.next, struct child_sa, link);
}
