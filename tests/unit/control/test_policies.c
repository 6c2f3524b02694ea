/* install, uninstall and list-policies: what becomes of the traps that the data plane is told. */
#include "ask.h"

static const char conf[] =
    "connections {\n gw { local_addrs = 192.0.2.1\n remote_addrs = 198.51.100.2\n"
    "  local { auth = psk }\n remote { auth = psk }\n"
    "  children { plain { remote_ts = 10.2.0.0/16 }\n"
    "   waits { remote_ts = 10.3.0.0/16\n start_action = trap\n mode = transport }\n"
    "   up { start_action = start }\n"
    "   lost { remote_ts = 10.7.0.0/16\n dpd_action = trap }\n"
    "   closed { remote_ts = 10.8.0.0/16\n close_action = trap } } }\n"
    " other { local_addrs = 192.0.2.1\n remote_addrs = 198.51.100.3\n"
    "  local { auth = psk }\n remote { auth = psk }\n"
    "  children { plain { remote_ts = 10.4.0.0/16 } } }\n"
    " past { children { lan { remote_ts = 10.5.0.0/16\n mode = pass }\n"
    "  never { remote_ts = 10.6.0.0/16\n mode = drop\n start_action = trap } } }\n}\n";

static enum shrike_start start_of(u32 conn, u32 child)
{
    return t.esp.snapshot->conf.conns[conn].children[child].start;
}

/* The next snapshot has come. */
static bool told(u32 snapshots)
{
    UNTIL(t.esp.snapshots >= snapshots);
    return t.esp.snapshots == snapshots;
}

TEST(a_trap_is_installed_and_taken_away)
{
    ask_begin(conf);
    CHECK_EQ(start_of(0, 0), SHRIKE_START_NONE);
    u64 hash = t.esp.snapshot->conf.conns[0].hash;
    CHECK(WELL("install", "child", "plain", "ike", "gw") && told(2));
    CHECK_EQ(start_of(0, 0), SHRIKE_START_TRAP);
    CHECK_EQ(start_of(1, 0), SHRIKE_START_NONE);
    CHECK(t.esp.snapshot->conf.conns[0].hash == hash); /* its SAs stay what they are */
    CHECK(WELL("install", "child", "plain", "ike", "gw"));
    CHECK(WELL("uninstall", "child", "plain", "ike", "gw") && told(3));
    CHECK_EQ(start_of(0, 0), SHRIKE_START_NONE);
    CHECK(REFUSED("uninstall", "has no trap", "child", "plain"));
    ask_end();
}

TEST(one_of_the_files_goes_and_comes_back)
{
    ask_begin(conf);
    CHECK(WELL("uninstall", "child", "waits") && told(2));
    CHECK_EQ(start_of(0, 1), SHRIKE_START_NONE);
    CHECK(WELL("reload-settings", NULL, NULL) && told(3));
    CHECK_EQ(start_of(0, 1), SHRIKE_START_NONE);
    CHECK(WELL("install", "child", "waits") && told(4));
    CHECK_EQ(start_of(0, 1), SHRIKE_START_TRAP);
    ask_end();
}

/* A child that is called up may have a trap beside it. */
TEST(a_trap_beside_start)
{
    ask_begin(conf);
    CHECK_EQ(start_of(0, 2), SHRIKE_START_NOW);
    CHECK(WELL("install", "child", "up") && told(2));
    CHECK_EQ(start_of(0, 2), SHRIKE_START_BOTH);
    CHECK(WELL("uninstall", "child", "up") && told(3));
    CHECK_EQ(start_of(0, 2), SHRIKE_START_NOW);
    ask_end();
}

TEST(what_cannot_be_is_refused)
{
    ask_begin(conf);
    CHECK(REFUSED("install", "no child is named", NULL, NULL));
    CHECK(REFUSED("install", "no connection has a child tea", "child", "tea"));
    CHECK(REFUSED("install", "has no child plain2", "child", "plain2", "ike", "gw"));
    CHECK(REFUSED("uninstall", "has no trap", "child", "up"));
    CHECK_EQ(t.esp.snapshots, 1);
    ask_end();
}

TEST(they_are_listed)
{
    ask_begin(conf);
    CHECK(client_register(&c, "list-policy"));
    CHECK(WELL("install", "child", "plain", "ike", "other"));
    CHECK(ASK("list-policies", "trap", "yes") && c.event_count == 2);
    struct bytes waits = event_of(&c, 0), plain = event_of(&c, 1);
    CHECK(vici_value_is(waits, "gw/waits.child", "waits"));
    CHECK(vici_value_is(waits, "gw/waits.ike", "gw"));
    CHECK(vici_value_is(waits, "gw/waits.mode", "TRANSPORT"));
    struct vici_item item;
    CHECK(vici_find(waits, "gw/waits.remote-ts", &item) && item.type == VICI_LIST_START);
    CHECK(vici_value_is(plain, "other/plain.mode", "TUNNEL"));
    CHECK(ASK("list-policies", "trap", "yes", "child", "waits") && c.event_count == 1);
    CHECK(ASK("list-policies", "trap", "yes", "ike", "other") && c.event_count == 1);
    CHECK(ASK("list-policies", "pass", "yes") && c.event_count == 0);
    ask_end();
}

static void goes_down(const char *child, enum shrike_reason_code why)
{
    const struct shrike_event e = {
        .id = SHRIKE_EVENT_CHILD_DOWN, .conn = "gw", .child_conf = child, .reason = {.code = why}};
    tell_event(&e);
}

/* dpd_action and close_action: when it was lost that way, and not against a command. */
TEST(a_child_that_was_lost_may_leave_a_trap)
{
    ask_begin(conf);
    goes_down("lost", SHRIKE_REASON_PEER_DELETED);
    goes_down("closed", SHRIKE_REASON_TIMEOUT);
    goes_down("plain", SHRIKE_REASON_TIMEOUT);
    goes_down("moon", SHRIKE_REASON_TIMEOUT);
    CHECK(WELL("install", "child", "plain", "ike", "gw") && told(2));
    CHECK(!start_of(0, 3) && !start_of(0, 4));
    goes_down("lost", SHRIKE_REASON_TIMEOUT);
    goes_down("closed", SHRIKE_REASON_PEER_DELETED);
    CHECK(told(3) && start_of(0, 3) == SHRIKE_START_TRAP && start_of(0, 4) == SHRIKE_START_TRAP);
    CHECK(WELL("uninstall", "child", "lost") && told(4) && !start_of(0, 3));
    ask_end();
}

/* Shunts are installed and listed like traps. */
TEST(shunts_come_and_go)
{
    ask_begin(conf);
    CHECK_EQ(t.esp.snapshot->conf.conns[2].shunt_count, 2);
    CHECK_EQ(start_of(2, 0), SHRIKE_START_NONE);
    CHECK(client_register(&c, "list-policy"));
    CHECK(ASK("list-policies", "drop", "yes", "pass", "yes") && c.event_count == 1);
    CHECK(vici_value_is(event_of(&c, 0), "past/never.mode", "DROP"));
    CHECK(WELL("install", "child", "lan") && told(2));
    CHECK_EQ(start_of(2, 0), SHRIKE_START_TRAP);
    CHECK(ASK("list-policies", "pass", "yes") && c.event_count == 1);
    CHECK(vici_value_is(event_of(&c, 0), "past/lan.mode", "PASS"));
    CHECK(ASK("list-policies", "trap", "yes") && c.event_count == 1); /* gw/waits */
    CHECK(WELL("uninstall", "child", "never", "ike", "past") && told(3));
    CHECK_EQ(start_of(2, 1), SHRIKE_START_NONE);
    CHECK(REFUSED("uninstall", "this shunt is not installed", "child", "never"));
    CHECK(REFUSED("initiate", "no peer to be called", "child", "never"));
    CHECK(REFUSED("initiate", "no peer to be called", "ike", "past"));
    ask_end();
}

TEST(they_outlive_this_process)
{
    ask_begin(conf);
    CHECK(WELL("install", "child", "plain", "ike", "gw") && WELL("uninstall", "child", "waits"));
    CHECK(told(2));
    client_close(&c);
    table_leave();
    table_sit();
    table_fit();
    CHECK_EQ(start_of(0, 0), SHRIKE_START_TRAP);
    CHECK_EQ(start_of(0, 1), SHRIKE_START_NONE);
    client_open(&c);
    CHECK(WELL("uninstall", "child", "plain") && WELL("install", "child", "waits"));
    client_close(&c);
    table_leave();
    table_sit();
    table_fit();
    CHECK_EQ(start_of(0, 0), SHRIKE_START_NONE);
    CHECK_EQ(start_of(0, 1), SHRIKE_START_TRAP);
    client_open(&c);
    ask_end();
}

int main(void)
{
    return RUN(a_trap_is_installed_and_taken_away) | RUN(one_of_the_files_goes_and_comes_back) |
           RUN(a_trap_beside_start) | RUN(what_cannot_be_is_refused) | RUN(they_are_listed) |
           RUN(shunts_come_and_go) | RUN(a_child_that_was_lost_may_leave_a_trap) |
           RUN(they_outlive_this_process);
}
