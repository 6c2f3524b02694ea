/* Several rounds of authentication (RFC 4739): between two engines, and against peers that have the
 * right keys and leave a round out, or say more than they should. */
#include "proofs.h"

#define NONE   SHRIKE_AUTH_NONE
#define PSK    SHRIKE_AUTH_PSK
#define PUBKEY SHRIKE_AUTH_PUBKEY
#define EAP    SHRIKE_AUTH_EAP

/* How side 0 proves itself, which calls, and how side 1 does; NONE: no further round. */
struct plan {
    enum shrike_auth_kind caller[SHRIKE_ROUNDS_MAX], called[SHRIKE_ROUNDS_MAX];
    unsigned datagrams;
};

static const char *const names[2][SHRIKE_ROUNDS_MAX] = {
    {"a.test", "a2.test", "a3.test", "a4.test"}, {"b.test", "b2.test", "b3.test", "b4.test"}};
static struct shrike_auth more[2][2][SHRIKE_ROUNDS_MAX]; /* of whose configuration, whose, which */

static struct shrike_id id_of(unsigned side, unsigned round)
{
    const char *name = names[side][round];
    return (struct shrike_id){ID_FQDN, bytes_of(name, strlen(name))};
}

static void fill(struct shrike_auth *a, enum shrike_auth_kind kind, unsigned of, unsigned round)
{
    a->kind = kind;
    a->id = id_of(of, round);
    a->schemes = scheme_defaults();
    a->credentials = credential();
    a->credential_count = 1;
    a->origin = (struct shrike_origin){"rounds", 10 * of + round};
}

/* What the configuration of `side` says of the rounds of `of`. */
static void tune(unsigned side, unsigned of, const enum shrike_auth_kind kinds[SHRIKE_ROUNDS_MAX])
{
    struct shrike_conn *conn = &t[side].conn;
    bool ours = side == of;
    struct shrike_auth *rounds = more[side][ours];
    unsigned count = 0;
    fill(ours ? &conn->local : &conn->remote, kinds[0], of, 0);
    for (; count + 1 < SHRIKE_ROUNDS_MAX && kinds[count + 1] != NONE; count++)
        fill(&rounds[count], kinds[count + 1], of, count + 1);
    *(ours ? &conn->local_rounds : &conn->remote_rounds) = rounds;
    *(ours ? &conn->local_round_count : &conn->remote_round_count) = (u8)count;
    t[side].conf.rounds |= count > 0;
}

static void begin_with(struct pair_options o, const struct plan *here, const struct plan *there)
{
    memset(more, 0, sizeof(more));
    tuned_begin(o);
    for (unsigned side = 0; side < 2; side++) {
        const struct plan *plan = side ? there : here;
        t[side].conn.send_cert = SHRIKE_CERT_ALWAYS;
        tune(side, 0, plan->caller);
        tune(side, 1, plan->called);
    }
}

static void begin(const struct plan *plan)
{
    begin_with((struct pair_options){0}, plan, plan);
}

static bool peer_is(unsigned side, const struct shrike_id *id)
{
    struct shrike_ike_view v = view_of(side);
    return v.remote_id.type == id->type && bytes_equal(v.remote_id.data, id->data);
}

static unsigned count_rounds(const enum shrike_auth_kind *kinds)
{
    unsigned n = 0;
    while (n < SHRIKE_ROUNDS_MAX && kinds[n] != NONE)
        n++;
    return n;
}

static unsigned count_eap(const struct plan *plan)
{
    unsigned n = 0;
    for (unsigned i = 0; i < SHRIKE_ROUNDS_MAX; i++)
        n += plan->caller[i] == EAP;
    return n;
}

/* ---- what goes well ---- */

static const struct plan plans[] = {
    {{PUBKEY, PUBKEY}, {PUBKEY}, 6}, /* RFC 4739 2.4 */
    {{PUBKEY}, {PUBKEY, PUBKEY}, 6}, /* 2.5 */
    {{PUBKEY, EAP}, {PUBKEY}, 12},   /* 2.3 */
    {{PSK, EAP}, {PSK}, 12},
    {{EAP, EAP}, {PUBKEY}, 18}, /* 2.2 */
    {{EAP, PSK}, {PUBKEY}, 12},
    {{PUBKEY, EAP}, {PUBKEY, PSK}, 12},
    {{PSK, PUBKEY, EAP, PSK}, {PUBKEY, PSK}, 16},
    {{PSK, PSK, PSK, PSK}, {PSK, PSK, PSK, PSK}, 10},
    {{PSK}, {PSK, PSK, PSK, PSK}, 10},
};

/* RFC 4739 2.1: all have to succeed; what the first request asks for is there in the end. Each side
 * is whom its last round proves. */
TEST(rounds_of_all_kinds)
{
    for (unsigned i = 0; i < ARRAY_LEN(plans); i++) {
        const struct plan *plan = &plans[i];
        begin_with((struct pair_options){.internal = true}, plan, plan);
        run();
        CHECK(is_up() && sessions_over());
        CHECK_EQ(p->datagrams, plan->datagrams);
        CHECK_EQ(p->side[0].eap.begun, count_eap(plan));
        CHECK_EQ(p->side[1].proofs, count_rounds(plan->called));
        CHECK_EQ(p->side[0].proofs, count_rounds(plan->caller) - count_eap(plan));
        CHECK(p->side[1].given == 1 && p->side[0].taken == 1);
        struct shrike_id last[2] = {id_of(0, count_rounds(plan->caller) - 1),
                                    id_of(1, count_rounds(plan->called) - 1)};
        CHECK(peer_is(0, &last[1]) && peer_is(1, &last[0]));
        CHECK_EQ(stats_of(p, 0).handshakes + stats_of(p, 1).handshakes, 0);
        pair_down(p, 0, NULL);
        pair_wait(p, p->now + 200 * SHRIKE_SECOND);
        CHECK(empty(p));
        toy_end(p);
    }
}

/* Every message may be lost. */
TEST(what_is_lost_is_said_again)
{
    const struct plan *plan = &plans[7];
    for (unsigned lost = 0; lost < plan->datagrams; lost++) {
        begin(plan);
        run_without(lost);
        CHECK(is_up() && sessions_over());
        CHECK_EQ(p->side[0].proofs, 3);
        toy_end(p);
    }
}

/* RFC 8784 3: a PPK is mixed in once, in the first round, and is in all that follow. */
TEST(with_a_ppk)
{
    for (unsigned i = 0; i < ARRAY_LEN(plans); i++) {
        begin(&plans[i]);
        for (unsigned k = 0; k < 2; k++) {
            p->side[k].ppk = "its octets";
            t[k].conf.ppks = true;
            t[k].conn.ppk_id = bytes_of("tomorrow", 8);
            t[k].conn.ppk_required = k == 1;
        }
        run();
        CHECK(is_up() && sessions_over());
        CHECK(p->side[0].mixes == 1 && p->side[1].mixes == 1);
        toy_end(p);
    }
}

/* Of two connections with the same identities the one with as many rounds. */
TEST(the_connection_with_as_many)
{
    static const struct plan one = {{PSK}, {PSK}, 0}, two = {{PSK, PSK}, {PSK}, 0};
    for (unsigned i = 0; i < 4; i++) {
        static struct shrike_conn both[2];
        begin_with((struct pair_options){0}, i % 2 ? &two : &one, &two);
        t[1].conn.remote.id = (struct shrike_id){0};
        both[0] = both[1] = t[1].conn;
        both[i / 2].name = "one";
        both[i / 2].hash = 2;
        both[i / 2].remote_round_count = 0;
        t[1].conf.conns = both;
        t[1].conf.conn_count = 2;
        run();
        CHECK(is_up());
        toy_end(p);
    }
}

/* ---- what does not ---- */

/* RFC 4739 2.1: one of both knows them not. */
TEST(one_knows_them_not)
{
    static const struct plan one = {{PSK}, {PSK}, 0}, two = {{PSK, PSK}, {PSK}, 0};
    begin_with((struct pair_options){0}, &one, &two);
    run();
    CHECK(failed(SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_ROUNDS_UNKNOWN));
    toy_end(p);
    begin_with((struct pair_options){0}, &two, &one);
    run();
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_ROUNDS_UNKNOWN);
    CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 0);
    toy_end(p);
}

/* One has a round more than the other knows of, on either side; or the same ones in another order.
 */
TEST(rounds_that_differ)
{
    static const struct {
        struct plan here, there;
        enum shrike_reason_code reasons[2];
    } cases[] = {
        {{{PSK, PSK}, {PSK}, 0},
         {{PSK, PSK, PSK}, {PSK}, 0},
         {SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_ROUNDS_DIFFER}},
        {{{PSK, PSK, PSK}, {PSK}, 0},
         {{PSK, PSK}, {PSK}, 0},
         {SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_ROUNDS_DIFFER}},
        {{{EAP, PSK}, {PUBKEY}, 0},
         {{EAP, PSK, PSK}, {PUBKEY}, 0},
         {SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_ROUNDS_DIFFER}},
        {{{PUBKEY, EAP}, {PUBKEY}, 0},
         {{EAP, PUBKEY}, {PUBKEY}, 0},
         {SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_AUTH_METHOD}},
        {{{PSK, PSK}, {PSK}, 0},
         {{PSK, EAP}, {PSK}, 0},
         {SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_AUTH_METHOD}},
        {{{PSK, EAP}, {PSK}, 0},
         {{PSK, PSK}, {PSK}, 0},
         {SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_AUTH_METHOD}},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        begin_with((struct pair_options){0}, &cases[i].here, &cases[i].there);
        run();
        CHECK(failed(cases[i].reasons[0], cases[i].reasons[1]));
        toy_end(p);
    }
    static const struct plan two = {{PSK}, {PSK, PSK}, 0}, three = {{PSK}, {PSK, PSK, PSK}, 0};
    for (unsigned i = 0; i < 2; i++) {
        begin_with((struct pair_options){0}, i ? &two : &three, i ? &three : &two);
        run();
        CHECK_EQ(p->side[0].reason, SHRIKE_REASON_ROUNDS_DIFFER);
        CHECK_EQ(p->side[0].ike_up, 0);
        toy_end(p);
    }
}

/* RFC 4739 2.1: the second round has to be that of whom the connection names, and good. */
TEST(a_second_round_that_fails)
{
    static const struct plan plan = {{PSK, EAP}, {PSK}, 0};
    begin(&plan);
    more[1][0][0].id = id_of(0, 2);
    run();
    CHECK(failed(SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_NO_IDENTITY));
    CHECK_EQ(p->side[1].failure.origin.line, 1);
    toy_end(p);
    begin(&plan);
    p->side[0].eap.word = "open";
    run();
    CHECK(failed(SHRIKE_REASON_EAP_REFUSED, SHRIKE_REASON_EAP_FAILED));
    toy_end(p);
    begin(&plan);
    p->side[0].eap.keyless = true;
    run();
    CHECK(failed(SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_EAP_KEY));
    toy_end(p);
}

/* RFC 7296 2.21.2: the last response may have no proof, and refuse nothing but the Child SA. */
TEST(a_child_that_is_refused)
{
    static const struct plan plan = {{PSK, PSK}, {PSK}, 0};
    static const struct shrike_ts none = {.from = {9}, .to = {9}, .family = 4, .port_to = 65535};
    begin(&plan);
    t[1].children[0].local_ts = &none;
    run();
    CHECK(p->side[0].ike_up == 1 && p->side[1].ike_up == 1);
    CHECK(p->side[0].child_up + p->side[1].child_up == 0);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_TS_MISMATCH);
    toy_end(p);
}

/* EAP needs the one AUTH payload of a response at its end; who proves nothing does so once. */
TEST(rounds_that_do_not_go_together)
{
    static const struct plan unfit[] = {{{EAP}, {PUBKEY, PUBKEY}, 0},
                                        {{PSK, EAP}, {PSK, PSK, PSK}, 0},
                                        {{EAP, PSK}, {EAP}, 0},
                                        {{PSK}, {PSK, EAP}, 0},
                                        {{PSK, SHRIKE_AUTH_NULL}, {PSK}, 0},
                                        {{PSK, PSK}, {SHRIKE_AUTH_NULL}, 0}};
    for (unsigned i = 0; i < ARRAY_LEN(unfit); i++) {
        begin(&unfit[i]);
        run();
        CHECK_EQ(p->side[0].reason, SHRIKE_REASON_ROUNDS_UNFIT);
        CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 0);
        toy_end(p);
    }
}

/* ---- peers with the right keys that lie ---- */

/* The forger, of whom the victim takes any proof for good. */
static bool forge_begin(unsigned victim, const struct plan *plan)
{
    begin(plan);
    p->side[victim].believe = true;
    return half_way(victim);
}

/* Who it is, and a proof. */
static void claim(u8 payload, const char *name)
{
    u8 body[32] = {ID_FQDN};
    u8 proof[36] = {AUTH_PSK};
    size_t len = strlen(name);
    memcpy(body + 4, name, len);
    chain_add(&c, payload, false, bytes_of(body, 4 + len));
    chain_add(&c, PAYLOAD_AUTH, false, bytes_of(proof, sizeof(proof)));
}

/* A round left out, announced and not sent, sent and not announced, of somebody else, by nobody. */
TEST(initiators_that_lie)
{
    static const struct plan plan = {{PSK, PSK}, {PSK, PSK, PSK}, 0};
    static const enum shrike_reason_code reasons[] = {
        SHRIKE_REASON_ROUNDS_DIFFER, SHRIKE_REASON_ROUNDS_UNKNOWN, SHRIKE_REASON_MISSING_PAYLOAD,
        SHRIKE_REASON_ROUNDS_DIFFER, SHRIKE_REASON_ROUNDS_DIFFER,  SHRIKE_REASON_NO_IDENTITY,
        SHRIKE_REASON_AUTH_METHOD};
    for (unsigned i = 0; i < ARRAY_LEN(reasons); i++) {
        CHECK(forge_begin(1, &plan));
        claim(PAYLOAD_IDI, "a.test");
        if (i != 1)
            chain_notify(&c, NOTIFY_MULTIPLE_AUTH_SUPPORTED);
        if (i != 0)
            chain_notify(&c, NOTIFY_ANOTHER_AUTH_FOLLOWS);
        say(1);
        if (i > 1) {
            struct notify n;
            CHECK_EQ(count_of(&h, PAYLOAD_AUTH), 1);
            CHECK_EQ(count_of(&h, PAYLOAD_IDR), 1);
            CHECK(notify_find(&h.m, NOTIFY_ANOTHER_AUTH_FOLLOWS, &n));
            if (i == 2)
                chain_notify(&c, NOTIFY_MOBIKE_SUPPORTED);
            else if (i == 6)
                chain_add(&c, PAYLOAD_IDI, false, bytes_of("\2\0\0\0a2.test", 11));
            else
                claim(PAYLOAD_IDI, i == 5 ? "a.test" : "a2.test");
            if (i == 3)
                chain_notify(&c, NOTIFY_ANOTHER_AUTH_FOLLOWS);
            say(2);
        }
        if (i == 4) { /* it was through */
            CHECK_EQ(count_of(&h, PAYLOAD_AUTH), 1);
            claim(PAYLOAD_IDI, "a2.test");
            say(3);
        }
        CHECK_EQ(p->side[1].reason, reasons[i]);
        CHECK_EQ(p->side[1].failed, 1);
        CHECK_EQ(p->side[1].ike_up, 0);
        CHECK_EQ(only_notify(&h), NOTIFY_AUTHENTICATION_FAILED);
        CHECK(stats_of(p, 1).half_open == 0);
        forge_end();
    }
}

/* Nothing but the whole of it leads to an IKE SA: here it is, by the same forger. */
TEST(one_that_does_not_lie)
{
    static const struct plan plan = {{PSK, PSK}, {PSK, PSK}, 0};
    CHECK(forge_begin(1, &plan));
    claim(PAYLOAD_IDI, "a.test");
    chain_notify(&c, NOTIFY_MULTIPLE_AUTH_SUPPORTED);
    chain_notify(&c, NOTIFY_ANOTHER_AUTH_FOLLOWS);
    say(1);
    CHECK_EQ(p->side[1].ike_up, 0);
    claim(PAYLOAD_IDI, "a2.test");
    say(2);
    CHECK_EQ(p->side[1].ike_up, 1);
    CHECK_EQ(count_of(&h, PAYLOAD_AUTH), 1);
    forge_end();
}

/* RFC 7296 2.21.2: between two rounds the initiator may say that it goes no further; what is made
 * meanwhile is not exported, and ends by itself. */
TEST(between_two_rounds)
{
    static const struct plan plan = {{PSK, PSK}, {PSK}, 0};
    static u8 record[65536];
    for (unsigned i = 0; i < 2; i++) {
        struct shrike_change change;
        CHECK(forge_begin(1, &plan));
        claim(PAYLOAD_IDI, "a.test");
        chain_notify(&c, NOTIFY_MULTIPLE_AUTH_SUPPORTED);
        chain_notify(&c, NOTIFY_ANOTHER_AUTH_FOLLOWS);
        say(1);
        while (shrike_changed(p->side[1].engine, &change)) {
            if (change.ike)
                CHECK_EQ(shrike_export(p->side[1].engine, change.ike, record, sizeof(record)), 0);
        }
        if (i) {
            p->side[0].mute = true;
            pair_wait(p, p->now + 31 * SHRIKE_SECOND);
            CHECK_EQ(p->side[1].reason, SHRIKE_REASON_HALF_OPEN_TIMEOUT);
        } else {
            struct forgery what = {.exchange = EXCHANGE_INFORMATIONAL, .message_id = 2};
            chain_notify(&c, NOTIFY_AUTHENTICATION_FAILED);
            tell(&f, what, &c, &h);
            CHECK(h.any);
        }
        CHECK_EQ(p->side[1].ike_up, 0);
        CHECK(empty_side(p, 1) || !i);
        forge_end();
    }
}

/* A round left out, announced and not sent, sent and not announced, of somebody else; a refusal. */
TEST(responders_that_lie)
{
    static const struct plan plan = {{PSK, PSK, PSK}, {PSK, PSK}, 0};
    static const enum shrike_reason_code reasons[] = {
        SHRIKE_REASON_ROUNDS_DIFFER, SHRIKE_REASON_MISSING_PAYLOAD, SHRIKE_REASON_ROUNDS_DIFFER,
        SHRIKE_REASON_NO_IDENTITY,   SHRIKE_REASON_AUTH_FAILED,     SHRIKE_REASON_ROUNDS_DIFFER,
        SHRIKE_REASON_AUTH_FAILED};
    for (unsigned i = 0; i < ARRAY_LEN(reasons); i++) {
        u32 id = 1;
        CHECK(forge_begin(0, &plan));
        claim(PAYLOAD_IDR, "b.test");
        if (i != 0)
            chain_notify(&c, NOTIFY_ANOTHER_AUTH_FOLLOWS);
        say(id);
        if (i > 0) {
            CHECK_EQ(count_of(&h, PAYLOAD_AUTH), 1);
            if (i == 4)
                chain_notify(&c, NOTIFY_AUTHENTICATION_FAILED);
            else if (i != 1)
                claim(PAYLOAD_IDR, i == 3 ? "b.test" : "b2.test");
            if (i == 2)
                chain_notify(&c, NOTIFY_ANOTHER_AUTH_FOLLOWS);
            say(++id);
        }
        if (i > 4) { /* it was through */
            CHECK_EQ(count_of(&h, PAYLOAD_AUTH), 1);
            if (i == 5)
                claim(PAYLOAD_IDR, "b2.test");
            else
                chain_notify(&c, NOTIFY_AUTHENTICATION_FAILED);
            say(++id);
        }
        CHECK_EQ(p->side[0].reason, reasons[i]);
        CHECK_EQ(p->side[0].failed, 1);
        CHECK_EQ(p->side[0].ike_up, 0);
        forge_end();
    }
}

int main(void)
{
    return RUN(rounds_of_all_kinds) | RUN(what_is_lost_is_said_again) | RUN(with_a_ppk) |
           RUN(the_connection_with_as_many) | RUN(one_knows_them_not) | RUN(rounds_that_differ) |
           RUN(a_second_round_that_fails) | RUN(a_child_that_is_refused) |
           RUN(rounds_that_do_not_go_together) | RUN(initiators_that_lie) |
           RUN(one_that_does_not_lie) | RUN(between_two_rounds) | RUN(responders_that_lie);
}
