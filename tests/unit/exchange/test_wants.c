/* What comes next: nothing is forgotten, nothing spins, whatever fails before it is sent. */
#include "tools.h"

static struct tuned t[2];

/* Events of one kind, and how often the engine has to be ticked until it is content. */
struct tally {
    unsigned ticks, child_failed, done, failed;
    enum shrike_reason_code reason;
};

/* Tick one side until it waits for something, without carrying its datagrams. */
static void exhaust(struct pair *p, unsigned side, struct tally *out)
{
    enum { TICKS = 1000 };
    struct shrike_action a;
    *out = (struct tally){0};
    do {
        shrike_tick(p->side[side].engine, p->now);
        out->ticks++;
        while (shrike_next(p->side[side].engine, &a)) {
            out->child_failed += a.kind == SHRIKE_EVENT && a.event.id == SHRIKE_EVENT_CHILD_FAILED;
            out->done += a.kind == SHRIKE_EVENT && a.event.id == SHRIKE_EVENT_COMMAND_DONE;
            out->failed += a.kind == SHRIKE_EVENT && a.event.id == SHRIKE_EVENT_COMMAND_FAILED;
            if (a.kind == SHRIKE_EVENT && a.event.id == SHRIKE_EVENT_COMMAND_FAILED)
                out->reason = a.event.reason.code;
        }
    } while (shrike_deadline(p->side[side].engine) <= p->now && out->ticks < TICKS);
}

static struct pair *tuned_pair(unsigned children)
{
    struct pair *p = toy_pair((struct pair_options){0});
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        tune_children(&t[i], children);
    }
    return p;
}

/* RFC 7296 2.25: after TEMPORARY_FAILURE all requests of ours rest a while. A liveness check that
 * becomes due meanwhile waits too, and costs nothing until then. */
TEST(a_back_off_does_not_spin)
{
    struct forger f;
    static struct chain c;
    static struct heard h;
    struct tally tally;
    struct pair *p = tuned_pair(2);
    for (unsigned i = 0; i < 2; i++) {
        t[i].conn.dpd_delay = 2 * SHRIKE_SECOND;
        tune_end(p, i, &t[i]);
    }
    pair_up(p, "net0");
    CHECK(forger_init(&f, p, 0));
    struct shrike_command up = {SHRIKE_UP, 1, "pair", "net1", 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    overhear(&f, &h);
    CHECK(h.any);
    chain_begin(&c);
    chain_notify(&c, NOTIFY_TEMPORARY_FAILURE);
    struct forgery later = {.exchange = EXCHANGE_CREATE_CHILD_SA,
                            .response = true,
                            .message_id = h.m.header.message_id};
    tell(&f, later, &c, &h);
    p->now += 2 * SHRIKE_SECOND + 1; /* the back-off is at least 2.5 s */
    exhaust(p, 0, &tally);
    CHECK(tally.ticks < 5);
    CHECK(shrike_deadline(p->side[0].engine) > p->now);
    p->now = shrike_deadline(p->side[0].engine);
    CHECK(p->now < 1010 * SHRIKE_SECOND);
    pair_run(p);
    pair_run(p);
    CHECK_EQ(p->side[0].failed, 0);
    forger_free(&f);
    toy_end(p);
}

/* Both are behind a NAT, so transport mode cannot be had (yet): each child fails alone, and the
 * command is answered once. */
static void all_fail(unsigned transport, unsigned tunnel)
{
    struct tally sum = {0}, tally;
    struct pair *p = tuned_pair(transport + tunnel);
    for (unsigned i = 0; i < 2; i++) {
        t[i].conn.force_encap = true;
        for (unsigned n = 0; n < transport; n++)
            t[i].children[n].mode = SHRIKE_TRANSPORT;
        tune_end(p, i, &t[i]);
    }
    struct shrike_command up = {SHRIKE_UP, 9, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    pair_run(p);
    exhaust(p, 0, &tally);
    sum.child_failed += tally.child_failed + p->side[0].failed;
    CHECK_EQ(p->side[0].ike_up, tunnel ? 1 : 0);
    CHECK_EQ(p->side[0].child_up, tunnel);
    CHECK_EQ(stats_of(p, 0).child_sas, tunnel);
    if (tunnel)
        CHECK_EQ(sum.child_failed, transport);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_MODE_NAT);
    toy_end(p);
}

TEST(some_that_cannot_be_asked_for)
{
    all_fail(3, 1);
}

TEST(many_that_cannot_be_asked_for)
{
    all_fail(100, 2);
    all_fail(180, 1);
    all_fail(180, 0);
    all_fail(1, 0);
}

/* Deleting comes before asking, closing before everything. */
TEST(the_order_of_urgency)
{
    static const struct {
        enum shrike_command_kind kind;
        const char *child;
    } wants[] = {
        {SHRIKE_UP, "net1"}, {SHRIKE_LIVENESS, NULL}, {SHRIKE_DOWN, "net0"}, {SHRIKE_DOWN, NULL}};
    struct forger f;
    static struct heard h;
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    struct delete d;
    pair_up(p, "net0");
    CHECK(forger_init(&f, p, 0));
    for (unsigned n = 1; n <= ARRAY_LEN(wants); n++) {
        /* The more is wanted, the more urgent is what is asked first. */
        struct pair *q = toy_pair((struct pair_options){.children = 2});
        struct forger g;
        pair_up(q, "net0");
        CHECK(forger_init(&g, q, 0));
        for (unsigned i = 0; i < n; i++) {
            struct shrike_command w = {wants[i].kind, i,   "pair", wants[i].child, 0, 0,
                                       false,         {0}, 0,      false};
            shrike_command(q->side[0].engine, q->now, &w);
        }
        shrike_tick(q->side[0].engine, q->now);
        settle_side(q, 0);
        overhear(&g, &h);
        CHECK(h.any);
        bool deletes = delete_read(message_body(&h.m, PAYLOAD_DELETE), &d);
        CHECK_EQ(h.m.header.exchange, n == 1 ? EXCHANGE_CREATE_CHILD_SA : EXCHANGE_INFORMATIONAL);
        CHECK(deletes == (n > 2));
        if (deletes)
            CHECK_EQ(d.protocol, n == 3 ? PROTOCOL_ESP : PROTOCOL_IKE);
        forger_free(&g);
        toy_end(q);
    }
    forger_free(&f);
    toy_end(p);
}

/* RFC 7296 2.2 (2): message IDs never wrap; an SA that has used them up is closed with the last
 * one. */
TEST(an_sa_without_message_ids_is_closed)
{
    for (unsigned i = 0; i < 2; i++) {
        struct pair *p = toy_pair((struct pair_options){0});
        pair_up(p, NULL);
        for (unsigned side = 0; side < 2; side++) {
            /* The engine begins with its shard. */
            struct shard *s = (struct shard *)(void *)p->side[side].engine;
            struct window *w = &shard_sa_at(s, 0)->window;
            *(side == i ? &w->ours : &w->theirs) = UINT32_MAX - WINDOW_MAX - 1;
        }
        struct shrike_command ask = {SHRIKE_LIVENESS, 3, "pair", NULL, 0, 0, false, {0}, 0, false};
        shrike_command(p->side[i].engine, p->now, &ask);
        pair_run(p);
        CHECK_EQ(p->side[0].ike_down, 1);
        CHECK_EQ(p->side[1].ike_down, 1);
        pair_wait(p, p->now + 300 * SHRIKE_SECOND);
        CHECK(empty(p));
        toy_end(p);
    }
}

int main(void)
{
    return RUN(a_back_off_does_not_spin) | RUN(some_that_cannot_be_asked_for) |
           RUN(many_that_cannot_be_asked_for) | RUN(the_order_of_urgency) |
           RUN(an_sa_without_message_ids_is_closed);
}
