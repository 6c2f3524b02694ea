/* The command shrike-reload: what it tells, what it changes, and that a mistake changes nothing. */
#include "table.h"

static struct client c;
static u8 octets[256];

#define CONN(name, keys)                                                                           \
    name " { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.9\n " keys "\n local { auth = psk\n" \
         "id = left }\n remote { auth = psk }\n children { net { remote_ts = 10.2.0.0/16 } } }\n"

static void begin(void)
{
    table_begin("connections { " CONN("a", "") CONN("b", "") "}");
    table_fit();
    client_open(&c);
    turns();
}

static void end(void)
{
    client_close(&c);
    table_end();
}

static bool reload(bool dry)
{
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    vici_put_text(&w, "dry-run", dry ? "yes" : "no");
    bool asked = client_ask(&c, "shrike-reload", &w);
    turns();
    return asked;
}

static u32 snapshots(void)
{
    turns();
    return count_of(&t.net, MAIL_SNAPSHOT);
}

TEST(what_differs_is_told)
{
    begin();
    u32 before = snapshots();
    table_write("connections { " CONN("b", "dpd_delay = 5") CONN("c", "") "}");
    CHECK(reload(true) && answer_is(&c, "success", "yes") && answer_is(&c, "dry-run", "yes"));
    CHECK(answer_is(&c, "added", "1") && answer_is(&c, "removed", "1"));
    CHECK(answer_is(&c, "changed", "1") && answer_is(&c, "unchanged", "0"));
    CHECK(answer_is(&c, "untold", "0") && answer_is(&c, "left-out", "0"));
    CHECK(answer_is(&c, "connections.a.change", "removed"));
    CHECK(answer_is(&c, "connections.b.change", "changed"));
    CHECK(answer_is(&c, "connections.c.change", "added"));
    CHECK_EQ(snapshots(), before); /* nothing has changed */
    CHECK(reload(true) && answer_is(&c, "added", "1"));
    CHECK(reload(false) && answer_is(&c, "success", "yes") && answer_is(&c, "dry-run", "no"));
    CHECK(answer_is(&c, "added", "1"));
    CHECK_EQ(snapshots(), before + 1);
    CHECK(reload(false) && answer_is(&c, "unchanged", "2") && answer_is(&c, "changed", "0"));
    end();
}

TEST(a_mistake_changes_nothing)
{
    begin();
    u32 before = snapshots(), secrets = t.keys.secrets_files;
    table_write("connections { " CONN("b", "dpd_dly = 5") "}");
    CHECK(reload(true) && answer_is(&c, "success", "no"));
    CHECK(reload(false) && answer_is(&c, "success", "no"));
    table_write("shrike { port = 600 }\nconnections { " CONN("a", "") CONN("b", "") "}");
    CHECK(reload(false) && answer_is(&c, "success", "no"));
    CHECK_EQ(snapshots(), before);
    CHECK_EQ(t.keys.secrets_files, secrets);
    table_write("connections { " CONN("a", "") CONN("b", "") "}");
    CHECK(reload(false) && answer_is(&c, "unchanged", "2")); /* as at the start */
    end();
}

TEST(what_is_left_out_is_counted)
{
    begin();
    table_write("connections { " CONN("a", "") CONN("b", "version = 1") "}");
    CHECK(reload(false) && answer_is(&c, "left-out", "1"));
    CHECK(answer_is(&c, "removed", "1") && answer_is(&c, "unchanged", "1"));
    end();
}

int main(void)
{
    return RUN(what_differs_is_told) | RUN(a_mistake_changes_nothing) |
           RUN(what_is_left_out_is_counted);
}
