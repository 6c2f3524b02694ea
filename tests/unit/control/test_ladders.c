/* shrike-trace: which of net's ladders a client gets, and what is in them. */
#include "ask.h"
#include "ops/ladder.h"
#include "wire/codes.h"

static struct mail_ladder sent;

static void climb(struct other *o, u32 reference, const char *conn, u8 last)
{
    u8 body[8192];
    struct writer w = writer_of(body, sizeof body);
    sent = (struct mail_ladder){.ike = last, .stranger = !conn[0], .count = 2};
    strcpy(sent.conn, conn);
    for (u16 i = 0; i < 2; i++)
        sent.rungs[i] = (struct shrike_rung){.when = 1,
                                             .spi_i = 0x12,
                                             .spi_r = i,
                                             .octets = 300u + i,
                                             .datagrams = i ? 3 : 0,
                                             .exchange = EXCHANGE_IKE_AUTH,
                                             .message_id = 1,
                                             .sent = i,
                                             .again = i,
                                             .response = i,
                                             .local = {{192, 0, 2, 1}, 500, 4, 0},
                                             .remote = {{192, 0, 2, last}, 4500, 4, 0}};
    sent.rungs[0].payloads = SHRIKE_RUNG_PAYLOADS + 2;
    sent.rungs[0].of[0] = (struct shrike_rung_payload){PAYLOAD_AUTH, 0, 40};
    sent.rungs[0].of[1] = (struct shrike_rung_payload){PAYLOAD_NOTIFY, NOTIFY_COOKIE, 24};
    sent.rungs[0].of[2] = (struct shrike_rung_payload){PAYLOAD_NOTIFY, 39999, 8};
    sent.rungs[0].of[3] = (struct shrike_rung_payload){250, 0, 9};
    write_u32(&w, reference);
    ladder_write(&w, &sent);
    send_to_control(o, MAIL_LADDER, written_bytes(&w), -1);
}

static void trace(struct other *o, const struct mail *m)
{
    u8 body[4];
    struct writer w = writer_of(body, sizeof body);
    struct reader r = reader_of(m->body);
    if (m->kind != MAIL_TRACE)
        return;
    u32 reference = read_u32(&r);
    climb(o, reference, "gw", 2);
    climb(o, reference, "", 3);
    climb(o, reference + 1, "gw", 4); /* nobody has asked for this */
    write_u32(&w, reference);
    send_to_control(o, MAIL_LADDERS_END, written_bytes(&w), -1);
}

static void begin(void)
{
    ask_begin("");
    t.net.answer = trace;
    client_register(&c, "shrike-ladder");
}

static bool payload_is(struct bytes ladder, unsigned at, const char *text)
{
    struct vici_item item;
    if (!vici_find(ladder, "messages.0.payloads", &item) || item.type != VICI_LIST_START)
        return false;
    struct vici_reader r = vici_list_of(item.value);
    for (unsigned i = 0; vici_read_next(&r, &item) == VICI_LIST_ITEM; i++)
        if (i == at)
            return bytes_equal(item.value, bytes_of(text, strlen(text)));
    return false;
}

TEST(all_or_those_of_a_peer)
{
    begin();
    CHECK(WELL("shrike-trace", NULL, NULL) && c.event_count == 2);
    CHECK(WELL("shrike-trace", "peer", "gw") && c.event_count == 1);
    CHECK(vici_value_is(event_of(&c, 0), "uniqueid", "2"));
    CHECK(WELL("shrike-trace", "peer", "192.0.2.3") && c.event_count == 1);
    CHECK(vici_value_is(event_of(&c, 0), "uniqueid", "3"));
    CHECK(vici_value_is(event_of(&c, 0), "stranger", "yes"));
    CHECK(WELL("shrike-trace", "peer", "192.0.2.4") && c.event_count == 0);
    ask_end();
}

TEST(a_ladder_has_kinds_and_sizes)
{
    begin();
    CHECK(WELL("shrike-trace", "peer", "gw") && c.event_count == 1);
    struct bytes l = event_of(&c, 0);
    CHECK(vici_value_is(l, "ike", "gw") && !vici_value(l, "stranger").at);
    CHECK(vici_value_is(l, "initiator-spi", "0000000000000012"));
    CHECK(vici_value_is(l, "responder-spi", "0000000000000001"));
    CHECK(vici_value_is(l, "messages.0.way", "in") && vici_value_is(l, "messages.1.way", "out"));
    CHECK(vici_value_is(l, "messages.0.exchange", "IKE_AUTH"));
    CHECK(vici_value_is(l, "messages.0.kind", "request"));
    CHECK(vici_value_is(l, "messages.1.kind", "response"));
    CHECK(vici_value_is(l, "messages.0.octets", "300"));
    CHECK(vici_value_is(l, "messages.1.again", "yes") && !vici_value(l, "messages.0.again").at);
    CHECK(vici_value_is(l, "messages.1.fragments", "3"));
    CHECK(vici_value_is(l, "messages.0.local", "192.0.2.1:500"));
    CHECK(vici_value_is(l, "messages.0.remote", "192.0.2.2:4500"));
    CHECK(vici_value_is(l, "messages.0.more-payloads", "2"));
    CHECK(vici_value(l, "messages.0.time").len > 10);
    CHECK(payload_is(l, 0, "AUTH 40") && payload_is(l, 1, "N(COOKIE) 24"));
    CHECK(payload_is(l, 2, "N(39999) 8") && payload_is(l, 3, "250 9"));
    ask_end();
}

TEST(without_net)
{
    begin();
    t.net.answer = NULL;
    client_begin(&c, "shrike-trace", NULL);
    table_dismiss(&t.net, ROLE_NET);
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "has ended"));
    CHECK(REFUSED("shrike-trace", "not there", NULL, NULL));
    ask_end();
}

int main(void)
{
    return RUN(all_or_those_of_a_peer) | RUN(a_ladder_has_kinds_and_sizes) | RUN(without_net);
}
