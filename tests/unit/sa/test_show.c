/* Views of SAs that are kept with an event: they outlive what they show, and take no room of ops.
 */
#include "sa/internal.h"
#include "sa/show.h"
#include "tools.h"
#include "wire/codes.h"

static const struct shrike_conn conn = {.name = "office",
                                        .local = {.id = {ID_FQDN, {(const u8 *)"here", 4}}}};
static const struct shrike_child_conf conf = {.name = "lan"};

static struct ike_sa *make_sa(void)
{
    struct ike_sa *sa = sa_new(&shard, true);
    sa->conn = &conn;
    sa->state = IKE_UP;
    sa->authenticated = true;
    sa->peer_id = packet_copy(&shard.packets, bytes_of("\2there", 6)); /* type FQDN */
    sa->rekey_at = 5 * SHRIKE_SECOND;
    return sa;
}

static struct child_sa *make_child(struct ike_sa *sa, u8 net)
{
    const struct ts_list ts = {.count = 1,
                               .ts = {{.from = {10, net}, .to = {10, net}, .family = 4}}};
    struct child_sa *child = child_new(&shard, sa, &conf);
    if (!child || !child_keep_ts(&shard, child, &ts, &ts))
        abort();
    child->state = CHILD_UP;
    child->protocol = PROTOCOL_ESP;
    child->dies_at = 9 * SHRIKE_SECOND;
    return child;
}

TEST(what_is_seen_outlives_the_sa)
{
    CHECK(shard_begin());
    struct ike_sa *sa = make_sa();
    struct child_sa *child = make_child(sa, 1), *was = make_child(sa, 2);
    u32 serial = sa->serial, first = child->serial;
    const struct shrike_seen *seen =
        show_seen(&shard.ring, &(struct sighting){.sa = sa, .child = child, .child_was = was});
    sa_free(&shard, sa);
    CHECK(seen && seen->ike.serial == serial && seen->ike.state == SHRIKE_IKE_ESTABLISHED);
    CHECK(bytes_equal(seen->ike.remote_id.data, bytes_of("there", 5)));
    CHECK(bytes_equal(seen->ike.local_id.data, bytes_of("here", 4)));
    CHECK(seen->ike.rekey_at == 5 * SHRIKE_SECOND && seen->ike.reauth_at == 0);
    CHECK(seen->child.serial == first && seen->child.local_ts->from[1] == 1);
    CHECK(seen->child.dies_at == 9 * SHRIKE_SECOND && seen->child.rekey_at == 0);
    CHECK(seen->child_was.serial > first && seen->child_was.remote_ts->from[1] == 2);
    CHECK(seen->ike_was.serial == 0);
    CHECK(shard_end());
}

TEST(without_room_nothing_is_seen_and_ops_have_theirs)
{
    CHECK(shard_begin());
    struct ike_sa *sa = make_sa();
    const struct sighting of = {.sa = sa};
    size_t used = shard.ring.data.used;
    unsigned seen = 0;
    while (seen < 10000 && show_seen(&shard.ring, &of))
        seen++;
    CHECK(seen > RING_SEEN / 1024 && seen < 10000);
    CHECK_EQ(shard.ring.data.used, used);
    struct shrike_action a;
    trace_ike(&shard, SHRIKE_EVENT_IKE_UP, sa);
    CHECK(ring_next(&shard.ring, &a) && a.event.ike == sa->serial && !a.event.seen);
    CHECK(!ring_next(&shard.ring, &a)); /* drained: there is room again */
    trace_ike(&shard, SHRIKE_EVENT_IKE_UP, sa);
    trace_ike(&shard, SHRIKE_EVENT_RETRANSMIT, sa);
    CHECK(ring_next(&shard.ring, &a) && a.event.seen && a.event.seen->ike.serial == sa->serial);
    CHECK(ring_next(&shard.ring, &a) && !a.event.seen);
    CHECK(shard_end());
}

int main(void)
{
    return RUN(what_is_seen_outlives_the_sa) |
           RUN(without_room_nothing_is_seen_and_ops_have_theirs);
}
