/* Internal addresses of an IKE SA: who is told of them, and where they go. */
#include "sa/internal.h"
#include "tools.h"

static const char *const pools[] = {"people"};
static const struct shrike_conn conn = {.name = "site", .pools = pools, .pool_count = 1};
static const struct shrike_conf conf = {.conns = &conn, .conn_count = 1};
static const struct config_list list = {
    .addrs = {{{10, 3, 0, 1}, 4}}, .dns = {{{10, 0, 0, 53}, 4}}, .addr_count = 1, .dns_count = 1};
static struct ike_sa *sa;

static bool begin(void)
{
    if (!shard_begin() || !shard_conf(&shard, &conf) || !(sa = sa_new(&shard, true)))
        return false;
    sa_use_conn(&shard, sa, &conn, shard.current);
    return true;
}

/* The next op that was asked; its kind is not of one when there is none. */
static struct shrike_op next_op(void)
{
    struct shrike_action a;
    while (ring_next(&shard.ring, &a))
        if (a.kind == SHRIKE_OP)
            return a.op;
    return (struct shrike_op){.kind = SHRIKE_PROVE};
}

TEST(a_lease_begins_and_ends_once)
{
    CHECK(begin());
    CHECK(internal_of(sa) == NULL && !internal_held(sa, true) && !internal_held(sa, false));
    CHECK(internal_lease(&shard, sa, &sa->theirs, &list));
    struct shrike_op op = next_op();
    CHECK(op.kind == SHRIKE_LEASE && op.lease.lease != 0 && !op.lease.held);
    CHECK(op.lease.wish_count == 1 && op.lease.wishes[0].octets[1] == 3);
    CHECK(sa->theirs.awaiting && !internal_held(sa, false));
    CHECK(internal_keep(&shard, sa, &list));
    internal_use(sa);
    CHECK(internal_held(sa, false) && !internal_held(sa, true));
    CHECK(internal_of(sa)->count == 1 && internal_of(sa)->dns_count == 1);
    u32 number = op.lease.lease;
    internal_end(&shard, sa);
    internal_end(&shard, sa);
    op = next_op();
    CHECK(op.kind == SHRIKE_LEASE_FREE && op.lease_over == number);
    CHECK(next_op().kind == SHRIKE_PROVE && !internal_held(sa, false));
    CHECK(shard_end());
}

TEST(another_lease_ends_the_one_before)
{
    CHECK(begin() && internal_lease(&shard, sa, NULL, &list));
    u32 first = next_op().lease.lease;
    CHECK(internal_lease(&shard, sa, NULL, &list));
    struct shrike_op op = next_op();
    CHECK(op.kind == SHRIKE_LEASE_FREE && op.lease_over == first);
    op = next_op();
    CHECK(op.kind == SHRIKE_LEASE && op.lease.lease != first);
    CHECK(shard_end());
}

TEST(what_was_had_is_wished_again)
{
    CHECK(begin() && internal_want(&shard, sa) && internal_keep(&shard, sa, &list));
    CHECK(internal_add(&shard, sa, &sa->ours));
    struct shrike_op op = next_op();
    CHECK(op.kind == SHRIKE_ADDRESS_ADD && op.address.address_count == 1);
    CHECK(op.address.dns_count == 1 && op.address.dns[0].octets[3] == 53);
    internal_use(sa);
    struct ike_sa *fresh = sa_new(&shard, true);
    CHECK(fresh != NULL);
    internal_want_again(&shard, fresh, sa);
    CHECK(internal_of(fresh)->ours && internal_of(fresh)->lease == 0);
    CHECK(internal_of(fresh)->count == 1 && internal_of(fresh)->list[0].octets[3] == 1);
    internal_fail(&shard, sa);
    CHECK(next_op().kind == SHRIKE_ADDRESS_REMOVE && internal_of(sa)->state == INTERNAL_NONE);
    CHECK(shard_end());
}

/* What is still waited for does not go over to what replaces the SA. */
TEST(they_move)
{
    CHECK(begin() && internal_lease(&shard, sa, NULL, &list) && internal_keep(&shard, sa, &list));
    struct ike_sa *other = sa_new(&shard, true);
    CHECK(other != NULL);
    internal_move(sa, other);
    CHECK(internal_of(other) == NULL && internal_of(sa) != NULL);
    internal_use(sa);
    internal_move(sa, other);
    CHECK(internal_held(other, false) && internal_of(sa) == NULL);
    CHECK(shard_end());
}

TEST(what_is_imported_is_told)
{
    struct internal head = {.lease = 77, .state = INTERNAL_HELD, .ours = true};
    CHECK(begin() && internal_restore(&shard, sa, &head, &list));
    internal_hold(&shard, sa);
    struct shrike_op op = next_op();
    CHECK(op.kind == SHRIKE_ADDRESS_ADD && op.address.held && op.address.lease == 77);
    internal_forget(sa);
    internal_end(&shard, sa);
    CHECK(next_op().kind == SHRIKE_PROVE);
    CHECK(shard_end());
}

int main(void)
{
    return RUN(a_lease_begins_and_ends_once) | RUN(another_lease_ends_the_one_before) |
           RUN(what_was_had_is_wished_again) | RUN(they_move) | RUN(what_is_imported_is_told);
}
