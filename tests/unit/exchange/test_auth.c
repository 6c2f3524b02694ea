/* IKE_AUTH from a peer that has the keys but has proved nothing: it gets little. */
#include "tools.h"
#include "wire/ts.h"

static struct pair *p;
static struct forger f;
static struct chain c;
static struct heard h;
static struct tuned t;
static const struct shrike_ts *locals; /* two selectors of side 0; NULL: as the pair has them */

/* IKE_SA_INIT is over, IKE_AUTH was asked for and is lost. The forger speaks to one side. */
static bool begin(unsigned victim)
{
    p = toy_pair((struct pair_options){0});
    if (locals) {
        tune_begin(p, 0, &t);
        t.children[0].local_ts = locals;
        t.children[0].local_ts_count = 2;
        tune_end(p, 0, &t);
    }
    if (!forger_half_way(&f, p, victim))
        return false;
    pair_lose_all(&p->side[1]);
    chain_begin(&c);
    return true;
}

static void end(void)
{
    forger_free(&f);
    toy_end(p);
}

/* RFC 7296 1 (1): nothing but IKE_AUTH before the peer is known. */
TEST(nothing_else_before_it)
{
    static const u8 exchanges[] = {EXCHANGE_INFORMATIONAL, EXCHANGE_CREATE_CHILD_SA,
                                   EXCHANGE_IKE_INTERMEDIATE, 99};
    for (unsigned victim = 0; victim < 2; victim++) {
        for (unsigned i = 0; i < ARRAY_LEN(exchanges); i++) {
            CHECK(begin(victim));
            chain_delete(&c, PROTOCOL_IKE, NULL, 0);
            for (unsigned response = 0; response < 2; response++) {
                struct forgery what = {
                    .exchange = exchanges[i], .message_id = victim, .response = response};
                tell(&f, what, &c, &h);
                CHECK(!h.any);
            }
            CHECK_EQ(stats_of(p, victim).ike_sas, 1);
            CHECK_EQ(p->side[victim].failed, 0);
            end();
        }
    }
}

/* An initiator asks for IKE_AUTH, it is never asked. */
TEST(no_request_to_the_initiator)
{
    CHECK(begin(0));
    struct forgery what = {.exchange = EXCHANGE_IKE_AUTH, .message_id = 0};
    tell(&f, what, &c, &h);
    CHECK(!h.any);
    CHECK_EQ(stats_of(p, 0).ike_sas, 1);
    end();
}

/* RFC 7296 1.2 (2, 3), 2.21.2 (1, 3): Requests that cannot be: each is told what is wrong with it,
 * and that was that. */
TEST(requests_that_fail)
{
    static const char id[] = "\2\0\0\0a.test", stranger[] = "\2\0\0\0x.test";
    static const char proof[] = "\2\0\0\0................................";
    static const char signature[] = "\1\0\0\0................................";
    for (unsigned i = 0; i < 6; i++) {
        unsigned expect = NOTIFY_AUTHENTICATION_FAILED;
        CHECK(begin(1));
        if (i == 0) { /* no identity */
            chain_add(&c, PAYLOAD_AUTH, false, bytes_of(proof, sizeof(proof) - 1));
            expect = NOTIFY_INVALID_SYNTAX;
        } else if (i == 1) { /* nobody we know */
            chain_add(&c, PAYLOAD_IDI, false, bytes_of(stranger, sizeof(stranger) - 1));
            chain_add(&c, PAYLOAD_AUTH, false, bytes_of(proof, sizeof(proof) - 1));
        } else if (i == 2) { /* another method */
            chain_add(&c, PAYLOAD_IDI, false, bytes_of(id, sizeof(id) - 1));
            chain_add(&c, PAYLOAD_AUTH, false, bytes_of(signature, sizeof(signature) - 1));
        } else if (i == 3) { /* a wrong proof */
            chain_add(&c, PAYLOAD_IDI, false, bytes_of(id, sizeof(id) - 1));
            chain_add(&c, PAYLOAD_AUTH, false, bytes_of(proof, sizeof(proof) - 1));
        } else if (i == 4) { /* none: not by EAP */
            chain_add(&c, PAYLOAD_IDI, false, bytes_of(id, sizeof(id) - 1));
        } else {
            chain_add(&c, 200, true, bytes_of("x", 1));
            expect = NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD;
        }
        struct forgery what = {.exchange = EXCHANGE_IKE_AUTH, .message_id = 1};
        tell(&f, what, &c, &h);
        CHECK_EQ(only_notify(&h), expect);
        CHECK_EQ(p->side[1].ike_up, 0);
        CHECK_EQ(p->side[1].failed, 1);
        CHECK_EQ(stats_of(p, 1).half_open, 0);
        p->side[0].mute = true;
        pair_wait(p, p->now + 70 * SHRIKE_SECOND);
        CHECK(empty_side(p, 1));
        end();
    }
}

/* RFC 7296 1.2 (2, 3), 2.21.2 (2): Responses that cannot be: the attempt fails, with the reason. */
TEST(responses_that_fail)
{
    static const char id[] = "\2\0\0\0b.test", stranger[] = "\2\0\0\0x.test";
    static const char proof[] = "\2\0\0\0................................";
    static const char signature[] = "\1\0\0\0................................";
    static const enum shrike_reason_code reasons[] = {
        SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_NO_IDENTITY,     SHRIKE_REASON_AUTH_METHOD,
        SHRIKE_REASON_AUTH_MAC,    SHRIKE_REASON_MISSING_PAYLOAD, SHRIKE_REASON_UNEXPECTED_PAYLOAD};
    for (unsigned i = 0; i < ARRAY_LEN(reasons); i++) {
        CHECK(begin(0));
        if (i == 0)
            chain_notify(&c, NOTIFY_AUTHENTICATION_FAILED);
        else if (i < 4)
            chain_add(&c, PAYLOAD_IDR, false, bytes_of(i == 1 ? stranger : id, 10));
        if (i >= 1 && i < 5)
            chain_add(&c, PAYLOAD_AUTH, false,
                      bytes_of(i == 2 ? signature : proof, sizeof(proof) - 1));
        if (i == 5)
            chain_add(&c, PAYLOAD_NONCE, false, bytes_of(proof, 32));
        struct forgery what = {.exchange = EXCHANGE_IKE_AUTH, .message_id = 1, .response = true};
        tell(&f, what, &c, &h);
        CHECK_EQ(p->side[0].ike_up, 0);
        CHECK_EQ(p->side[0].failed, 1);
        CHECK_EQ(p->side[0].reason, reasons[i]);
        /* RFC 7296 2.21.2: a peer that we do not believe is told so; then, or soon, it is over. */
        bool told = i >= 1 && i < 5;
        CHECK_EQ(only_notify(&h), told ? NOTIFY_AUTHENTICATION_FAILED : 0);
        if (told && i % 2) {
            struct forgery good = {
                .exchange = EXCHANGE_INFORMATIONAL, .message_id = 2, .response = true};
            chain_begin(&c);
            tell(&f, good, &c, &h);
        } else if (told) {
            CHECK_EQ(stats_of(p, 0).ike_sas, 1);
            CHECK_EQ(stats_of(p, 0).handshakes, 0);
            pair_wait(p, p->now + 31 * SHRIKE_SECOND);
        }
        CHECK_EQ(p->side[0].failed, 1);
        CHECK(empty_side(p, 0));
        end();
    }
}

/* Whoever has the secrets does not answer. The initiator does not know then whether the peer is who
 * it says, and does not say that it is not: it takes its SA back. */
TEST(what_the_initiator_does_not_know_is_no_refusal)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    p = toy_pair((struct pair_options){0});
    p->side[0].lose_checks = true;
    shrike_command(p->side[0].engine, p->now, &up);
    pair_run(p);
    CHECK_EQ(p->side[1].ike_up, 1);
    CHECK_EQ(p->side[0].ike_up, 0);
    pair_wait(p, p->now + 70 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_OP_TIMEOUT);
    CHECK_EQ(p->side[1].ike_down, 1);
    CHECK_EQ(p->side[1].why, SHRIKE_REASON_PEER_DELETED);
    pair_wait(p, p->now + 400 * SHRIKE_SECOND);
    CHECK(empty_side(p, 0) && empty_side(p, 1));
    toy_end(p);
}

/* The responder says nothing as long as it waits for a handshake, and then that it could not. */
TEST(what_the_responder_does_not_know_is_no_refusal)
{
    for (unsigned patient = 0; patient < 2; patient++) {
        struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
        p = toy_pair((struct pair_options){0});
        tune_begin(p, 1, &t);
        t.conn.half_open_max = patient ? 90 * SHRIKE_SECOND : 30 * SHRIKE_SECOND;
        tune_end(p, 1, &t);
        p->side[1].lose_checks = true;
        shrike_command(p->side[0].engine, p->now, &up);
        pair_run(p);
        pair_wait(p, p->now + 70 * SHRIKE_SECOND);
        CHECK_EQ(p->side[1].failed, 1);
        CHECK_EQ(p->side[1].reason, SHRIKE_REASON_OP_TIMEOUT);
        CHECK_EQ(p->side[0].failed, patient);
        CHECK_EQ(p->side[0].failure.notify, patient ? NOTIFY_TEMPORARY_FAILURE : 0);
        pair_wait(p, p->now + 400 * SHRIKE_SECOND);
        CHECK(empty_side(p, 1));
        toy_end(p);
    }
}

/* RFC 7296 2.21.2 (4): the IKE SA stays, and the Child SA is asked for anew, pair by pair. */
TEST(a_single_pair_is_required)
{
    static const char id[] = "\2\0\0\0b.test", proof[] = "\2\0\0\0................................";
    static const struct shrike_ts hosts[] = {
        {.from = {10, 1, 0, 1}, .to = {10, 1, 0, 1}, .port_to = 65535, .family = 4},
        {.from = {10, 1, 0, 2}, .to = {10, 1, 0, 2}, .port_to = 65535, .family = 4}};
    for (unsigned split = 0; split < 2; split++) {
        struct ts_list ts;
        locals = split ? hosts : NULL;
        CHECK(begin(0));
        locals = NULL;
        p->side[0].believe = true;
        chain_add(&c, PAYLOAD_IDR, false, bytes_of(id, 10));
        chain_add(&c, PAYLOAD_AUTH, false, bytes_of(proof, sizeof(proof) - 1));
        chain_notify(&c, NOTIFY_SINGLE_PAIR_REQUIRED);
        struct forgery what = {.exchange = EXCHANGE_IKE_AUTH, .message_id = 1, .response = true};
        tell(&f, what, &c, &h);
        CHECK_EQ(p->side[0].ike_up, 1);
        CHECK_EQ(p->side[0].failed, !split);
        CHECK_EQ(stats_of(p, 0).child_sas, split ? 2 : 0);
        CHECK_EQ(h.any, split);
        if (split) {
            CHECK_EQ(h.m.header.exchange, EXCHANGE_CREATE_CHILD_SA);
            CHECK(ts_read(message_body(&h.m, PAYLOAD_TSI), &ts) && ts.count == 1);
            CHECK_BYTES(ts.ts[0].to, hosts[0].to, 16);
        } else {
            CHECK_EQ(p->side[0].reason, SHRIKE_REASON_SINGLE_PAIR);
        }
        end();
    }
}

int main(void)
{
    return RUN(nothing_else_before_it) | RUN(no_request_to_the_initiator) |
           RUN(requests_that_fail) | RUN(responses_that_fail) |
           RUN(what_the_initiator_does_not_know_is_no_refusal) |
           RUN(what_the_responder_does_not_know_is_no_refusal) | RUN(a_single_pair_is_required);
}
