/* What the data plane tells: traps, limits, and that it began anew. */
#include "../exchange/tools.h"
#include "shrike/view.h"

static struct tuned t[2];

/* What one side has told and sent, in order. */
enum { STEPS = 256 };
static struct {
    enum shrike_event_id id;
    u32 child;
    enum shrike_reason_code reason;
} told[STEPS];
static unsigned told_count;

/* Drain side 0 into the pair, and note the events. */
static unsigned note(struct pair *p)
{
    struct shrike_action a;
    unsigned sent = 0;
    while (shrike_next(p->side[0].engine, &a)) {
        if (a.kind == SHRIKE_SEND) {
            struct pair_datagram d = {a.send.remote, a.send.local,
                                      (uint8_t *)(uintptr_t)a.send.data.at, a.send.data.len,
                                      a.send.marker};
            pair_post(&p->side[1], &d);
            sent++;
        } else if (a.kind == SHRIKE_OP && a.op.kind == SHRIKE_CHILD_INSTALL) {
            struct shrike_answer yes = {.ok = !p->side[0].refuse_ops,
                                        .reason = SHRIKE_REASON_KERNEL};
            shrike_done(p->side[0].engine, p->now, a.op.token, &yes);
        } else if (a.kind == SHRIKE_EVENT && told_count < STEPS) {
            told[told_count].id = a.event.id;
            told[told_count].child = a.event.child;
            told[told_count++].reason = a.event.reason.code;
        }
    }
    return sent;
}

/* As pair_run(), but what side 0 tells is noted. */
static void run(struct pair *p)
{
    for (unsigned n = 0; n < 1000; n++) {
        bool any = pair_deliver(p, 0);
        any = note(p) || any;
        if (shrike_deadline(p->side[0].engine) <= p->now) {
            shrike_tick(p->side[0].engine, p->now);
            any = note(p) || true;
        }
        any = pair_deliver(p, 1) || any;
        any = pair_drain(p, 1) || any;
        if (shrike_deadline(p->side[1].engine) <= p->now)
            shrike_tick(p->side[1].engine, p->now);
        else if (!any)
            return;
    }
    CHECK(!"an end");
}

static unsigned count(enum shrike_event_id id, enum shrike_reason_code reason)
{
    unsigned n = 0;
    for (unsigned i = 0; i < told_count; i++)
        n += told[i].id == id && told[i].reason == reason;
    return n;
}

static void plane(struct pair *p, enum shrike_kernel_kind kind, u32 value)
{
    struct shrike_kernel_event k = {.kind = kind, .reqid = value, .child_serial = value};
    shrike_kernel(p->side[0].engine, p->now, &k);
}

/* The first Child SA behind `after`, of the first IKE SA. */
static bool child_of(const struct pair *p, unsigned side, u32 after, struct shrike_child_view *out)
{
    struct shrike_ike_view ike;
    u32 at = 0;
    return shrike_view_ike(p->side[side].engine, &at, &ike) &&
           shrike_view_child(p->side[side].engine, at, ike.serial, after, out);
}

static void begin(void)
{
    told_count = 0;
}

static void set_start(struct pair *p, enum shrike_start start)
{
    tune_begin(p, 0, &t[0]);
    for (unsigned i = 0; i < t[0].conn.child_count; i++)
        t[0].children[i].start = start;
    tune_end(p, 0, &t[0]);
}

/* ---- acquire ---- */

TEST(a_trap_calls_once)
{
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    begin();
    plane(p, SHRIKE_ACQUIRE, 77);
    plane(p, SHRIKE_ACQUIRE, 0);
    CHECK_EQ(note(p), 0);
    CHECK(empty(p) && told_count == 0);
    for (unsigned i = 0; i < 10; i++)
        plane(p, SHRIKE_ACQUIRE, 2);
    CHECK_EQ(stats_of(p, 0).ike_sas, 1);
    (void)note(p);
    CHECK_EQ(count(SHRIKE_EVENT_ACQUIRE, SHRIKE_REASON_NONE), 1);
    CHECK_EQ(count(SHRIKE_EVENT_COMMAND_DONE, SHRIKE_REASON_NONE), 0);
    pair_run(p);
    struct shrike_child_view child;
    CHECK(child_of(p, 0, 0, &child));
    CHECK(child.reqid == 2 && child.state == SHRIKE_CHILD_INSTALLED);
    CHECK(!child_of(p, 0, child.serial, &child));
    plane(p, SHRIKE_ACQUIRE, 2); /* it is up */
    plane(p, SHRIKE_ACQUIRE, 1);
    pair_run(p);
    CHECK_EQ(stats_of(p, 0).ike_sas, 1);
    CHECK_EQ(stats_of(p, 0).child_sas, 2);
    CHECK_EQ(p->side[0].children[0].reqid, 2);
    toy_end(p);
}

TEST(a_trap_that_leads_nowhere_is_told)
{
    struct pair *p = toy_pair((struct pair_options){0});
    begin();
    tune_begin(p, 0, &t[0]);
    t[0].conn.remote_endpoint.family = 0; /* anybody */
    tune_end(p, 0, &t[0]);
    plane(p, SHRIKE_ACQUIRE, 1);
    CHECK_EQ(note(p), 0);
    CHECK_EQ(count(SHRIKE_EVENT_ACQUIRE, SHRIKE_REASON_NO_CONNECTION), 1);
    CHECK(empty(p));
    toy_end(p);
}

/* An IKE SA that keeps an older configuration does not stand in the way of a newer child. */
TEST(a_trap_of_a_newer_configuration)
{
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    begin();
    tune_begin(p, 0, &t[0]);
    t[0].conn.child_count = 1;
    tune_end(p, 0, &t[0]);
    pair_up(p, NULL);
    t[1] = t[0];
    t[1].conn.hash = 2;
    t[1].conn.child_count = 2;
    t[1].conn.children = t[1].children;
    t[1].conf.conns = &t[1].conn;
    tune_end(p, 0, &t[1]);
    plane(p, SHRIKE_ACQUIRE, 2);
    pair_run(p);
    CHECK_EQ(p->side[0].ike_up, 2);
    CHECK_EQ(p->side[0].children[1].reqid, 2);
    toy_end(p);
}

/* ---- expire ---- */

TEST(limits_come_with_the_install)
{
    struct pair *p = toy_pair((struct pair_options){0});
    tune_begin(p, 0, &t[0]);
    t[0].children[0].life = (struct shrike_life){1, 2, 3, 4, 5};
    tune_end(p, 0, &t[0]);
    pair_up(p, NULL);
    const struct shrike_life *life = &p->side[0].children[0].life;
    CHECK(life->bytes_soft == 1 && life->bytes_hard == 2);
    CHECK(life->packets_soft == 3 && life->packets_hard == 4 && life->idle == 5);
    CHECK_EQ(p->side[0].children[0].replaces, 0);
    CHECK_EQ(p->side[1].children[0].life.bytes_hard, 0);
    toy_end(p);
}

/* It goes, whatever its start action, and its IKE SA stays. */
TEST(what_is_idle_is_deleted)
{
    for (unsigned start = SHRIKE_START_NONE; start <= SHRIKE_START_NOW; start++) {
        struct pair *p = toy_pair((struct pair_options){0});
        struct shrike_child_view child;
        begin();
        set_start(p, (enum shrike_start)start);
        pair_up(p, NULL);
        CHECK(child_of(p, 0, 0, &child));
        plane(p, SHRIKE_IDLE, child.serial + 100);
        plane(p, SHRIKE_IDLE, child.serial);
        plane(p, SHRIKE_IDLE, child.serial); /* told again while it is being deleted */
        run(p);
        CHECK_EQ(count(SHRIKE_EVENT_CHILD_DOWN, SHRIKE_REASON_IDLE), 1);
        CHECK_EQ(stats_of(p, 0).child_sas + stats_of(p, 1).child_sas, 0);
        CHECK_EQ(count(SHRIKE_EVENT_IKE_DOWN, SHRIKE_REASON_NONE) + p->side[1].ike_down, 0);
        CHECK_EQ(stats_of(p, 0).ike_sas, 1);
        toy_end(p);
    }
}

/* How long it has been idle goes on to count in its successor. */
TEST(a_successor_is_told_of_as_one)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_child_view child;
    begin();
    pair_up(p, NULL);
    CHECK(child_of(p, 0, 0, &child));
    plane(p, SHRIKE_EXPIRE_SOFT, child.serial);
    shrike_tick(p->side[0].engine, p->now);
    pair_run(p);
    CHECK_EQ(p->side[0].children[0].replaces, child.serial); /* the old one has gone */
    CHECK(p->side[1].children[0].replaces != 0);
    toy_end(p);
}

/* RFC 7296 2.4: ESP puts the liveness check off, as IKE does. */
TEST(esp_is_a_sign_of_life)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_child_view child;
    begin();
    tune_begin(p, 0, &t[0]);
    t[0].conn.dpd_delay = 10 * SHRIKE_SECOND;
    tune_end(p, 0, &t[0]);
    pair_up(p, NULL);
    CHECK_EQ(p->side[0].children[0].heard_every, 5 * SHRIKE_SECOND);
    CHECK_EQ(p->side[1].children[0].heard_every, 0);
    CHECK(child_of(p, 0, 0, &child));
    shrike_time up = p->now;
    p->now = up + 9 * SHRIKE_SECOND;
    plane(p, SHRIKE_HEARD, child.serial + 100);
    plane(p, SHRIKE_HEARD, child.serial);
    run(p);
    p->now = up + 18 * SHRIKE_SECOND;
    run(p);
    CHECK_EQ(count(SHRIKE_EVENT_PEER_ALIVE, SHRIKE_REASON_NONE), 0);
    CHECK(shrike_deadline(p->side[0].engine) <= up + 19 * SHRIKE_SECOND);
    p->now = up + 19 * SHRIKE_SECOND;
    run(p);
    CHECK_EQ(count(SHRIKE_EVENT_PEER_ALIVE, SHRIKE_REASON_NONE), 1);
    toy_end(p);
}

TEST(what_is_worn_out_is_deleted)
{
    for (unsigned start = SHRIKE_START_NONE; start <= SHRIKE_START_NOW; start++) {
        struct pair *p = toy_pair((struct pair_options){0});
        struct shrike_child_view child;
        begin();
        set_start(p, (enum shrike_start)start);
        pair_up(p, NULL);
        CHECK(child_of(p, 0, 0, &child));
        u32 first = child.serial;
        plane(p, SHRIKE_EXPIRE_SOFT, first);
        plane(p, SHRIKE_EXPIRE_SOFT, first + 100);
        plane(p, SHRIKE_EXPIRE_HARD, first + 100);
        plane(p, SHRIKE_EXPIRE_HARD, 0);
        run(p);
        CHECK_EQ(told_count, 2);
        CHECK_EQ(count(SHRIKE_EVENT_CHILD_SOFT_LIMIT, SHRIKE_REASON_NONE), 1);
        CHECK_EQ(count(SHRIKE_EVENT_CHILD_REKEYED, SHRIKE_REASON_NONE), 1);
        CHECK_EQ(p->side[1].child_down, 0);
        CHECK(child_of(p, 0, 0, &child) && child.serial > first);
        first = child.serial;
        plane(p, SHRIKE_EXPIRE_HARD, first);
        plane(p, SHRIKE_EXPIRE_HARD, first);
        plane(p, SHRIKE_EXPIRE_SOFT, first);
        run(p);
        CHECK_EQ(count(SHRIKE_EVENT_CHILD_DOWN, SHRIKE_REASON_EXPIRED), 1);
        CHECK_EQ(p->side[1].child_down, 1);
        CHECK_EQ(p->side[1].child_up, start == SHRIKE_START_NOW ? 2 : 1);
        CHECK_EQ(stats_of(p, 0).child_sas, start == SHRIKE_START_NOW);
        CHECK_EQ(stats_of(p, 0).ike_sas, 1);
        plane(p, SHRIKE_ACQUIRE, 1);
        run(p);
        CHECK_EQ(stats_of(p, 0).child_sas, 1);
        CHECK_EQ(p->side[1].child_up, 2);
        toy_end(p);
    }
}

/* Side 1 calls, so side 0 is the original responder. */
static void called(struct pair *p)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[1].engine, p->now, &up);
    pair_run(p);
}

/* Who closes the IKE SA, or the child, before or after, does not want it again. */
TEST(what_is_closed_is_not_made_anew)
{
    for (unsigned way = 0; way < 4; way++) {
        bool one = way & 1, first = way & 2;
        struct pair *p = toy_pair((struct pair_options){0});
        struct shrike_command down = {SHRIKE_DOWN, 1, "pair", one ? "net0" : NULL, 0, 0, false,
                                      {0},         0, false};
        struct shrike_child_view child;
        set_start(p, SHRIKE_START_NOW);
        called(p);
        CHECK(child_of(p, 0, 0, &child));
        if (first)
            shrike_command(p->side[0].engine, p->now, &down);
        plane(p, SHRIKE_EXPIRE_HARD, child.serial);
        if (one && !first) { /* its delete is under way */
            shrike_tick(p->side[0].engine, p->now);
            (void)pair_drain(p, 0);
        }
        if (!first)
            shrike_command(p->side[0].engine, p->now, &down);
        pair_run(p);
        CHECK_EQ(stats_of(p, 0).child_sas, 0);
        CHECK_EQ(p->side[0].child_up, 1);
        CHECK_EQ(p->side[0].ike_down, !one);
        toy_end(p);
    }
}

/* Worn out before the peer has heard that it is made: it hears that first. */
TEST(worn_out_while_it_is_made)
{
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    struct shrike_command up = {SHRIKE_UP, 1, "pair", "net1", 0, 0, false, {0}, 0, false};
    struct shrike_token token = {0};
    struct shrike_answer yes = {.ok = true};
    struct shrike_action a;
    u32 serial = 0;
    pair_up(p, "net0");
    shrike_command(p->side[1].engine, p->now, &up);
    shrike_tick(p->side[1].engine, p->now);
    (void)pair_drain(p, 1);
    CHECK(pair_deliver(p, 0));
    while (shrike_next(p->side[0].engine, &a)) {
        if (a.kind == SHRIKE_OP && a.op.kind == SHRIKE_CHILD_INSTALL) {
            token = a.op.token;
            serial = a.op.install.child_serial;
        }
    }
    CHECK(serial != 0);
    plane(p, SHRIKE_EXPIRE_HARD, serial);
    shrike_tick(p->side[0].engine, p->now);
    (void)pair_drain(p, 0);
    CHECK_EQ(p->side[1].count, 0);
    shrike_done(p->side[0].engine, p->now, token, &yes);
    pair_run(p);
    CHECK_EQ(p->side[1].failed, 0);
    CHECK_EQ(p->side[1].child_up, 2);
    CHECK_EQ(p->side[1].child_down, 1);
    CHECK_EQ(stats_of(p, 0).child_sas, 1);
    toy_end(p);
}

/* Both ends make it anew: of the two that come of it, one stays. */
TEST(one_of_two_made_anew_stays)
{
    struct pair *p = toy_pair((struct pair_options){0});
    begin();
    set_start(p, SHRIKE_START_NOW);
    pair_up(p, NULL);
    pair_lose_plane(p, 0);
    pair_lose_plane(p, 1);
    pair_wait(p, p->now + 20 * SHRIKE_SECOND);
    CHECK_EQ(stats_of(p, 0).child_sas, 1);
    CHECK_EQ(stats_of(p, 1).child_sas, 1);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* ---- lost ---- */

/* The new one is up before the old one is down; at either role. */
TEST(what_is_lost_is_made_anew_first)
{
    for (unsigned role = 0; role < 2; role++) {
        struct pair *p = toy_pair((struct pair_options){.children = 3});
        begin();
        if (role == 0)
            pair_up(p, NULL);
        else
            called(p);
        CHECK_EQ(stats_of(p, 0).child_sas, 3);
        plane(p, SHRIKE_PLANE_LOST, 0);
        run(p);
        unsigned ups = 0, downs = 0;
        for (unsigned i = 0; i < told_count; i++) {
            ups += told[i].id == SHRIKE_EVENT_CHILD_UP;
            downs += told[i].id == SHRIKE_EVENT_CHILD_DOWN;
            CHECK(downs <= ups);
        }
        CHECK(ups == 3 && downs == 3);
        CHECK_EQ(count(SHRIKE_EVENT_CHILD_DOWN, SHRIKE_REASON_PLANE_LOST), 3);
        CHECK_EQ(count(SHRIKE_EVENT_PLANE_LOST, SHRIKE_REASON_NONE), 1);
        CHECK_EQ(stats_of(p, 0).child_sas, 3);
        CHECK_EQ(p->side[1].child_count, 3);
        CHECK_EQ(shrike_deadline(p->side[0].engine) > p->now, true);
        toy_end(p);
    }
}

/* What was narrowed stays narrow, whatever the peer would allow by now: it has SAs for the rest. */
TEST(the_new_one_has_the_selectors_of_the_old_one)
{
    static struct shrike_ts half, whole;
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_child_view child;
    begin();
    tune_begin(p, 1, &t[1]);
    half = whole = t[1].children[0].local_ts[0];
    half.to[3] = 127;
    t[1].children[0].local_ts = &half;
    tune_end(p, 1, &t[1]);
    pair_up(p, NULL);
    half = whole; /* the very place that side 1 looks at */
    CHECK(child_of(p, 0, 0, &child));
    CHECK_EQ(child.remote_ts->to[3], 127);
    u32 first = child.serial;
    plane(p, SHRIKE_PLANE_LOST, 0);
    run(p);
    CHECK(child_of(p, 0, 0, &child));
    CHECK(child.serial != first && child.remote_ts_count == 1);
    CHECK_EQ(child.remote_ts->to[3], 127);
    CHECK_EQ(child.local_ts->to[3], 255);
    toy_end(p);
}

/* At a cap there is no room for both: then the old one goes first. */
TEST(at_the_cap_the_old_one_makes_room)
{
    struct pair *p = toy_pair((struct pair_options){.limits = {.child_sas = 2}, .children = 2});
    begin();
    pair_up(p, NULL);
    CHECK_EQ(stats_of(p, 0).child_sas, 2);
    plane(p, SHRIKE_PLANE_LOST, 0);
    run(p);
    CHECK_EQ(stats_of(p, 0).child_sas, 2);
    CHECK_EQ(count(SHRIKE_EVENT_CHILD_DOWN, SHRIKE_REASON_PLANE_LOST), 2);
    CHECK_EQ(count(SHRIKE_EVENT_CHILD_UP, SHRIKE_REASON_NONE), 2);
    toy_end(p);
}

/* It is tried twice, then it is over; the peer keeps nothing. */
TEST(what_cannot_be_made_anew_ends)
{
    struct pair *p = toy_pair((struct pair_options){0});
    begin();
    pair_up(p, NULL);
    p->side[0].refuse_ops = true;
    plane(p, SHRIKE_PLANE_LOST, 0);
    run(p);
    CHECK_EQ(count(SHRIKE_EVENT_CHILD_FAILED, SHRIKE_REASON_KERNEL), 2);
    CHECK_EQ(count(SHRIKE_EVENT_CHILD_DOWN, SHRIKE_REASON_PLANE_LOST), 1);
    CHECK_EQ(stats_of(p, 0).child_sas, 0);
    CHECK_EQ(stats_of(p, 1).child_sas, 0);
    CHECK_EQ(stats_of(p, 0).ike_sas, 1);
    toy_end(p);
}

/* The data plane is lost once more, at every step of making its SAs anew. */
TEST(lost_again_at_each_step)
{
    for (unsigned steps = 0; steps < 12; steps++) {
        struct pair *p = toy_pair((struct pair_options){.children = 2});
        begin();
        pair_up(p, NULL);
        plane(p, SHRIKE_PLANE_LOST, 0);
        for (unsigned i = 0; i < steps; i++) {
            shrike_tick(p->side[0].engine, p->now);
            (void)note(p);
            (void)pair_deliver(p, 1);
            (void)pair_drain(p, 1);
            (void)pair_deliver(p, 0);
        }
        u32 newest = p->side[0].ike;
        struct shrike_child_view child;
        for (u32 last = 0; child_of(p, 0, last, &child); last = child.serial)
            newest = child.state == SHRIKE_CHILD_INSTALLED ? child.serial : newest;
        (void)note(p);
        plane(p, SHRIKE_PLANE_LOST, 0);
        run(p);
        CHECK_EQ(stats_of(p, 0).child_sas, 2);
        CHECK_EQ(stats_of(p, 1).child_sas, 2);
        CHECK(child_of(p, 0, 0, &child));
        CHECK(child.serial > newest); /* all that there was is gone */
        toy_end(p);
    }
}

/* A command to go down holds for what is being made in its place, at every step. */
TEST(down_while_it_is_made_anew)
{
    for (unsigned steps = 0; steps < 4; steps++) {
        struct pair *p = toy_pair((struct pair_options){0});
        struct shrike_command down = {SHRIKE_DOWN, 1, "pair", "net0", 0, 0, false, {0}, 0, false};
        begin();
        pair_up(p, NULL);
        plane(p, SHRIKE_PLANE_LOST, 0);
        for (unsigned i = 0; i < steps; i++) {
            shrike_tick(p->side[0].engine, p->now);
            (void)note(p);
            if (i == 0)
                continue;
            (void)pair_deliver(p, 1);
            (void)pair_drain(p, 1);
            (void)pair_deliver(p, 0);
        }
        shrike_command(p->side[0].engine, p->now, &down);
        run(p);
        CHECK_EQ(stats_of(p, 0).child_sas, 0);
        CHECK_EQ(stats_of(p, 1).child_sas, 0);
        CHECK_EQ(count(SHRIKE_EVENT_COMMAND_DONE, SHRIKE_REASON_NONE), 1);
        toy_end(p);
    }
}

/* The same, when the new one has not even been asked for. */
TEST(down_before_it_is_made_anew)
{
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    struct shrike_command down = {SHRIKE_DOWN, 1, "pair", "net1", 0, 0, false, {0}, 0, false};
    struct shrike_child_view child;
    begin();
    pair_up(p, NULL);
    CHECK(child_of(p, 0, 0, &child));
    plane(p, SHRIKE_EXPIRE_HARD, child.serial); /* whose delete goes first */
    plane(p, SHRIKE_PLANE_LOST, 0);
    shrike_tick(p->side[0].engine, p->now);
    CHECK_EQ(note(p), 1);
    CHECK_EQ(stats_of(p, 0).child_sas, 3);
    shrike_command(p->side[0].engine, p->now, &down);
    run(p);
    CHECK_EQ(stats_of(p, 0).child_sas, 0);
    CHECK_EQ(stats_of(p, 1).child_sas, 0);
    toy_end(p);
}

/* Many SAs are not all called at once. */
TEST(many_are_made_anew_in_turn)
{
    enum { SAS = 20 };
    static struct many_conns many;
    struct pair *p = toy_pair((struct pair_options){0});
    begin();
    tune_begin(p, 0, &t[0]);
    tune_conns(&t[0], &many, SAS);
    tune_end(p, 0, &t[0]);
    for (unsigned i = 0; i < SAS; i++) {
        struct shrike_command up = {SHRIKE_UP, 9, many.names[i], NULL, 0, 0, false, {0}, 0, false};
        shrike_command(p->side[0].engine, p->now, &up);
        pair_run(p);
    }
    CHECK_EQ(p->side[0].child_up, SAS);
    plane(p, SHRIKE_PLANE_LOST, 0);
    CHECK_EQ(note(p), 0);
    CHECK(shrike_deadline(p->side[0].engine) <= p->now);
    shrike_tick(p->side[0].engine, p->now);
    CHECK(note(p) < SAS);
    run(p);
    CHECK_EQ(count(SHRIKE_EVENT_CHILD_DOWN, SHRIKE_REASON_PLANE_LOST), SAS);
    CHECK_EQ(stats_of(p, 0).child_sas, SAS);
    CHECK_EQ(stats_of(p, 1).child_sas, SAS);
    toy_end(p);
}

int main(void)
{
    return RUN(a_trap_calls_once) | RUN(a_trap_that_leads_nowhere_is_told) |
           RUN(a_trap_of_a_newer_configuration) | RUN(limits_come_with_the_install) |
           RUN(what_is_idle_is_deleted) | RUN(esp_is_a_sign_of_life) |
           RUN(a_successor_is_told_of_as_one) | RUN(what_is_worn_out_is_deleted) |
           RUN(what_is_closed_is_not_made_anew) | RUN(worn_out_while_it_is_made) |
           RUN(one_of_two_made_anew_stays) | RUN(what_is_lost_is_made_anew_first) |
           RUN(the_new_one_has_the_selectors_of_the_old_one) |
           RUN(at_the_cap_the_old_one_makes_room) | RUN(what_cannot_be_made_anew_ends) |
           RUN(lost_again_at_each_step) | RUN(down_while_it_is_made_anew) |
           RUN(down_before_it_is_made_anew) | RUN(many_are_made_anew_in_turn);
}
