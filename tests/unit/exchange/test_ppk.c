/* Post-quantum preshared keys (RFC 8784): who uses them with whom, with what by which both prove
 * themselves; and peers with the right keys that say what they like. */
#include "proofs.h"

/* What one side is told; side 0 calls. */
struct side {
    const char *name; /* of the PPK; NULL: none */
    const char *ppk;  /* that it has as "tomorrow"; NULL: it has none */
    bool required;
    bool has_any; /* responder: there are PPKs, be it others */
};

/* How both prove themselves: by a secret, by signatures, or by EAP and a signature. */
static void kinds(enum shrike_auth_kind caller, enum shrike_auth_kind called)
{
    for (unsigned i = 0; i < 2; i++) {
        struct shrike_auth *first = i ? &t[i].conn.remote : &t[i].conn.local;
        struct shrike_auth *second = i ? &t[i].conn.local : &t[i].conn.remote;
        first->kind = caller;
        second->kind = called;
        first->schemes = second->schemes = scheme_defaults();
        t[i].conn.local.credentials = credential();
        t[i].conn.local.credential_count = 1;
        t[i].conn.send_cert = SHRIKE_CERT_ALWAYS;
    }
}

static void begin_with(struct side calls, struct side called, struct pair_options o)
{
    const struct side *sides[2] = {&calls, &called};
    tuned_begin(o);
    for (unsigned i = 0; i < 2; i++) {
        const char *name = sides[i]->name;
        t[i].conf.ppks = sides[i]->has_any;
        t[i].conn.ppk_required = sides[i]->required;
        t[i].conn.ppk_id = bytes_of(name, name ? strlen(name) : 0);
        t[i].conn.ppk_origin = (struct shrike_origin){"pair.conf", 9};
        p->side[i].ppk = sides[i]->ppk;
    }
}

static void begin(struct side calls, struct side called)
{
    begin_with(calls, called, (struct pair_options){0});
}

/* Up, with a PPK or without. */
static bool is_up_by(bool ppk)
{
    return is_up() && view_of(0).ppk == ppk && view_of(1).ppk == ppk;
}

static const struct side has = {"tomorrow", "its octets", false, true};
static const struct side demands = {"tomorrow", "its octets", true, true};
static const struct side any = {NULL, "its octets", false, true};
static const struct side others = {NULL, NULL, false, true}; /* it has PPKs, but not this one */
static const struct side none = {NULL, NULL, false, false};
static const struct side none_and_demands = {NULL, NULL, true, true};

/* ---- who uses it ---- */

TEST(both_have_it)
{
    const struct side *sides[] = {&has, &demands, &any};
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned k = 0; k < 3; k++) {
            begin(*sides[i], *sides[k]);
            run();
            CHECK(is_up_by(true));
            CHECK_EQ(p->datagrams, 4);
            CHECK_EQ(p->side[0].proofs, i ? 1 : 2); /* who may do without proves itself twice */
            CHECK_EQ(p->side[0].mixes, 1);
            CHECK_EQ(p->side[1].proofs, 1);
            CHECK_EQ(p->side[1].mixes, 1);
            end();
        }
    }
}

/* It is in the keys of every Child SA, and in those of every IKE SA that comes of this one. */
TEST(the_keys_depend_on_it)
{
    struct side other = has;
    other.ppk = "other octets";
    begin(has, other);
    p->side[0].believe = p->side[1].believe = true;
    run();
    CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 2);
    CHECK(!pair_agrees(p));
    toy_end(p);
}

TEST(a_rekeyed_one_is_of_it_too)
{
    struct shrike_command rekey = {.kind = SHRIKE_REKEY, .reference = 2, .conn = "pair"};
    begin(has, has);
    run();
    CHECK(is_up_by(true));
    shrike_command(p->side[0].engine, p->now, &rekey);
    pair_run(p);
    CHECK_EQ(p->side[0].ike_rekeyed, 1);
    CHECK(pair_agrees(p) && view_of(0).ppk && view_of(1).ppk);
    CHECK_EQ(p->side[0].mixes + p->side[1].mixes, 2); /* RFC 8784 3: not once more */
    end();
}

TEST(with_a_cookie_and_another_group)
{
    begin_with(has, has, (struct pair_options){.cookies = true, .cookie_threshold = 0});
    t[1].conf.cookie_threshold = 0;
    run();
    CHECK(is_up_by(true));
    CHECK_EQ(p->datagrams, 6);
    end();
}

/* RFC 8784 3, table 1: it goes on without where both allow that. */
TEST(who_may_do_without_does)
{
    struct side named = has;
    named.name = "another";
    const struct {
        struct side calls, called;
        unsigned mixes[2];
    } cases[] = {{has, none, {0, 0}},   /* RFC 8784 3: who has none does not say that it could */
                 {has, others, {1, 1}}, /* NO_PPK_AUTH */
                 {has, named, {1, 0}},  /* this one is not for this connection */
                 {none, has, {0, 0}},
                 {none, any, {0, 0}}};
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        begin(cases[i].calls, cases[i].called);
        run();
        CHECK(is_up_by(false));
        CHECK_EQ(p->side[0].mixes, cases[i].mixes[0]);
        CHECK_EQ(p->side[1].mixes, cases[i].mixes[1]);
        end();
    }
}

/* Whoever demands it has no SA without. */
TEST(who_may_not_do_without_does_not)
{
    struct side named = has, lacks = has, other = has;
    named.name = "another";
    named.required = true;
    lacks.ppk = NULL;
    other.ppk = "other octets";
    const struct {
        struct side calls, called;
        unsigned who; /* is the first to see it */
        enum shrike_reason_code why;
    } cases[] = {{demands, none, 0, SHRIKE_REASON_PPK_LACKING},
                 {demands, others, 1, SHRIKE_REASON_PPK_UNKNOWN},
                 {has, none_and_demands, 1, SHRIKE_REASON_PPK_UNKNOWN},
                 {has, named, 1, SHRIKE_REASON_PPK_UNKNOWN},
                 {none, demands, 1, SHRIKE_REASON_PPK_LACKING},
                 {lacks, has, 0, SHRIKE_REASON_PPK_UNKNOWN},
                 {other, has, 1, SHRIKE_REASON_AUTH_PPK},
                 {other, demands, 1, SHRIKE_REASON_AUTH_PPK}};
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        begin(cases[i].calls, cases[i].called);
        run();
        CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 0);
        CHECK_EQ(p->side[cases[i].who].reason, cases[i].why);
        if (cases[i].who == 1)
            CHECK_EQ(p->side[0].reason, SHRIKE_REASON_AUTH_FAILED);
        if (cases[i].why != SHRIKE_REASON_AUTH_PPK)
            CHECK_EQ(p->side[cases[i].who].failure.origin.line, 9);
        pair_wait(p, p->now + 200 * SHRIKE_SECOND);
        CHECK(empty(p));
        toy_end(p);
    }
}

/* ---- with other proofs ---- */

TEST(with_signatures)
{
    for (unsigned i = 0; i < 3; i++) {
        begin(i == 1 ? demands : has, i == 2 ? others : has);
        kinds(SHRIKE_AUTH_PUBKEY, SHRIKE_AUTH_PUBKEY);
        run();
        CHECK(is_up_by(i < 2));
        end();
    }
}

/* RFC 8784 3: the first AUTH of the responder is without, those after EAP are with the PPK. */
TEST(with_eap)
{
    for (unsigned i = 0; i < 6; i++) {
        begin(i % 3 == 1 ? demands : has, i % 3 == 2 ? others : has);
        kinds(SHRIKE_AUTH_EAP, SHRIKE_AUTH_PUBKEY);
        p->side[0].eap.keyless = p->side[1].eap.keyless = i > 2; /* AUTH is of SK_p alone */
        run();
        CHECK(is_up_by(i % 3 < 2));
        CHECK_EQ(p->side[0].mixes, 1);
        CHECK_EQ(p->side[1].mixes, 1);
        CHECK_EQ(p->side[0].proofs, 0);
        end();
    }
}

TEST(with_eap_and_another_ppk)
{
    struct side other = has;
    other.ppk = "other octets";
    begin(has, other);
    kinds(SHRIKE_AUTH_EAP, SHRIKE_AUTH_PUBKEY);
    run();
    CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 0);
    CHECK_EQ(p->side[1].reason, SHRIKE_REASON_AUTH_PPK);
    pair_wait(p, p->now + 200 * SHRIKE_SECOND);
    CHECK(empty(p));
    toy_end(p);
}

/* ---- peers that lie ---- */

/* Both have said USE_PPK; the victim takes any proof for true. */
static bool forge_begin(unsigned victim, struct side calls, struct side called)
{
    begin(calls, called);
    p->side[victim].believe = true;
    return half_way(victim);
}

static const char idr[] = "\2\0\0\0b.test", idi[] = "\2\0\0\0a.test";
static const char proof[] = "\2\0\0\0................................";

static void prove(void)
{
    add_text(f.victim ? PAYLOAD_IDI : PAYLOAD_IDR, f.victim ? idi : idr, 10);
    add_text(PAYLOAD_AUTH, proof, sizeof(proof) - 1);
    say(1);
}

/* Who demands it does not believe a response without, whoever has proved what. */
TEST(responders_that_leave_it_out)
{
    for (unsigned i = 0; i < 2; i++) {
        CHECK(forge_begin(0, i ? has : demands, has));
        prove();
        CHECK_EQ(p->side[0].ike_up, i);
        if (!i) {
            CHECK_EQ(p->side[0].reason, SHRIKE_REASON_PPK_LACKING);
            CHECK_EQ(only_notify(&h), NOTIFY_AUTHENTICATION_FAILED);
        } else {
            CHECK(!view_of(0).ppk);
        }
        forge_end();
    }
}

/* RFC 8784 3: what the responder's PPK_IDENTITY says is ignored. */
TEST(responders_that_say_more)
{
    CHECK(forge_begin(0, demands, has));
    notify_add(&c.b, NOTIFY_PPK_IDENTITY, bytes_of("\1other", 6));
    prove();
    CHECK_EQ(p->side[0].ike_up, 1);
    CHECK(view_of(0).ppk);
    forge_end();
}

static const struct {
    const char *id; /* data of PPK_IDENTITY; NULL: none */
    u8 len;
    bool plain; /* NO_PPK_AUTH is there */
    unsigned mixes;
    enum shrike_reason_code why; /* NONE: it is taken */
} requests[] = {
    {NULL, 0, false, 0, SHRIKE_REASON_PPK_LACKING},
    {NULL, 0, true, 0, SHRIKE_REASON_PPK_LACKING}, /* RFC 8784 3: even then */
    {"", 0, false, 0, SHRIKE_REASON_PPK_UNKNOWN},
    {"\2", 1, false, 0, SHRIKE_REASON_PPK_UNKNOWN},
    {"\1tomorrow", 9, false, 0, SHRIKE_REASON_PPK_UNKNOWN}, /* PPK_ID_OPAQUE */
    {"\1tomorrow", 9, true, 0, SHRIKE_REASON_NONE},
    {"\2tomorro", 8, false, 1, SHRIKE_REASON_PPK_UNKNOWN},
    {"\2tomorrow", 9, false, 1, SHRIKE_REASON_NONE},
};

TEST(requests_of_all_kinds)
{
    for (unsigned i = 0; i < ARRAY_LEN(requests); i++) {
        CHECK(forge_begin(1, has, any));
        if (requests[i].id)
            notify_add(&c.b, NOTIFY_PPK_IDENTITY, bytes_of(requests[i].id, requests[i].len));
        if (requests[i].plain)
            notify_add(&c.b, NOTIFY_NO_PPK_AUTH, bytes_of(proof, 32));
        prove();
        CHECK_EQ(p->side[1].mixes, requests[i].mixes);
        CHECK_EQ(p->side[1].ike_up, requests[i].why == SHRIKE_REASON_NONE);
        if (requests[i].why) {
            CHECK_EQ(p->side[1].reason, requests[i].why);
            CHECK_EQ(only_notify(&h), NOTIFY_AUTHENTICATION_FAILED);
        } else {
            CHECK(view_of(1).ppk == !requests[i].plain);
        }
        forge_end();
    }
}

int main(void)
{
    return RUN(both_have_it) | RUN(the_keys_depend_on_it) | RUN(a_rekeyed_one_is_of_it_too) |
           RUN(with_a_cookie_and_another_group) | RUN(who_may_do_without_does) |
           RUN(who_may_not_do_without_does_not) | RUN(with_signatures) | RUN(with_eap) |
           RUN(with_eap_and_another_ppk) | RUN(responders_that_leave_it_out) |
           RUN(responders_that_say_more) | RUN(requests_of_all_kinds);
}
