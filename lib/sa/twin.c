/* Two Child SAs for one thing: see twin.h. */
#include "sa/twin.h"
#include "sa/remake.h"

/* Does it stand for itself: up, not to be deleted, and no part of a rekeying? */
static bool stands(const struct shard *s, const struct ike_sa *sa, const struct child_sa *c)
{
    return c->state == CHILD_UP && !c->wants_delete && !remake_is_due(s, c) &&
           !child_of_serial(sa, c->replaces) && !child_replacing(sa, c->serial, true) &&
           !child_replacing(sa, c->serial, false);
}

static bool same_selectors(const struct child_sa *a, const struct child_sa *b)
{
    return a->local_ts_count == b->local_ts_count &&
           bytes_equal(packet_bytes(a->selectors), packet_bytes(b->selectors));
}

void twin_settle(const struct shard *s, const struct ike_sa *sa, struct child_sa *child)
{
    if (sa->initiator || !stands(s, sa, child) || fault(53))
        return;
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c != child && c->conf == child->conf && c->ours != child->ours && stands(s, sa, c) &&
            same_selectors(c, child))
            child_end(c->ours ? c : child, SHRIKE_REASON_CROSSED);
    }
}

bool twin_made(const struct shard *s, const struct ike_sa *sa, const struct child_sa *wanted)
{
    if (wanted->replaces || wanted->selectors)
        return false;
    for (const struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c->conf == wanted->conf && !c->ours && stands(s, sa, c))
            return true;
    }
    return false;
}
