/* Two Child SAs for one thing: see twin.h. */
#include "sa/twin.h"
#include "base/text.h"
#include "sa/remake.h"
#include "sa/shard.h"

static bool is_up(const struct child_sa *c)
{
    return c->state == CHILD_UP && !c->wants_delete;
}

/* Does it stand for itself: up, and no part of a rekeying? */
static bool stands(const struct shard *s, const struct ike_sa *sa, const struct child_sa *c)
{
    return is_up(c) && !c->lost && !remake_is_due(s, c) && !child_of_serial(sa, c->replaces) &&
           !child_of_serial(sa, c->stands_for) && !child_replacing(sa, c->serial, true) &&
           !child_replacing(sa, c->serial, false);
}

static bool is_old(const struct shard *s, const struct child_sa *c)
{
    return s->now - c->up_since >= TWIN_PAUSE;
}

static bool same(const struct child_sa *a, const struct child_sa *b)
{
    return text_same(a->conf->name, b->conf->name) && a->local_ts_count == b->local_ts_count &&
           bytes_equal(packet_bytes(a->selectors), packet_bytes(b->selectors));
}

/* Both ends see this alike: a rekey changes neither `asked` nor `caller`. */
static struct child_sa *surplus(const struct ike_sa *sa, struct child_sa *a, struct child_sa *b)
{
    if (a->asked != b->asked)
        return a->asked == sa->caller ? b : a;
    return a->serial < b->serial ? a : b;
}

/* When it goes, the other one is sent by. Were that deleted by the peer just then, neither would be
 * left: so its configuration's child is wanted once more unless there is one. */
static void end_surplus(struct child_sa *c, struct child_sa *other)
{
    other->stands_for = c->serial;
    child_end(c, SHRIKE_REASON_CROSSED);
    c->again = !c->pair;
}

/* false: there is nothing for us to delete. */
static bool settle_one(const struct shard *s, struct ike_sa *sa, struct child_sa *c)
{
    for (struct child_sa *o = child_after(sa, c); o && is_up(c); o = child_after(sa, o)) {
        if (!is_up(o) || !same(c, o))
            continue;
        bool settled = stands(s, sa, c) && stands(s, sa, o) && is_old(s, c) && is_old(s, o);
        struct child_sa *left = surplus(sa, c, o);
        if (!settled)
            twin_expect(s, sa);
        /* RFC 7296 2.8 (8): the peer may want both. */
        if (!settled || !left->asked || fault(53))
            continue;
        end_surplus(left, left == c ? o : c);
        return true;
    }
    return false;
}

void twin_expect(const struct shard *s, struct ike_sa *sa)
{
    sa->twins_at = MIN(sa->twins_at, s->now + TWIN_PAUSE);
}

void twin_settle(const struct shard *s, struct ike_sa *sa)
{
    if (sa->twins_at > s->now)
        return;
    sa->twins_at = SHRIKE_NEVER;
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (settle_one(s, sa, c)) {
            twin_expect(s, sa); /* one after the other */
            return;
        }
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
