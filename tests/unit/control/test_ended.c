/* What a Child SA has carried when it has ended: the numbers of esp and the event of net come in
 * either order, or the numbers do not come at all. */
#include "ask.h"

static void tell_counts(u32 serial, u64 bytes)
{
    u8 body[256];
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, 0);
    write_u16(&w, 1);
    count_write(&w, &(struct mail_count){.child_serial = serial,
                                         .bytes_in = bytes,
                                         .packets_in = 3,
                                         .used_in = loop_clock(t.loop)});
    send_to_control(&t.esp, MAIL_COUNTED, written_bytes(&w), -1);
}

static void tell_end(u32 serial)
{
    const struct shrike_event e = {.id = SHRIKE_EVENT_CHILD_DOWN,
                                   .ike = 1,
                                   .child = serial,
                                   .conn = "gw",
                                   .child_conf = "net"};
    tell_event(&e);
}

static void begin(void)
{
    ask_begin("");
    if (!client_register(&c, "child-updown") || !client_register(&c, "child-rekey"))
        abort();
}

static void take(u32 count)
{
    UNTIL((client_turn(&c), c.event_count >= count));
}

TEST(numbers_come_later)
{
    begin();
    tell_end(7);
    for (int i = 0; i < 10; i++)
        client_turn(&c);
    CHECK_EQ(c.event_count, 0);
    tell_end(8);
    tell_counts(8, 800);
    tell_counts(7, 700);
    take(2);
    CHECK(c.event_count == 2);
    CHECK(vici_value_is(event_of(&c, 0), "gw.child-sas.net-8.bytes-in", "800"));
    CHECK(vici_value_is(event_of(&c, 1), "gw.child-sas.net-7.bytes-in", "700"));
    CHECK(vici_value_is(event_of(&c, 1), "gw.child-sas.net-7.packets-in", "3"));
    CHECK(vici_value(event_of(&c, 1), "gw.child-sas.net-7.use-in").len);
    ask_end();
}

TEST(numbers_come_first)
{
    begin();
    tell_counts(7, 700);
    turns();
    tell_end(7);
    take(1);
    CHECK(vici_value_is(event_of(&c, 0), "gw.child-sas.net-7.bytes-in", "700"));
    tell_end(7); /* of another life, perhaps: the numbers were those of one end */
    for (int i = 0; i < 10; i++)
        client_turn(&c);
    CHECK_EQ(c.event_count, 1);
    tell_counts(8, 800);
    turns();
    table_dismiss(&t.net, ROLE_NET);
    table_introduce(&t.net, ROLE_NET);
    turns();
    tell_end(8);
    take(3);
    CHECK(c.event_count == 3 && !vici_value(event_of(&c, 2), "gw.child-sas.net-8.bytes-in").at);
    ask_end();
}

TEST(numbers_do_not_come)
{
    begin();
    shrike_time from = loop_clock(t.loop);
    tell_end(7);
    take(1);
    CHECK(c.event_count == 1 && !vici_value(event_of(&c, 0), "gw.child-sas.net-7.bytes-in").at);
    CHECK(loop_clock(t.loop) - from >= 400 * SHRIKE_MS);
    table_dismiss(&t.esp, ROLE_ESP);
    from = loop_clock(t.loop);
    tell_end(9); /* nobody to wait for */
    take(2);
    CHECK(c.event_count == 2 && loop_clock(t.loop) - from < 400 * SHRIKE_MS);
    ask_end();
}

TEST(of_a_rekeyed_one_they_are_the_old_ones)
{
    const struct shrike_event e = {.id = SHRIKE_EVENT_CHILD_REKEYED,
                                   .ike = 1,
                                   .child = 8,
                                   .number = 7,
                                   .conn = "gw",
                                   .child_conf = "net"};
    begin();
    tell_event(&e);
    tell_counts(7, 700);
    take(1);
    CHECK(vici_value_is(event_of(&c, 0), "gw.child-sas.net.old.bytes-in", "700"));
    CHECK(vici_value_is(event_of(&c, 0), "gw.child-sas.net.new.bytes-in", "0"));
    ask_end();
}

TEST(those_beyond_the_cap_go_at_once)
{
    begin();
    for (u32 i = 1; i <= 1025; i++) /* as many as wait, and one */
        tell_end(i);
    take(1);
    CHECK(vici_value(event_of(&c, 0), "gw.child-sas.net-1025.uniqueid").at);
    ask_end(); /* the others are forgotten */
}

int main(void)
{
    return RUN(numbers_come_later) | RUN(numbers_come_first) | RUN(numbers_do_not_come) |
           RUN(of_a_rekeyed_one_they_are_the_old_ones) | RUN(those_beyond_the_cap_go_at_once);
}
