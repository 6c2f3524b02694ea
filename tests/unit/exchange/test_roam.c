/* Where messages go: whom we follow and whom not, and how a path is looked for. */
#include "base/bytes.h"
#include "tools.h"

static struct pair *p;

static const struct shrike_addr home = {{192, 0, 2, 1}, 4}, away = {{198, 51, 100, 7}, 4},
                                third = {{203, 0, 113, 9}, 4}, there = {{192, 0, 2, 2}, 4},
                                there_too = {{192, 0, 2, 22}, 4};

/* A side may look as if it were behind a NAT. */
static void begin_behind(bool mobike, bool first, bool second)
{
    static struct tuned t[2];
    p = toy_pair((struct pair_options){.mobike = mobike});
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        t[i].conn.force_encap = i ? second : first;
        tune_end(p, i, &t[i]);
    }
    pair_addresses(p, 0, &home, 1);
    pair_addresses(p, 1, &there, 1);
    pair_up(p, NULL);
}

static void begin(bool mobike, bool forced)
{
    begin_behind(mobike, forced, false);
}

/* Side 0 has called, and its first message was lost, or the one after that. */
static void begin_late(bool mobike, bool answered)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    p = toy_pair((struct pair_options){.mobike = mobike});
    pair_addresses(p, 0, &home, 1);
    pair_addresses(p, 1, &there, 1);
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    for (unsigned i = 0; i < 2 && answered; i++) {
        (void)pair_deliver(p, 1 - i);
        settle_side(p, 1 - i);
    }
    pair_lose_all(&p->side[1]);
}

static void ask_alive(unsigned side)
{
    struct shrike_command c = {SHRIKE_LIVENESS, 9, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[side].engine, p->now, &c);
    shrike_tick(p->side[side].engine, p->now);
    settle_side(p, side);
}

/* The next datagram for this side comes from somewhere else, as if a NAT had changed it. */
static void translate(unsigned side, u16 port)
{
    struct pair_side *s = &p->side[side];
    s->queue[s->head].remote.port = port;
}

/* RFC 7296 2.11, 2.23: the reply goes where the request came from; the SA does so only when there
 * is a NAT, and when nothing better was agreed on (RFC 4555 3.8). */
TEST(a_peer_behind_a_nat_is_followed)
{
    for (unsigned i = 0; i < 4; i++) {
        bool mobike = i & 1, forced = i & 2;
        begin(mobike, forced);
        ask_alive(0);
        translate(1, 1234);
        (void)pair_deliver(p, 1);
        settle_side(p, 1);
        CHECK_EQ(p->side[0].count, 1);
        CHECK_EQ(p->side[0].queue[p->side[0].head].local.port, 1234);
        CHECK_EQ(p->side[1].moved, forced && !mobike);
        pair_lose_all(&p->side[0]);
        ask_alive(1);
        CHECK_EQ(p->side[0].queue[p->side[0].head].local.port == 1234, forced && !mobike);
        toy_end(p);
    }
}

/* Seen a second time it moves nothing. */
TEST(what_is_not_new_is_not_followed)
{
    begin(false, true);
    ask_alive(0);
    struct pair_datagram again = p->side[1].queue[p->side[1].head];
    u8 octets[2048];
    memcpy(octets, again.data, again.len);
    again.data = octets;
    pair_run(p);
    again.remote.port = 4321;
    pair_post(&p->side[1], &again);
    (void)pair_deliver(p, 1);
    settle_side(p, 1);
    CHECK_EQ(p->side[0].queue[p->side[0].head].local.port, 4321);
    CHECK_EQ(p->side[1].moved, 0);
    toy_end(p);
}

/* RFC 4555 3.8: what ESP shows counts also then; not where there is no NAT, nor backwards. */
TEST(esp_shows_a_new_mapping)
{
    for (unsigned i = 0; i < 4; i++) {
        bool mobike = i & 1, forced = i & 2;
        begin(mobike, forced);
        struct shrike_kernel_event e = {.kind = SHRIKE_MAPPING,
                                        .child_serial = p->side[1].children[0].serial,
                                        .from = {{192, 0, 2, 1}, 777, 4, 0},
                                        .to = {{192, 0, 2, 2}, 4500, 4, 0}};
        shrike_kernel(p->side[1].engine, p->now, &e);
        settle_side(p, 1);
        CHECK_EQ(p->side[1].moves, forced);
        CHECK_EQ(p->side[1].move.remote.port, forced ? 777 : 0);
        shrike_kernel(p->side[1].engine, p->now, &e); /* it is there already */
        e.child_serial = 999;
        shrike_kernel(p->side[1].engine, p->now, &e);
        settle_side(p, 1);
        CHECK_EQ(p->side[1].moves, forced);
        toy_end(p);
    }
}

static unsigned paths_of(unsigned to)
{
    const struct pair_side *s = &p->side[to];
    unsigned count = 0;
    for (unsigned i = 0; i < s->count; i++) {
        bool seen = false;
        for (unsigned k = 0; k < i; k++) {
            const struct pair_datagram *a = &s->queue[(s->head + i) % PAIR_QUEUE];
            const struct pair_datagram *b = &s->queue[(s->head + k) % PAIR_QUEUE];
            seen |= memcmp(&a->local, &b->local, sizeof(a->local)) == 0 &&
                    memcmp(&a->remote, &b->remote, sizeof(a->remote)) == 0;
        }
        count += !seen;
    }
    return count;
}

/* RFC 4555 3.10: of several paths the one that answers first is taken. */
TEST(every_path_is_tried_and_the_first_answer_counts)
{
    struct shrike_addr list[] = {away, third}, theirs[] = {there, there_too};
    p = toy_pair((struct pair_options){.mobike = true});
    pair_addresses(p, 0, &home, 1);
    pair_addresses(p, 1, theirs, 2);
    pair_up(p, NULL);
    pair_addresses(p, 0, list, 2);
    shrike_tick(p->side[0].engine, p->now);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    CHECK_EQ(p->side[1].count, 1); /* by the first one alone, and that is lost */
    pair_lose(&p->side[1]);
    p->now += 250 * SHRIKE_MS;
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    CHECK_EQ(p->side[1].count, 4);
    CHECK_EQ(paths_of(1), 4);
    CHECK_EQ(p->side[0].moves, 0);
    for (unsigned i = 0; i < 3; i++)
        pair_lose(&p->side[1]); /* only the last one is there */
    pair_run(p);
    CHECK(p->side[0].moved == 1 && p->side[1].moved == 1);
    CHECK(memcmp(p->side[0].move.local.octets, third.octets, 4) == 0);
    CHECK(memcmp(p->side[0].move.remote.octets, there_too.octets, 4) == 0);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* The first one is what the system would choose: if it answers, nobody asks by the others. */
TEST(the_first_path_is_taken_if_it_works)
{
    struct shrike_addr list[] = {away, third};
    begin(true, false);
    pair_addresses(p, 0, list, 2);
    shrike_tick(p->side[0].engine, p->now);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    CHECK_EQ(p->side[1].count, 1);
    pair_run(p);
    CHECK(p->side[0].moved == 1 && pair_agrees(p));
    CHECK(memcmp(p->side[0].move.local.octets, away.octets, 4) == 0);
    toy_end(p);
}

/* RFC 7296 2.1: the interval is ours; who has lost its path does not wait a second for the next
 * try. The peer is given up no sooner than else. */
TEST(paths_are_tried_quickly)
{
    struct shrike_addr list[] = {away, third};
    begin(true, false);
    pair_addresses(p, 0, list, 2);
    shrike_time began = p->now, at[32];
    unsigned sends = 0;
    while (!p->side[0].ike_down && sends < ARRAY_LEN(at)) {
        shrike_tick(p->side[0].engine, p->now);
        settle_side(p, 0);
        if (p->side[1].count && !p->side[0].ike_down)
            at[sends++] = p->now - began;
        pair_lose_all(&p->side[1]);
        p->now = MAX(p->now, shrike_deadline(p->side[0].engine));
        pair_lose_all(&p->side[0]);
    }
    CHECK_EQ(p->side[0].ike_down, 1);
    CHECK_EQ(sends, 10);
    CHECK(at[0] == 0 && at[1] == 250 * SHRIKE_MS && at[2] == 750 * SHRIKE_MS);
    CHECK(at[3] == 1750 * SHRIKE_MS && at[9] == 127750 * SHRIKE_MS);
    CHECK(p->now - began >= 191 * SHRIKE_SECOND);
    toy_end(p);
}

/* RFC 4555 3.5: no answer, although our address is there. */
TEST(silence_makes_it_look_for_another_path)
{
    struct shrike_addr list[] = {home, away};
    p = toy_pair((struct pair_options){.mobike = true});
    pair_addresses(p, 0, list, 2);
    pair_addresses(p, 1, &there, 1);
    pair_up(p, NULL);
    p->side[0].mute = true;
    ask_alive(0);
    pair_wait(p, p->now + 2 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].path_lost, 0);
    pair_wait(p, p->now + 2 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].path_lost, 1);
    p->side[0].mute = false;
    pair_wait(p, p->now + 10 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].ike_down, 0);
    CHECK_EQ(p->side[0].done, 2); /* the call and the question */
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* RFC 4555 3.5: a link goes down, another one that leads nowhere is tried for long, then the first
 * one comes back: that is tried at once. */
TEST(a_path_that_comes_back_is_tried)
{
    struct shrike_addr list[] = {home, away};
    begin(true, false);
    p->side[0].mute = true;
    pair_addresses(p, 0, &away, 1);
    pair_wait(p, p->now + 20 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].path_lost, 1);
    p->side[0].mute = false;
    pair_addresses(p, 0, list, 2);
    shrike_tick(p->side[0].engine, p->now);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    CHECK_EQ(p->side[0].path_lost, 2);
    CHECK_EQ(p->side[1].count, 2);
    CHECK_EQ(paths_of(1), 2);
    pair_lose(&p->side[1]); /* from where it is now; from where it was is the second one */
    pair_run(p);
    CHECK(p->side[0].ike_down == 0 && pair_agrees(p));
    CHECK(memcmp(p->side[0].move.local.octets, home.octets, 4) == 0);
    toy_end(p);
}

/* What it said of NATs was of where it was then. So it says it anew, or calls from where it is. */
TEST(who_moves_while_it_calls)
{
    for (unsigned i = 0; i < 4; i++) {
        bool mobike = i & 1, answered = i & 2;
        begin_late(mobike, answered);
        CHECK_EQ(stats_of(p, 1).half_open, answered);
        pair_addresses(p, 0, &away, 1);
        pair_wait(p, p->now + 100 * SHRIKE_SECOND);
        CHECK(stats_of(p, 0).ike_sas == 1 && stats_of(p, 1).ike_sas == 1);
        CHECK(pair_agrees(p));
        CHECK_EQ(p->side[0].ike_up, mobike ? 1 : 2);
        for (unsigned side = 0; side < 2; side++) {
            const struct pair_child *c = &p->side[side].children[0];
            CHECK_EQ(p->side[side].child_count, 1);
            CHECK(!c->encap && !c->nat_here);
            CHECK_EQ((side ? c->remote : c->local).octets[0], away.octets[0]);
        }
        toy_end(p);
    }
}

/* With nothing to send from it waits. */
TEST(it_waits_until_there_is_an_address)
{
    begin(true, false);
    pair_addresses(p, 0, NULL, 0);
    pair_wait(p, p->now + 3600 * SHRIKE_SECOND);
    CHECK(p->side[0].ike_down == 0 && p->side[0].moves == 0);
    pair_addresses(p, 0, &away, 1);
    pair_run(p);
    CHECK(p->side[0].moved == 1 && p->side[1].moved == 1);
    toy_end(p);
}

/* RFC 4555 3.6: the responder says where it is; when its address is gone, from another one. */
TEST(the_responder_tells_its_addresses)
{
    struct shrike_addr theirs[] = {there, there_too};
    begin(true, false);
    u64 before = p->datagrams;
    pair_addresses(p, 1, theirs, 2);
    pair_run(p);
    CHECK_EQ(p->datagrams - before, 2);
    CHECK(p->side[0].moves == 0 && p->side[1].moves == 0);
    pair_addresses(p, 1, &there_too, 1);
    pair_run(p);
    CHECK(p->side[0].moved == 1 && p->side[1].moved >= 1);
    CHECK(memcmp(p->side[0].move.remote.octets, there_too.octets, 4) == 0);
    CHECK(memcmp(p->side[1].move.local.octets, there_too.octets, 4) == 0);
    toy_end(p);
}

/* Side 1 asks at the new address while side 0 makes another IKE SA: it asks again by that one. */
TEST(a_rekey_in_between_changes_nothing)
{
    struct shrike_command rekey = {SHRIKE_REKEY, 7, "pair", NULL, 0, 0, false, {0}, 0, false};
    begin(true, false);
    pair_addresses(p, 0, &away, 1);
    shrike_tick(p->side[0].engine, p->now);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    CHECK_EQ(p->side[1].count, 1);
    (void)pair_deliver(p, 1);
    settle_side(p, 1);
    CHECK_EQ(p->side[0].count, 2); /* the response, and a question that is lost */
    (void)pair_deliver(p, 0);
    pair_lose(&p->side[0]);
    shrike_command(p->side[0].engine, p->now, &rekey);
    pair_run(p);
    CHECK(p->side[0].ike_rekeyed == 1 && p->side[1].ike_rekeyed == 1);
    CHECK(p->side[0].moved == 1 && p->side[1].moved == 1);
    CHECK(memcmp(p->side[1].move.remote.octets, away.octets, 4) == 0);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* Side 0 has moved; before the response comes, side 1 has made another IKE SA. What the response
 * says is of that one: who keeps records hears of it. */
TEST(what_the_old_one_hears_changes_the_new_one)
{
    struct shrike_command rekey = {SHRIKE_REKEY, 7, "pair", NULL, 0, 0, false, {0}, 0, false};
    struct shrike_change c;
    struct late late;
    bool told = false;
    begin(true, false);
    pair_addresses(p, 0, &away, 1);
    for (unsigned i = 0; i < 2; i++)
        shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    (void)pair_deliver(p, 1);
    settle_side(p, 1);
    CHECK_EQ(p->side[0].count, 2); /* the response, and whether it is there */
    take_away(&p->side[0], &late);
    for (unsigned i = 0; i < 2; i++) { /* it is */
        (void)pair_deliver(p, i);
        settle_side(p, i);
    }
    shrike_command(p->side[1].engine, p->now, &rekey);
    shrike_tick(p->side[1].engine, p->now);
    settle_side(p, 1);
    (void)pair_deliver(p, 0);
    settle_side(p, 0);
    CHECK(p->side[0].ike_rekeyed == 1);
    shrike_tick(p->side[0].engine, p->now); /* which asks anew by the new one */
    settle_side(p, 0);
    while (shrike_changed(p->side[0].engine, &c))
        ;
    pair_post(&p->side[0], &late.datagram);
    (void)pair_deliver(p, 0);
    while (shrike_changed(p->side[0].engine, &c))
        told |= c.ike == p->side[0].ike;
    CHECK(told);
    pair_run(p);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* Side 0 has not had the response that makes the new IKE SA: it is told by the old one. */
TEST(who_waits_for_a_rekey_hears_of_a_move)
{
    struct shrike_command rekey = {SHRIKE_REKEY, 7, "pair", NULL, 0, 0, false, {0}, 0, false};
    begin(true, false);
    shrike_command(p->side[0].engine, p->now, &rekey);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    (void)pair_deliver(p, 1);
    settle_side(p, 1);
    CHECK(p->side[0].count == 1 && p->side[1].ike_rekeyed == 1);
    pair_lose(&p->side[0]);
    pair_addresses(p, 1, &there_too, 1);
    pair_run(p);
    CHECK(p->side[0].ike_rekeyed == 1 && p->side[0].moved == 1);
    CHECK(memcmp(p->side[0].move.remote.octets, there_too.octets, 4) == 0);
    CHECK(memcmp(p->side[1].move.local.octets, there_too.octets, 4) == 0);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* RFC 4555 3.8: only the caller may say that a mapping has changed; that of the other end it sees
 * itself. */
TEST(the_caller_follows_a_peer_behind_a_nat)
{
    for (unsigned i = 0; i < 2; i++) {
        begin_behind(true, false, i);
        ask_alive(1);
        translate(0, 1234);
        (void)pair_deliver(p, 0);
        settle_side(p, 0);
        CHECK_EQ(p->side[0].moved, i);
        CHECK(!i || p->side[0].move.remote.port == 1234);
        pair_run(p);
        CHECK(pair_agrees(p));
        toy_end(p);
    }
}

/* The responder looks for a path of its own; the one that the caller says is the one. */
TEST(the_caller_has_the_choice)
{
    struct shrike_addr theirs[] = {there_too, third};
    begin(true, false);
    pair_addresses(p, 1, theirs, 2);
    for (unsigned i = 0; i < 2; i++)
        shrike_tick(p->side[1].engine, p->now);
    settle_side(p, 1);
    pair_lose_all(&p->side[0]);
    p->now += 250 * SHRIKE_MS;
    shrike_tick(p->side[1].engine, p->now);
    settle_side(p, 1);
    CHECK_EQ(paths_of(0), 2);
    pair_lose_all(&p->side[0]);
    pair_addresses(p, 0, &away, 1);
    for (unsigned i = 0; i < 2; i++)
        shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    CHECK_EQ(p->side[1].count, 1);
    (void)pair_deliver(p, 1);
    settle_side(p, 1);
    pair_lose(&p->side[0]); /* the response; behind it, what was asked by every path */
    shrike_tick(p->side[1].engine, p->now);
    settle_side(p, 1);
    CHECK(p->side[0].count > 0 && paths_of(0) == 1);
    pair_wait(p, p->now + 60 * SHRIKE_SECOND);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* Side 0 looks for a path, and before it may ask hears of one from side 1: then it is that path
 * that answers, and side 1 is to be told so. */
TEST(the_path_that_answers_is_in_use_already)
{
    struct shrike_command rekey = {SHRIKE_REKEY, 7, "pair", "net0", 0, 0, false, {0}, 0, false};
    struct shrike_addr list[] = {away, third};
    begin(true, false);
    p->side[0].hold_ops = true;
    shrike_command(p->side[0].engine, p->now, &rekey);
    pair_run(p);
    CHECK_EQ(p->side[0].op_count, 1); /* so nothing can be asked */
    pair_addresses(p, 0, list, 2);
    pair_addresses(p, 1, &there_too, 1);
    for (unsigned i = 0; i < 6; i++) {
        shrike_tick(p->side[i % 2].engine, p->now);
        settle_side(p, i % 2);
    }
    CHECK_EQ(p->side[1].count, 0);
    CHECK_EQ(p->side[0].count, 1);
    memcpy(p->side[0].queue[p->side[0].head].local.octets, away.octets, sizeof(away.octets));
    pair_run(p);
    p->side[0].hold_ops = false;
    CHECK(pair_answer(p, 0));
    pair_run(p);
    CHECK(memcmp(p->side[1].move.remote.octets, away.octets, 4) == 0);
    CHECK(memcmp(p->side[0].move.remote.octets, there_too.octets, 4) == 0);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* All that waits for this side comes, but for what it is asked by this IKE SA: *late is the last of
 * that, and the rest is lost. */
static void bring_all_but(unsigned side, u64 spi_i, struct pair_datagram *late)
{
    static u8 octets[2][1024];
    struct pair_side *to = &p->side[side];
    while (to->count > 0) {
        const struct pair_datagram *d = &to->queue[to->head];
        struct header h = {0};
        bool asks = header_read(bytes_of(d->data, d->len), &h) == HEADER_OK && h.spi_i == spi_i &&
                    !(h.flags & FLAG_RESPONSE) && d->len <= sizeof(octets[0]);
        if (asks) {
            *late = *d;
            late->data = octets[side];
            memcpy(octets[side], d->data, d->len);
            pair_lose(to);
        } else {
            (void)pair_deliver(p, side);
            settle_side(p, side);
        }
    }
}

/* Side 0 does not know whether side 1 has the new IKE SA, and says by both where it is. What it
 * said by the old one comes late, when side 1 knows it by the new one. */
TEST(what_comes_late_by_the_old_one_is_not_heeded)
{
    struct shrike_command rekey = {SHRIKE_REKEY, 7, "pair", NULL, 0, 0, false, {0}, 0, false};
    struct pair_datagram late = {0}, other;
    begin(true, false);
    u64 old = p->side[0].spi_i;
    shrike_command(p->side[1].engine, p->now, &rekey);
    shrike_tick(p->side[1].engine, p->now);
    settle_side(p, 1);
    (void)pair_deliver(p, 0);
    settle_side(p, 0);
    CHECK(p->side[1].count == 1 && p->side[0].ike_rekeyed == 1);
    pair_lose(&p->side[1]);
    pair_addresses(p, 0, &away, 1);
    for (unsigned i = 0; i < 100 && !p->side[1].moved; i++) {
        p->now += 100 * SHRIKE_MS;
        for (unsigned side = 0; side < 2; side++) {
            shrike_tick(p->side[side].engine, p->now);
            settle_side(p, side);
        }
        bring_all_but(1, old, &late);
        /* First the rekey, once more; then not the Delete of the old one. */
        bring_all_but(0, p->side[1].ike_rekeyed ? old : 0, &other);
    }
    CHECK(late.len > 0 && p->side[1].moved == 1);
    late.remote.port = 1234;
    pair_post(&p->side[1], &late);
    (void)pair_deliver(p, 1);
    settle_side(p, 1);
    CHECK(p->side[0].count > 0); /* it is answered */
    CHECK(p->side[1].moved == 1 && p->side[1].move.remote.port != 1234);
    pair_wait(p, p->now + 60 * SHRIKE_SECOND);
    CHECK(pair_agrees(p));
    toy_end(p);
}

int main(void)
{
    return RUN(a_peer_behind_a_nat_is_followed) | RUN(what_is_not_new_is_not_followed) |
           RUN(esp_shows_a_new_mapping) | RUN(every_path_is_tried_and_the_first_answer_counts) |
           RUN(the_first_path_is_taken_if_it_works) | RUN(paths_are_tried_quickly) |
           RUN(silence_makes_it_look_for_another_path) | RUN(a_path_that_comes_back_is_tried) |
           RUN(who_moves_while_it_calls) | RUN(it_waits_until_there_is_an_address) |
           RUN(the_responder_tells_its_addresses) | RUN(a_rekey_in_between_changes_nothing) |
           RUN(what_the_old_one_hears_changes_the_new_one) |
           RUN(who_waits_for_a_rekey_hears_of_a_move) |
           RUN(the_caller_follows_a_peer_behind_a_nat) | RUN(the_caller_has_the_choice) |
           RUN(the_path_that_answers_is_in_use_already) |
           RUN(what_comes_late_by_the_old_one_is_not_heeded);
}
