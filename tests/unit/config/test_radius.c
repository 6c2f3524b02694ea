/* Servers of RADIUS, here and in strongswan.conf. */
#include "config/radius.h"
#include "tools.h"

static struct config *load(const char *inside)
{
    char text[2048];
    snprintf(text, sizeof(text), "shrike { radius {\n%s\n} }", inside);
    return load_file(file(0, "radius.conf", text));
}

TEST(servers_and_what_they_have_in_common)
{
    struct config *c = load(
        "secret = common\nport = 1645\nid_prefix = 0\neap_start = yes\n"
        "station_id_with_port = no\nclass_group = yes\nfilter_id = yes\nretransmit_timeout = 0.5\n"
        "retransmit_base = 2\nretransmit_tries = 3\nservers {\n"
        "a { address = 192.0.2.1\npreference = 9\nsockets = 100 }\n"
        "b { address = 2001:db8::1\nsecret = 0x00ff\nauth_port = 1\nacct_port = 2\n"
        "nas_identifier = gate\nsource = 2001:db8::2 } }");
    CHECK(c && c->radius && c->radius->server_count == 2);
    const struct settings_radius *r = c->radius;
    const struct settings_radius_server *a = &r->servers[0], *b = &r->servers[1];
    CHECK(r->class_group && r->filter_id);
    CHECK(r->eap_start && !r->with_port && r->tries == 3 && r->backoff == 200);
    CHECK_EQ(r->first, SHRIKE_SECOND / 2);
    CHECK(strcmp(r->id_prefix, "0") == 0 && strcmp(a->name, "a") == 0);
    CHECK(a->ends[0].family == 4 && a->ends[0].port == 1645 && a->ends[1].port == 1813);
    CHECK(a->secret_len == 6 && memcmp(a->secret, "common", 6) == 0);
    CHECK(strcmp(a->nas_identifier, "Shrike") == 0 && a->preference == 9 && a->sockets == 16);
    CHECK(b->ends[0].family == 6 && b->ends[0].port == 1 && b->ends[1].port == 2);
    CHECK(b->secret_len == 2 && memcmp(b->secret, "\0\377", 2) == 0);
    CHECK(strcmp(b->nas_identifier, "gate") == 0 && b->source.family == 6 && b->sockets == 1);
    config_forget_secrets(c);
    CHECK(!c->radius);
    config_free(c);
}

TEST(none_and_only_one)
{
    struct config *c = load_file(file(0, "radius.conf", "connections { }"));
    CHECK(c && c->radius && c->radius->server_count == 0);
    config_free(c);
    c = load("server = 192.0.2.1\nsecret = s");
    CHECK(c && c->radius->server_count == 1);
    CHECK(c->radius->servers[0].ends[0].port == 1812 && c->radius->tries == 4);
    CHECK_EQ(c->radius->backoff, 140);
    config_free(c);
}

TEST(mistakes)
{
    CHECK(!load("servers { a { address = 192.0.2.1 } }") && said(true, 2, "has no secret"));
    CHECK(!load("secret = s\nservers { a { port = 1 } }") && said(true, 3, "has no address"));
    CHECK(!load("server = 192.0.2.1\nsecret =\"\"") && said(true, 3, "malformed, empty"));
    CHECK(!load("server = 192.0.2.1\nsecret = s\nport = 0") && said(true, 4, "a port is wanted"));
    CHECK(!load("secret = s\nservers { a { address = 192.0.2.1\nsource = ::1 } }") &&
          said(true, 4, "of the family of the server"));
    CHECK(!load("retransmit_base = 0.5") && said(true, 1, "retransmit_base 1 to 10"));
    CHECK(!load("servers { port = 1 }") && said(true, 2, "put it into one"));
    CHECK(!load("sever = 192.0.2.1") && said(true, 2, "is server meant?"));
    CHECK(!load("secret = s\nservers { a { address = \"radius example\" } }") &&
          said(true, 3, "an address or a name is wanted"));
    struct config *c = load("secret = s\nservers { a { address = radius.example\nsource = ::1 } }");
    CHECK(c && c->radius->server_count == 1 && report.warnings == 0);
    CHECK(strcmp(c->radius->servers[0].host, "radius.example") == 0);
    CHECK(c->radius->servers[0].ends[1].family == 0 && c->radius->servers[0].ends[1].port == 1813);
    config_free(c);
    c = load("close_all_on_timeout = yes");
    CHECK(c && said(false, 2, "not built yet"));
    config_free(c);
    CHECK(!load("dae { enable = yes }") && said(true, 2, "secret of dae is missing"));
    CHECK(!load("dae { secret = x\nport = 500 }") && said(true, 3, "has no right to it"));
    CHECK(!load("dae { secret = x\nlisten = here }") && said(true, 3, "an address is wanted"));
    CHECK(!load("dae { on = yes }") && said(true, 2, "there is no key on"));
}

TEST(accounting_and_who_may_put_out)
{
    struct config *c = load("server = 192.0.2.1\nsecret = s\naccounting = yes\n"
                            "accounting_interval = 300\naccounting_send_class = yes\n"
                            "accounting_requires_vip = yes\naccounting_close_on_timeout = no\n"
                            "dae {\nenable = yes\nlisten = ::\nport = 4000\nsecret = 0x0102\n}");
    const struct settings_radius *r = c ? c->radius : NULL;
    CHECK(r && r->accounting && r->accounting_class && r->accounting_vip && !r->close_on_timeout);
    CHECK(r->accounting_s == 300 && r->dae.family == 6 && r->dae.port == 4000);
    CHECK(r->dae_secret_len == 2 && memcmp(r->dae_secret, "\1\2", 2) == 0);
    config_free(c);
    c = load("server = 192.0.2.1\nsecret = s\ndae { secret = t }");
    r = c ? c->radius : NULL;
    CHECK(r && !r->accounting && r->close_on_timeout && r->dae.family == 0);
    config_free(c);
}

TEST(from_strongswan_conf)
{
    const struct config_files from = {
        .config = file(0, "radius.conf", "connections { }"),
        .foreign =
            file(1, "strongswan.conf",
                 "charon { plugins { eap-radius {\nload = yes\nsecret = s\nservers { a { address "
                 "= 192.0.2.7\nacct_port = 77 } }\ndae {\nenable = yes\nsecret = t }\n"
                 "forward { }\n} } }")};
    struct config *c = config_load(&from, &report);
    CHECK(c && c->radius->server_count == 1);
    CHECK(c->radius->servers[0].ends[1].port == 77 && c->radius->servers[0].ends[0].octets[3] == 7);
    CHECK(c->radius->dae.family == 4 && c->radius->dae.port == 3799);
    CHECK(said(false, 9, "forward is not read"));
    config_free(c);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    int bad = RUN(servers_and_what_they_have_in_common) | RUN(none_and_only_one) | RUN(mistakes) |
              RUN(accounting_and_who_may_put_out) | RUN(from_strongswan_conf);
    folder_remove();
    return bad;
}
