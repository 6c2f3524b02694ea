/* CREATE_CHILD_SA: refusals of the peer, answers that were not asked for, and what is put right. */
#include "tools.h"

static struct pair *p;
static struct forger f;
static struct chain c;
static struct heard h;
static struct forgery answer;

/* Side 0 has asked for a second Child SA and hears the forger. */
static bool begin(void)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", "net1", 0, 0, false, {0}, 0, false};
    p = toy_pair((struct pair_options){.children = 2});
    pair_up(p, "net0");
    if (!forger_init(&f, p, 0))
        return false;
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    overhear(&f, &h);
    chain_begin(&c);
    answer = (struct forgery){.exchange = EXCHANGE_CREATE_CHILD_SA,
                              .response = true,
                              .message_id = h.m.header.message_id};
    return h.any && h.m.header.exchange == EXCHANGE_CREATE_CHILD_SA;
}

static void end(void)
{
    forger_free(&f);
    toy_end(p);
}

/* The response that accepts what was asked, with some SPI; `spoil` names what is wrong with it. */
enum spoil { GOOD, OTHER_CIPHER, WIDER_TS, TRANSPORT, SHORT_NONCE, NO_TS };
static void accept_with(enum spoil spoil)
{
    u8 sa[256], ts[64];
    struct bytes asked = message_body(&h.m, PAYLOAD_SA);
    memcpy(sa, asked.at, asked.len);
    memcpy(sa + 8, "\x12\x34\x56\x78", 4); /* behind the proposal's header: the SPI */
    if (spoil == OTHER_CIPHER)
        sa[8 + 4 + 7] = ENCR_AES_CCM_16;
    if (spoil == TRANSPORT)
        chain_notify(&c, NOTIFY_USE_TRANSPORT_MODE);
    chain_add(&c, PAYLOAD_SA, false, bytes_of(sa, asked.len));
    chain_add(&c, PAYLOAD_NONCE, false,
              bytes_of("0123456789abcdef0123456789abcdef", spoil == SHORT_NONCE ? 15 : 32));
    struct bytes tsi = message_body(&h.m, PAYLOAD_TSI), tsr = message_body(&h.m, PAYLOAD_TSR);
    memcpy(ts, tsr.at, tsr.len);
    if (spoil == WIDER_TS)
        ts[4 + 8] = 0; /* the range begins at 0.x */
    chain_add(&c, PAYLOAD_TSI, false, tsi);
    if (spoil != NO_TS)
        chain_add(&c, PAYLOAD_TSR, false, bytes_of(ts, tsr.len));
}

TEST(an_answer_as_asked)
{
    CHECK(begin());
    accept_with(GOOD);
    tell(&f, answer, &c, &h);
    CHECK_EQ(p->side[0].child_count, 2);
    CHECK_EQ(p->side[0].children[1].spi_out, 0x12345678);
    end();
}

/* RFC 7296 1.3.1 (3), 3.3.6 (5): what the peer made of it cannot be used: it is deleted, and no
 * data plane ever had it. */
TEST(answers_that_were_not_asked_for)
{
    static const enum shrike_reason_code reasons[] = {
        [OTHER_CIPHER] = SHRIKE_REASON_NO_CHILD_PROPOSAL,
        [WIDER_TS] = SHRIKE_REASON_TS_MISMATCH,
        [TRANSPORT] = SHRIKE_REASON_MODE_MISMATCH,
        [SHORT_NONCE] = SHRIKE_REASON_NONCE_SIZE,
    };
    for (unsigned i = OTHER_CIPHER; i <= SHORT_NONCE; i++) {
        struct delete d;
        CHECK(begin());
        accept_with(i);
        tell(&f, answer, &c, &h);
        CHECK_EQ(p->side[0].reason, reasons[i]);
        CHECK_EQ(p->side[0].child_count, 1);
        CHECK_EQ(p->side[0].ike_down, 0);
        CHECK_EQ(h.m.header.exchange, EXCHANGE_INFORMATIONAL);
        CHECK(delete_read(message_body(&h.m, PAYLOAD_DELETE), &d));
        CHECK_EQ(d.count, 1);
        end();
    }
}

/* RFC 7296 1.3: of what one end offers, with KE, the other one chooses what has no group; whoever
 * of both asks, and for whatever. */
TEST(a_proposal_without_a_group)
{
    static const struct shrike_transform esp[] = {{TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
                                                  {TRANSFORM_SN, SN_32, 0},
                                                  {TRANSFORM_KE, KE_CURVE25519, 0}};
    static const struct shrike_proposal both[] = {
        {.protocol = PROTOCOL_ESP, .transform_count = 3, .transforms = esp},
        {.protocol = PROTOCOL_ESP, .transform_count = 2, .transforms = esp}};
    static struct tuned t;
    for (unsigned rekeys = 0; rekeys < 2; rekeys++) {
        struct shrike_command ask = {.kind = rekeys ? SHRIKE_REKEY : SHRIKE_UP,
                                     .reference = 1,
                                     .conn = "pair",
                                     .child = rekeys ? "net0" : "net1"};
        p = toy_pair((struct pair_options){.children = 2});
        tune_begin(p, 0, &t);
        for (unsigned i = 0; i < 2; i++) {
            t.children[i].proposals = both;
            t.children[i].proposal_count = 2;
        }
        tune_end(p, 0, &t);
        pair_up(p, "net0");
        shrike_command(p->side[0].engine, p->now, &ask);
        shrike_tick(p->side[0].engine, p->now);
        pair_run(p);
        CHECK_EQ(p->side[0].child_count, 2 - rekeys);
        CHECK_EQ(p->side[0].child_rekeyed, rekeys);
        CHECK(p->side[0].done == 2 && pair_agrees(p));
        toy_end(p);
    }
}

/* RFC 7296 1.4.1 (7), 2.21.3 (2): a response that lacks a payload: the two no longer agree on their
 * state. */
TEST(an_answer_without_selectors_ends_the_sa)
{
    CHECK(begin());
    accept_with(NO_TS);
    tell(&f, answer, &c, &h);
    CHECK_EQ(p->side[0].ike_down, 1);
    CHECK_EQ(p->side[0].child_count, 0);
    end();
}

/* RFC 7296 1.3.1 (4), 3.10.1 (1) */
TEST(refusals_end_the_child_alone)
{
    static const struct {
        u16 notify;
        enum shrike_reason_code code;
    } rows[] = {{NOTIFY_NO_PROPOSAL_CHOSEN, SHRIKE_REASON_NO_CHILD_PROPOSAL},
                {NOTIFY_TS_UNACCEPTABLE, SHRIKE_REASON_TS_MISMATCH},
                {NOTIFY_NO_ADDITIONAL_SAS, SHRIKE_REASON_PEER_REFUSED},
                {NOTIFY_INVALID_KE_PAYLOAD, SHRIKE_REASON_KE_GROUP},
                {12345, SHRIKE_REASON_PEER_REFUSED}};
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK(begin());
        chain_notify(&c, rows[i].notify);
        tell(&f, answer, &c, &h);
        CHECK(!h.any);
        CHECK_EQ(p->side[0].reason, rows[i].code);
        CHECK_EQ(p->side[0].failure.exchange, EXCHANGE_CREATE_CHILD_SA);
        CHECK(p->side[0].failure.theirs && !p->side[0].by_stranger);
        CHECK_EQ(p->side[0].ike_down, 0);
        CHECK_EQ(stats_of(p, 0).child_sas, 1);
        CHECK_EQ(stats_of(p, 0).works, 0);
        end();
    }
}

/* RFC 7296 2.25 (2, 3): later, not at once, and not for ever. */
TEST(temporary_failure_is_tried_again)
{
    unsigned tries = 0;
    CHECK(begin());
    while (h.any && tries < 50) {
        shrike_time before = p->now;
        answer.message_id = h.m.header.message_id;
        tries++;
        chain_begin(&c);
        chain_notify(&c, NOTIFY_TEMPORARY_FAILURE);
        tell(&f, answer, &c, &h);
        CHECK(!h.any);
        for (unsigned i = 0; i < 20 && !h.any; i++) { /* deadlines are lazy */
            p->now = MAX(p->now, MIN(shrike_deadline(p->side[0].engine), before + 9000000));
            shrike_tick(p->side[0].engine, p->now);
            settle_side(p, 0);
            overhear(&f, &h);
        }
        CHECK(!h.any || p->now - before >= 2 * SHRIKE_SECOND);
    }
    CHECK_EQ(tries, 9);
    CHECK_EQ(p->side[0].failed, 1);
    CHECK_EQ(stats_of(p, 0).child_sas, 1);
    end();
}

/* A request to rekey the child of this SPI (NULL: of none), as the peer that was just asked for a
 * child would write it. */
static void ask_to_rekey(const struct heard *asked, const char *spi)
{
    struct forgery ask = {.exchange = EXCHANGE_CREATE_CHILD_SA};
    h = *asked;
    chain_begin(&c);
    if (spi)
        notify_add_spi(&c.b, NOTIFY_REKEY_SA, PROTOCOL_ESP, bytes_of(spi, 4));
    else
        chain_notify(&c, NOTIFY_REKEY_SA);
    accept_with(GOOD);
    tell(&f, ask, &c, &h);
}

TEST(a_request_to_rekey_what_is_not_named)
{
    CHECK(begin());
    struct heard asked = h;
    ask_to_rekey(&asked, NULL);
    CHECK_EQ(only_notify(&h), NOTIFY_INVALID_SYNTAX);
    CHECK_EQ(stats_of(p, 0).child_sas, 0);
    end();
}

/* RFC 7296 2.25 (1, 5), 3.10 (1): of a child that nobody knows; while a child of ours is being
 * made, it may be that one, whose answer is under way. */
TEST(a_request_to_rekey_what_is_not_there)
{
    struct notify n;
    CHECK(begin());
    struct heard asked = h;
    ask_to_rekey(&asked, "\x77\x77\x77\x77");
    CHECK_EQ(only_notify(&h), NOTIFY_TEMPORARY_FAILURE);
    end();
    CHECK(begin());
    asked = h;
    accept_with(GOOD);
    tell(&f, answer, &c, &h);
    ask_to_rekey(&asked, "\x77\x77\x77\x77");
    CHECK_EQ(only_notify(&h), NOTIFY_CHILD_SA_NOT_FOUND);
    CHECK(notify_error(&h.m, &n) && bytes_equal(n.spi, bytes_of("\x77\x77\x77\x77", 4)));
    CHECK_EQ(stats_of(p, 0).child_sas, 2);
    end();
}

static void order_side(enum shrike_command_kind kind, unsigned side, const char *child)
{
    struct shrike_command o = {.kind = kind, .reference = 7, .conn = "pair", .child = child};
    shrike_command(p->side[side].engine, p->now, &o);
    pair_run(p);
}

/* RFC 7296 2.25, 4: what fails here may go well another time; NO_ADDITIONAL_SAS would have the peer
 * make everything from scratch. */
TEST(what_fails_now_is_asked_for_again)
{
    for (unsigned rekey = 0; rekey < 2; rekey++) {
        p = toy_pair((struct pair_options){.children = 2});
        pair_up(p, "net0");
        p->side[1].refuse_ops = true;
        order_side(rekey ? SHRIKE_REKEY : SHRIKE_UP, 0, rekey ? "net0" : "net1");
        CHECK(p->side[0].failed == 0 && p->side[0].child_count == 1);
        p->side[1].refuse_ops = false;
        pair_wait(p, p->now + 60 * SHRIKE_SECOND);
        CHECK(p->side[0].ike_up == 1 && p->side[0].ike_down == 0);
        CHECK_EQ(p->side[0].failed, 0);
        CHECK_EQ(p->side[0].child_count, rekey ? 1 : 2);
        CHECK_EQ(stats_of(p, 1).child_sas, p->side[0].child_count);
        CHECK_EQ(p->side[0].child_rekeyed, rekey);
        toy_end(p);
    }
}

/* A data plane that was too slow does not keep what nobody waits for. */
TEST(an_installation_that_comes_too_late_is_undone)
{
    for (unsigned side = 0; side < 2; side++) {
        p = toy_pair((struct pair_options){.children = 2});
        pair_up(p, "net0");
        p->side[side].hold_ops = true;
        order_side(SHRIKE_UP, 0, "net1");
        CHECK_EQ(p->side[side].op_count, 1);
        pair_wait(p, p->now + 59 * SHRIKE_SECOND);
        CHECK(!p->side[side].ops[0].void_now);
        pair_wait(p, p->now + 2 * SHRIKE_SECOND);
        CHECK(p->side[side].op_count >= 1 && p->side[side].ops[0].void_now);
        p->side[side].hold_ops = false;
        while (p->side[side].op_count)
            CHECK(pair_answer(p, side));
        pair_wait(p, p->now + 60 * SHRIKE_SECOND);
        CHECK(pair_agrees(p) && p->side[0].child_count == (side ? 2 : 1));
        toy_end(p);
    }
}

int main(void)
{
    return RUN(an_answer_as_asked) | RUN(a_proposal_without_a_group) |
           RUN(answers_that_were_not_asked_for) | RUN(an_answer_without_selectors_ends_the_sa) |
           RUN(refusals_end_the_child_alone) | RUN(temporary_failure_is_tried_again) |
           RUN(a_request_to_rekey_what_is_not_named) | RUN(a_request_to_rekey_what_is_not_there) |
           RUN(what_fails_now_is_asked_for_again) |
           RUN(an_installation_that_comes_too_late_is_undone);
}
