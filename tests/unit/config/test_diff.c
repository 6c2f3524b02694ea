/* What makes one configuration another one, key by key; and what cannot change in a running daemon.
 */
#include "config/diff.h"
#include "tools.h"

static struct config *old, *now;
static struct diff d;

static bool both(const char *before, const char *after)
{
    config_free(old);
    config_free(now);
    diff_free(&d);
    old = load_file(file(0, "old.conf", before));
    now = load_file(file(1, "now.conf", after));
    if (old && now)
        diff_make(&d, old, now);
    return old && now;
}

static void end(void)
{
    config_free(old);
    config_free(now);
    old = now = NULL;
    diff_free(&d);
}

static bool is_conn(uint32_t at, enum diff_change change, const char *name, uint32_t keys)
{
    return at < d.conn_count && d.conns[at].change == change &&
           strcmp(d.conns[at].name, name) == 0 && d.conns[at].key_count == keys;
}

static bool is_key(const struct diff_key *k, enum diff_change change, const char *section,
                   const char *key)
{
    return k->change == change && strcmp(k->section, section) == 0 && strcmp(k->key, key) == 0;
}

#define CONN(name, keys, child)                                                                    \
    name " { local_addrs = ::1\n " keys "\n local { auth = psk }\n remote { auth = psk }\n"        \
         "children { net { " child " } } }\n"

TEST(what_comes_goes_and_changes)
{
    CHECK(both("connections { " CONN("a", "", "") CONN("b", "", "rekey_time = 1h")
                   CONN("c", "dpd_delay = 5", "") "}",
               "connections { " CONN("c", "encap = no", "") CONN("d", "", "")
                   CONN("b", "", "rekey_time = 2h\n reqid = 5") "}"));
    CHECK(d.added == 1 && d.removed == 1 && d.changed == 2 && d.unchanged == 0);
    CHECK_EQ(d.conn_count, 4);
    CHECK(is_conn(0, DIFF_REMOVED, "a", 0) && is_conn(1, DIFF_CHANGED, "b", 2));
    CHECK(is_key(&d.conns[1].keys[0], DIFF_CHANGED, "children.net", "rekey_time"));
    CHECK(is_key(&d.conns[1].keys[1], DIFF_ADDED, "children.net", "reqid"));
    CHECK(is_conn(2, DIFF_CHANGED, "c", 2) && is_conn(3, DIFF_ADDED, "d", 0));
    CHECK(is_key(&d.conns[2].keys[0], DIFF_REMOVED, "", "dpd_delay"));
    CHECK(is_key(&d.conns[2].keys[1], DIFF_ADDED, "", "encap"));
    CHECK_EQ(d.setting_count, 0);
    end();
}

/* The order of connections and of their keys is none of their contents. */
TEST(the_same_in_another_order)
{
    CHECK(both("connections { " CONN("a", "dpd_delay = 5\n encap = no", "") CONN("b", "", "") "}",
               "# other lines\nconnections { " CONN("b", "", "")
                   CONN("a", "encap = no\n dpd_delay = 5", "") "}"));
    CHECK(d.unchanged == 2 && d.conn_count == 0);
    end();
}

TEST(whole_sections)
{
    CHECK(both("connections { a { local_addrs = ::1\n local { auth = psk }\n"
               "remote { auth = psk }\n children { x { reqid = 1 } y { } } } }",
               "connections { a { local_addrs = ::1\n local { auth = psk\n id = me }\n"
               "remote { auth = psk }\n children { y { } z { reqid = 3\n mode = tunnel } } } }"));
    CHECK(is_conn(0, DIFF_CHANGED, "a", 3));
    const struct diff_key *k = d.conns[0].keys;
    CHECK(is_key(&k[0], DIFF_REMOVED, "children.x", ""));
    CHECK(is_key(&k[1], DIFF_ADDED, "children.z", ""));
    CHECK(is_key(&k[2], DIFF_ADDED, "local", "id"));
    end();
}

TEST(settings_and_pools)
{
    CHECK(both("shrike { keep_alive = 20s\n mtu = 1300 }\npools { p { addrs = 10.3.0.0/24 } }\n"
               "connections { " CONN("a", "", "") "}",
               "shrike { keep_alive = 30s\n retransmit_tries = 3 }\n"
               "pools { p { addrs = 10.4.0.0/24 } }\nconnections { " CONN("a", "", "") "}"));
    CHECK_EQ(d.setting_count, 4);
    CHECK(is_key(&d.settings[0], DIFF_CHANGED, "", "keep_alive"));
    CHECK(is_key(&d.settings[1], DIFF_REMOVED, "", "mtu"));
    CHECK(is_key(&d.settings[2], DIFF_ADDED, "", "retransmit_tries"));
    CHECK(is_key(&d.settings[3], DIFF_CHANGED, "pools", "p"));
    CHECK(is_conn(0, DIFF_CHANGED, "a", 0)); /* it is sent again less often now */
    CHECK(both("connections { " CONN("a", "", "") "}",
               "shrike { keep_alive = 30s }\nconnections { " CONN("a", "", "") "}"));
    CHECK_EQ(d.setting_count, 1);
    CHECK(is_key(&d.settings[0], DIFF_ADDED, "", "keep_alive") && d.conn_count == 0);
    end();
    now = load_file(file(1, "now.conf", "connections { " CONN("a", "", "") "}"));
    CHECK(now);
    diff_make(&d, NULL, now);
    CHECK(d.added == 1 && is_conn(0, DIFF_ADDED, "a", 0));
    end();
}

/* More than can be told is counted. */
TEST(caps)
{
    static char text[400000];
    size_t len = (size_t)snprintf(text, sizeof(text), "connections {\n");
    for (unsigned i = 0; i < DIFF_CONNS_MAX + 50; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "c%u { local_addrs = ::1\n local { auth = psk }\n"
                                "remote { auth = psk } }\n",
                                i);
    snprintf(text + len, sizeof(text) - len, "}");
    CHECK(both("", text));
    CHECK_EQ(d.added, DIFF_CONNS_MAX + 50);
    CHECK_EQ(d.conn_count, DIFF_CONNS_MAX);
    len = (size_t)snprintf(text, sizeof(text),
                           "connections { a { local_addrs = ::1\n local { auth = psk }\n"
                           "remote { auth = psk }\n children {");
    for (unsigned i = 0; i < DIFF_KEYS_MAX + 9; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "k%u { }\n", i);
    snprintf(text + len, sizeof(text) - len, "} } }");
    CHECK(both("connections { a { local_addrs = ::1\n local { auth = psk }\n"
               "remote { auth = psk } } }",
               text));
    CHECK(is_conn(0, DIFF_CHANGED, "a", DIFF_KEYS_MAX));
    end();
}

/* With what stands there now it is as good as at the start; the others are refused by name. */
TEST(what_cannot_change_while_it_runs)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"port = 501", "port would be 501 and is 500"},
        {"port_nat_t = 4501", "is 4500"},
        {"mark = 7", "mark would be 7 and is 220"},
        {"install_routes = no", "would be no and is yes"},
        {"routing_table = 9", "routing_table would be 9"},
        {"routing_table_prio = 9", "routing_table_prio"},
        {"install_virtual_ip = no", "install_virtual_ip"},
        {"interface = tun9", "would be tun9 and is shrike0"},
        {"dns = none", "would be none and is auto"},
        {"control_socket = /x", "would be /x"},
        {"journal = /x", "would be /x and is none"},
        {"unsafe_keys = /x", "unsafe_keys would be"},
    };
    struct config_files from = {.config = file(0, "old.conf", "")};
    old = config_load(&from, &report);
    CHECK(old);
    from.running = &old->settings;
    now = config_load(&from, &report);
    CHECK(now);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), "shrike {\n %s\n}", rows[i].text);
        from.config = file(1, "now.conf", text);
        CHECK(!config_load(&from, &report));
        CHECK(said(true, 2, rows[i].why) && said(true, 2, "start shriked anew"));
    }
    from.config = file(1, "now.conf",
                       "shrike { mtu = 1300\n keep_alive = 5\n replay_window = 64\n"
                       "retransmit_tries = 2\n esp_library = openssl\n cookie_threshold = 1 }");
    config_free(now);
    now = config_load(&from, &report);
    CHECK(now && report.errors == 0);
    end();
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    int bad = RUN(what_comes_goes_and_changes) | RUN(the_same_in_another_order) |
              RUN(whole_sections) | RUN(settings_and_pools) | RUN(caps) |
              RUN(what_cannot_change_while_it_runs);
    folder_remove();
    return bad;
}
