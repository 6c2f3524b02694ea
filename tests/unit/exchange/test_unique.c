/* One IKE SA between two identities: INITIAL_CONTACT, each policy, calls that cross. */
#include "tools.h"

static struct pair *p;
static struct tuned t[2];

static void with_options(struct pair_options o, enum shrike_unique ours, enum shrike_unique theirs)
{
    p = toy_pair(o);
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        t[i].conn.unique = i ? theirs : ours;
        tune_end(p, i, &t[i]);
    }
}

static void with_policy(enum shrike_unique ours, enum shrike_unique theirs)
{
    with_options((struct pair_options){0}, ours, theirs);
}

static void later(shrike_time d)
{
    pair_wait(p, p->now + d);
}

/* Side 0 forgets its SA, and side 1 does not hear of it. */
static void forget(void)
{
    struct shrike_command down = {SHRIKE_DOWN, 2, "pair", NULL, 0, 0, false, {0}, 0, false};
    p->side[0].mute = true;
    shrike_command(p->side[0].engine, p->now, &down);
    later(300 * SHRIKE_SECOND);
    p->side[0].mute = false;
}

static unsigned ikes(unsigned side)
{
    return stats_of(p, side).ike_sas;
}

/* RFC 7296 2.4 (1, 3, 5): what the peer says that it has lost is closed without a word. */
TEST(initial_contact)
{
    with_policy(SHRIKE_UNIQUE_NO, SHRIKE_UNIQUE_NO);
    pair_up(p, NULL);
    CHECK_EQ(p->side[1].ike_down, 0);
    later(SHRIKE_SECOND);
    forget();
    CHECK(ikes(0) == 0 && ikes(1) == 1);
    pair_up(p, NULL);
    CHECK_EQ(p->side[1].ike_down, 1);
    CHECK_EQ(p->side[0].ike_down, 1); /* by its command */
    later(100 * SHRIKE_SECOND);
    CHECK(ikes(0) == 1 && ikes(1) == 1);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* RFC 7296 2.4 (2): Who never says it, or never heeds it, keeps what there is. */
TEST(never)
{
    for (unsigned i = 0; i < 2; i++) {
        with_policy(i ? SHRIKE_UNIQUE_NEVER : SHRIKE_UNIQUE_NO,
                    i ? SHRIKE_UNIQUE_NO : SHRIKE_UNIQUE_NEVER);
        pair_up(p, NULL);
        later(SHRIKE_SECOND);
        forget();
        pair_up(p, NULL);
        later(100 * SHRIKE_SECOND);
        CHECK(ikes(0) == 1 && ikes(1) == 2);
        CHECK_EQ(p->side[1].ike_down, 0);
        toy_end(p);
    }
}

/* Without INITIAL_CONTACT: older ones are deleted, which the peer is told. */
TEST(replace)
{
    with_policy(SHRIKE_UNIQUE_NEVER, SHRIKE_UNIQUE_REPLACE);
    pair_up(p, NULL);
    later(SHRIKE_SECOND);
    forget();
    uint64_t sent = stats_of(p, 1).sent;
    pair_up(p, NULL);
    CHECK(stats_of(p, 1).sent > sent + 2); /* the delete, which nobody answers */
    later(300 * SHRIKE_SECOND);
    CHECK(ikes(0) == 1 && ikes(1) == 1);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* While there is one, nobody else of that name gets in; from where it is, it may come again. */
TEST(who_comes_back_gets_its_address)
{
    static const struct {
        enum shrike_unique ours, theirs;
        bool same;
    } all[] = {{SHRIKE_UNIQUE_NO, SHRIKE_UNIQUE_NO, true},
               {SHRIKE_UNIQUE_NEVER, SHRIKE_UNIQUE_REPLACE, true},
               {SHRIKE_UNIQUE_NEVER, SHRIKE_UNIQUE_NO, false},
               {SHRIKE_UNIQUE_NO, SHRIKE_UNIQUE_NEVER, false}};
    static const u8 any[4], leased[4] = {10, 3, 0, 1};
    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        with_options((struct pair_options){.internal = true}, all[i].ours, all[i].theirs);
        const struct shrike_addr *wish = &p->side[1].wishes[0];
        pair_up(p, NULL);
        CHECK(p->side[1].wish_count == 1 && memcmp(wish->octets, any, 4) == 0);
        later(SHRIKE_SECOND);
        forget();
        pair_up(p, NULL);
        CHECK(p->side[1].wish_count == 1 && p->side[1].given == 2);
        CHECK(memcmp(wish->octets, all[i].same ? leased : any, 4) == 0);
        toy_end(p);
    }
}

TEST(keep)
{
    for (unsigned elsewhere = 0; elsewhere < 2; elsewhere++) {
        with_policy(SHRIKE_UNIQUE_NEVER, SHRIKE_UNIQUE_KEEP);
        pair_up(p, NULL);
        later(SHRIKE_SECOND);
        forget();
        if (elsewhere) {
            tune_begin(p, 0, &t[0]);
            t[0].conn.local_endpoint.octets[3] = 77;
            tune_end(p, 0, &t[0]);
        }
        pair_up(p, NULL);
        CHECK_EQ(p->side[0].failed, elsewhere);
        CHECK(!elsewhere || p->side[0].reason == SHRIKE_REASON_AUTH_FAILED);
        CHECK(!elsewhere || p->side[1].reason == SHRIKE_REASON_NOT_UNIQUE);
        CHECK(!p->side[1].by_stranger); /* it had proved who it is */
        later(100 * SHRIKE_SECOND);
        CHECK_EQ(ikes(1), elsewhere ? 1 : 2);
        CHECK_EQ(p->side[1].ike_down, 0);
        toy_end(p);
    }
}

/* Both call at the same instant, at every step that one may be ahead of the other. */
TEST(calls_that_cross)
{
    static const enum shrike_unique policies[] = {SHRIKE_UNIQUE_NO, SHRIKE_UNIQUE_REPLACE,
                                                  SHRIKE_UNIQUE_KEEP};
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    for (unsigned n = 0; n < 9 * 12; n++) {
        with_policy(policies[n % 3], policies[n / 3 % 3]);
        shrike_command(p->side[0].engine, p->now, &up);
        for (unsigned step = 0; step < n / 9; step++) {
            p->now += SHRIKE_MS;
            shrike_tick(p->side[step % 2].engine, p->now);
            (void)pair_deliver(p, step % 2);
            settle_side(p, step % 2);
        }
        up.reference = 2;
        shrike_command(p->side[1].engine, p->now, &up);
        later(100 * SHRIKE_SECOND);
        CHECK(ikes(0) == 1 && ikes(1) == 1);
        CHECK(p->side[0].child_count == 1 && p->side[1].child_count == 1);
        CHECK_EQ(p->side[0].children[0].spi_in, p->side[1].children[0].spi_out);
        for (unsigned i = 0; i < 2; i++) /* an end may have given way before IKE_AUTH */
            CHECK(!p->side[i].failed || p->side[i].reason == SHRIKE_REASON_HALF_OPEN_TIMEOUT);
        toy_end(p);
    }
}

/* What side 0 calls with is lost, first or last, and gets there late: by then side 1 has called,
 * and one of them has rekeyed what came of it. It is the same line, so they cross. */
TEST(a_call_that_crosses_what_was_rekeyed)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    struct shrike_command rekey = {SHRIKE_REKEY, 3, "pair", NULL, 0, 0, false, {0}, 0, false};
    for (unsigned n = 0; n < 4; n++) {
        with_policy(SHRIKE_UNIQUE_NO, SHRIKE_UNIQUE_NO);
        shrike_command(p->side[0].engine, p->now, &up);
        for (unsigned step = 0; step < n / 2 * 2; step++) {
            shrike_tick(p->side[step % 2].engine, p->now);
            settle_side(p, step % 2);
            (void)pair_deliver(p, 1 - step % 2);
        }
        shrike_tick(p->side[0].engine, p->now);
        settle_side(p, 0);
        CHECK_EQ(p->side[1].count, 1);
        pair_lose(&p->side[1]);
        up.reference = 2;
        shrike_command(p->side[1].engine, p->now, &up);
        pair_run(p);
        CHECK_EQ(p->side[1].child_count, 1);
        shrike_command(p->side[n % 2].engine, p->now, &rekey);
        pair_run(p);
        CHECK_EQ(p->side[1].ike_rekeyed, 1);
        later(100 * SHRIKE_SECOND);
        CHECK(ikes(0) == 1 && ikes(1) == 1);
        CHECK(p->side[0].child_count == 1 && p->side[1].child_count == 1);
        CHECK_EQ(p->side[0].children[0].spi_in, p->side[1].children[0].spi_out);
        toy_end(p);
    }
}

/* Its last message late, a call meets what was made from scratch since, at the same end. */
TEST(a_call_that_crosses_one_of_our_own)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    struct shrike_command anew = {SHRIKE_REKEY, 3, "pair", NULL, 0, 0, true, {0}, 0, false};
    with_policy(SHRIKE_UNIQUE_NO, SHRIKE_UNIQUE_NO);
    shrike_command(p->side[0].engine, p->now, &up);
    for (unsigned step = 0; step < 2; step++) {
        shrike_tick(p->side[step % 2].engine, p->now);
        settle_side(p, step % 2);
        (void)pair_deliver(p, 1 - step % 2);
    }
    settle_side(p, 0);
    CHECK_EQ(p->side[1].count, 1);
    pair_lose(&p->side[1]); /* IKE_AUTH */
    up.reference = 2;
    shrike_command(p->side[1].engine, p->now, &up);
    pair_run(p);
    p->now += SHRIKE_MS;
    shrike_command(p->side[0].engine, p->now, &anew);
    pair_run(p);
    CHECK(p->side[0].ike_up == 2 && p->side[0].ike_down == 1);
    later(100 * SHRIKE_SECOND);
    CHECK(ikes(0) == 1 && ikes(1) == 1);
    CHECK(p->side[0].child_count == 1 && p->side[1].child_count == 1);
    CHECK_EQ(p->side[0].children[0].spi_in, p->side[1].children[0].spi_out);
    toy_end(p);
}

/* One that was there before is none that crosses, though it was rekeyed since. */
TEST(a_call_beside_what_was_there)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    struct shrike_command rekey = {SHRIKE_REKEY, 3, "pair", NULL, 0, 0, false, {0}, 0, false};
    with_policy(SHRIKE_UNIQUE_NO, SHRIKE_UNIQUE_NO);
    shrike_command(p->side[1].engine, p->now, &up);
    later(SHRIKE_SECOND);
    CHECK(ikes(0) == 1 && ikes(1) == 1);
    rekey.reauth = true;
    shrike_command(p->side[0].engine, p->now, &rekey);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    CHECK_EQ(p->side[1].count, 1);
    pair_lose(&p->side[1]);
    p->now += SHRIKE_MS;
    rekey.reauth = false;
    shrike_command(p->side[1].engine, p->now, &rekey);
    pair_run(p);
    CHECK_EQ(p->side[1].ike_rekeyed, 1);
    later(10 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].ike_up, 2);
    CHECK_EQ(p->side[0].ike_down, 1); /* the new one has taken over */
    CHECK_EQ(p->side[0].why, SHRIKE_REASON_REKEYED);
    later(100 * SHRIKE_SECOND);
    CHECK(ikes(0) == 1 && ikes(1) == 1);
    toy_end(p);
}

int main(void)
{
    return RUN(initial_contact) | RUN(never) | RUN(replace) | RUN(who_comes_back_gets_its_address) |
           RUN(keep) | RUN(calls_that_cross) | RUN(a_call_that_crosses_what_was_rekeyed) |
           RUN(a_call_that_crosses_one_of_our_own) | RUN(a_call_beside_what_was_there);
}
