/* Moving SAs: who goes with whom, what the data plane is told, and when there is no room for it. */
#include "sa/move.h"
#include "tools.h"

static struct shrike_conn conn = {.name = "c"};
static struct shrike_child_conf conf = {.name = "k"};

static struct ring_path somewhere(u8 last)
{
    return (struct ring_path){
        {{10, 0, 0, last}, 4500, 4, 0}, {{192, 0, 2, last}, 4500, 4, 0}, true};
}

static struct ike_sa *sa_with_children(unsigned count)
{
    struct ike_sa *sa = sa_new_waiting(&shard);
    sa->conn = &conn;
    for (unsigned i = 0; i < count; i++) {
        struct child_sa *child = child_new(&shard, sa, &conf);
        child->plane = i == 1 ? 0 : shard.plane; /* the second one is not installed */
    }
    return sa;
}

/* The op among what waits; false: there is none. */
static bool take_op(struct shrike_move_op *out, unsigned *events)
{
    struct shrike_action a;
    bool found = false;
    *events = 0;
    while (ring_next(&shard.ring, &a)) {
        if (a.kind == SHRIKE_OP && a.op.kind == SHRIKE_CHILD_MOVE) {
            found = true;
            *out = a.op.move;
        }
        *events += a.kind == SHRIKE_EVENT && a.event.id == SHRIKE_EVENT_IKE_MOVED;
    }
    return found;
}

TEST(children_follow_when_they_are_told_to)
{
    struct shrike_move_op op = {0};
    unsigned events;
    struct ring_path to = somewhere(7);
    CHECK(shard_begin());
    struct ike_sa *sa = sa_with_children(3);
    ring_input(&shard.ring);
    move_ike(&shard, sa, &to);
    CHECK(!take_op(&op, &events) && events == 0 && sa->roam == ROAM_APART);
    CHECK(sa->local.octets[3] == 7 && sa->remote.octets[3] == 7 && sa->marker);
    sa->nat_here = true;
    ring_input(&shard.ring);
    move_children(&shard, sa);
    CHECK(take_op(&op, &events) && events == 1 && sa->roam == 0);
    CHECK(op.child_count == 2 && op.encap && op.nat_here && op.local.octets[3] == 7);
    CHECK(child_first(sa)->encap);
    ring_input(&shard.ring);
    move_children(&shard, sa); /* to the same place: encapsulated otherwise, for one */
    CHECK(take_op(&op, &events) && events == 0);
    sa_free(&shard, sa);
    CHECK(shard_end());
}

TEST(relatives_go_together)
{
    struct ring_path to = somewhere(9);
    CHECK(shard_begin());
    struct ike_sa *old = sa_with_children(1), *fresh, *theirs;
    struct snapshot none = {.pins = 1};
    old->snapshot = snapshot_pin(&none);
    old->peer_id = packet_new(&shard.packets, 5);
    fresh = sa_new_rekeyed(&shard, old, true);
    theirs = sa_new_rekeyed(&shard, old, false);
    CHECK(move_holder(fresh) == old && move_holder(theirs) == old && move_holder(old) == old);
    move_ike(&shard, fresh, &to);
    CHECK(old->local.octets[3] == 9 && theirs->remote.octets[3] == 9);
    CHECK(old->roam == ROAM_APART && fresh->roam == 0);
    old->replaced = true;
    fresh->spare = false;
    CHECK(move_holder(old) == fresh);
    sa_free(&shard, theirs);
    sa_free(&shard, fresh);
    sa_free(&shard, old);
    CHECK(shard_end());
}

TEST(what_finds_no_room_is_told_later)
{
    struct shrike_move_op op;
    unsigned events;
    struct ring_path to = somewhere(7);
    CHECK(shard_begin());
    struct ike_sa *sa = sa_with_children(1);
    ring_input(&shard.ring);
    while (ring_room(&shard.ring) > 1)
        (void)ring_event(&shard.ring);
    move_ike(&shard, sa, &to);
    move_children(&shard, sa);
    CHECK(sa->roam == (ROAM_APART | ROAM_DUE) && sa_due(&shard, sa) == shard.now);
    CHECK(!take_op(&op, &events));
    ring_input(&shard.ring);
    move_settle(&shard, sa);
    CHECK(take_op(&op, &events) && events == 1 && sa->roam == 0);
    move_settle(&shard, sa);
    CHECK(!take_op(&op, &events));
    sa_free(&shard, sa);
    CHECK(shard_end());
}

int main(void)
{
    return RUN(children_follow_when_they_are_told_to) | RUN(relatives_go_together) |
           RUN(what_finds_no_room_is_told_later);
}
