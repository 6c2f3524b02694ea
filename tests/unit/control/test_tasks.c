/* list-sas, initiate, terminate and rekey: what net and esp are asked, and what the client hears.
 */
#include "sas_net.h"

static const char conf[] =
    "connections {\n gw { local_addrs = 192.0.2.1\n remote_addrs = 198.51.100.2\n"
    "  local { auth = psk\n id = left }\n remote { auth = psk }\n"
    "  children { net { }\n dmz { } } }\n"
    " named { local_addrs = 127.0.0.1\n remote_addrs = localhost\n"
    "  local { auth = psk }\n remote { auth = psk }\n"
    "  children { far { } } }\n}\n";

static struct client c;
static u8 octets[65536];

static void begin(void)
{
    sas_many = 0;
    table_begin(conf);
    table_fit();
    t.net.answer = sas_answer;
    t.esp.answer = sas_count;
    client_open(&c);
}

static void end(void)
{
    client_close(&c);
    table_end();
}

static void ask(const char *command, const char *const *pairs)
{
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    put_all(&w, pairs);
    client_begin(&c, command, &w);
}
#define ASK(command, ...) ask(command, (const char *const[]){__VA_ARGS__, NULL})

TEST(every_sa_with_its_counters)
{
    begin();
    CHECK(client_register(&c, "list-sa") && client_ask(&c, "list-sas", NULL));
    CHECK_EQ(c.event_count, 2);
    struct bytes gw = event_of(&c, 0), other = event_of(&c, 1);
    static const char *const rows[][2] = {{"gw.uniqueid", "7"},
                                          {"gw.state", "ESTABLISHED"},
                                          {"gw.local-host", "192.0.2.1"},
                                          {"gw.remote-port", "4500"},
                                          {"gw.local-id", "left"},
                                          {"gw.initiator-spi", "0123456789abcdef"},
                                          {"gw.nat-remote", "yes"},
                                          {"gw.nat-any", "yes"},
                                          {"gw.encr-alg", "AES_GCM_16"},
                                          {"gw.encr-keysize", "256"},
                                          {"gw.prf-alg", "PRF_HMAC_SHA2_256"},
                                          {"gw.dh-group", "MODP_3072"},
                                          {"gw.established", "7"},
                                          {"gw.child-sas.net-12.name", "net"},
                                          {"gw.child-sas.net-12.state", "INSTALLED"},
                                          {"gw.child-sas.net-12.mode", "TUNNEL"},
                                          {"gw.child-sas.net-12.protocol", "ESP"},
                                          {"gw.child-sas.net-12.encap", "yes"},
                                          {"gw.child-sas.net-12.spi-in", "c1234567"},
                                          {"gw.child-sas.net-12.encr-alg", "AES_CBC"},
                                          {"gw.child-sas.net-12.integ-alg", "HMAC_SHA2_256_128"},
                                          {"gw.child-sas.net-12.bytes-in", "1200"},
                                          {"gw.child-sas.net-12.use-in", "3"},
                                          {"gw.child-sas.net-12.bytes-out", "0"},
                                          {"gw.child-sas.net-12.install-time", "5"},
                                          {"gw.child-sas.dmz-13.bytes-in", "1300"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!vici_value_is(gw, rows[i][0], rows[i][1]))
            printf("# %s\n", rows[i][0]);
        CHECK(vici_value_is(gw, rows[i][0], rows[i][1]));
    }
    CHECK(!vici_value(gw, "gw.nat-local").at && !vici_value(gw, "gw.child-sas.net-12.use-out").at);
    CHECK(vici_value_is(other, "other.state", "DELETING"));
    end();
}

TEST(only_what_is_asked_for)
{
    begin();
    CHECK(client_register(&c, "list-sa"));
    ASK("list-sas", "ike", "other");
    CHECK(client_wait(&c) && c.event_count == 1);
    CHECK(vici_value_is(event_of(&c, 0), "other.uniqueid", "9"));
    c.event_count = 0;
    ASK("list-sas", "ike-id", "7", "child", "dmz");
    CHECK(client_wait(&c) && c.event_count == 1);
    CHECK(vici_value(event_of(&c, 0), "gw.child-sas.dmz-13.name").at);
    CHECK(!vici_value(event_of(&c, 0), "gw.child-sas.net-12.name").at);
    c.event_count = 0;
    ASK("list-sas", "child-id", "14");
    CHECK(client_wait(&c) && c.event_count == 1); /* gw has no such child: it is not shown */
    ASK("list-sas", "ike-id", "seven");
    CHECK(client_wait(&c) && answer_is(&c, "success", "no"));
    end();
}

TEST(without_esp_there_are_no_counters)
{
    begin();
    CHECK(client_register(&c, "list-sa"));
    t.esp.answer = NULL;
    shrike_time from = loop_clock(t.loop);
    client_begin(&c, "list-sas", NULL);
    table_dismiss(&t.esp, ROLE_ESP);
    CHECK(client_wait(&c) && c.event_count == 2);
    CHECK(loop_clock(t.loop) - from < SHRIKE_SECOND); /* it is not waited for */
    CHECK(!vici_value(event_of(&c, 0), "gw.child-sas.net-12.bytes-in").at);
    c.event_count = 0;
    CHECK(client_ask(&c, "list-sas", NULL) && c.event_count == 2);
    table_dismiss(&t.net, ROLE_NET);
    CHECK(client_ask(&c, "list-sas", NULL) && value_has(answer_of(&c), "errmsg", "not there"));
    end();
}

/* Who asks as soon as the socket is there hears what net has, not that there is none. */
TEST(a_listing_waits_for_the_first_net)
{
    begin();
    CHECK(client_register(&c, "list-sa"));
    table_dismiss(&t.net, ROLE_NET);
    t.seat.lives[ROLE_NET] = 0; /* as at the beginning */
    client_begin(&c, "list-sas", NULL);
    for (int i = 0; i < 20; i++)
        client_turn(&c);
    CHECK(c.heard == VICI_HEARD_NOTHING);
    table_introduce(&t.net, ROLE_NET);
    CHECK(client_wait(&c) && c.event_count == 2);
    CHECK(!vici_value(answer_of(&c), "errmsg").at);
    end();
}

/* One who does not read holds up nobody but himself, and gets all when he reads on. */
TEST(a_slow_client_and_a_quick_one)
{
    static struct client slow;
    begin();
    client_open(&slow);
    CHECK(client_register(&slow, "list-sa") && client_register(&c, "list-sa"));
    sas_many = 3000; /* about 3 MB of events */
    struct bytes out;
    CHECK(vici_client_request(&slow.vici, "list-sas", bytes_of(NULL, 0)));
    out = vici_client_output(&slow.vici);
    CHECK(send(slow.fd, out.at, out.len, 0) == (ssize_t)out.len);
    vici_client_sent(&slow.vici, out.len);
    for (int i = 0; i < 400; i++)
        loop_turn(t.loop, SHRIKE_MS);
    sas_many = 0;
    CHECK(client_ask(&c, "list-sas", NULL) && c.event_count == 2);
    slow.heard = VICI_HEARD_NOTHING;
    for (int i = 0; i < 4000 && slow.heard == VICI_HEARD_NOTHING; i++) {
        client_turn(&slow);
    }
    CHECK(slow.heard == VICI_HEARD_ANSWER);
    CHECK_EQ(slow.event_total, 3002);
    client_close(&slow);
    end();
}

TEST(initiate_until_it_is_up)
{
    struct shrike_event e = {
        .id = SHRIKE_EVENT_CHILD_UP, .ike = 3, .child = 4, .conn = "gw", .child_conf = "net"};
    begin();
    CHECK(client_register(&c, "control-log"));
    ASK("initiate", "child", "net", "ike", "gw", "timeout", "5000");
    struct shrike_command m = last_command();
    CHECK(m.kind == SHRIKE_UP && strcmp(m.conn, "gw") == 0 && strcmp(m.child, "net") == 0);
    tell_event(&e);
    e.conn = "other"; /* not his */
    tell_event(&e);
    conclude(m.reference + 1, SHRIKE_REASON_TIMEOUT); /* nor this */
    for (int i = 0; i < 5; i++)
        client_turn(&c);
    CHECK(c.heard == VICI_HEARD_NOTHING && c.event_count == 1);
    CHECK(value_has(event_of(&c, 0), "msg", "gw[3]/net[4]"));
    conclude(m.reference, SHRIKE_REASON_NONE);
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes"));
    end();
}

/* What is known of the failure is told, but not that of one before. */
TEST(initiate_fails_and_says_what_was_refused)
{
    const struct shrike_event e = {.id = SHRIKE_EVENT_IKE_FAILED,
                                   .ike = 3,
                                   .conn = "gw",
                                   .reason = {.code = SHRIKE_REASON_AUTH_FAILED,
                                              .notify = NOTIFY_AUTHENTICATION_FAILED,
                                              .exchange = EXCHANGE_IKE_AUTH,
                                              .theirs = true}};
    begin();
    ASK("initiate", "ike", "gw");
    tell_event(&e);
    conclude(last_command().reference, SHRIKE_REASON_AUTH_FAILED);
    CHECK(client_wait(&c) && answer_is(&c, "success", "no"));
    CHECK(value_has(answer_of(&c), "errmsg",
                    "the peer refused IKE_AUTH: AUTHENTICATION_FAILED; the peer's own log"));
    ASK("initiate", "ike", "gw", "init-limits", "yes");
    CHECK(last_command().limited);
    conclude(last_command().reference, SHRIKE_REASON_LIMIT);
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "a limit of the configuration"));
    end();
}

TEST(initiate_fails_with_a_reason)
{
    begin();
    ASK("initiate", "child", "dmz");
    CHECK(strcmp(last_command().conn, "gw") == 0); /* found by the child alone */
    CHECK(!last_command().limited);
    conclude(last_command().reference, SHRIKE_REASON_AUTH_MAC);
    CHECK(client_wait(&c) && answer_is(&c, "success", "no"));
    CHECK(value_has(answer_of(&c), "errmsg", "secrets differ; compare the secrets"));
    ASK("initiate", "child", "moon");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "no connection has a child moon"));
    ASK("initiate", "ike", "gw", "child", "moon");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "has no child moon"));
    ASK("initiate", "ike", "sun");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "no connection sun"));
    ASK("initiate", "timeout", "5");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "neither"));
    ASK("initiate", "ike", "gw", "timeout", "soon");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "milliseconds"));
    CHECK_EQ(count_of(&t.net, MAIL_COMMAND), 1);
    end();
}

TEST(initiate_is_bounded_by_its_time)
{
    begin();
    ASK("initiate", "ike", "gw", "timeout", "-1");
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes"));
    CHECK(last_command().child == NULL);
    shrike_time from = loop_clock(t.loop);
    ASK("initiate", "ike", "gw", "timeout", "300");
    CHECK(client_wait(&c) && answer_is(&c, "success", "no"));
    shrike_time took = loop_clock(t.loop) - from;
    CHECK(took >= 300 * SHRIKE_MS && took < 1000 * SHRIKE_MS);
    CHECK(value_has(answer_of(&c), "errmsg", "within 300 ms"));
    conclude(last_command().reference, SHRIKE_REASON_NONE); /* too late for anybody */
    ASK("initiate", "ike", "gw");
    table_dismiss(&t.net, ROLE_NET);
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "has ended"));
    ASK("initiate", "ike", "gw");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "not there"));
    end();
}

/* Who calls as soon as the socket is there: net has to come first. */
TEST(initiate_waits_for_the_first_net)
{
    begin();
    table_dismiss(&t.net, ROLE_NET);
    t.seat.lives[ROLE_NET] = 0; /* as at the beginning */
    u32 before = t.net.count;
    ASK("initiate", "ike", "gw", "timeout", "100");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "has not come yet"));
    ASK("initiate", "ike", "gw");
    for (int i = 0; i < 20; i++)
        client_turn(&c);
    CHECK(c.heard == VICI_HEARD_NOTHING && t.net.count == before);
    table_introduce(&t.net, ROLE_NET);
    UNTIL(t.net.count > before && t.net.seen[t.net.count - 1].kind == MAIL_COMMAND);
    CHECK(strcmp(last_command().conn, "gw") == 0);
    conclude(last_command().reference, SHRIKE_REASON_NONE);
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes"));
    end();
}

/* The command finds net with the configuration it is meant for. */
TEST(initiate_of_what_was_loaded_just_now)
{
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    begin();
    vici_begin(&w, "new");
    vici_put_text(&w, "local_addrs", "192.0.2.1");
    vici_put_text(&w, "remote_addrs", "198.51.100.9");
    vici_begin(&w, "local");
    vici_put_text(&w, "auth", "psk");
    vici_end(&w);
    vici_begin(&w, "remote");
    vici_put_text(&w, "auth", "psk");
    vici_end(&w);
    vici_end(&w);
    CHECK(client_ask(&c, "load-conn", &w) && answer_is(&c, "success", "yes"));
    u32 before = t.net.snapshots;
    ASK("initiate", "ike", "new");
    CHECK(t.net.snapshots == before + 1 && strcmp(last_command().conn, "new") == 0);
    CHECK(t.net.seen[t.net.count - 2].kind == MAIL_SNAPSHOT);
    end();
}

/* localhost is known without a name server. */
TEST(a_name_becomes_an_address)
{
    begin();
    ASK("initiate", "ike", "named");
    UNTIL(last_command().conn && strcmp(last_command().conn, "named") == 0);
    const struct shrike_conn *conn = &t.net.snapshot->conf.conns[1];
    CHECK(conn->remote_endpoint.family != 0 && conn->remote_endpoint.port == 500);
    CHECK(conn->remote_addr_count >= 1 && conn->remote_addrs[0].addr.octets[0] != 0
              ? true
              : conn->remote_addrs[0].addr.family == 6);
    conclude(last_command().reference, SHRIKE_REASON_NONE);
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes"));
    end();
}

TEST(terminate_by_name_and_number)
{
    begin();
    ASK("terminate", "ike", "gw", "timeout", "5000");
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 1);
    struct shrike_command m = last_command();
    CHECK(m.kind == SHRIKE_DOWN && m.ike == 7 && m.child_serial == 0 && m.forget == 0);
    conclude(m.reference, SHRIKE_REASON_NONE);
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes") && answer_is(&c, "matches", "1"));
    CHECK(answer_is(&c, "terminated", "1"));
    ASK("terminate", "child", "net");
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 3);
    m = last_command();
    CHECK(m.ike == 0 && m.child_serial == 14);
    conclude(m.reference, SHRIKE_REASON_NONE);
    for (int i = 0; i < 5; i++)
        client_turn(&c);
    CHECK(c.heard == VICI_HEARD_NOTHING); /* there are two */
    conclude(m.reference, SHRIKE_REASON_TIMEOUT);
    CHECK(client_wait(&c) && answer_is(&c, "success", "no") && answer_is(&c, "matches", "2"));
    CHECK(answer_is(&c, "terminated", "1") &&
          value_has(answer_of(&c), "errmsg", "does not answer"));
    ASK("terminate", "child-id", "13", "timeout", "-1");
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes"));
    CHECK_EQ(last_command().child_serial, 13);
    ASK("terminate", "child-id", "12", "force", "yes"); /* it does not wait either */
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes"));
    CHECK_EQ(last_command().child_serial, 12);
    ASK("terminate", "child-id", "12", "force", "yes", "timeout", "5000");
    for (int i = 0; i < 20; i++)
        client_turn(&c);
    CHECK(c.heard == VICI_HEARD_NOTHING);
    conclude(last_command().reference, SHRIKE_REASON_NONE);
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes"));
    ASK("terminate", "ike", "moon");
    CHECK(client_wait(&c) && answer_is(&c, "success", "no") && answer_is(&c, "matches", "0"));
    CHECK(value_has(answer_of(&c), "errmsg", "no SA of this name"));
    ASK("terminate", "timeout", "1");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "neither"));
    table_dismiss(&t.net, ROLE_NET);
    ASK("terminate", "ike", "gw");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "not there"));
    end();
}

/* Of IKE SAs it is the end, at once or when the time is over that was asked for. */
TEST(terminate_by_force)
{
    begin();
    ASK("terminate", "ike-id", "7", "force", "yes"); /* at once */
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 1);
    CHECK(last_command().ike == 7 && last_command().forget == 1);
    for (int i = 0; i < 20; i++)
        client_turn(&c);
    CHECK(c.heard == VICI_HEARD_NOTHING); /* not before it is gone */
    conclude(last_command().reference, SHRIKE_REASON_NONE);
    CHECK(client_wait(&c) && answer_is(&c, "terminated", "1"));
    ASK("terminate", "ike-id", "7", "force", "yes", "timeout", "0");
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 2);
    CHECK_EQ(last_command().forget, 1);
    conclude(last_command().reference, SHRIKE_REASON_NONE);
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes"));
    ASK("terminate", "ike-id", "7", "force", "yes", "timeout", "2500");
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 3);
    CHECK_EQ(last_command().forget, 2500 * SHRIKE_MS);
    conclude(last_command().reference, SHRIKE_REASON_NONE);
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes"));
    ASK("terminate", "ike-id", "7", "force", "yes", "timeout", "-1");
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes"));
    CHECK_EQ(last_command().forget, 1);
    end();
}

TEST(rekey_answers_at_once)
{
    begin();
    ASK("rekey", "ike", "gw");
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes") && answer_is(&c, "matches", "1"));
    CHECK(!vici_value(answer_of(&c), "terminated").at && !vici_value(answer_of(&c), "errmsg").at);
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 1);
    struct shrike_command m = last_command();
    CHECK(m.kind == SHRIKE_REKEY && m.ike == 7 && m.child_serial == 0 && !m.reauth);
    conclude(m.reference, SHRIKE_REASON_TIMEOUT); /* nobody waits any more */
    ASK("rekey", "ike-id", "7", "reauth", "yes");
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes"));
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 2);
    CHECK(last_command().ike == 7 && last_command().reauth);
    ASK("rekey", "child-id", "13");
    CHECK(client_wait(&c) && answer_is(&c, "matches", "1"));
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 3);
    CHECK(last_command().child_serial == 13 && last_command().ike == 0);
    end();
}

TEST(rekey_of_what_is_not_there)
{
    begin();
    ASK("rekey", "ike", "moon");
    CHECK(client_wait(&c) && answer_is(&c, "success", "no") && answer_is(&c, "matches", "0"));
    CHECK(value_has(answer_of(&c), "errmsg", "no SA of this name"));
    ASK("rekey", "ike", "other"); /* it is being deleted */
    CHECK(client_wait(&c) && answer_is(&c, "success", "no") && answer_is(&c, "matches", "0"));
    ASK("rekey", "reauth", "yes");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "neither"));
    ASK("rekey", "child", "net", "reauth", "yes");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "reauth is for IKE SAs"));
    CHECK_EQ(count_of(&t.net, MAIL_COMMAND), 0);
    table_dismiss(&t.net, ROLE_NET);
    ASK("rekey", "ike", "gw");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "not there"));
    end();
}

TEST(rekey_with_a_timeout_waits)
{
    begin();
    ASK("rekey", "child", "net", "timeout", "5000"); /* the other net is of one that is deleted */
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 1);
    struct shrike_command m = last_command();
    CHECK(m.kind == SHRIKE_REKEY && m.child_serial == 12);
    for (int i = 0; i < 5; i++)
        client_turn(&c);
    CHECK(c.heard == VICI_HEARD_NOTHING);
    conclude(m.reference, SHRIKE_REASON_NONE);
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes") && answer_is(&c, "matches", "1"));
    ASK("rekey", "child", "net", "timeout", "5000");
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 2);
    conclude(last_command().reference, SHRIKE_REASON_NO_CHILD_PROPOSAL);
    CHECK(client_wait(&c) && answer_is(&c, "success", "no") &&
          vici_value(answer_of(&c), "errmsg").at);
    ASK("rekey", "child-id", "12", "timeout", "5000");
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 3);
    conclude(last_command().reference, SHRIKE_REASON_NO_SUCH_SA);
    CHECK(client_wait(&c) && answer_is(&c, "success", "no")); /* it was the only one */
    ASK("rekey", "child", "net", "timeout", "200");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "not all was rekeyed within 200"));
    end();
}

/* One of two is gone before net hears of it. */
TEST(rekey_counts_what_is_there)
{
    begin();
    sas_many = 1;
    ASK("rekey", "child", "net", "timeout", "5000");
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 2);
    struct shrike_command m = last_command();
    conclude(m.reference, SHRIKE_REASON_NO_SUCH_SA);
    conclude(m.reference, SHRIKE_REASON_NONE);
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes") && answer_is(&c, "matches", "1"));
    end();
}

/* Of two that are there one is meant: by name, number, address, identity. */
TEST(redirect_finds_whom_it_means)
{
    static const char *const by[][2] = {{"ike", "gw"},
                                        {"ike-id", "7"},
                                        {"peer-ip", "198.51.100.2"},
                                        {"peer-ip", "198.51.100.0/30"},
                                        {"peer-ip", "198.51.96.0/19"},
                                        {"peer-ip", "198.51.99.9-198.51.100.3"},
                                        {"peer-id", "right"},
                                        {"peer-id", "r*h*t"},
                                        {"peer-id", "*"}};
    static const char *const beside[][2] = {
        {"peer-ip", "198.51.100.3"}, {"peer-ip", "198.51.128.0/19"},
        {"peer-ip", "2001:db8::1"},  {"peer-id", "left"},
        {"peer-id", "r*hx"},         {"peer-id", "righ"}};
    begin();
    for (unsigned i = 0; i < ARRAY_LEN(by); i++) {
        ASK("redirect", by[i][0], by[i][1], "gateway", i % 2 ? "gw2.example" : "192.0.2.99");
        UNTIL(count_of(&t.net, MAIL_COMMAND) == i + 1);
        struct shrike_command m = last_command();
        CHECK(m.kind == SHRIKE_REDIRECT && m.ike == 7 && m.child_serial == 0);
        CHECK(m.gateway.type == (i % 2 ? ID_FQDN : ID_IPV4_ADDR));
        CHECK(m.gateway.data.len == (i % 2 ? 11 : 4));
        conclude(m.reference, i ? SHRIKE_REASON_NONE : SHRIKE_REASON_REDIRECT_UNKNOWN);
        CHECK(client_wait(&c) && answer_is(&c, "success", i ? "yes" : "no"));
        CHECK(answer_is(&c, "matches", "1") && (i || value_has(answer_of(&c), "errmsg", "5685")));
    }
    for (unsigned i = 0; i < ARRAY_LEN(beside); i++) {
        ASK("redirect", beside[i][0], beside[i][1], "gateway", "192.0.2.99");
        CHECK(client_wait(&c) && answer_is(&c, "success", "no") && answer_is(&c, "matches", "0"));
    }
    CHECK_EQ(count_of(&t.net, MAIL_COMMAND), ARRAY_LEN(by));
    end();
}

TEST(redirect_that_makes_no_sense)
{
    begin();
    ASK("redirect", "ike", "gw");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "gateway is"));
    ASK("redirect", "ike", "gw", "gateway", "no name");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "gateway is"));
    ASK("redirect", "gateway", "192.0.2.99");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "neither"));
    ASK("redirect", "gateway", "192.0.2.99", "peer-ip", "moon");
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "peer-ip is"));
    CHECK_EQ(count_of(&t.net, MAIL_COMMAND), 0);
    end();
}

/* Those who go away while they wait leave nothing behind: more of them than there are places. */
TEST(clients_that_do_not_wait)
{
    static struct client one;
    begin();
    t.net.answer = NULL;
    for (int i = 0; i < 210; i++) {
        struct vici_writer w = vici_writer_of(octets, sizeof octets);
        client_open(&one);
        vici_put_text(&w, "ike", "gw");
        client_begin(&one, i % 3 == 0 ? "initiate" : i % 3 == 1 ? "terminate" : "list-sas", &w);
        client_close(&one);
    }
    t.net.answer = sas_answer;
    CHECK(client_register(&c, "list-sa") && client_ask(&c, "list-sas", NULL));
    CHECK_EQ(c.event_count, 2);
    ASK("initiate", "ike", "gw", "timeout", "-1");
    CHECK(client_wait(&c) && answer_is(&c, "success", "yes"));
    end();
}

int main(void)
{
    return RUN(every_sa_with_its_counters) | RUN(only_what_is_asked_for) |
           RUN(without_esp_there_are_no_counters) | RUN(a_listing_waits_for_the_first_net) |
           RUN(a_slow_client_and_a_quick_one) | RUN(initiate_until_it_is_up) |
           RUN(initiate_fails_and_says_what_was_refused) | RUN(initiate_fails_with_a_reason) |
           RUN(initiate_is_bounded_by_its_time) | RUN(initiate_waits_for_the_first_net) |
           RUN(initiate_of_what_was_loaded_just_now) | RUN(a_name_becomes_an_address) |
           RUN(terminate_by_name_and_number) | RUN(terminate_by_force) |
           RUN(rekey_answers_at_once) | RUN(rekey_of_what_is_not_there) |
           RUN(rekey_with_a_timeout_waits) | RUN(rekey_counts_what_is_there) |
           RUN(redirect_finds_whom_it_means) | RUN(redirect_that_makes_no_sense) |
           RUN(clients_that_do_not_wait);
}
