/* Numbers for %unique: see numbers.h. */
#include "xfrm/numbers.h"

static bool is_dir(const struct shrike_mark *m)
{
    return m->kind == SHRIKE_MARK_UNIQUE_DIR || m->kind == SHRIKE_MARK_UNIQUE_PEER_DIR;
}

static bool is_peer(const struct shrike_mark *m)
{
    return m->kind == SHRIKE_MARK_UNIQUE_PEER || m->kind == SHRIKE_MARK_UNIQUE_PEER_DIR;
}

static bool is_open(const struct shrike_mark *m)
{
    return m->kind == SHRIKE_MARK_UNIQUE || is_dir(m) || is_peer(m);
}

/* Two at a time where each direction has its own. */
struct pair {
    u32 in, out;
};

static bool has(const struct child *one, u32 number, bool ids)
{
    const struct traits *t = &one->traits;
    return ids ? t->if_in == number || t->if_out == number
               : t->mark_in.value == number || t->mark_out.value == number;
}

static bool in_use(const struct children *c, u32 number, bool ids)
{
    u32 at = 0;
    for (struct child *one = NULL; (one = children_next(c, &at, one));)
        if (has(one, number, ids))
            return true;
    return false;
}

/* The numbers that the lowest bits of a mask have room for. */
static u32 room_of(u32 mask)
{
    return MIN((~mask & (mask + 1)) - 1, NUMBERS_MAX);
}

/* 0: there is none left. */
static u32 next(struct numbers *n, const struct children *c, u32 room, bool ids)
{
    u32 *last = ids ? &n->id : &n->mark;
    for (u32 tries = 0; tries <= MIN(room, CHILDREN_MAX); tries++) {
        n->again |= *last >= room;
        *last = *last >= room ? 1 : *last + 1;
        if (!n->again || fault(235) || !in_use(c, *last, ids))
            return *last;
    }
    return 0;
}

/* What is asked for both directions: of marks, or of interfaces. */
struct choice {
    const struct shrike_mark *in, *out;
    bool ids;
};

static bool choose(struct numbers *n, const struct children *c, const struct choice *w,
                   struct pair *p)
{
    u32 mask =
        (is_open(w->in) ? w->in->mask : UINT32_MAX) & (is_open(w->out) ? w->out->mask : UINT32_MAX);
    *p = (struct pair){0, 0};
    if (!is_open(w->in) && !is_open(w->out))
        return true;
    p->in = p->out = next(n, c, room_of(mask), w->ids);
    if (is_dir(w->in) || is_dir(w->out))
        p->out = next(n, c, room_of(mask), w->ids);
    return p->in && p->out;
}

/* Another Child SA of the peer, which has the interfaces that all of them share; NULL: none. */
static const struct child *of_peer(const struct children *c, const struct numbers_wish *w)
{
    u32 at = 0;
    for (struct child *one = NULL; (one = children_next(c, &at, one));)
        if (one->traits.peer_ids && one->rule == w->rule &&
            memcmp(&one->remote, w->remote, sizeof one->remote) == 0)
            return one;
    return NULL;
}

bool numbers_give(struct numbers *n, const struct children *c, const struct numbers_wish *w,
                  struct traits *out)
{
    const struct shrike_plane_conf *conf = w->conf;
    bool peer = is_peer(&conf->if_id_in) || is_peer(&conf->if_id_out);
    const struct child *before = w->before, *ids = before || !peer ? before : of_peer(c, w);
    struct pair marks, interfaces;
    if (before)
        marks = (struct pair){before->traits.mark_in.value, before->traits.mark_out.value};
    else if (!choose(n, c, &(struct choice){&conf->mark_in, &conf->mark_out, false}, &marks))
        return false;
    if (ids)
        interfaces = (struct pair){ids->traits.if_in, ids->traits.if_out};
    else if (!choose(n, c, &(struct choice){&conf->if_id_in, &conf->if_id_out, true}, &interfaces))
        return false;
    traits_make(out, conf,
                &(struct traits_numbers){marks.in, marks.out, interfaces.in, interfaces.out});
    out->peer_ids = peer;
    return true;
}

void numbers_seen(struct numbers *n, u32 mark, u32 id)
{
    if (fault(236))
        return;
    if (mark <= NUMBERS_MAX)
        n->mark = MAX(n->mark, mark);
    if (id <= NUMBERS_MAX)
        n->id = MAX(n->id, id);
}
