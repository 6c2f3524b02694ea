/* Tests of net/pools.c: what control is told of pools and leases. */
#include "net/pools.h"
#include "seat.h"
#include "wire/codes.h"

static const u8 key[16] = {7};
static u32 pools, online, offline, ends, other;
static struct mail_pool pool;

static void got(void *ctx, struct mail *m)
{
    struct mail_lease lease;
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    (void)ctx;
    if (reference == 7 && m->kind == MAIL_POOL && pool_view_read(&r, &pool)) {
        pools++;
        pool.name = bytes_of(NULL, 0); /* goes with the mail */
    } else if (reference == 7 && m->kind == MAIL_LEASE && lease_view_read(&r, &lease)) {
        online += lease.online;
        offline += !lease.online;
    } else if (reference == 7 && m->kind == MAIL_POOLS_END && read_ended(&r)) {
        ends++;
    } else {
        other++;
    }
}

static void begin(void)
{
    seat_begin(got);
    pools = online = offline = ends = other = 0;
}

static struct book *book_of(u32 clients, u32 away)
{
    static const char *const names[] = {"p"};
    struct lease_pool two[] = {{.name = "p", .base = {{10, 3, [3] = 1}, 4}, .size = 60000},
                               {.name = "q", .base = {{10, 9, [3] = 1}, 4}, .size = 1}};
    struct book *b = book_new(key);
    if (!b || !book_pools(b, two, 2))
        abort();
    for (u32 i = 0; i < clients; i++) {
        struct book_got one;
        struct book_ask ask = {.pools = names,
                               .pool_count = 1,
                               .client = {ID_KEY_ID, bytes_of(&i, sizeof i)},
                               .wish = {.family = 4}};
        if (!book_take(b, &ask, &one))
            abort();
        if (i < away)
            book_give_back(b, &one.ticket);
    }
    return b;
}

static void tell(struct book *b, bool leases)
{
    pools_tell(&seat, b, 7, leases);
    for (int i = 0; i < 400 && !ends; i++)
        loop_turn(loop, 0);
    book_free(b);
}

TEST(pools_alone)
{
    begin();
    tell(book_of(5, 2), false);
    CHECK(pools == 2 && ends == 1 && online + offline + other == 0);
    CHECK(pool.base.octets[1] == 9 && pool.size == 1 && pool.online == 0);
    seat_end();
}

TEST(pools_with_their_leases)
{
    begin();
    tell(book_of(5, 2), true);
    CHECK(pools == 2 && online == 3 && offline == 2 && ends == 1 && other == 0);
    seat_end();
}

TEST(no_more_than_the_cap)
{
    begin();
    tell(book_of(POOLS_LEASES_MAX + 50, 100), true);
    CHECK_EQ(online, POOLS_LEASES_MAX - 50);
    CHECK_EQ(offline, 50);
    seat_end();
}

int main(void)
{
    return RUN(pools_alone) | RUN(pools_with_their_leases) | RUN(no_more_than_the_cap);
}
