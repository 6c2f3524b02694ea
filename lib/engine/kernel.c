/* Events of the data plane: see kernel.h. */
#include "engine/kernel.h"
#include "engine/command.h"
#include "exchange/roam.h"
#include "sa/remake.h"
#include "sa/trace.h"

enum { WAKE_PER_TICK = 64 };

static void acquire(struct shard *s, const struct shrike_kernel_event *k)
{
    struct selectors_packet packet = {k->local, k->remote};
    const struct shrike_conf *conf = s->current ? s->current->conf : NULL;
    for (u32 i = 0; conf && i < conf->conn_count; i++) {
        const struct shrike_conn *conn = &conf->conns[i];
        for (u32 j = 0; j < conn->child_count; j++) {
            if (conn->children[j].reqid == k->reqid) {
                command_acquire(s, conn, &conn->children[j], &packet);
                return;
            }
        }
    }
}

static void expire_soft(struct shard *s, struct ike_sa *sa, struct child_sa *child)
{
    (void)trace_child(s, SHRIKE_EVENT_CHILD_SOFT_LIMIT, sa, child);
    if (child_replacing(sa, child->serial, true) || child_replacing(sa, child->serial, false))
        return;
    child->rekey_at = s->now;
    sa_touch(s, sa);
}

/* RFC 4301 4.4.2.1: it carries nothing more. One with a trap is made anew by the next packet. */
static void expire_hard(struct shard *s, struct ike_sa *sa, struct child_sa *child)
{
    child_end(child, SHRIKE_REASON_EXPIRED);
    child->again = child->conf->start & SHRIKE_START_NOW;
    sa_touch(s, sa);
}

/* It is not made again before somebody asks, or a packet meets its trap. */
static void idle(struct shard *s, struct ike_sa *sa, struct child_sa *child)
{
    child_end(child, SHRIKE_REASON_IDLE);
    sa_touch(s, sa);
}

static void expire(struct shard *s, const struct shrike_kernel_event *k)
{
    struct child_sa *child = child_by_serial(s, k->child_serial);
    if (!child || !child->plane || child->state > CHILD_UP || child->wants_delete)
        return;
    struct ike_sa *sa = shard_sa_at(s, child->sa);
    if (k->kind == SHRIKE_EXPIRE_SOFT)
        expire_soft(s, sa, child);
    else if (k->kind == SHRIKE_IDLE)
        idle(s, sa, child);
    else
        expire_hard(s, sa, child);
}

/* RFC 7296 2.4: ESP shows that the peer is there as well as IKE does. */
static void heard(struct shard *s, const struct shrike_kernel_event *k)
{
    const struct child_sa *child = child_by_serial(s, k->child_serial);
    struct ike_sa *sa = child ? shard_sa_at(s, child->sa) : NULL;
    if (sa && sa->state == IKE_UP)
        sa->heard = s->now;
}

static void lost(struct wake *w, struct shard *s)
{
    struct shrike_event *e = ring_event(&s->ring);
    e->id = SHRIKE_EVENT_PLANE_LOST;
    e->number = s->children.live;
    s->plane++;
    changes_note_all(&s->changes);
    w->next = 0;
}

static void mapping(struct shard *s, const struct shrike_kernel_event *k)
{
    struct child_sa *child = child_by_serial(s, k->child_serial);
    struct ring_path path = {.local = k->to, .remote = k->from, .marker = true};
    if (!child || !child->plane || k->from.port == 0)
        return;
    roam_mapping(s, shard_sa_at(s, child->sa), &path);
}

/* Of two changes that come close to each other the greater one counts. */
static void addresses(struct wake *w, struct shard *s, const struct shrike_kernel_event *k)
{
    enum host_news news = addresses_take(&s->host, k->addresses, k->address_count);
    w->news = w->roam == WAKE_NONE ? news : MAX(w->news, news);
    w->roam = 0;
}

void kernel_event(struct wake *w, struct shard *s, const struct shrike_kernel_event *k)
{
    switch (k->kind) {
    case SHRIKE_ACQUIRE:
        acquire(s, k);
        break;
    case SHRIKE_EXPIRE_SOFT:
    case SHRIKE_EXPIRE_HARD:
    case SHRIKE_IDLE:
        expire(s, k);
        break;
    case SHRIKE_HEARD:
        heard(s, k);
        break;
    case SHRIKE_PLANE_LOST:
        lost(w, s);
        break;
    case SHRIKE_SPI_UNKNOWN: /* engine/outside.h */
        break;
    case SHRIKE_MAPPING:
        mapping(s, k);
        break;
    case SHRIKE_ADDRESSES:
        addresses(w, s, k);
        break;
    }
}

static bool wants_waking(const struct shard *s, const struct ike_sa *sa)
{
    for (const struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (remake_is_due(s, c))
            return true;
    }
    return false;
}

static void wake_roam(struct wake *w, struct shard *s)
{
    enum { LOOK_ROOM = 8 };
    for (u32 n = 0; n < WAKE_PER_TICK && w->roam < s->sas.cut; n++) {
        if (ring_room(&s->ring) < LOOK_ROOM)
            return;
        struct ike_sa *sa = shard_sa_at(s, w->roam++);
        if (sa)
            roam_look(s, sa, w->news);
    }
    if (w->roam >= s->sas.cut)
        w->roam = WAKE_NONE;
}

void kernel_wake(struct wake *w, struct shard *s)
{
    wake_roam(w, s);
    for (u32 n = 0; n < WAKE_PER_TICK && w->next < s->sas.cut; n++) {
        struct ike_sa *sa = shard_sa_at(s, w->next++);
        if (sa && sa->state == IKE_UP && wants_waking(s, sa))
            sa_touch(s, sa);
    }
    if (w->next >= s->sas.cut)
        w->next = WAKE_NONE;
}
