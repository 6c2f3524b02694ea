/* Rules of one configuration after the other. */
#include "asked.h"
#include "rules/rules.h"
#include <unistd.h>

static struct rules r;
static struct asked a, b; /* office, and another one */

/* A configuration of these; NULL ends them. */
static bool take(const struct asked *one, const struct asked *two, shrike_time now)
{
    struct shrike_conn conns[2];
    struct settings settings = {.mtu = 1400};
    u32 count = 0;
    if (one)
        conns[count++] = one->conn;
    if (two)
        conns[count++] = two->conn;
    const struct shrike_conf conf = {.conns = conns, .conn_count = count};
    int fd = snapshot_seal(&conf, &settings);
    struct snapshot_copy *s = fd >= 0 ? snapshot_load(fd) : NULL;
    ensure(s);
    close(fd);
    return rules_take(&r, s, now);
}

static enum refusal asked(const struct asked *one, u64 *rule)
{
    struct rules_verdict v = rules_judge(&r, &one->op, NULL, 0);
    if (rule)
        *rule = v.rule;
    return v.why;
}

static void begin(void)
{
    rules_open(&r);
    asked_make(&a);
    asked_make(&b);
    b.conn.name = b.op.conn = "branch";
    b.conn.hash = 5;
}

/* Office with the same name, and other selectors. */
static void change(struct asked *one)
{
    one->conn.hash++;
    one->remote_conf[0] = ts4(0x0a030000, 0x0a03ffff);
    one->remote[0] = ts4(0x0a030000, 0x0a03ffff);
}

TEST(without_a_configuration_nothing_is_allowed)
{
    begin();
    CHECK_EQ(asked(&a, NULL), REFUSAL_CONN);
    CHECK_EQ(rules_due(&r), SHRIKE_NEVER);
    CHECK(!rules_tick(&r, SHRIKE_SECOND));
    rules_hold(&r, 77);
    rules_release(&r, 77, 1);
    CHECK(take(NULL, NULL, 1));
    CHECK_EQ(asked(&a, NULL), REFUSAL_CONN);
    rules_close(&r);
    rules_close(&r);
}

TEST(a_child_is_found_by_the_names_of_both)
{
    u64 rule;
    begin();
    CHECK(take(&a, &b, 1));
    CHECK_EQ(asked(&a, &rule), REFUSAL_NONE);
    CHECK_EQ(rule, 77);
    CHECK_EQ(asked(&b, &rule), REFUSAL_NONE);
    CHECK_EQ(rule, 5);
    struct rules_verdict v = rules_judge(&r, &a.op, NULL, 0);
    CHECK(v.conn && v.child && v.child->reqid == ASKED_REQID);
    a.op.child = "wan";
    CHECK_EQ(asked(&a, NULL), REFUSAL_CHILD);
    a.op.conn = "home";
    CHECK_EQ(asked(&a, NULL), REFUSAL_CONN);
    a.op.conn = NULL;
    CHECK_EQ(asked(&a, NULL), REFUSAL_CONN);
    b.op.child = NULL;
    CHECK_EQ(asked(&b, NULL), REFUSAL_CONN);
    b.op.child = "lan";
    b.op.reqid++;
    CHECK_EQ(asked(&b, NULL), REFUSAL_REQID);
    rules_close(&r);
}

TEST(what_has_changed_is_kept_for_a_while)
{
    struct asked old;
    u64 rule;
    begin();
    CHECK(take(&a, NULL, 10));
    asked_make(&old);
    change(&a);
    CHECK(take(&a, NULL, 20));
    CHECK_EQ(asked(&a, &rule), REFUSAL_NONE);
    CHECK_EQ(rule, 78);
    CHECK_EQ(asked(&old, &rule), REFUSAL_NONE); /* it was being negotiated */
    CHECK_EQ(rule, 77);
    CHECK_EQ(rules_due(&r), 20 + RULES_GRACE);
    CHECK(!rules_tick(&r, 19 + RULES_GRACE));
    CHECK(rules_tick(&r, 20 + RULES_GRACE));
    CHECK_EQ(asked(&old, NULL), REFUSAL_REMOTE_TS); /* what the newest says counts */
    CHECK_EQ(asked(&a, NULL), REFUSAL_NONE);
    CHECK_EQ(rules_due(&r), SHRIKE_NEVER);
    CHECK_EQ(rules_former(&r).len, 0);
    rules_close(&r);
}

TEST(child_sas_keep_the_rule_that_they_are_there_by)
{
    struct asked old;
    begin();
    CHECK(take(&a, &b, 10));
    asked_make(&old);
    rules_hold(&r, 77);
    rules_hold(&r, 77);
    CHECK(take(NULL, &b, 20)); /* gone */
    CHECK_EQ(rules_due(&r), SHRIKE_NEVER);
    CHECK(!rules_tick(&r, 20 + 5 * RULES_GRACE));
    rules_release(&r, 77, 30 + 5 * RULES_GRACE);
    change(&a);
    CHECK(take(&a, NULL, 40 + 5 * RULES_GRACE)); /* the second change since */
    CHECK_EQ(asked(&old, NULL), REFUSAL_NONE);
    CHECK(!rules_tick(&r, 39 + 6 * RULES_GRACE));
    CHECK(rules_tick(&r, 40 + 6 * RULES_GRACE)); /* branch, which nobody used */
    CHECK_EQ(asked(&b, NULL), REFUSAL_CONN);
    CHECK_EQ(asked(&old, NULL), REFUSAL_NONE);
    rules_release(&r, 77, 50 + 6 * RULES_GRACE);
    CHECK_EQ(rules_due(&r), 50 + 7 * RULES_GRACE);
    CHECK(rules_tick(&r, 50 + 7 * RULES_GRACE));
    CHECK_EQ(asked(&old, NULL), REFUSAL_REMOTE_TS);
    rules_close(&r);
}

TEST(what_comes_back_as_it_was_is_of_the_newest)
{
    begin();
    CHECK(take(&a, NULL, 10));
    rules_hold(&r, 77);
    CHECK(take(&b, NULL, 20));
    CHECK(take(&a, &b, 30));
    CHECK_EQ(rules_former(&r).len, 0);
    CHECK_EQ(rules_due(&r), SHRIKE_NEVER);
    CHECK(take(&b, NULL, 40)); /* its Child SA was not forgotten */
    CHECK_EQ(rules_due(&r), SHRIKE_NEVER);
    CHECK_EQ(asked(&a, NULL), REFUSAL_NONE);
    rules_close(&r);
}

/* Rekeyed again and again, by an engine that goes on by its retired connection: were it counted for
 * the new one, the old one would go, and with it what only that has. */
TEST(a_rekey_stays_with_its_rule)
{
    const struct allowed_before before = {.local_ts_count = 0};
    begin();
    CHECK(take(&a, NULL, 10));
    a.conn.hash = 78; /* in something that does not matter here */
    CHECK(take(&a, NULL, 20));
    CHECK_EQ(rules_judge(&r, &a.op, NULL, 0).rule, 78);
    CHECK_EQ(rules_judge(&r, &a.op, &before, 77).rule, 77);
    CHECK_EQ(rules_judge(&r, &a.op, &before, 79).rule, 78);
    b.conn.hash = 77; /* the rule of another connection */
    CHECK(take(&b, &a, 30));
    CHECK_EQ(rules_judge(&r, &a.op, &before, 77).rule, 78);
    rules_close(&r);
}

TEST(a_move_is_judged_by_its_rule)
{
    begin();
    struct shrike_move_op op = {.local = a.op.local, .remote = a.op.remote};
    CHECK_EQ(rules_judge_move(&r, 77, &op), REFUSAL_CONN);
    CHECK(take(&a, NULL, 10));
    CHECK_EQ(rules_judge_move(&r, 77, &op), REFUSAL_NONE);
    op.remote = end4(0xcb007101, 4500);
    CHECK_EQ(rules_judge_move(&r, 77, &op), REFUSAL_REMOTE_END);
    a.conn.mobike = true;
    a.conn.hash = 78;
    CHECK(take(&a, NULL, 20));
    CHECK_EQ(rules_judge_move(&r, 77, &op), REFUSAL_REMOTE_END);
    CHECK_EQ(rules_judge_move(&r, 78, &op), REFUSAL_NONE);
    rules_close(&r);
}

/* A data plane that dies takes with it which Child SAs there were; its successor waits for them. */
TEST(the_next_process_knows_former_rules)
{
    struct asked old;
    struct rules first;
    begin();
    CHECK(take(&a, NULL, 10));
    asked_make(&old);
    rules_hold(&r, 77);
    change(&a);
    CHECK(take(&a, NULL, 20));
    first = r;
    rules_open(&r);
    CHECK(rules_restore(&r, rules_former(&first), 100));
    CHECK(rules_restore(&r, bytes_of(NULL, 0), 100));
    CHECK(!rules_restore(&r, rules_former(&first), 100)); /* there are some now */
    CHECK(take(&a, NULL, 110));
    rules_close(&first);
    CHECK_EQ(asked(&old, NULL), REFUSAL_NONE);
    CHECK_EQ(asked(&a, NULL), REFUSAL_NONE);
    CHECK_EQ(rules_due(&r), 100 + RULES_GRACE);
    rules_hold(&r, 77);
    CHECK(!rules_tick(&r, 100 + RULES_GRACE));
    rules_close(&r);
    CHECK(!rules_restore(&r, bytes_of("rubbish", 7), 1));
    CHECK_EQ(r.count, 0);
    rules_close(&r);
}

/* Another program takes over: it reads its configuration later than it carries packets. */
TEST(of_none_any_more_only_what_is_used_is_kept)
{
    begin();
    CHECK(take(&a, &b, 10));
    rules_hold(&r, 5);
    CHECK(rules_take(&r, NULL, 20));
    CHECK_EQ(r.count, 1);
    CHECK_EQ(asked(&b, NULL), REFUSAL_NONE);
    CHECK_EQ(asked(&a, NULL), REFUSAL_CONN);
    CHECK(rules_former(&r).len > 0);
    rules_close(&r);
}

TEST(many_are_found)
{
    enum { COUNT = 3000 };
    static struct shrike_conn conns[COUNT];
    static char names[COUNT][16];
    struct settings settings = {.mtu = 1400};
    begin();
    for (u32 i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "conn-%u", i * 7919 % COUNT);
        conns[i] = a.conn;
        conns[i].name = names[i];
        conns[i].hash = (u64)i * 0x9e3779b97f4a7c15u;
    }
    for (u32 pass = 0; pass < 2; pass++) { /* the second time all have changed */
        const struct shrike_conf conf = {.conns = conns, .conn_count = COUNT};
        int fd = snapshot_seal(&conf, &settings);
        struct snapshot_copy *s = fd >= 0 ? snapshot_load(fd) : NULL;
        CHECK(s && rules_take(&r, s, 10));
        close(fd);
        for (u32 i = 0; i < COUNT; i++) {
            u64 rule;
            a.op.conn = names[i];
            CHECK_EQ(asked(&a, &rule), REFUSAL_NONE);
            CHECK_EQ(rule, conns[i].hash);
            conns[i].hash++;
        }
    }
    CHECK_EQ(r.count, 2 * COUNT);
    CHECK(rules_tick(&r, 10 + RULES_GRACE));
    CHECK_EQ(r.count, COUNT);
    rules_close(&r);
}

int main(void)
{
    return RUN(without_a_configuration_nothing_is_allowed) |
           RUN(a_child_is_found_by_the_names_of_both) | RUN(what_has_changed_is_kept_for_a_while) |
           RUN(child_sas_keep_the_rule_that_they_are_there_by) |
           RUN(what_comes_back_as_it_was_is_of_the_newest) | RUN(a_rekey_stays_with_its_rule) |
           RUN(a_move_is_judged_by_its_rule) | RUN(the_next_process_knows_former_rules) |
           RUN(of_none_any_more_only_what_is_used_is_kept) | RUN(many_are_found);
}
