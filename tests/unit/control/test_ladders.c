/* shrike-trace: which of net's ladders a client gets, and what is in them. */
#include "ask.h"
#include "control/ladders.h"
#include "ops/ladder.h"
#include "wire/codes.h"

static struct mail_ladder sent;

static void climb(struct other *o, u32 reference, const char *conn, u8 last)
{
    u8 body[8192];
    struct writer w = writer_of(body, sizeof body);
    sent = (struct mail_ladder){
        .ike = last, .identity = "moon.example", .stranger = !conn[0], .count = 2};
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

static struct mail_trace asked; /* for whom, last */
static u32 reference;

static void end_ladders(struct other *o, bool follows)
{
    u8 body[5];
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, reference);
    write_u8(&w, follows);
    send_to_control(o, MAIL_LADDERS_END, written_bytes(&w), -1);
}

/* Net: two ladders, and whoever wants to follow may. */
static void trace(struct other *o, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    if (m->kind != MAIL_TRACE)
        return;
    reference = read_u32(&r);
    CHECK(trace_read(&r, &asked));
    if (!asked.follow) {
        climb(o, reference, "gw", 2);
        climb(o, reference, "", 3);
    }
    end_ladders(o, asked.follow);
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

TEST(net_is_asked_for_a_peer)
{
    begin();
    CHECK(WELL("shrike-trace", NULL, NULL) && c.event_count == 2 && !asked.peer[0]);
    CHECK(vici_value_is(event_of(&c, 0), "uniqueid", "2"));
    CHECK(vici_value_is(event_of(&c, 1), "stranger", "yes"));
    CHECK(WELL("shrike-trace", "peer", "moon.example") && !asked.follow && !asked.octets);
    CHECK(strcmp(asked.peer, "moon.example") == 0);
    CHECK(REFUSED("shrike-trace", "only who follows", "datagrams", "yes"));
    ask_end();
}

/* Asked to follow; it is not answered. */
static void follow(struct client *k, bool datagrams)
{
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    vici_put_text(&w, "follow", "yes");
    if (datagrams)
        vici_put_text(&w, "datagrams", "yes");
    client_begin(k, "shrike-trace", &w);
    for (int i = 0; i < 20; i++)
        client_turn(k);
}

static void wire(struct other *o, u32 lost, size_t len)
{
    static u8 body[LADDER_DATAGRAM_MAX + 100], data[LADDER_DATAGRAM_MAX];
    struct writer w = writer_of(body, sizeof body);
    const struct mail_datagram d = {.when = 1,
                                    .sent = true,
                                    .lost = lost,
                                    .local = {{192, 0, 2, 1}, 4500, 4, 0},
                                    .remote = {{192, 0, 2, 2}, 4501, 4, 0},
                                    .data = bytes_of(data, len)};
    memcpy(data, "\0\0\0\0ike", 7);
    write_u32(&w, reference);
    datagram_write(&w, &d);
    send_to_control(o, MAIL_DATAGRAM, written_bytes(&w), -1);
}

TEST(who_follows_gets_what_comes)
{
    begin();
    client_register(&c, "shrike-datagram");
    c.event_count = 0;
    follow(&c, true);
    CHECK(asked.follow && asked.octets && c.event_count == 0);
    climb(&t.net, reference, "gw", 4);
    wire(&t.net, 0, 7);
    for (int i = 0; i < 20; i++)
        client_turn(&c);
    CHECK(c.event_count == 2 && vici_value_is(event_of(&c, 0), "uniqueid", "4"));
    struct bytes d = event_of(&c, 1);
    CHECK(vici_value_is(d, "way", "out") && vici_value_is(d, "local", "192.0.2.1:4500"));
    CHECK(vici_value_is(d, "remote", "192.0.2.2:4501") && !vici_value(d, "lost").at);
    CHECK(bytes_equal(vici_value(d, "datagram"), bytes_of("\0\0\0\0ike", 7)));
    CHECK_EQ(count_of(&t.net, MAIL_TRACE_END), 0);
    client_close(&c);
    turns();
    CHECK_EQ(count_of(&t.net, MAIL_TRACE_END), 1);
    climb(&t.net, reference, "gw", 4); /* net has not heard: it is told once more */
    turns();
    CHECK_EQ(count_of(&t.net, MAIL_TRACE_END), 2);
    table_end();
}

static u64 lost_before(struct bytes event)
{
    struct bytes n = vici_value(event, "lost");
    u64 v = 0;
    for (size_t i = 0; i < n.len; i++)
        v = v * 10 + n.at[i] - '0';
    return v;
}

/* A client that does not read for a while: what he misses is told when he does. */
TEST(who_reads_slowly_is_told_what_he_missed)
{
    enum { MANY = 40 };
    u64 ladders = 0, datagrams = 0;
    begin();
    client_register(&c, "shrike-datagram");
    c.event_count = 0;
    follow(&c, true);
    for (u32 i = 0; i < MANY; i++) {
        wire(&t.net, i == 0 ? 5 : 0, LADDER_DATAGRAM_MAX);
        turns();
    }
    climb(&t.net, reference, "gw", 4);
    turns();
    for (int i = 0; i < 200; i++)
        client_turn(&c);
    CHECK(c.event_count > 2 && c.event_count < MANY);
    CHECK(vici_value_is(event_of(&c, 0), "lost", "5"));
    wire(&t.net, 0, 7);
    climb(&t.net, reference, "gw", 4);
    for (int i = 0; i < 20; i++)
        client_turn(&c);
    for (u32 i = 0; i < c.event_count; i++) {
        struct bytes e = event_of(&c, i);
        if (vici_value(e, "way").at)
            datagrams += 1 + lost_before(e);
        else
            ladders += 2 + lost_before(e); /* of two messages each */
    }
    CHECK_EQ(datagrams, MANY + 1 + 5);
    CHECK_EQ(ladders, 4);
    ask_end();
}

TEST(only_so_many_follow)
{
    static struct client others[LADDERS_FOLLOWERS];
    begin();
    for (int i = 0; i < LADDERS_FOLLOWERS; i++) {
        client_open(&others[i]);
        follow(&others[i], false);
    }
    CHECK(REFUSED("shrike-trace", "can follow do so already", "follow", "yes"));
    CHECK(WELL("shrike-trace", "peer", "gw"));
    client_close(&others[1]);
    turns();
    follow(&c, false);
    CHECK(asked.follow && c.event_count <= 2);
    table_dismiss(&t.net, ROLE_NET);
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "has ended"));
    for (int i = 0; i < LADDERS_FOLLOWERS; i++)
        if (i != 1)
            client_close(&others[i]);
    ask_end();
}

TEST(a_ladder_has_kinds_and_sizes)
{
    begin();
    CHECK(WELL("shrike-trace", "peer", "gw") && c.event_count == 2);
    struct bytes l = event_of(&c, 0);
    CHECK(vici_value_is(l, "remote-id", "moon.example") && !vici_value(l, "lost").at);
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
    return RUN(net_is_asked_for_a_peer) | RUN(who_follows_gets_what_comes) |
           RUN(who_reads_slowly_is_told_what_he_missed) | RUN(only_so_many_follow) |
           RUN(a_ladder_has_kinds_and_sizes) | RUN(without_net);
}
