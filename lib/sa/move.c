/* Moving SAs: see move.h. */
#include "sa/move.h"
#include "sa/child.h"
#include "sa/trace.h"
#include <assert.h>

static_assert(CHILDREN_MAX <= SHRIKE_MOVE_MAX, "one op for all of them");

enum { MOVE_ROOM = 2 }; /* actions: the op and the event */

struct ike_sa *move_holder(struct ike_sa *sa)
{
    if (sa->spare && sa->before)
        return sa->before;
    for (unsigned i = 0; sa->replaced && i < ARRAY_LEN(sa->next); i++) {
        if (sa->next[i] && !sa->next[i]->spare)
            return sa->next[i];
    }
    return sa;
}

static void use(struct shard *s, struct ike_sa *sa, const struct ring_path *path)
{
    sa->local = path->local;
    sa->remote = path->remote;
    sa->marker = path->marker;
    sa_changed(s, sa);
}

void move_ike(struct shard *s, struct ike_sa *sa, const struct ring_path *path)
{
    struct ike_sa *root = sa->before ? sa->before : sa;
    use(s, root, path);
    for (unsigned i = 0; i < ARRAY_LEN(root->next); i++) {
        if (root->next[i])
            use(s, root->next[i], path);
    }
    use(s, sa, path);
    move_holder(sa)->roam |= ROAM_APART;
}

/* The serials of what the data plane has of it. */
static u16 list_children(const struct shard *s, struct ike_sa *sa, u32 *out)
{
    u16 count = 0;
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c->plane != s->plane)
            continue;
        c->encap = sa_encap(sa);
        out[count++] = c->serial;
    }
    return count;
}

void move_settle(struct shard *s, struct ike_sa *sa)
{
    u32 serials[CHILDREN_MAX];
    if (!(sa->roam & ROAM_DUE))
        return;
    u16 count = list_children(s, sa, serials);
    struct bytes kept = ring_keep(&s->ring, bytes_of(serials, count * sizeof(serials[0])));
    if (ring_room(&s->ring) < MOVE_ROOM || (count && !kept.at))
        return;
    bool told = sa->roam & ROAM_APART;
    sa->roam &= (u8) ~(ROAM_DUE | ROAM_APART);
    if (told)
        (void)trace_ike(s, SHRIKE_EVENT_IKE_MOVED, sa);
    if (count == 0)
        return;
    struct shrike_op *op = shard_ask(s, sa, NULL, SHRIKE_CHILD_MOVE);
    op->move = (struct shrike_move_op){
        .local = sa->local,
        .remote = sa->remote,
        .encap = sa_encap(sa),
        .nat_here = sa->nat_here,
        .child_count = count,
        .children = (const u32 *)(const void *)kept.at,
    };
}

void move_children(struct shard *s, struct ike_sa *sa)
{
    struct ike_sa *holder = move_holder(sa);
    holder->roam |= ROAM_DUE;
    sa_touch(s, holder);
    move_settle(s, holder);
}
