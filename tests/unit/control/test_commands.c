/* The control socket: connections, secrets, the log, numbers, and what a client may do wrong. */
#include "table.h"
#include "wire/codes.h"

static const char two[] =
    "connections {\n gw { local_addrs = 192.0.2.1\n remote_addrs = %any\n"
    "  local { auth = psk\n id = left }\n remote { auth = psk }\n"
    "  children { net { remote_ts = 10.2.0.0/16\n mode = transport } } }\n}\n";

static struct client c;
static u8 octets[65536];

static struct vici_writer message(void)
{
    return vici_writer_of(octets, sizeof octets);
}

static void begin(void)
{
    table_begin(two);
    table_fit();
    client_open(&c);
}

static void end(void)
{
    client_close(&c);
    table_end();
}

static void put_list(struct vici_writer *w, const char *key, const char *a, const char *b)
{
    vici_list_begin(w, key);
    vici_list_put(w, bytes_of(a, strlen(a)));
    if (b)
        vici_list_put(w, bytes_of(b, strlen(b)));
    vici_list_end(w);
}

/* A connection as a client sends it. */
static struct vici_writer conn_message(const char *name, const char *auth, const char *start)
{
    struct vici_writer w = message();
    vici_begin(&w, name);
    put_list(&w, "local_addrs", "192.0.2.1", NULL);
    put_list(&w, "remote_addrs", "198.51.100.7", "198.51.100.8");
    vici_put_text(&w, "dpd_delay", "30s");
    vici_begin(&w, "local-1");
    vici_put_text(&w, "auth", auth);
    vici_put_text(&w, "id", "left");
    vici_end(&w);
    vici_begin(&w, "remote-1");
    vici_put_text(&w, "auth", "psk");
    vici_end(&w);
    vici_begin(&w, "children");
    vici_begin(&w, "dmz");
    put_list(&w, "remote_ts", "10.7.0.0/16", "10.8.0.0/16");
    vici_put_text(&w, "start_action", start);
    vici_end(&w);
    vici_end(&w);
    vici_end(&w);
    return w;
}

static bool load(const char *name)
{
    struct vici_writer w = conn_message(name, "psk", "none");
    return client_ask(&c, "load-conn", &w) && answer_is(&c, "success", "yes");
}

static u32 items_of(const char *list)
{
    struct vici_item item;
    u32 n = 0;
    if (!vici_find(answer_of(&c), list, &item) || item.type != VICI_LIST_START)
        return UINT32_MAX;
    struct vici_reader r = vici_list_of(item.value);
    while (vici_read_next(&r, &item) == VICI_LIST_ITEM)
        n++;
    return n;
}

TEST(who_answers)
{
    begin();
    CHECK(client_ask(&c, "version", NULL) && answer_is(&c, "daemon", "shriked"));
    CHECK(vici_value(answer_of(&c), "version").len && vici_value(answer_of(&c), "machine").len);
    CHECK(!client_ask(&c, "make-tea", NULL) && c.heard == VICI_HEARD_UNKNOWN);
    CHECK(client_ask(&c, "get-keys", NULL) && items_of("keys") == 0);
    end();
}

TEST(a_connection_is_loaded_listed_and_unloaded)
{
    struct vici_writer w;
    begin();
    CHECK(load("extra"));
    CHECK(client_ask(&c, "get-conns", NULL) && items_of("conns") == 1);
    CHECK(client_register(&c, "list-conn") && client_ask(&c, "list-conns", NULL));
    CHECK_EQ(c.event_count, 2);
    struct bytes gw = event_of(&c, 0), extra = event_of(&c, 1);
    CHECK(vici_value_is(gw, "gw.children.net.mode", "TRANSPORT"));
    CHECK(vici_value_is(gw, "gw.version", "IKEv2"));
    CHECK(vici_value_is(gw, "gw.local-1.class", "pre-shared key"));
    CHECK(vici_value_is(gw, "gw.local-1.id", "left"));
    CHECK(vici_value_is(extra, "extra.dpd_delay", "30"));
    UNTIL(t.net.snapshots == 2);
    CHECK(t.net.snapshot->conf.conn_count == 2 && t.esp.snapshots == 2);
    const struct shrike_conn *conn = &t.net.snapshot->conf.conns[1];
    CHECK(conn->remote_addr_count == 2 && conn->children->remote_ts_count == 2);
    CHECK(strcmp(conn->proposals_origin.file, "load-conn: extra") == 0);
    w = message();
    vici_put_text(&w, "ike", "extra");
    c.event_count = 0;
    CHECK(client_ask(&c, "list-conns", &w) && c.event_count == 1);
    w = message();
    vici_put_text(&w, "name", "extra");
    CHECK(client_ask(&c, "unload-conn", &w) && answer_is(&c, "success", "yes"));
    CHECK(client_ask(&c, "unload-conn", &w) && answer_is(&c, "success", "no"));
    UNTIL(t.net.snapshots == 3);
    CHECK_EQ(t.net.snapshot->conf.conn_count, 1);
    end();
}

static struct vici_writer pool_message(const char *name, const char *addrs)
{
    struct vici_writer w = message();
    vici_begin(&w, name);
    vici_put_text(&w, "addrs", addrs);
    vici_list_begin(&w, "dns");
    vici_list_put(&w, bytes_of("10.3.0.254", 10));
    vici_list_end(&w);
    vici_end(&w);
    return w;
}

TEST(a_pool_is_loaded_and_unloaded)
{
    struct vici_writer w = pool_message("people", "10.3.0.0/24");
    begin();
    CHECK(client_ask(&c, "load-pool", &w) && answer_is(&c, "success", "yes"));
    w = pool_message("late", "10.3.0.9"); /* said in the log: loaded, but left out */
    CHECK(client_ask(&c, "load-pool", &w) && answer_is(&c, "success", "yes"));
    UNTIL(t.net.snapshots == 2 && t.net.snapshot->settings.pool_count);
    CHECK_EQ(t.net.snapshot->settings.pool_count, 1);
    const struct lease_pool *pool = t.net.snapshot->settings.pools;
    CHECK(strcmp(pool->name, "people") == 0 && pool->size == 254 && pool->attribute_count == 1);
    CHECK(client_ask(&c, "get-conns", NULL) && items_of("conns") == 0);
    w = pool_message("people", "ten");
    CHECK(client_ask(&c, "load-pool", &w) && answer_is(&c, "success", "no"));
    CHECK(value_has(answer_of(&c), "errmsg", "load-pool: people.addrs: pool people"));
    CHECK(client_ask(&c, "load-pool", NULL) && value_has(answer_of(&c), "errmsg", "no pool"));
    w = message();
    vici_put_text(&w, "name", "people");
    CHECK(client_ask(&c, "unload-conn", &w) && answer_is(&c, "success", "no"));
    CHECK(client_ask(&c, "unload-pool", &w) && answer_is(&c, "success", "yes"));
    CHECK(client_ask(&c, "unload-pool", &w) && answer_is(&c, "success", "no"));
    UNTIL(t.net.snapshots == 3);
    CHECK(t.net.snapshot->settings.pool_count == 1);
    CHECK(strcmp(t.net.snapshot->settings.pools->name, "late") == 0);
    end();
}

TEST(one_of_the_same_name_takes_its_place)
{
    struct vici_writer w = message();
    begin();
    CHECK(load("gw"));
    UNTIL(t.net.snapshots == 2);
    CHECK_EQ(t.net.snapshot->conf.conn_count, 1);
    CHECK(strcmp(t.net.snapshot->conf.conns->children->name, "dmz") == 0);
    vici_put_text(&w, "name", "gw");
    CHECK(client_ask(&c, "unload-conn", &w) && answer_is(&c, "success", "yes"));
    UNTIL(t.net.snapshots == 3);
    CHECK(strcmp(t.net.snapshot->conf.conns->children->name, "net") == 0);
    end();
}

TEST(what_is_wrong_is_said_with_its_place)
{
    struct vici_writer w;
    begin();
    w = conn_message("bad", "eap-sim", "now");
    CHECK(client_ask(&c, "load-conn", &w) && answer_is(&c, "success", "no"));
    CHECK(value_has(answer_of(&c), "errmsg", "load-conn: bad.local-1.auth: auth = eap-sim"));
    CHECK(value_has(answer_of(&c), "errmsg", "2 more"));
    w = message();
    vici_begin(&w, "bad");
    vici_put(&w, "proposals", bytes_of("a\0b", 3));
    vici_end(&w);
    CHECK(client_ask(&c, "load-conn", &w) && answer_is(&c, "success", "no"));
    CHECK(value_has(answer_of(&c), "errmsg", "zero octet"));
    w = message();
    vici_begin(&w, "b\nad");
    vici_end(&w);
    CHECK(client_ask(&c, "load-conn", &w) && value_has(answer_of(&c), "errmsg", "printable"));
    CHECK(client_ask(&c, "load-conn", NULL) && value_has(answer_of(&c), "errmsg", "no connection"));
    CHECK(client_ask(&c, "get-conns", NULL) && items_of("conns") == 0);
    end();
}

/* Many that come one after the other are not told one after the other. */
TEST(many_loads_are_few_snapshots)
{
    char name[16];
    begin();
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "c%d", i);
        CHECK(load(name));
    }
    UNTIL(t.net.snapshot->conf.conn_count == 41);
    CHECK(t.net.snapshot->conf.conn_count == 41 && t.net.snapshots < 12);
    end();
}

TEST(they_outlive_this_process)
{
    struct vici_writer w = conn_message("extra", "psk", "start");
    begin();
    CHECK(client_ask(&c, "load-conn", &w) && load("other"));
    w = pool_message("people", "10.3.0.0/24");
    CHECK(client_ask(&c, "load-pool", &w) && answer_is(&c, "success", "yes"));
    w = message();
    vici_put_text(&w, "type", "IKE");
    vici_put_text(&w, "id", "mine");
    vici_put_text(&w, "data", "abc");
    CHECK(client_ask(&c, "load-shared", &w) && answer_is(&c, "success", "yes"));
    client_close(&c);
    table_leave();
    table_sit();
    table_fit();
    CHECK_EQ(t.net.snapshot->conf.conn_count, 3); /* at once: nothing is taken away meanwhile */
    CHECK_EQ(t.parent.snapshot->conf.conn_count, 3);
    CHECK_EQ(t.net.snapshot->settings.pool_count, 1);
    client_open(&c);
    CHECK(client_ask(&c, "get-conns", NULL) && items_of("conns") == 2);
    CHECK(client_ask(&c, "get-shared", NULL) && items_of("keys") == 1);
    CHECK(strcmp(last_command().conn, "extra") == 0); /* start_action */
    w = message();
    vici_put_text(&w, "name", "other");
    CHECK(client_ask(&c, "unload-conn", &w) && client_ask(&c, "clear-creds", NULL));
    client_close(&c);
    table_leave();
    table_sit();
    table_fit();
    client_open(&c);
    CHECK(client_ask(&c, "get-conns", NULL) && items_of("conns") == 1);
    CHECK(client_ask(&c, "get-shared", NULL) && items_of("keys") == 0);
    end();
}

static struct mail_secret last_secret(void)
{
    static u8 copy[2048];
    struct mail_secret m = {.remove = false};
    const struct seen *s = last(&t.keys, MAIL_SECRET);
    if (!s)
        abort();
    memcpy(copy, s->body, s->len);
    struct reader r = reader_of(bytes_of(copy, s->len));
    if (!secret_read(&r, &m))
        abort();
    return m;
}

TEST(secrets)
{
    struct vici_writer w = message();
    begin();
    put_all(&w, (const char *const[]){"id", "mine", "type", "ike", "data", "s3cret", NULL});
    put_list(&w, "owners", "left", "right@example.org");
    CHECK(client_ask(&c, "load-shared", &w) && answer_is(&c, "success", "yes"));
    struct mail_secret m = last_secret();
    CHECK(bytes_equal(m.secret, bytes_of("s3cret", 6)) && m.id_count == 2 && !m.remove);
    CHECK(bytes_equal(m.name, bytes_of("mine", 4)));
    w = message();
    put_all(&w, (const char *const[]){"type", "IKE", "data", "other", NULL});
    CHECK(client_ask(&c, "load-shared", &w) && client_ask(&c, "load-shared", &w));
    CHECK(client_ask(&c, "get-shared", NULL) && items_of("keys") == 2); /* the same twice is one */
    w = message();
    vici_put_text(&w, "id", "mine");
    CHECK(client_ask(&c, "unload-shared", &w) && answer_is(&c, "success", "yes"));
    m = last_secret();
    CHECK(m.remove && bytes_equal(m.name, bytes_of("mine", 4)) && m.secret.len == 0);
    CHECK(client_ask(&c, "unload-shared", &w) && answer_is(&c, "success", "no"));
    CHECK(client_ask(&c, "clear-creds", NULL) && client_ask(&c, "get-shared", NULL));
    CHECK_EQ(items_of("keys"), 0);
    w = message();
    put_all(&w, (const char *const[]){"type", "TEA", "data", "x", NULL});
    CHECK(client_ask(&c, "load-shared", &w) && value_has(answer_of(&c), "errmsg", "is IKE, EAP"));
    w = message(); /* taken, and kept */
    put_all(&w, (const char *const[]){"id", "eap-bob", "type", "EAP", "data", "x", NULL});
    put_list(&w, "owners", "C=CH", NULL);
    CHECK(client_ask(&c, "load-shared", &w) && answer_is(&c, "success", "yes"));
    CHECK(client_ask(&c, "get-shared", NULL) && items_of("keys") == 1);
    m = last_secret();
    CHECK(m.kind == SECRET_EAP && m.id_count == 1 && m.ids[0].type == ID_KEY_ID);
    w = message();
    vici_put_text(&w, "id", "eap-bob");
    CHECK(client_ask(&c, "unload-shared", &w) && answer_is(&c, "success", "yes"));
    w = message();
    put_all(&w, (const char *const[]){"type", "IKE", "data", "x", NULL});
    put_list(&w, "owners", "*x", NULL);
    CHECK(client_ask(&c, "load-shared", &w) && value_has(answer_of(&c), "errmsg", "owner"));
    table_dismiss(&t.keys, ROLE_KEYS);
    w = message();
    put_all(&w, (const char *const[]){"type", "IKE", "data", "x", NULL});
    CHECK(client_ask(&c, "load-shared", &w) && value_has(answer_of(&c), "errmsg", "not there"));
    end();
}

static void say(struct other *o, enum shrike_level level, const char *text)
{
    u8 body[1024];
    struct writer w = writer_of(body, sizeof body);
    write_u8(&w, (u8)level);
    write_bytes(&w, bytes_of(text, strlen(text)));
    send_to_control(o, MAIL_LOG, written_bytes(&w), -1);
}

TEST(lines_of_the_log)
{
    struct vici_writer w = message();
    begin();
    say(&t.net, SHRIKE_WARNING, "first\033[2J");
    say(&t.keys, SHRIKE_DEBUG, "not shown");
    say(&t.parent, SHRIKE_ERROR, "second");
    turns();
    CHECK(client_register(&c, "log"));
    vici_put_text(&w, "count", "2");
    CHECK(client_ask(&c, "shrike-log", &w) && c.event_count == 2);
    CHECK(vici_value_is(event_of(&c, 0), "msg", "first\\x1b[2J"));
    CHECK(vici_value_is(event_of(&c, 0), "severity", "warning"));
    CHECK(vici_value_is(event_of(&c, 0), "group", "NET"));
    CHECK(vici_value_is(event_of(&c, 1), "msg", "second"));
    CHECK(vici_value(event_of(&c, 1), "time").len > 10);
    say(&t.esp, SHRIKE_NOTICE, "third");
    for (int i = 0; i < 20 && c.event_count < 3; i++)
        client_turn(&c);
    CHECK(vici_value_is(event_of(&c, 2), "msg", "third"));
    end();
}

TEST(up_and_down_are_told)
{
    struct shrike_event e = {.id = SHRIKE_EVENT_IKE_UP,
                             .ike = 7,
                             .conn = "gw",
                             .remote = {{198, 51, 100, 2}, 4500, 4, 0}};
    begin();
    CHECK(client_register(&c, "ike-updown") && client_register(&c, "child-updown"));
    CHECK(!client_register(&c, "tea"));
    tell_event(&e);
    e.id = SHRIKE_EVENT_CHILD_DOWN;
    e.child = 12;
    e.child_conf = "net";
    e.esp_in = 0xc1234567;
    tell_event(&e);
    for (int i = 0; i < 400 && c.event_count < 2; i++)
        client_turn(&c);
    CHECK(c.event_count == 2 && strcmp(c.events[0].name, "ike-updown") == 0);
    CHECK(vici_value_is(event_of(&c, 0), "up", "yes"));
    CHECK(vici_value_is(event_of(&c, 0), "gw.remote-host", "198.51.100.2"));
    CHECK(strcmp(c.events[1].name, "child-updown") == 0 && !vici_value(event_of(&c, 1), "up").at);
    CHECK(vici_value_is(event_of(&c, 1), "gw.child-sas.net-12.spi-in", "c1234567"));
    end();
}

static const struct shrike_ts ts = {
    .from = {10, 2}, .to = {10, 2, 255, 255}, .port_to = 65535, .family = 4};

/* As net tells it: with how the SAs stand. */
static struct shrike_seen seen(void)
{
    const struct shrike_ike_view ike = {.serial = 8,
                                        .conn = "gw",
                                        .state = SHRIKE_IKE_ESTABLISHED,
                                        .initiator = true,
                                        .local = {{192, 0, 2, 1}, 4500, 4, 0},
                                        .remote = {{198, 51, 100, 2}, 4500, 4, 0},
                                        .local_id = {2, bytes_of("left", 4)},
                                        .remote_id = {2, bytes_of("right", 5)},
                                        .encr = 20,
                                        .encr_key_bits = 256,
                                        .prf = 5,
                                        .established = loop_clock(t.loop) - 7 * SHRIKE_SECOND,
                                        .rekey_at = loop_clock(t.loop) + 60 * SHRIKE_SECOND};
    const struct shrike_child_view child = {.serial = 13,
                                            .child = "net",
                                            .reqid = 3,
                                            .state = SHRIKE_CHILD_INSTALLED,
                                            .protocol = 3,
                                            .spi_in = 0xc1234567,
                                            .local_ts = &ts,
                                            .local_ts_count = 1};
    struct shrike_seen s = {ike, ike, child, child};
    s.ike_was.serial = 7;
    s.child_was.serial = 12;
    return s;
}

static void take_events(u32 count)
{
    for (int i = 0; i < 400 && c.event_count < count; i++)
        client_turn(&c);
}

TEST(events_show_all_that_a_listing_does)
{
    struct shrike_seen s;
    struct shrike_event e = {
        .id = SHRIKE_EVENT_IKE_DOWN, .ike = 8, .conn = "gw", .number = 7, .seen = &s};
    static const char *const names[] = {"ike-updown", "child-updown", "ike-rekey", "child-rekey",
                                        "ike-update"};
    begin();
    s = seen();
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        CHECK(client_register(&c, names[i]));
    tell_event(&e);
    e.id = SHRIKE_EVENT_IKE_REKEYED;
    tell_event(&e);
    e.id = SHRIKE_EVENT_IKE_MOVED;
    e.remote = (struct shrike_endpoint){{203, 0, 113, 9}, 4500, 4, 0};
    tell_event(&e);
    e.child = 13;
    e.child_conf = "net";
    e.id = SHRIKE_EVENT_CHILD_DOWN;
    tell_event(&e);
    e.id = SHRIKE_EVENT_CHILD_REKEYED;
    tell_event(&e);
    take_events(5);
    CHECK_EQ(c.event_count, 5);
    struct bytes down = event_of(&c, 0), rekey = event_of(&c, 1), update = event_of(&c, 2);
    CHECK(vici_value_is(down, "gw.state", "DELETING") && !vici_value(down, "up").at);
    CHECK(vici_value_is(down, "gw.local-id", "left"));
    CHECK(vici_value_is(down, "gw.remote-id", "right"));
    CHECK(vici_value_is(down, "gw.encr-alg", "AES_GCM_16"));
    CHECK(!vici_value(down, "gw.established").at && !vici_value(down, "gw.rekey-time").at);
    CHECK(vici_value_is(update, "gw.established", "7") && vici_value(update, "gw.rekey-time").len);
    CHECK(vici_value_is(rekey, "gw.old.uniqueid", "7"));
    CHECK(vici_value_is(rekey, "gw.old.remote-id", "right"));
    CHECK(vici_value_is(rekey, "gw.new.prf-alg", "PRF_HMAC_SHA2_256"));
    CHECK(strcmp(c.events[2].name, "ike-update") == 0);
    CHECK(vici_value_is(update, "remote-host", "203.0.113.9"));
    CHECK(vici_value_is(update, "gw.remote-id", "right"));
    struct bytes gone = event_of(&c, 3), made = event_of(&c, 4);
    CHECK(vici_value_is(gone, "gw.local-id", "left"));
    CHECK(vici_value_is(gone, "gw.child-sas.net-13.state", "DELETED"));
    CHECK(vici_value_is(gone, "gw.child-sas.net-13.reqid", "3"));
    CHECK(vici_value_is(made, "gw.child-sas.net.old.uniqueid", "12"));
    CHECK(vici_value_is(made, "gw.child-sas.net.new.state", "INSTALLED"));
    CHECK(vici_value_is(made, "gw.initiator", "yes"));
    end();
}

TEST(what_warns_is_an_alert)
{
    struct shrike_event e = {.id = SHRIKE_EVENT_IKE_FAILED,
                             .ike = 8,
                             .conn = "gw",
                             .reason.code = SHRIKE_REASON_TIMEOUT};
    begin();
    CHECK(client_register(&c, "alert"));
    tell_event(&e);
    e.id = SHRIKE_EVENT_IKE_UP;
    tell_event(&e);
    take_events(1);
    turns();
    client_turn(&c);
    CHECK_EQ(c.event_count, 1);
    CHECK(vici_value_is(event_of(&c, 0), "type", "IKE_FAILED"));
    CHECK(vici_value_is(event_of(&c, 0), "ikesa-name", "gw"));
    CHECK(vici_value_is(event_of(&c, 0), "severity", "warning"));
    CHECK(value_has(event_of(&c, 0), "msg", "could not be established"));
    end();
}

TEST(rekeys_are_told)
{
    struct shrike_event e = {.id = SHRIKE_EVENT_IKE_REKEYED,
                             .ike = 8,
                             .number = 7,
                             .conn = "gw",
                             .spi_i = 0x0123456789abcdef,
                             .remote = {{198, 51, 100, 2}, 4500, 4, 0}};
    begin();
    CHECK(client_register(&c, "ike-rekey") && client_register(&c, "child-rekey"));
    CHECK(client_register(&c, "ike-updown") && client_register(&c, "child-updown"));
    tell_event(&e);
    e.id = SHRIKE_EVENT_CHILD_REKEYED;
    e.child = 13;
    e.number = 12;
    e.child_conf = "net";
    e.esp_in = 0xc1234567;
    tell_event(&e);
    for (int i = 0; i < 400 && c.event_count < 2; i++)
        client_turn(&c);
    for (int i = 0; i < 5; i++)
        client_turn(&c);
    CHECK(c.event_count == 2 && strcmp(c.events[0].name, "ike-rekey") == 0); /* no updown */
    CHECK(vici_value_is(event_of(&c, 0), "gw.old.uniqueid", "7"));
    CHECK(vici_value_is(event_of(&c, 0), "gw.new.uniqueid", "8"));
    CHECK(vici_value_is(event_of(&c, 0), "gw.new.initiator-spi", "0123456789abcdef"));
    CHECK(vici_value_is(event_of(&c, 0), "gw.new.remote-host", "198.51.100.2"));
    CHECK(strcmp(c.events[1].name, "child-rekey") == 0);
    CHECK(vici_value_is(event_of(&c, 1), "gw.uniqueid", "8"));
    CHECK(vici_value_is(event_of(&c, 1), "gw.child-sas.net.old.uniqueid", "12"));
    CHECK(vici_value_is(event_of(&c, 1), "gw.child-sas.net.new.uniqueid", "13"));
    CHECK(vici_value_is(event_of(&c, 1), "gw.child-sas.net.new.spi-in", "c1234567"));
    end();
}

TEST(files_are_read_again)
{
    begin();
    table_write("connections {\n gw { what = 1 }\n}\n");
    CHECK(client_ask(&c, "reload-settings", NULL) && answer_is(&c, "success", "no"));
    CHECK(value_has(answer_of(&c), "errmsg", "swanctl.conf:2: there is no key what"));
    table_write("");
    CHECK(client_ask(&c, "reload-settings", NULL) && answer_is(&c, "success", "yes"));
    UNTIL(t.net.snapshots == 2);
    CHECK_EQ(t.net.snapshot->conf.conn_count, 0);
    end();
}

static void say_numbers(struct other *o, const struct mail *m, const struct mail_stats *stats)
{
    u8 body[4096];
    struct writer w = writer_of(body, sizeof body);
    struct reader r = reader_of(m->body);
    if (m->kind != MAIL_STATS)
        return;
    write_u32(&w, read_u32(&r));
    stats_write(&w, stats);
    send_to_control(o, MAIL_STATS_ARE, written_bytes(&w), -1);
}

static void numbers(struct other *o, const struct mail *m)
{
    struct mail_stats stats = {.count = 0};
    stats_add(&stats, "ike_sas", 41);
    say_numbers(o, m, &stats);
}

/* What the parent knows of processes. */
static void processes(struct other *o, const struct mail *m)
{
    struct mail_stats stats = {.count = 0};
    stats_add(&stats, "parent_pid", 70);
    stats_add(&stats, "control_pid", 71);
    stats_add(&stats, "keys_pid", 73);
    stats_add(&stats, "keys_cpu_us", 72);
    stats_add(&stats, "keys_rss", 4096);
    say_numbers(o, m, &stats);
}

TEST(numbers_of_all_roles)
{
    begin();
    t.parent.answer = processes;
    t.net.answer = t.esp.answer = t.keys.answer = t.certs.answer = t.eap.answer = numbers;
    CHECK(client_ask(&c, "stats", NULL) && answer_is(&c, "ikesas.total", "41"));
    CHECK(answer_is(&c, "shrike-esp.ike_sas", "41") &&
          vici_value(answer_of(&c), "uptime.since").len);
    CHECK(answer_is(&c, "shrike-control.connections", "1"));
    CHECK(answer_is(&c, "shrike-control.pid", "71") && answer_is(&c, "shrike-parent.pid", "70"));
    CHECK(answer_is(&c, "shrike-keys.memory", "4096") && answer_is(&c, "shrike-keys.cpu_us", "72"));
    CHECK(!vici_value(answer_of(&c), "shrike-parent.keys_rss").at);
    CHECK(!vici_value(answer_of(&c), "shrike-net.pid").at); /* it is being started again */
    t.options.one_process = true;
    CHECK(client_ask(&c, "stats", NULL) && answer_is(&c, "shrike-net.pid", "70"));
    CHECK(answer_is(&c, "shrike-control.pid", "70"));
    t.esp.answer = NULL; /* it hangs: what the others say is said all the same */
    CHECK(client_ask(&c, "stats", NULL) && answer_is(&c, "shrike-net.ike_sas", "41"));
    CHECK(!vici_value(answer_of(&c), "shrike-esp.ike_sas").at);
    t.esp.answer = numbers;
    table_introduce(&t.esp, ROLE_XFRM);
    CHECK(client_ask(&c, "stats", NULL) && answer_is(&c, "shrike-xfrm.ike_sas", "41"));
    CHECK(!vici_value(answer_of(&c), "shrike-esp.ike_sas").at);
    end();
}

static char upgrade_path[64];

static void upgrade(struct other *o, const struct mail *m)
{
    bool good = m->body.len && m->body.at[0] == '/';
    if (m->kind != MAIL_UPGRADE)
        return;
    snprintf(upgrade_path, sizeof upgrade_path, "%.*s", (int)m->body.len,
             m->body.len ? (const char *)m->body.at : "");
    send_to_control(o, MAIL_UPGRADE_SAID, bytes_of(good ? "\1/x" : "\0no", 3), -1);
}

TEST(another_program_takes_over)
{
    begin();
    t.parent.answer = upgrade;
    u8 room[128];
    struct vici_writer w = vici_writer_of(room, sizeof room);
    vici_put_text(&w, "path", "/x/y");
    CHECK(client_ask(&c, "shrike-upgrade", &w));
    CHECK(answer_is(&c, "success", "yes") && answer_is(&c, "path", "/x"));
    CHECK(strcmp(upgrade_path, "/x/y") == 0);
    CHECK(client_ask(&c, "shrike-upgrade", NULL)); /* where this one lies */
    CHECK(answer_is(&c, "success", "no") && answer_is(&c, "errmsg", "no"));
    CHECK(strcmp(upgrade_path, "") == 0);
    end();
}

/* One client sends nonsense, one goes away in the middle: the third is served. */
TEST(others_do_no_harm)
{
    static struct client rude, gone;
    begin();
    client_open(&rude);
    client_open(&gone);
    CHECK(send(rude.fd, "\377\377\377\377nonsense", 12, MSG_NOSIGNAL) == 12);
    client_begin(&gone, "stats", NULL);
    client_close(&gone);
    CHECK(client_ask(&c, "version", NULL));
    for (int i = 0; i < 10; i++)
        client_turn(&rude);
    u8 one;
    CHECK(recv(rude.fd, &one, 1, 0) == 0); /* he was thrown out */
    client_close(&rude);
    CHECK(client_ask(&c, "version", NULL));
    end();
}

int main(void)
{
    return RUN(who_answers) | RUN(a_connection_is_loaded_listed_and_unloaded) |
           RUN(a_pool_is_loaded_and_unloaded) | RUN(one_of_the_same_name_takes_its_place) |
           RUN(what_is_wrong_is_said_with_its_place) | RUN(many_loads_are_few_snapshots) |
           RUN(they_outlive_this_process) | RUN(secrets) | RUN(lines_of_the_log) |
           RUN(up_and_down_are_told) | RUN(rekeys_are_told) |
           RUN(events_show_all_that_a_listing_does) | RUN(what_warns_is_an_alert) |
           RUN(files_are_read_again) | RUN(numbers_of_all_roles) | RUN(another_program_takes_over) |
           RUN(others_do_no_harm);
}
