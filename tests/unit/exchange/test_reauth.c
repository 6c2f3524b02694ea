/* The responder says when the peer is to authenticate anew (RFC 4478). */
#include "tools.h"

static struct pair *p;
static struct tuned t;
static struct forger f;
static struct chain c;
static struct heard h;

static void until(shrike_time seconds)
{
    pair_wait(p, seconds * SHRIKE_SECOND);
}

/* The initiator knows of no such time itself. */
TEST(the_initiator_heeds_it)
{
    p = toy_pair((struct pair_options){0});
    tune_begin(p, 1, &t);
    t.conn.reauth_time = 1000 * SHRIKE_SECOND;
    tune_end(p, 1, &t);
    shrike_time began = p->now / SHRIKE_SECOND;
    pair_up(p, NULL);
    until(began + 800);
    CHECK_EQ(p->side[0].ike_up, 1);
    until(began + 905); /* nine tenths, less a random part of the tenth */
    CHECK(p->side[0].ike_up == 2 && p->side[1].ike_up == 2);
    CHECK(p->side[0].ike_down == 1 && p->side[1].ike_down == 1);
    CHECK(p->side[0].child_count == 1 && pair_agrees(p));
    toy_end(p);
}

static bool begin(void)
{
    p = toy_pair((struct pair_options){0});
    pair_up(p, NULL);
    chain_begin(&c);
    return forger_init(&f, p, 0);
}

/* RFC 4478 2: it may be said later too. What is said to be over already is no haste. */
TEST(said_later_and_of_nothing_left)
{
    static const u8 none[4];
    CHECK(begin());
    shrike_time now = p->now / SHRIKE_SECOND;
    notify_add(&c.b, NOTIFY_AUTH_LIFETIME, bytes_of(none, sizeof(none)));
    tell(&f, (struct forgery){.exchange = EXCHANGE_INFORMATIONAL}, &c, &h);
    CHECK(h.any && h.m.count == 0);
    until(now + 7);
    CHECK_EQ(p->side[0].ike_up, 1);
    until(now + 11);
    CHECK_EQ(p->side[0].ike_up, 2);
    forger_free(&f);
    toy_end(p);
}

/* Of another length it says nothing, and a longer time than our own changes nothing. */
TEST(not_understood)
{
    static const u8 short_one[3];
    CHECK(begin());
    shrike_time now = p->now / SHRIKE_SECOND;
    notify_add(&c.b, NOTIFY_AUTH_LIFETIME, bytes_of(short_one, sizeof(short_one)));
    tell(&f, (struct forgery){.exchange = EXCHANGE_INFORMATIONAL}, &c, &h);
    until(now + 1000);
    CHECK_EQ(p->side[0].ike_up, 1);
    forger_free(&f);
    toy_end(p);
}

int main(void)
{
    return RUN(the_initiator_heeds_it) | RUN(said_later_and_of_nothing_left) | RUN(not_understood);
}
