/* Making Child SAs anew: see remake.h. */
#include "sa/remake.h"
#include "sa/shard.h"

bool remake_is_due(const struct shard *s, const struct child_sa *child)
{
    return child->state == CHILD_UP && !child->wants_delete && child->plane != s->plane;
}

static bool same_selectors(const struct child_sa *a, const struct child_sa *b)
{
    return a->conf == b->conf && a->local_ts_count == b->local_ts_count &&
           bytes_equal(packet_bytes(a->selectors), packet_bytes(b->selectors));
}

/* The heir, or that of another child like this one, is still to be asked for, perhaps once more. A
 * child is no heir of its own. */
static struct child_sa *waiting_heir(const struct ike_sa *sa, const struct child_sa *child)
{
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        bool fits = c->serial == child->heir || same_selectors(c, child);
        if (c != child && c->state == CHILD_WANTED && fits)
            return c;
    }
    return NULL;
}

static struct child_sa *make_heir(struct shard *s, struct ike_sa *sa, struct child_sa *child)
{
    struct child_sa *heir = child_new(s, sa, child->conf);
    if (!heir)
        return NULL;
    heir->selectors = packet_ref(child->selectors);
    heir->local_ts_count = child->local_ts_count;
    heir->remote_ts_count = child->remote_ts_count;
    heir->pair = child->pair;
    child->heir = heir->serial;
    return heir;
}

void remake_next(struct shard *s, struct ike_sa *sa)
{
    if (slots_creating(sa))
        return; /* it may be an heir */
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (!remake_is_due(s, c))
            continue;
        if (waiting_heir(sa, c) || (!c->heir && make_heir(s, sa, c)))
            return; /* one after the other */
        child_end(c, SHRIKE_REASON_PLANE_LOST);
        c->again = true;
    }
}

void remake_done(const struct shard *s, struct ike_sa *sa, struct child_sa *heir)
{
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c->heir == heir->serial && c->command_down) /* it is not wanted any more */
            child_end(heir, SHRIKE_REASON_COMMAND);
        bool stands_for = c->heir == heir->serial || same_selectors(c, heir);
        if (c != heir && stands_for && remake_is_due(s, c))
            child_end(c, SHRIKE_REASON_PLANE_LOST);
    }
}

void remake_cancel(struct shard *s, struct ike_sa *sa, struct child_sa *child)
{
    struct child_sa *heir = waiting_heir(sa, child);
    child->again = false;
    if (heir)
        child_die(sa, heir, SHRIKE_REASON_COMMAND);
    sa_touch(s, sa);
}
