/* The responder says when the peer is to authenticate anew (RFC 4478); and which way it goes. */
#include "sa/path.h"
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

/* Side 1 closes the first, which side 0 does not hear, and calls anew. That is authenticated: side
 * 0 needs no third one, and what it had over the first it has over the second. */
TEST(another_one_is_there_already)
{
    struct shrike_command order = {.kind = SHRIKE_DOWN, .reference = 2, .conn = "pair"};
    p = toy_pair((struct pair_options){.children = 2});
    pair_up(p, NULL);
    struct shrike_command anew = {
        .kind = SHRIKE_REKEY, .reference = 3, .ike = p->side[0].ike, .reauth = true};
    p->now += SHRIKE_SECOND;
    p->side[1].mute = true;
    shrike_command(p->side[1].engine, p->now, &order);
    shrike_tick(p->side[1].engine, p->now);
    settle_side(p, 1);
    p->side[1].mute = false;
    order = (struct shrike_command){SHRIKE_UP, 4, "pair", "net0", 0, 0, false, {0}, 0, false};
    shrike_command(p->side[1].engine, p->now, &order);
    pair_run(p);
    CHECK(p->side[0].ike_up == 2 && p->side[0].ike_down == 0);
    shrike_command(p->side[0].engine, p->now, &anew);
    pair_wait(p, p->now + 100 * SHRIKE_SECOND);
    CHECK(p->side[0].ike_up == 2 && p->side[0].ike_down == 1);
    CHECK_EQ(p->side[0].done, 2);
    CHECK(p->side[0].child_count == 2 && p->side[1].child_count == 2);
    CHECK(stats_of(p, 0).ike_sas == 1 && stats_of(p, 1).ike_sas == 1);
    toy_end(p);
}

/* The IKE_SA_INIT that side 1 sends when it is told to authenticate anew. */
static const struct pair_datagram *call(void)
{
    struct shrike_command anew = {.kind = SHRIKE_REKEY, .conn = "pair", .reauth = true};
    const struct pair_side *to = &p->side[0];
    struct header header;
    shrike_command(p->side[1].engine, p->now, &anew);
    shrike_tick(p->side[1].engine, p->now);
    settle_side(p, 1);
    const struct pair_datagram *d = &to->queue[to->head];
    bool is_call = to->count == 1 && header_read(bytes_of(d->data, d->len), &header) == HEADER_OK &&
                   header.exchange == EXCHANGE_IKE_SA_INIT;
    return is_call ? d : NULL;
}

/* RFC 7296 2.23: who was called from behind a NAT begins by the mapping that is there, as nothing
 * else leads to the peer; elsewhere only when that has been configured since. */
TEST(a_peer_behind_a_nat)
{
    static struct tuned before;
    for (unsigned moved = 0; moved < 2; moved++) {
        p = toy_pair((struct pair_options){0});
        tune_begin(p, 0, &t);
        t.conn.force_encap = true;
        tune_end(p, 0, &t);
        tune_begin(p, 1, &before);
        tune_end(p, 1, &before);
        pair_up(p, NULL);
        pair_wait(p, p->now + SHRIKE_SECOND);
        struct shrike_conn conn = before.conn;
        struct shrike_conf conf = before.conf;
        conn.remote_endpoint.octets[3] += moved ? 7 : 0;
        conf.conns = &conn;
        CHECK(shrike_conf(p->side[1].engine, &conf));
        const struct pair_datagram *d = call();
        CHECK(d && d->marker == !moved && d->local.port == (moved ? 500 : 4500));
        CHECK_EQ(endpoint_same_address(&d->local, &p->side[0].here), !moved);
        pair_run(p);
        CHECK(moved || (p->side[1].ike_up == 2 && p->side[1].ike_down == 1));
        toy_end(p);
    }
}

int main(void)
{
    return RUN(the_initiator_heeds_it) | RUN(said_later_and_of_nothing_left) | RUN(not_understood) |
           RUN(another_one_is_there_already) | RUN(a_peer_behind_a_nat);
}
