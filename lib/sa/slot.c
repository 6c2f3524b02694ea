/* Slots of exchanges: see slot.h. */
#include "sa/slot.h"
#include "sa/child.h"
#include "sa/shard.h"

/* ---- walking ---- */

/* One of the SA's own, or behind them; like strchr() it gives what the caller may write to. */
static struct slot *nth(const struct ike_sa *sa, const struct slot *first, struct slot *rest,
                        unsigned i)
{
    if (i == 0)
        return (struct slot *)(uintptr_t)first;
    return sa->more && i < WINDOW_MAX ? &rest[i - 1] : NULL;
}

struct slot *slot_ours(const struct ike_sa *sa, unsigned i)
{
    return nth(sa, &sa->ours, sa->more ? sa->more->ours : NULL, i);
}

struct slot *slot_theirs(const struct ike_sa *sa, unsigned i)
{
    return nth(sa, &sa->theirs, sa->more ? sa->more->theirs : NULL, i);
}

bool slot_is_ours(const struct ike_sa *sa, const struct slot *slot)
{
    const struct more_slots *m = sa->more;
    return slot == &sa->ours || (m && slot >= m->ours && slot < m->ours + ARRAY_LEN(m->ours));
}

bool slots_open(struct shard *s, struct ike_sa *sa)
{
    u32 index;
    if (sa->more)
        return true;
    sa->more = slab_take(&s->more_slots, &index);
    if (sa->more)
        sa->more->index = index;
    return sa->more != NULL;
}

void slots_end(struct shard *s, struct ike_sa *sa)
{
    struct slot *ours, *theirs;
    for (unsigned i = 0; (ours = slot_ours(sa, i)) && (theirs = slot_theirs(sa, i)); i++) {
        slot_free(s, ours);
        slot_rest(s, theirs);
    }
}

void slots_free(struct shard *s, struct ike_sa *sa)
{
    struct slot *ours, *theirs;
    for (unsigned i = 0; (ours = slot_ours(sa, i)) && (theirs = slot_theirs(sa, i)); i++) {
        slot_free(s, ours);
        slot_free(s, theirs);
    }
    if (sa->more)
        slab_put(&s->more_slots, sa->more->index);
    sa->more = NULL;
}

/* ---- requests of ours ---- */

unsigned slots_asking(const struct ike_sa *sa)
{
    const struct slot *slot;
    unsigned n = 0;
    for (unsigned i = 0; (slot = slot_ours(sa, i)) != NULL; i++)
        n += slot->exchange != 0;
    return n;
}

struct slot *slot_idle(const struct ike_sa *sa)
{
    struct slot *slot, *idle = NULL;
    unsigned busy = 0;
    for (unsigned i = 0; (slot = slot_ours(sa, i)) != NULL; i++) {
        if (!slot->exchange) {
            idle = idle ? idle : slot;
            continue;
        }
        busy++;
        /* RFC 7296 2.3 (2, 5, 6): request X waits for the responses to all up to X - N. */
        if (slot->want & WANTS_ALONE || !slot->message ||
            !window_reaches(&sa->window, slot->message_id))
            return NULL;
    }
    return busy < sa->window.allowed ? idle : NULL;
}

struct slot *slot_of_want(const struct ike_sa *sa, u8 want)
{
    struct slot *slot;
    for (unsigned i = 0; (slot = slot_ours(sa, i)) != NULL; i++) {
        if (slot->exchange && slot->want == want)
            return slot;
    }
    return NULL;
}

struct slot *slot_about(const struct ike_sa *sa, const struct child_sa *child)
{
    struct slot *slot;
    for (unsigned i = 0; (slot = slot_ours(sa, i)) != NULL; i++) {
        const struct child_sa *c = slot->child;
        if (c && (c == child || c->replaces == child->serial || c->serial == child->heir))
            return slot;
    }
    return NULL;
}

bool slots_creating(const struct ike_sa *sa)
{
    const struct slot *slot;
    for (unsigned i = 0; (slot = slot_ours(sa, i)) != NULL; i++) {
        if (slot->exchange == EXCHANGE_CREATE_CHILD_SA && slot->want != WANT_REKEY)
            return true;
    }
    return false;
}

struct slot *slot_of_response(const struct ike_sa *sa, const struct header *h)
{
    struct slot *slot;
    for (unsigned i = 0; (slot = slot_ours(sa, i)) != NULL; i++) {
        if (slot->exchange == h->exchange && slot->message_id == h->message_id && slot->message &&
            !slot->awaiting)
            return slot;
    }
    return NULL;
}

/* ---- requests of the peer ---- */

unsigned slots_answering(const struct ike_sa *sa)
{
    const struct slot *slot;
    unsigned n = 0;
    for (unsigned i = 0; (slot = slot_theirs(sa, i)) != NULL; i++)
        n += slot->exchange != 0;
    return n;
}

bool slot_answers_about(const struct ike_sa *sa, const struct child_sa *child)
{
    const struct slot *slot;
    for (unsigned i = 0; (slot = slot_theirs(sa, i)) != NULL; i++) {
        if (slot->child == child)
            return true;
    }
    return false;
}

struct slot *slot_of_reply(const struct ike_sa *sa, u32 id)
{
    struct slot *slot;
    for (unsigned i = 0; (slot = slot_theirs(sa, i)) != NULL; i++) {
        if (!slot->exchange && slot->message && slot->message_id == id)
            return slot;
    }
    return NULL;
}

struct slot *slot_for_request(const struct ike_sa *sa, u32 id)
{
    /* RFC 7296 2.3 (8): of the window that the peer is in every reply stays. */
    u32 top = MAX(window_top(&sa->window), id + 1);
    struct slot *slot, *free = NULL;
    for (unsigned i = 0; (slot = slot_theirs(sa, i)) != NULL; i++) {
        bool behind = top - slot->message_id > sa->window.kept;
        if (slot->exchange && behind)
            return NULL;
        if (!slot->exchange && (!slot->message || behind || fault(91)) && !free)
            free = slot;
    }
    return free;
}

void slots_forget_replies(struct shard *s, struct ike_sa *sa)
{
    struct slot *slot;
    for (unsigned i = 0; (slot = slot_theirs(sa, i)) != NULL; i++) {
        if (!slot->exchange)
            slot_free(s, slot);
    }
}

bool slots_remember(const struct ike_sa *sa)
{
    const struct slot *slot;
    for (unsigned i = 0; (slot = slot_theirs(sa, i)) != NULL; i++) {
        if (!slot->exchange && slot->message)
            return true;
    }
    return false;
}

/* ---- any of them ---- */

struct slot *slot_of_question(const struct ike_sa *sa, u32 question)
{
    struct slot *ours, *theirs;
    for (unsigned i = 0; (ours = slot_ours(sa, i)) && (theirs = slot_theirs(sa, i)); i++) {
        if (ours->awaiting && ours->question == question)
            return ours;
        if (theirs->awaiting && theirs->question == question)
            return theirs;
    }
    return NULL;
}

shrike_time slots_due(const struct ike_sa *sa)
{
    const struct slot *ours, *theirs;
    shrike_time due = SHRIKE_NEVER;
    for (unsigned i = 0; (ours = slot_ours(sa, i)) && (theirs = slot_theirs(sa, i)); i++) {
        if (ours->exchange)
            due = MIN(due, ours->due);
        if (theirs->awaiting)
            due = MIN(due, theirs->due);
    }
    return due;
}

void slots_forget_child(struct ike_sa *sa, const struct child_sa *child)
{
    struct slot *ours, *theirs;
    for (unsigned i = 0; (ours = slot_ours(sa, i)) && (theirs = slot_theirs(sa, i)); i++) {
        if (ours->child == child)
            ours->child = NULL;
        if (theirs->child == child)
            theirs->child = NULL;
    }
}

/* ---- one ---- */

void slot_work_free(struct shard *s, struct slot *slot)
{
    if (!slot->work)
        return;
    packet_drop(&s->packets, slot->work->octets);
    packet_drop(&s->packets, slot->work->ke_public);
    packet_drop(&s->packets, slot->work->attributes);
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
    struct packet *octets = packet_copy(&s->packets, bytes_of(m->base, message_end(m)));
    if (!octets)
        return false;
    packet_drop(&s->packets, work->octets); /* it waited with another message before */
    work->octets = octets;
    work->in = *m;
    work->in.base = work->octets->data;
    return true;
}
