/* Commands: each is answered exactly once, whatever becomes of what it wanted. */
#include "../exchange/tools.h"

static struct tuned t[2];

/* What one side told about commands, by reference. */
enum { REFERENCES = 64 };
struct replies {
    unsigned done[REFERENCES], failed[REFERENCES];
    enum shrike_reason_code reason[REFERENCES];
    unsigned installs;
    struct shrike_token held[REFERENCES]; /* ops that are not answered */
    unsigned held_count;
};
static struct replies r;

/* Drain one side without answering its ops. */
static void hold(struct pair *p, unsigned side)
{
    struct shrike_action a;
    while (shrike_next(p->side[side].engine, &a)) {
        u32 n = a.kind == SHRIKE_EVENT ? a.event.command : REFERENCES;
        if (a.kind == SHRIKE_OP && a.op.kind < SHRIKE_CHILD_REMOVE && r.held_count < REFERENCES) {
            r.held[r.held_count++] = a.op.token;
            r.installs += a.op.kind == SHRIKE_CHILD_INSTALL;
        }
        if (n >= REFERENCES)
            continue;
        r.done[n] += a.event.id == SHRIKE_EVENT_COMMAND_DONE;
        r.failed[n] += a.event.id == SHRIKE_EVENT_COMMAND_FAILED;
        if (a.event.id == SHRIKE_EVENT_COMMAND_FAILED)
            r.reason[n] = a.event.reason.code;
    }
}

/* Tick side 0 for as long as it wants to be ticked at once. */
static void exhaust(struct pair *p)
{
    for (unsigned i = 0; i < 1000 && shrike_deadline(p->side[0].engine) <= p->now; i++) {
        shrike_tick(p->side[0].engine, p->now);
        hold(p, 0);
    }
}

static void order(struct pair *p, struct shrike_command c)
{
    shrike_command(p->side[0].engine, p->now, &c);
    hold(p, 0);
}

static void begin(void)
{
    memset(&r, 0, sizeof(r));
}

TEST(what_is_not_there_fails_at_once)
{
    static const struct {
        struct shrike_command c;
        enum shrike_reason_code code;
    } rows[] = {
        {{SHRIKE_UP, 0, "none", NULL, 0, 0, false, {0}, 0, false}, SHRIKE_REASON_NO_CONNECTION},
        {{SHRIKE_UP, 1, NULL, NULL, 0, 0, false, {0}, 0, false}, SHRIKE_REASON_NO_CONNECTION},
        {{SHRIKE_UP, 2, "pair", "none", 0, 0, false, {0}, 0, false}, SHRIKE_REASON_NO_SUCH_CHILD},
        {{SHRIKE_DOWN, 3, "pair", NULL, 0, 0, false, {0}, 0, false}, SHRIKE_REASON_NO_SUCH_SA},
        {{SHRIKE_DOWN, 4, "none", "net0", 0, 0, false, {0}, 0, false}, SHRIKE_REASON_NO_SUCH_SA},
        {{SHRIKE_DOWN, 5, NULL, NULL, 77, 0, false, {0}, 0, false}, SHRIKE_REASON_NO_SUCH_SA},
        {{SHRIKE_DOWN, 6, NULL, NULL, 0, 77, false, {0}, 0, false}, SHRIKE_REASON_NO_SUCH_SA},
        {{SHRIKE_DOWN, 7, NULL, NULL, 0, 0, false, {0}, 0, false}, SHRIKE_REASON_NO_SUCH_SA},
        {{SHRIKE_LIVENESS, 8, "pair", NULL, 0, 0, false, {0}, 0, false}, SHRIKE_REASON_NO_SUCH_SA},
        {{SHRIKE_LIVENESS, 9, NULL, NULL, 0, 0, false, {0}, 0, false}, SHRIKE_REASON_NO_SUCH_SA},
    };
    struct pair *p = toy_pair((struct pair_options){0});
    begin();
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        order(p, rows[i].c);
        CHECK_EQ(r.failed[i], 1);
        CHECK_EQ(r.done[i], 0);
        CHECK_EQ(r.reason[i], rows[i].code);
    }
    CHECK(empty(p));
    exhaust(p);
    CHECK_EQ(shrike_deadline(p->side[0].engine), SHRIKE_NEVER);
    toy_end(p);
}

TEST(up_twice_is_busy_and_up_when_up_is_done)
{
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    begin();
    order(p, up);
    up.reference = 2;
    order(p, up);
    CHECK_EQ(r.done[1] + r.failed[1], 0);
    CHECK_EQ(r.failed[2], 1);
    CHECK_EQ(r.reason[2], SHRIKE_REASON_BUSY);
    pair_run(p);
    CHECK_EQ(p->side[0].child_up, 2);
    up.reference = 3;
    order(p, up);
    CHECK_EQ(r.done[3], 1);
    toy_end(p);
}

/* RFC 7296 1.4 (6): Not when the question is sent, and not at all when nobody answers it. */
TEST(liveness_is_answered_by_the_peer)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_command alive = {SHRIKE_LIVENESS, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    begin();
    pair_up(p, NULL);
    order(p, alive);
    alive.reference = 2;
    order(p, alive);
    CHECK_EQ(r.reason[2], SHRIKE_REASON_BUSY);
    shrike_tick(p->side[0].engine, p->now);
    (void)pair_drain(p, 0);
    CHECK(pair_deliver(p, 1));
    (void)pair_drain(p, 1);
    hold(p, 0);
    CHECK_EQ(r.done[1] + r.failed[1], 0);
    CHECK(pair_deliver(p, 0));
    hold(p, 0);
    CHECK_EQ(r.done[1], 1);
    alive.reference = 3;
    order(p, alive);
    for (unsigned i = 0; i < 20; i++) { /* hold() lets every datagram be lost */
        shrike_time due = shrike_deadline(p->side[0].engine);
        p->now = due > p->now ? due : p->now;
        exhaust(p);
        if (r.failed[3])
            break;
    }
    CHECK_EQ(r.failed[3], 1);
    CHECK_EQ(r.reason[3], SHRIKE_REASON_TIMEOUT);
    toy_end(p);
}

/* An op that nobody answers fails after a minute, and with it what waited for it: exactly once. */
TEST(an_op_without_an_answer_fails_in_time)
{
    for (unsigned stage = 0; stage < 2; stage++) {
        struct pair *p = toy_pair((struct pair_options){.children = 2});
        begin();
        if (stage)
            pair_up(p, "net0");
        order(p, (struct shrike_command){
                     SHRIKE_UP, 1, "pair", stage ? "net1" : NULL, 0, 0, false, {0}, 0, false});
        for (unsigned i = 0; i < 20 && !r.held_count; i++) {
            shrike_tick(p->side[0].engine, p->now);
            hold(p, 0);
            /* what was asked goes its way, but not through pair_drain(), which answers */
            (void)pair_deliver(p, 1);
            (void)pair_drain(p, 1);
            (void)pair_deliver(p, 0);
            hold(p, 0);
            if (stage == 0)
                break;
        }
        shrike_time asked = p->now;
        for (unsigned i = 0; i < 30 && !r.failed[1]; i++) {
            p->now = MAX(p->now + 1, shrike_deadline(p->side[0].engine));
            exhaust(p);
        }
        CHECK_EQ(r.failed[1], 1);
        CHECK_EQ(r.done[1], 0);
        CHECK(p->now - asked >= 60 * SHRIKE_SECOND);
        (void)asked;
        toy_end(p);
    }
}

/* The data plane refuses: the peer's half is deleted again, and the command says why. */
TEST(a_refused_install_is_the_reason)
{
    struct pair *p = toy_pair((struct pair_options){.children = 1});
    begin();
    order(p, (struct shrike_command){SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false});
    /* As pair_run(), but ops of side 0 are answered here. */
    for (unsigned i = 0; i < 50; i++) {
        struct shrike_action a;
        (void)pair_deliver(p, 1);
        (void)pair_drain(p, 1);
        (void)pair_deliver(p, 0);
        if (shrike_deadline(p->side[0].engine) <= p->now)
            shrike_tick(p->side[0].engine, p->now);
        struct shrike_token token = {0};
        struct shrike_answer answer = {.ok = true};
        uint8_t value[PRF_MAX];
        bool asked = false;
        while (shrike_next(p->side[0].engine, &a)) {
            if (a.kind == SHRIKE_SEND) {
                struct pair_datagram d = {a.send.remote, a.send.local,
                                          (uint8_t *)(uintptr_t)a.send.data.at, a.send.data.len,
                                          a.send.marker};
                pair_post(&p->side[1], &d);
            } else if (a.kind == SHRIKE_EVENT && a.event.command == 1) {
                r.done[1] += a.event.id == SHRIKE_EVENT_COMMAND_DONE;
                r.failed[1] += a.event.id == SHRIKE_EVENT_COMMAND_FAILED;
                r.reason[1] = a.event.reason.code;
            } else if (a.kind == SHRIKE_OP && a.op.kind < SHRIKE_CHILD_REMOVE) {
                asked = true;
                token = a.op.token;
                if (a.op.kind == SHRIKE_CHILD_INSTALL)
                    answer = (struct shrike_answer){.reason = SHRIKE_REASON_KERNEL};
                else
                    (void)!keymat_psk_auth(p->side[0].provider, suite_prf(a.op.auth.prf),
                                           bytes_of("a shared secret", 15), a.op.auth.octets,
                                           value);
                if (a.op.kind == SHRIKE_PROVE) {
                    answer.method = AUTH_PSK;
                    answer.value = bytes_of(value, suite_prf(a.op.auth.prf)->len);
                }
            }
        }
        if (asked)
            shrike_done(p->side[0].engine, p->now, token, &answer);
    }
    CHECK_EQ(r.failed[1], 1);
    CHECK_EQ(r.done[1], 0);
    CHECK_EQ(r.reason[1], SHRIKE_REASON_KERNEL);
    CHECK_EQ(p->side[1].child_count, 0); /* deleted again */
    CHECK_EQ(stats_of(p, 0).ike_sas, 1);
    CHECK_EQ(stats_of(p, 0).child_sas, 0);
    toy_end(p);
}

/* Any number of IKE SAs, a few in each tick; the command is answered when the last one is gone. */
TEST(down_without_a_name_closes_all)
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
    CHECK_EQ(p->side[0].ike_up, SAS);
    CHECK_EQ(stats_of(p, 0).ike_sas, SAS);
    order(p, (struct shrike_command){SHRIKE_DOWN, 1, NULL, NULL, 0, 0, false, {0}, 0, false});
    CHECK_EQ(r.done[1] + r.failed[1], 0);
    shrike_tick(p->side[0].engine, p->now); /* not all at once */
    unsigned sent = 0;
    struct shrike_action a;
    while (shrike_next(p->side[0].engine, &a)) {
        sent += a.kind == SHRIKE_SEND;
        if (a.kind == SHRIKE_SEND) {
            struct pair_datagram d = {a.send.remote, a.send.local,
                                      (uint8_t *)(uintptr_t)a.send.data.at, a.send.data.len,
                                      a.send.marker};
            pair_post(&p->side[1], &d);
        }
    }
    CHECK(sent > 0 && sent < SAS);
    pair_run(p);
    CHECK_EQ(p->side[0].ike_down, SAS);
    CHECK_EQ(p->side[1].ike_down, SAS);
    order(p, (struct shrike_command){SHRIKE_DOWN, 2, NULL, NULL, 0, 0, false, {0}, 0, false});
    CHECK_EQ(r.reason[2], SHRIKE_REASON_NO_SUCH_SA);
    toy_end(p);
}

/* A stranger can make us hold a half-open SA of a connection. Our call must not hang on it. */
TEST(up_does_not_hang_on_the_sa_of_a_stranger)
{
    struct pair *p = toy_pair((struct pair_options){0});
    begin();
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[1].engine, p->now, &up);
    shrike_tick(p->side[1].engine, p->now);
    while (pair_drain(p, 1))
        continue;
    CHECK_EQ(p->side[0].count, 1);
    pair_deliver(p, 0); /* side 0 is half-open now; nothing more comes from there */
    hold(p, 0);
    CHECK_EQ(stats_of(p, 0).half_open, 1);
    order(p, (struct shrike_command){SHRIKE_UP, 2, "pair", NULL, 0, 0, false, {0}, 0, false});
    CHECK_EQ(stats_of(p, 0).ike_sas, 2);
    toy_end(p);
}

/* DOWN ends what is up. What waits to be asked for comes up all the same, and its command is
 * answered. */
TEST(down_leaves_what_is_to_be_asked_for)
{
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    begin();
    pair_up(p, NULL);
    pair_down(p, 0, "net1");
    CHECK_EQ(stats_of(p, 0).child_sas, 1);
    order(p, (struct shrike_command){SHRIKE_LIVENESS, 1, "pair", NULL, 0, 0, false, {0}, 0, false});
    exhaust(p); /* the request is lost, and sent again later */
    order(p, (struct shrike_command){SHRIKE_UP, 2, "pair", "net1", 0, 0, false, {0}, 0, false});
    exhaust(p);
    order(p, (struct shrike_command){SHRIKE_DOWN, 3, "pair", "net1", 0, 0, false, {0}, 0, false});
    CHECK_EQ(r.reason[3], SHRIKE_REASON_NO_SUCH_SA);
    unsigned done = p->side[0].done;
    pair_wait(p, p->now + 5 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].done, done + 2);
    CHECK_EQ(stats_of(p, 0).child_sas, 2);
    toy_end(p);
}

TEST(more_commands_than_there_may_be)
{
    struct pair *p = toy_pair((struct pair_options){0});
    unsigned failed = 0, done = 0;
    struct shrike_action a;
    tune_begin(p, 0, &t[0]);
    tune_children(&t[0], 1);
    tune_end(p, 0, &t[0]);
    for (unsigned i = 0; i < 2000; i++) { /* each waits for the one child or is refused */
        struct shrike_command up = {SHRIKE_UP, i, "pair", NULL, 0, 0, false, {0}, 0, false};
        shrike_command(p->side[0].engine, p->now, &up);
        while (shrike_next(p->side[0].engine, &a)) {
            failed += a.kind == SHRIKE_EVENT && a.event.id == SHRIKE_EVENT_COMMAND_FAILED;
            done += a.kind == SHRIKE_EVENT && a.event.id == SHRIKE_EVENT_COMMAND_DONE;
        }
    }
    CHECK_EQ(failed, 1999);
    CHECK_EQ(done, 0);
    toy_end(p);
}

/* ---- an end that does not wait for the peer ---- */

/* Nothing of side 1 arrives, and side 0 has sent so many datagrams since the last call. */
static unsigned sent_by(struct pair *p)
{
    unsigned sent = 0;
    struct shrike_action a;
    for (unsigned i = 0; i < 1000; i++) {
        while (shrike_next(p->side[0].engine, &a)) {
            sent += a.kind == SHRIKE_SEND;
            if (a.kind == SHRIKE_EVENT && a.event.command < REFERENCES) {
                r.done[a.event.command] += a.event.id == SHRIKE_EVENT_COMMAND_DONE;
                r.failed[a.event.command] += a.event.id == SHRIKE_EVENT_COMMAND_FAILED;
            }
        }
        if (shrike_deadline(p->side[0].engine) > p->now)
            break;
        shrike_tick(p->side[0].engine, p->now);
    }
    return sent;
}

static void force(struct pair *p, u32 reference, shrike_time forget)
{
    struct shrike_command c = {
        .kind = SHRIKE_DOWN, .reference = reference, .conn = "pair", .forget = forget};
    shrike_command(p->side[0].engine, p->now, &c);
}

static bool is_forgotten(struct pair *p)
{
    struct shrike_stats s = stats_of(p, 0);
    return s.ike_sas == 0 && s.child_sas == 0;
}

TEST(a_forced_down_says_it_once_and_forgets)
{
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    begin();
    pair_up(p, NULL);
    force(p, 1, 1);
    CHECK_EQ(sent_by(p), 1);
    p->now++;
    CHECK_EQ(sent_by(p), 0);
    CHECK(r.done[1] == 1 && is_forgotten(p));
    p->now += 60 * SHRIKE_SECOND;
    CHECK_EQ(sent_by(p), 0);
    toy_end(p);
}

TEST(a_peer_that_hears_of_a_forced_down_is_down_too)
{
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    pair_up(p, NULL);
    force(p, 1, 1);
    pair_run(p);
    pair_wait(p, p->now + SHRIKE_SECOND);
    CHECK(is_forgotten(p) && p->side[0].done == 2);
    CHECK_EQ(p->side[1].ike_down, 1);
    CHECK_EQ(p->side[1].child_count, 0);
    toy_end(p);
}

TEST(a_forced_down_may_wait_a_while)
{
    struct pair *p = toy_pair((struct pair_options){0});
    begin();
    pair_up(p, NULL);
    force(p, 1, 10 * SHRIKE_SECOND);
    CHECK_EQ(sent_by(p), 1);
    p->now += 2 * SHRIKE_SECOND;
    CHECK_EQ(sent_by(p), 1); /* once more */
    p->now += 8 * SHRIKE_SECOND - 1;
    (void)sent_by(p);
    CHECK(r.done[1] == 0 && !is_forgotten(p));
    p->now++;
    (void)sent_by(p);
    p->now++;
    CHECK(sent_by(p) == 0 && r.done[1] == 1 && is_forgotten(p));
    toy_end(p);
}

/* With a window of one its delete must not pass a request that has no answer yet. */
TEST(a_forced_down_does_not_wait_for_what_is_under_way)
{
    struct pair *p = toy_pair((struct pair_options){0});
    begin();
    pair_up(p, NULL);
    order(p, (struct shrike_command){SHRIKE_LIVENESS, 1, "pair", NULL, 0, 0, false, {0}, 0, false});
    CHECK_EQ(sent_by(p), 1);
    force(p, 2, 1);
    (void)sent_by(p);
    p->now++;
    CHECK(sent_by(p) == 0 && is_forgotten(p));
    CHECK(r.failed[1] == 1 && r.done[2] == 1);
    toy_end(p);
}

TEST(what_closes_already_or_never_came_up_is_forgotten_too)
{
    for (unsigned up = 0; up < 2; up++) {
        struct pair *p = toy_pair((struct pair_options){0});
        begin();
        if (up) {
            pair_up(p, NULL);
            order(p, (struct shrike_command){
                         SHRIKE_DOWN, 1, "pair", NULL, 0, 0, false, {0}, 0, false});
        } else {
            order(p,
                  (struct shrike_command){SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false});
        }
        (void)sent_by(p);
        CHECK_EQ(r.done[1] + r.failed[1], 0);
        force(p, 2, 1);
        (void)sent_by(p);
        p->now++;
        (void)sent_by(p);
        CHECK(is_forgotten(p) && r.done[2] == 1);
        CHECK(r.done[1] == up && r.failed[1] == !up);
        toy_end(p);
    }
}

/* A rekey may be under way: what takes over inherits it. */
TEST(a_rekey_does_not_escape_a_forced_down)
{
    struct pair *p = toy_pair((struct pair_options){0});
    begin();
    pair_up(p, NULL);
    order(p, (struct shrike_command){SHRIKE_REKEY, 1, "pair", NULL, 0, 0, false, {0}, 0, false});
    force(p, 2, 20 * SHRIKE_SECOND);
    pair_run(p);
    p->now += 21 * SHRIKE_SECOND;
    (void)sent_by(p);
    p->now++;
    (void)sent_by(p);
    CHECK(is_forgotten(p));
    toy_end(p);
}

TEST(limits_keep_back_what_asks_to_be)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_command up = {.kind = SHRIKE_UP, .conn = "pair", .limited = true};
    begin();
    tune_begin(p, 0, &t[0]);
    t[0].conf.half_open_max = 1;
    tune_end(p, 0, &t[0]);
    order(p, (struct shrike_command){SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false});
    exhaust(p); /* a handshake of ours is under way */
    up.reference = 2;
    order(p, up);
    CHECK_EQ(r.reason[2], SHRIKE_REASON_BUSY); /* it hangs on that one */
    force(p, 3, 1);
    exhaust(p);
    p->now++;
    exhaust(p);
    t[0].conf.half_open_max = 0;
    up.reference = 4;
    order(p, up);
    CHECK_EQ(r.reason[4], SHRIKE_REASON_LIMIT);
    up.reference = 5;
    up.limited = false;
    order(p, up);
    CHECK_EQ(r.failed[5], 0);
    toy_end(p);
}

int main(void)
{
    return RUN(what_is_not_there_fails_at_once) | RUN(up_twice_is_busy_and_up_when_up_is_done) |
           RUN(an_op_without_an_answer_fails_in_time) | RUN(a_refused_install_is_the_reason) |
           RUN(down_without_a_name_closes_all) | RUN(up_does_not_hang_on_the_sa_of_a_stranger) |
           RUN(more_commands_than_there_may_be) | RUN(down_leaves_what_is_to_be_asked_for) |
           RUN(liveness_is_answered_by_the_peer) | RUN(a_forced_down_says_it_once_and_forgets) |
           RUN(a_peer_that_hears_of_a_forced_down_is_down_too) |
           RUN(a_forced_down_may_wait_a_while) |
           RUN(a_forced_down_does_not_wait_for_what_is_under_way) |
           RUN(what_closes_already_or_never_came_up_is_forgotten_too) |
           RUN(a_rekey_does_not_escape_a_forced_down) | RUN(limits_keep_back_what_asks_to_be);
}
