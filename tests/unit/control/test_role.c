/* The role at its seat: what the others get, when, and what comes back after an end. */
#include "table.h"

static const char gateway[] = "shrike { replay_window = 77 }\nconnections {\n gw {\n"
                              "  local_addrs = 192.0.2.1\n  remote_addrs = 198.51.100.2\n"
                              "  local { auth = psk\n id = left }\n"
                              "  remote { auth = psk\n id = right }\n"
                              "  children { net { remote_ts = 10.2.0.0/16 } }\n }\n}\n"
                              "secrets { ike-gw { secret = s3cret\n id = right } }\n";
static const char started[] = "connections {\n gw {\n  local_addrs = 192.0.2.1\n"
                              "  remote_addrs = 198.51.100.2\n  keyingtries = 2\n"
                              "  local { auth = psk\n id = left }\n"
                              "  remote { auth = psk\n id = right }\n"
                              "  children { net { start_action = start }\n"
                              "   other { }\n  }\n }\n}\n";

TEST(what_everybody_gets)
{
    table_begin(gateway);
    turns();
    CHECK_EQ(t.parent.snapshots, 0); /* not before the vault */
    table_fit();
    CHECK(t.parent.snapshots == 1 && t.esp.snapshots == 1 && t.net.snapshots == 1);
    CHECK(t.net.snapshot && t.net.snapshot->conf.conn_count == 1);
    CHECK(strcmp(t.net.snapshot->conf.conns->name, "gw") == 0);
    CHECK_EQ(t.parent.snapshot->settings.replay_window, 77);
    CHECK(count_of(&t.parent, MAIL_READY) == 1 && count_of(&t.parent, MAIL_FATAL) == 0);
    CHECK(count_of(&t.net, MAIL_COMMAND) == 0);
    table_end();
}

TEST(without_a_vault_it_waits_a_second)
{
    table_begin(gateway);
    shrike_time begin = loop_clock(t.loop);
    UNTIL(t.parent.snapshots == 1);
    shrike_time took = loop_clock(t.loop) - begin;
    CHECK(t.parent.snapshots == 1 && took > 900 * SHRIKE_MS && took < 1500 * SHRIKE_MS);
    table_end();
    table_begin(gateway);
    t.options.check_only = true; /* there will be none: asked only when it sits down */
    table_leave();
    table_sit();
    turns();
    CHECK_EQ(t.parent.snapshots, 1);
    table_end();
}

TEST(secrets_go_to_keys_once)
{
    struct mail_secret m;
    table_begin(gateway);
    table_fit();
    CHECK_EQ(t.keys.secrets_files, 1);
    struct reader r = reader_of(bytes_of(t.keys.secrets, t.keys.secrets_len));
    u32 len = read_u32(&r);
    struct reader one = read_sub(&r, len);
    CHECK(secret_read(&one, &m) && read_ended(&one) && read_ended(&r));
    CHECK(bytes_equal(m.secret, bytes_of("s3cret", 6)) && m.id_count == 1 && !m.remove);
    CHECK(bytes_equal(m.name, bytes_of("ike-gw", 6)));
    table_dismiss(&t.keys, ROLE_KEYS); /* it has them from its vault */
    table_introduce(&t.keys, ROLE_KEYS);
    turns();
    CHECK_EQ(t.keys.secrets_files, 1);
    send_to_control(&t.parent, MAIL_RELOAD, bytes_of(NULL, 0), -1);
    turns();
    CHECK_EQ(t.keys.secrets_files, 2);
    table_end();
}

TEST(a_bad_file_ends_the_start)
{
    table_begin("connections {\n gw { remot = x }\n}\n");
    table_fit();
    CHECK(count_of(&t.parent, MAIL_FATAL) == 1 && t.parent.snapshots == 0);
    CHECK_EQ(t.keys.secrets_files, 0);
    table_write(gateway); /* after a restart of this role, others run: mending is enough */
    send_to_control(&t.parent, MAIL_RELOAD, bytes_of(NULL, 0), -1);
    turns();
    CHECK(t.parent.snapshots == 1 && t.net.snapshots == 1 && t.keys.secrets_files == 1);
    table_end();
}

TEST(a_bad_file_at_reload_changes_nothing)
{
    table_begin(gateway);
    table_fit();
    table_write("connections { a b }");
    send_to_control(&t.parent, MAIL_RELOAD, bytes_of(NULL, 0), -1);
    turns();
    CHECK(t.net.snapshots == 1 && count_of(&t.parent, MAIL_FATAL) == 0);
    table_write(started);
    send_to_control(&t.parent, MAIL_RELOAD, bytes_of(NULL, 0), -1);
    turns();
    CHECK(t.net.snapshots == 2 && t.esp.snapshots == 2 && t.parent.snapshots == 2);
    CHECK_EQ(t.net.snapshot->conf.conns->child_count, 2);
    table_end();
}

TEST(who_comes_anew_gets_it_again)
{
    table_begin(gateway);
    table_fit();
    table_dismiss(&t.net, ROLE_NET);
    table_introduce(&t.net, ROLE_NET);
    table_dismiss(&t.esp, ROLE_ESP);
    table_introduce(&t.esp, ROLE_ESP);
    turns();
    CHECK(t.net.snapshots == 2 && t.esp.snapshots == 2 && t.parent.snapshots == 1);
    table_end();
}

TEST(start_once_in_a_life_of_net)
{
    table_begin(started);
    table_fit();
    CHECK_EQ(count_of(&t.net, MAIL_COMMAND), 1);
    struct shrike_command c = last_command();
    CHECK(c.kind == SHRIKE_UP && strcmp(c.conn, "gw") == 0 && strcmp(c.child, "net") == 0);
    CHECK(t.net.seen[0].kind == MAIL_SNAPSHOT); /* net knows what it shall call up */
    conclude(c.reference, SHRIKE_REASON_NONE);
    turns();
    send_to_control(&t.parent, MAIL_RELOAD, bytes_of(NULL, 0), -1);
    turns();
    CHECK_EQ(count_of(&t.net, MAIL_COMMAND), 1); /* nothing has changed */
    table_dismiss(&t.net, ROLE_NET);
    table_introduce(&t.net, ROLE_NET);
    turns();
    CHECK_EQ(count_of(&t.net, MAIL_COMMAND), 1); /* of the new one */
    char changed[sizeof started];
    strcpy(changed, started);
    memcpy(strstr(changed, "198.51.100.2"), "198.51.100.3", 12);
    table_write(changed);
    send_to_control(&t.parent, MAIL_RELOAD, bytes_of(NULL, 0), -1);
    turns();
    CHECK_EQ(count_of(&t.net, MAIL_COMMAND), 2);
    table_end();
}

TEST(start_again_while_tries_are_left)
{
    table_begin(started);
    table_fit();
    conclude(last_command().reference, SHRIKE_REASON_TIMEOUT);
    turns();
    CHECK_EQ(count_of(&t.net, MAIL_COMMAND), 1);
    shrike_time begin = loop_clock(t.loop);
    while (count_of(&t.net, MAIL_COMMAND) == 1 && loop_clock(t.loop) - begin < 30 * SHRIKE_SECOND)
        loop_turn(t.loop, 50 * SHRIKE_MS);
    shrike_time took = loop_clock(t.loop) - begin;
    CHECK(count_of(&t.net, MAIL_COMMAND) == 2 && took >= 1600 * SHRIKE_MS);
    conclude(last_command().reference, SHRIKE_REASON_TIMEOUT);
    turns();
    static struct client c; /* keyingtries = 2: the log says once that it is tried again */
    u32 said = 0;
    client_open(&c);
    CHECK(client_register(&c, "log") && client_ask(&c, "shrike-log", NULL));
    for (u32 i = 0; i < c.event_count; i++)
        said += value_is_in(event_of(&c, i), "msg", "tried again");
    client_close(&c);
    CHECK_EQ(said, 1);
    table_end();
}

TEST(quit_is_answered)
{
    table_begin(gateway);
    table_fit();
    send_to_control(&t.parent, MAIL_QUIT, bytes_of(NULL, 0), -1);
    turns();
    CHECK_EQ(count_of(&t.parent, MAIL_DONE), 1);
    table_end();
}

/* No kind of mail, with whatever in it, from whomever, does harm. */
TEST(nonsense_is_refused)
{
    u8 octets[600];
    u32 random = 1;
    table_begin(gateway);
    table_fit();
    struct other *from[] = {&t.net, &t.esp, &t.keys};
    for (u32 i = 0; i < 6000; i++) {
        for (size_t k = 0; k < sizeof octets; k++)
            octets[k] = (u8)((random = random * 1664525 + 1013904223) >> 24);
        u16 kind = (u16)(i % (MAIL_KIND_COUNT + 2));
        send_to_control(from[i % 3], kind, bytes_of(octets, octets[0] * 2u), -1);
        if (i % 50 == 0)
            turns();
    }
    turns();
    CHECK(t.net.snapshots == 1 && channel_is_open(&t.net.channel));
    table_end();
}

int main(void)
{
    return RUN(what_everybody_gets) | RUN(without_a_vault_it_waits_a_second) |
           RUN(secrets_go_to_keys_once) | RUN(a_bad_file_ends_the_start) |
           RUN(a_bad_file_at_reload_changes_nothing) | RUN(who_comes_anew_gets_it_again) |
           RUN(start_once_in_a_life_of_net) | RUN(start_again_while_tries_are_left) |
           RUN(quit_is_answered) | RUN(nonsense_is_refused);
}
