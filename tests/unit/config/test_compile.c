/* A whole swanctl.conf: what the snapshot holds, and every complaint with its line. */
#include "config/compile.h"
#include "config/merge.h"
#include "crypto/scheme.h"
#include "tools.h"
#include "wire/codes.h"
#include "wire/ident.h"
#include <stdio.h>

static struct config *config;

static bool compile(const char *text)
{
    config_free(config);
    config = load_file(file(0, "swanctl.conf", text));
    return config != NULL;
}

static const char gateways[] =
    "shrike {\n retransmit_timeout = 0.5\n port = 1500\n}\n"
    "connections {\n gw : common {\n"
    "  local_addrs = 192.0.2.1\n  remote_addrs = 198.51.100.2\n"
    "  proposals = aes256gcm16-prfsha256-x25519\n  dpd_delay = 30s\n"
    "  local { auth = psk\n id = left.example.org }\n"
    "  remote { auth = psk\n id = right.example.org }\n"
    "  children {\n   net {\n    local_ts = 10.1.0.0/16\n"
    "    remote_ts = 10.2.0.0/16, dynamic[tcp/22]\n"
    "    esp_proposals = aes128gcm16-esn\n    start_action = trap\n"
    "    reqid = 7\n   }\n   other { mode = transport }\n  }\n }\n"
    " named { local_addrs = 2001:db8::1\n"
    "  remote_addrs = gw.example.net, 203.0.113.0/24, 192.0.2.9\n  encap = no\n"
    "  local { auth = psk }\n  remote-1 { auth = psk } }\n}\n"
    "common { dscp = 1\n keyingtries = 0\n}\n"
    "secrets {\n ike-gw { secret = \"s3cret\"\n"
    "  id-1 = left.example.org\n  id-2 = right.example.org }\n"
    " ike { secret = 0x0102 }\n eap-x { secret = y }\n}\n";

TEST(two_gateways)
{
    CHECK(compile(gateways));
    CHECK_EQ(report.warnings, 1);
    CHECK(said(false, 32, "dscp"));
    CHECK_EQ(config->conf.conn_count, 2);
    const struct shrike_conn *gw = &config->conf.conns[0], *named = gw + 1;
    CHECK(strcmp(gw->name, "gw") == 0 && gw->origin.line == 6);
    CHECK(gw->local_addr_count == 1 && gw->remote_addr_count == 1 && gw->local_port == 500);
    CHECK_BYTES(gw->remote_endpoint.octets, "\xc6\x33\x64\2", 4);
    CHECK(gw->remote_endpoint.family == 4 && gw->remote_endpoint.port == 500);
    CHECK(gw->proposal_count == 1 && gw->proposals->origin.line == 9);
    CHECK(gw->dpd_delay == 30 * SHRIKE_SECOND && gw->retransmit_first == 500 * SHRIKE_MS);
    CHECK(gw->retransmit_tries == 7 && gw->fragmentation && gw->force_encap && gw->mobike);
    CHECK(gw->local.kind == SHRIKE_AUTH_PSK && gw->local.id.type == ID_FQDN);
    CHECK(gw->remote.id.data.len == 17 && gw->local.origin.line == 11);
    CHECK_EQ(config->beside[0].keyingtries, 0);
    CHECK(gw->hash != named->hash && gw->hash != 0);
    CHECK_EQ(gw->child_count, 2);
    const struct shrike_child_conf *net = &gw->children[0];
    CHECK(net->local_ts_count == 1 && net->remote_ts_count == 2 && net->reqid == 7);
    CHECK(net->remote_ts[1].family == 0 && net->remote_ts[1].port_to == 22);
    CHECK(net->start == SHRIKE_START_TRAP && net->mode == SHRIKE_TUNNEL);
    CHECK(net->proposals->transforms[1].id == SN_64 && net->ts_origin.line == 17);
    CHECK(net[1].mode == SHRIKE_TRANSPORT && net[1].local_ts->family == 0 && net[1].reqid > 7);
    CHECK(net[1].proposal_count == 2);
    CHECK(config->settings.port == 1500 && config->settings.port_nat_t == 4500);
    CHECK(config->conf.cookie_threshold == 30 && config->conf.half_open_max == UINT32_MAX);
}

TEST(names_and_defaults)
{
    CHECK(compile(gateways));
    const struct shrike_conn *named = &config->conf.conns[1];
    CHECK(config->beside[1].remote_name_count == 1 && config->beside[1].keyingtries == 1);
    CHECK(strcmp(config->beside[1].remote_names[0], "gw.example.net") == 0);
    CHECK(named->remote_endpoint.family == 0); /* the name comes first */
    CHECK(named->remote_addr_count == 3 && named->remote_addrs[0].prefix_bits == 32);
    CHECK(named->remote_addrs[0].addr.family == 4 && named->remote_addrs[1].prefix_bits == 24);
    CHECK(named->local.id.type == ID_IPV6_ADDR && named->local.id.data.len == 16);
    CHECK(named->remote.id.type == 0 && !named->force_encap && named->proposal_count == 2);
}

TEST(settings_of_the_daemon)
{
    CHECK(compile(""));
    const struct settings *s = &config->settings;
    CHECK(s->port == 500 && s->port_nat_t == 4500 && s->install_routes && s->mtu == 1400);
    CHECK(s->routing_table == 220 && s->routing_priority == 220 && s->mark == 220);
    CHECK(s->route_mtu == 0 && s->route_mss == 0);
    CHECK(s->replay_window == 1024 && s->keepalive_s == 20 && !s->unsafe_keys[0]);
    CHECK(strcmp(s->interface, "shrike0") == 0 && s->esp_library == LIBRARY_FASTEST);
    CHECK(strcmp(s->control_socket, "/run/charon.vici") == 0);
    CHECK(s->install_virtual_ip && s->dns == DNS_AUTO);
    CHECK(strcmp(s->dns_file, "/etc/resolv.conf") == 0);
    CHECK(compile("shrike { dns = resolvconf } "));
    CHECK_EQ(config->settings.dns, DNS_RESOLVCONF);
    CHECK(compile("shrike { dns = /tmp/resolv\n install_virtual_ip = no } "));
    s = &config->settings;
    CHECK_EQ(s->revocation, REVOCATION_FETCH);
    CHECK(s->dns == DNS_FILE && strcmp(s->dns_file, "/tmp/resolv") == 0 && !s->install_virtual_ip);
    CHECK(compile("shrike { revocation_fetch = no\n revocation_private = yes }"));
    CHECK_EQ(config->settings.revocation, REVOCATION_PRIVATE);
    CHECK(compile("shrike { hash_and_url = yes }"));
    CHECK_EQ(config->settings.revocation, REVOCATION_FETCH | REVOCATION_BY_HASH);
    CHECK(compile(
        "shrike {\n install_routes = no\n routing_table = 7\n routing_table_prio = 8\n"
        " mark = 0x9\n mtu = 1300\n replay_window = 64\n keep_alive = 1m\n"
        " interface = vpn1\n journal = /run/j\n unsafe_keys = /tmp/keys\n esp_library = openssl\n"
        " plugins { vici { socket = unix:///run/x }\n"
        "socket-default { fwmark = 3 }\nkernel-netlink { mtu = 1390\n mss = 1350 }\nother { this = "
        "that } }\n}"));
    CHECK(!(s = &config->settings)->install_routes && s->routing_table == 7);
    CHECK(s->routing_priority == 8 && s->mark == 9 && s->mtu == 1300 && s->replay_window == 64);
    CHECK(s->keepalive_s == 60 && strcmp(s->interface, "vpn1") == 0);
    CHECK(strcmp(s->journal, "/run/j") == 0);
    CHECK(strcmp(s->unsafe_keys, "/tmp/keys") == 0 && strcmp(s->control_socket, "/run/x") == 0);
    CHECK(s->route_mtu == 1390 && s->route_mss == 1350);
    CHECK(said(false, 11, "reads all traffic") && said(false, 17, "plugins.other.this"));
    CHECK_EQ(s->esp_library, LIBRARY_OPENSSL);
    CHECK_EQ(report.warnings, 2);
    CHECK(!compile("shrike { plugins { kernel-netlink { mtu = 1000 } } }"));
    CHECK(said(true, 1, "0 or 1280 to 65535"));
}

/* The kernel's data plane where there is one, unless another is named. */
TEST(the_data_plane)
{
    static const struct {
        const char *text;
        uint8_t kernel, plane;
        bool good;
    } all[] = {{"", 0, PLANE_USER, true},
               {"", PLANE_KERNEL | PLANE_AH, PLANE_KERNEL | PLANE_AH, true},
               {"shrike { kernel = auto }", PLANE_AH, PLANE_USER, true},
               {"shrike { kernel = esp }", PLANE_ALL, PLANE_USER, true},
               {"shrike { kernel = xfrm }", PLANE_ALL, PLANE_ALL, true},
               {"shrike { kernel = xfrm }", 0, PLANE_USER, false},
               {"shrike { kernel = klips }", PLANE_ALL, PLANE_USER, false}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const struct config_files from = {.config = file(0, "swanctl.conf", all[i].text),
                                          .kernel = all[i].kernel};
        config_free(config);
        config = config_load(&from, &report);
        CHECK_EQ(config != NULL, all[i].good);
        if (!config)
            continue;
        CHECK_EQ(config->settings.plane, all[i].plane);
        CHECK_EQ(config->base.force_encap, all[i].plane == PLANE_USER);
    }
}

TEST(settings_that_cannot_be)
{
    CHECK(!compile("shrike {\n dns = resolv.conf\n}") && said(true, 2, "resolvconf, none"));
    CHECK(!compile("shrike {\n esp_library = mine\n}") && said(true, 2, "fastest or openssl"));
    CHECK(!compile("shrike {\n mtu = 1200\n replay_window = 5000\n interface = a/b\n"
                   " control_socket = here\n port = 7\n port_nat_t = 7\n mark = 0\n"
                   " fragment_size = 100\n"
                   " unsafe_keys = /123456789/123456789/123456789/123456789/123456789/123456789/"
                   "123456789/123456789/123456789/123456789/123456789\n}"));
    CHECK(said(true, 2, "1280") && said(true, 3, "4096") && said(true, 4, "device"));
    CHECK(said(true, 5, "begins with /") && said(true, 7, "two ports") && said(true, 8, "mark"));
    CHECK(said(true, 9, "576") && said(true, 10, "longer than 107"));
}

#define PSK "local_addrs = 10.0.0.1\nlocal { auth = psk }\nremote { auth = psk }\n"

TEST(how_much_a_child_may_carry)
{
    CHECK(compile("connections { a { " PSK "children { n { }\n"
                  " r { rekey_bytes = 1000\n rekey_packets = 7 }\n"
                  " l { life_bytes = 2g }\n"
                  " x { rekey_packets = 90\n life_packets = 100\n rand_packets = 0\n"
                  " inactivity = 90s } } } }"));
    const struct shrike_child_conf *k = config->conf.conns->children;
    CHECK(!k[0].life.bytes_soft && !k[0].life.bytes_hard && !k[0].life.packets_hard);
    CHECK(k[1].life.bytes_hard == 1100 && k[1].life.bytes_soft >= 900);
    CHECK(k[1].life.bytes_soft <= 1000 && k[1].life.packets_soft == 7);
    CHECK(k[2].life.bytes_hard == 2147483648 && !k[2].life.bytes_soft);
    CHECK(k[3].life.packets_soft == 90 && k[3].life.packets_hard == 100);
    CHECK(k[0].life.idle == 0 && k[3].life.idle == 90 * SHRIKE_SECOND);
    bool moved = false; /* 101 values to draw from */
    for (int i = 0; i < 20; i++) {
        CHECK(compile("connections { a { " PSK "children { r { rekey_bytes = 1000 } } } }"));
        moved |= config->conf.conns->children->life.bytes_soft != 1000;
    }
    CHECK(moved);
    CHECK(compile("connections { a { " PSK "children { r { rekey_bytes = 1\nrand_bytes = 50\n"
                  "life_bytes = 9 } s { rekey_bytes = 5\nlife_bytes = 4 } } } }"));
    CHECK_EQ(config->conf.conns->children->life.bytes_soft, 1);
    CHECK(said(false, 7, "closed before"));
    CHECK(!compile("connections { a { " PSK "children { r { life_bytes = much } } } }"));
    CHECK(said(true, 4, "20m"));
}

static uint32_t number_of(const char *conn, const char *child)
{
    for (uint32_t i = 0; i < config->conf.conn_count; i++)
        for (uint16_t k = 0; k < config->conf.conns[i].child_count; k++)
            if (strcmp(config->conf.conns[i].name, conn) == 0 &&
                strcmp(config->conf.conns[i].children[k].name, child) == 0)
                return config->conf.conns[i].children[k].reqid;
    return 0;
}

TEST(numbers_stay_when_others_come_and_go)
{
    CHECK(compile("connections { a { " PSK "children { x { }\ny { } } }\n"
                  "b { " PSK "children { x { }\ny { reqid = 9 } } } }"));
    uint32_t ax = number_of("a", "x"), ay = number_of("a", "y"), bx = number_of("b", "x");
    CHECK(ax > REQID_FIXED_MAX && ay > REQID_FIXED_MAX && bx > REQID_FIXED_MAX);
    CHECK(ax != ay && ax != bx && ay != bx);
    CHECK_EQ(number_of("b", "y"), 9);
    CHECK(compile("connections { c { " PSK "children { x { } } }\nb { " PSK "children { z { }\n"
                  "y { reqid = 9 }\nx { } } }\na { " PSK "children { y { } } } }"));
    CHECK(number_of("a", "y") == ay && number_of("b", "x") == bx && number_of("b", "y") == 9);
    CHECK(compile("connections { a { " PSK "children { x { reqid = 9 } } }\n"
                  "b { " PSK "children {\nx { reqid = 9 } } } }"));
    CHECK(number_of("a", "x") == 9 && number_of("b", "x") == bx && said(false, 9, "of its own"));
}

TEST(a_name_that_no_message_can_carry)
{
    char text[600] = "connections { ", name[300];
    memset(name, 'n', 201);
    strcpy(name + 201, " { " PSK "} }");
    CHECK(!compile(strcat(text, name)) && said(true, 1, "longer than 200"));
    CHECK(compile(strcpy(text + 14, name + 1) - 14));
}

TEST(secrets_apart)
{
    CHECK(compile(gateways));
    CHECK_EQ(config->secret_count, 3);
    const struct config_secret *s = config->secrets;
    CHECK(s[2].kind == SECRET_EAP && s[2].id_count == 0);
    CHECK(s[0].secret.len == 6 && memcmp(s[0].secret.at, "s3cret", 6) == 0 && s[0].id_count == 2);
    CHECK(s[0].ids[1].type == ID_FQDN && s[0].origin.line == 36);
    CHECK(s[1].secret.len == 2 && s[1].id_count == 0);
    CHECK(!compile("secrets { ike { secret = 0xzztop }\n ike2 { }\n what { } }\n"));
    CHECK(said(true, 1, "malformed") && said(true, 2, "missing") && said(true, 3, "known kind"));
    for (uint32_t i = 0; i < report.count; i++)
        CHECK(!strstr(report.lines[i].text, "zztop"));
}

TEST(the_hash_follows_the_contents)
{
    static const char *const texts[] = {
        "connections { a { local_addrs = 10.0.0.1\nlocal { auth = psk }\nremote { auth = psk } } }",
        "connections { a { local_addrs = 10.0.0.1\n"
        "local { auth = psk }\nremote { auth = psk\nid = x } } }",
    };
    CHECK(compile(texts[0]));
    uint64_t hash = config->conf.conns->hash;
    CHECK(compile(texts[0]) && config->conf.conns->hash == hash);
    CHECK(compile(texts[1]) && config->conf.conns->hash != hash);
}

/* What becomes of a connection that was lost, and of a second one of the same peer. */
TEST(lost_and_double_connections)
{
    static const struct {
        const char *text;
        enum shrike_unique unique;
    } all[] = {{"", SHRIKE_UNIQUE_NO},
               {"unique = no", SHRIKE_UNIQUE_NO},
               {"unique = never", SHRIKE_UNIQUE_NEVER},
               {"unique = replace", SHRIKE_UNIQUE_REPLACE},
               {"unique = keep", SHRIKE_UNIQUE_KEEP}};
    char text[512];
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        snprintf(text, sizeof(text),
                 "connections { a { local_addrs = ::1\n keyingtries = 9\n%s\n"
                 "local { auth = psk }\n remote { auth = psk }\n children { x { start_action = "
                 "trap|start } y { "
                 "dpd_action = restart\n close_action = none } z { start_action = trap\n"
                 "dpd_action = trap\n close_action = start } } } }",
                 all[i].text);
        CHECK(compile(text));
        const struct shrike_conn *a = config->conf.conns;
        CHECK(a->unique == all[i].unique && a->keyingtries == 9);
        CHECK(!a->children[0].dpd_action && !a->children[0].close_action);
        CHECK(a->children[0].start == SHRIKE_START_BOTH && !a->children[1].start);
        CHECK(a->children[1].dpd_action == SHRIKE_START_NOW && !a->children[1].close_action);
        CHECK(a->children[2].dpd_action == SHRIKE_START_TRAP);
        CHECK(a->children[2].close_action == SHRIKE_START_NOW);
        CHECK_EQ(report.warnings, 0);
    }
    CHECK(!compile("connections { a { local_addrs = ::1\n unique = yes\n local { auth = psk }\n"
                   "remote { auth = psk }\n children { x { dpd_action = hold\n"
                   "close_action = trap } } } }"));
    CHECK(said(true, 2, "replace or keep") && said(true, 5, "dpd_action = hold"));
}

TEST(each_complaint_has_its_line)
{
    CHECK(!compile("connections {\n a {\n  local_adrs = 1.2.3.4\n  version = 1\n"
                   "  local_addrs = 1.2.3.999\n  encap = perhaps\n  dpd_delay = soon\n"
                   "  remote_port = 65536\n  proposals = aes256\n  mediation = yes\n"
                   "  local {\n   auth = pubkey\n   id = C=CH\n  }\n  remote {\n  }\n"
                   "  elsewhere { }\n  children {\n   k {\n    local_ts = nowhere\n"
                   "    mode = beet\n    start_action = now\n    ah_proposals = sha256\n"
                   "   }\n  }\n  remote2 { auth = psk }\n }\n}\nshirke { }\nx = 1\n"));
    CHECK(said(true, 3, "is local_addrs meant?") && said(false, 4, "IKEv1"));
    CHECK(said(true, 5, "1.2.3.999") && said(true, 6, "yes or no") && said(true, 7, "a time"));
    CHECK(said(true, 8, "65535") && said(true, 9, "integrity") && said(false, 10, "not be safe"));
    CHECK(said(true, 17, "elsewhere") && said(true, 20, "nowhere") && said(false, 21, "beet"));
    CHECK(said(true, 22, "now") && said(false, 23, "AH"));
    CHECK(said(true, 29, "is shrike meant?") && said(true, 30, "outside"));
    CHECK(!compile("connections { a { local_addrs = ::1\n local { auth = psk\n crt { file = x } }\n"
                   "remote { auth = psk }\n children { x { reqid = 3\n }\n y { reqid = 3\n"
                   "start_action = trap|start } } } }"));
    CHECK(said(true, 3, "crt in local") && said(true, 7, "child x too"));
    CHECK(!compile("shrike {\n retransmit_timeout = 0\n}") && said(true, 2, "above 0"));
    CHECK(!compile("connections { a { local_addrs = ::1\n local { auth = psk\n id = *.x }\n"
                   "remote { auth = pks\n id = *x } } }"));
    CHECK(said(true, 3, "stands for many") && said(true, 4, "no such method"));
    CHECK(said(true, 5, "in front"));
}

#define DEMANDING(lines)                                                                           \
    "connections { a { local_addrs = ::1\n local { auth = psk }\n remote {\n" lines "\n} } }"

/* Of those who sign certificates, and of certificates themselves. */
TEST(what_certificates_have_to_be_like)
{
    CHECK(compile(DEMANDING("auth = rsa-3072-sha256-ecdsa-384-sha384\n cert_policy = 1.2.3, "
                            "1.3.6.1.4.1.99.1\n ca_id = \"C=CH, CN=Root\"")));
    const struct config_demands *d = &config->beside[0].demands;
    CHECK(d->rsa_bits == 3072 && d->ec_bits == 384 && report.warnings == 0);
    CHECK(d->schemes && d->schemes == config->conf.conns[0].remote.schemes);
    CHECK(d->policy_count == 2 && strcmp(d->policies[1], "1.3.6.1.4.1.99.1") == 0);
    CHECK(d->ca_id.type == ID_DER_ASN1_DN);
    CHECK(compile(DEMANDING("auth = ike:rsa-3072-sha256"))); /* hashes of the peer alone */
    d = &config->beside[0].demands;
    CHECK(d->rsa_bits == 3072 && !d->schemes && !d->ca_id.type && !d->policy_count);
    CHECK(compile(DEMANDING("auth = pubkey")));
    d = &config->beside[0].demands;
    CHECK(!d->rsa_bits && !d->ec_bits && !d->schemes);
    CHECK(compile("connections { a { local_addrs = ::1\n local { auth = pubkey }\n remote {\n"
                  "auth = eap-tls:ecdsa-384-sha384 } } }")); /* of a certificate inside EAP */
    d = &config->beside[0].demands;
    CHECK(d->ec_bits == 384 && d->schemes && config->conf.conn_count == 1);
    CHECK(!compile(DEMANDING("auth = eap-tls:psk")) && said(true, 4, "behind the colon"));
    CHECK(!compile(DEMANDING("auth = eap-tls:")) && said(true, 4, "behind the colon"));
    static const char *const policies[] = {"1",  "3.1",  "1..2",  "1.02",
                                           ".1", "1.2.", "1.2.x", "anyPolicy"};
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), DEMANDING("cert_policy = %s"), policies[i]);
        CHECK(!compile(text) && said(true, 4, "numbers with dots"));
    }
    CHECK(!compile(DEMANDING("cert_policy = 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9")));
    CHECK(said(true, 4, "more than 8"));
    CHECK(!compile(DEMANDING("ca_id = *.example.org")) && said(true, 4, "ca_id"));
    CHECK(!compile(DEMANDING("ca_id = keyid:1234")) && said(true, 4, "ca_id"));
}

#define GOOD "good { local_addrs = ::1\n local { auth = psk }\n remote { auth = psk } }\n"

/* What is not built yet does not keep the rest of a file from being used, and is never ignored
 * where that would not be safe. */
TEST(what_cannot_be_used_is_left_out)
{
    static const struct {
        const char *text, *why;
        uint32_t line;
    } conns[] = {
        {"version = 1", "IKEv1", 5},
        {"mediation = yes", "not be safe", 5},
        {"proposals = camellia256-sha256-x25519", "none of its proposals", 5},
        {"proposals = aes256gcm16-prfsha256-x25519-ke1_mlkem768", "none of its proposals", 5},
        {"remote { id = asn1gn:x }", "general names", 5},
        {"remote { groups = a }", "groups", 5},
        {"remote { cacert1 { file = /x } }", "/x is not there", 5},
        {"remote { cacerts = /x, /y }", "/y is not there", 5},
        {"remote { cert { slot = 7 } }", "needs a file", 5},
        {"local { certs = gone.pem }", "x509/gone.pem is not there", 5},
        {"local { pubkeys = gone.pem }", "pubkey/gone.pem is not there", 5},
        {"local { auth = eap-tls:rsa-2048 }", "eap-tls", 5},
        {"local { auth = eap-ttls:rsa-2048 }", "eap-ttls", 5},
        {"local { auth = eap-sim }", "eap-sim", 5},
        {"local { auth = eap-mschapv2 }", "gateway that signs", 3},
        {"local { auth = eap\n eap_id = a }\n remote { auth = eap }", "proves both", 3},
        {"children { x { mode = beet } }", "none of its children", 5},
        {"local_addrs = %any\n children { x { mode = drop } }", "who we are", 2},
        {"local_addrs = %any", "who we are", 2},
    };
    char text[600];
    for (size_t i = 0; i < sizeof(conns) / sizeof(conns[0]); i++) {
        snprintf(text, sizeof(text),
                 "connections {\n a { local_addrs = ::1\n local { auth = psk }\n"
                 "remote { auth = psk }\n %s } " GOOD "}",
                 conns[i].text);
        if (!compile(text))
            printf("# %s\n# %s\n", text, report.lines[0].text);
        CHECK(config && said(false, conns[i].line, conns[i].why));
        CHECK_EQ(config->conf.conn_count, 1);
        CHECK_EQ(config->left_out, 1);
        CHECK(strcmp(config->conf.conns[0].name, "good") == 0);
    }
    CHECK(compile("connections {\n a { }\n" GOOD "}") && said(false, 2, "a section local"));
    CHECK_EQ(config->conf.conn_count, 1);
}

/* RFC 4739: several sections of a side are rounds, by `round`, then as they stand. */
TEST(several_rounds)
{
    CHECK(compile("connections { a { local_addrs = ::1\n local-b { auth = eap\n eap_id = carol\n"
                  "round = 2 }\n local-a { auth = psk\n id = a.b\n round = 1 }\n"
                  "remote { auth = psk }\n remote-x { auth = pubkey\n id = gw.x\n"
                  "revocation = strict\n round = 7 } } }"));
    CHECK(config->conf.conn_count == 1 && config->conf.rounds && report.warnings == 0);
    const struct shrike_conn *a = config->conf.conns;
    CHECK(a->local_round_count == 1 && a->remote_round_count == 1);
    CHECK(a->local.kind == SHRIKE_AUTH_PSK && a->local_rounds[0].kind == SHRIKE_AUTH_EAP);
    CHECK(bytes_equal(a->local_rounds[0].id.data, bytes_of("a.b", 3))); /* that of the one before */
    CHECK(bytes_equal(a->local_rounds[0].eap.id.data, bytes_of("carol", 5)));
    CHECK(a->remote.kind == SHRIKE_AUTH_PSK && !a->remote.rule && !a->remote.id.type);
    CHECK(a->remote_rounds[0].kind == SHRIKE_AUTH_PUBKEY);
    CHECK(strcmp(a->remote_rounds[0].rule, "a, round 2") == 0);
    CHECK(config->beside[0].round_count == 1 && config->beside[0].revocation == CONFIG_RELAXED);
    CHECK(config->beside[0].rounds[0].revocation == CONFIG_STRICT);
    CHECK(compile("connections { " GOOD "}") && !config->conf.rounds);
}

/* Those that cannot be are left out, with their place. */
TEST(rounds_that_do_not_go_together)
{
    static const struct {
        const char *text, *why;
        uint32_t line;
    } conns[] = {
        {"local-2 { auth = null }", "one round of", 2},
        {"local-2 { auth = eap }\n remote-2 { auth = eap }", "EAP on both sides", 2},
        {"local-2 { auth = eap }\n remote-2 { auth = psk }\n remote-3 { auth = psk }", "be through",
         2},
        {"local-2 { auth = psk }\n remote-2 { auth = psk\n round = -1 }", "round = -1", 7},
        {"local-2 { auth = psk }\n local-3 { auth = psk }\n local-4 { auth = psk }\n"
         "local-5 { auth = psk }",
         "more than 4", 8},
    };
    char text[600];
    for (size_t i = 0; i < sizeof(conns) / sizeof(conns[0]); i++) {
        bool wrong = strstr(conns[i].text, "-1") != NULL;
        snprintf(text, sizeof(text),
                 "connections {\n a { local_addrs = ::1\n local { auth = psk }\n"
                 "remote { auth = psk }\n %s } }",
                 conns[i].text);
        CHECK(compile(text) == !wrong && said(wrong, conns[i].line, conns[i].why));
        CHECK(wrong || (config->conf.conn_count == 0 && config->left_out == 1));
    }
    CHECK(compile("connections {\n a { local_addrs = ::1\n local { auth = psk }\n"
                  "remote { auth = psk }\n local-2 { auth = eap }\n remote-2 { auth = psk } } }"));
    CHECK_EQ(config->conf.conn_count, 1);
}

/* How each proves itself by public keys, and what is sent of certificates. */
TEST(public_keys)
{
    CHECK(compile("connections { a { local_addrs = ::1\n send_cert = always\n"
                  "send_certreq = no\n local { id = a.b }\n"
                  "remote { auth = ike:rsa/pss-sha256\n revocation = ifuri } }\n"
                  "b { local { auth = psk\n id = x.y }\n remote { auth = rsa-1024-sha1-sha256\n } }"
                  "}"));
    CHECK_EQ(config->conf.conn_count, 2);
    CHECK(config->beside[1].demands.rsa_bits == 1024 && config->beside[1].demands.schemes);
    const struct shrike_conn *a = config->conf.conns;
    CHECK(a->local.kind == SHRIKE_AUTH_PUBKEY && a->local.schemes == scheme_defaults());
    CHECK(a->remote.schemes == SCHEME_BIT(SCHEME_RSA_PSS_SHA256));
    CHECK(a->send_cert == SHRIKE_CERT_ALWAYS && !config->beside[0].asks);
    CHECK(config->beside[0].revocation == CONFIG_IFURI);
    CHECK(compile("connections { a { local { auth = psk\n id = a.b }\n remote { auth = psk } } }"));
    CHECK(config->conf.conns->send_cert == SHRIKE_CERT_IFASKED && config->beside[0].asks);
    static const struct {
        const char *word;
        bool asks, warned;
    } words[] = {{"never", false, false},
                 {"request", true, false},
                 {"both", true, true},
                 {"reply", false, true}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        char text[200];
        snprintf(text, sizeof(text),
                 "connections { a { local_addrs = ::1\n ocsp = %s\n local { auth = psk }\n"
                 "remote { auth = psk } } }",
                 words[i].word);
        CHECK(compile(text) && config->conf.conns->asks_ocsp == words[i].asks);
        CHECK(said(false, 2, "is not built") == words[i].warned);
    }
    CHECK(!compile("connections { a {\n ocsp = maybe\n local { auth = psk }\n remote { } } }"));
    CHECK(said(true, 2, "request, reply, both or never"));
    CHECK(!compile("connections { a {\n send_cert = maybe\n local { auth = pubkey-sha3\n id = x }\n"
                   "remote { auth = psk\n revocation = hard } } }"));
    CHECK(said(true, 2, "ifasked, always or never") && said(true, 3, "no such method"));
    CHECK(said(true, 6, "relaxed, ifuri or strict"));
}

/* Of the remote side only, and never guessed. */
TEST(identities_by_expression)
{
    CHECK(compile("connections { a { local_addrs = ::1\n local { auth = psk }\n"
                  "remote { auth = psk\n id = fqdn:^vpn[0-9]+\\.x$ } } }"));
    const struct shrike_id *id = &config->conf.conns->remote.id;
    CHECK(id->type == ID_EXPRESSION && id->data.at[0] == ID_FQDN && report.warnings == 0);
    CHECK(id->data.len == 15 && memcmp(id->data.at + 1, "^vpn[0-9]+\\.x$", 14) == 0);
    static const char *const wrong[] = {"^vpn[0-9]+$", "fqdn:^a|b$", "email:^(a$",
                                        "fqdn:^(a)\\\\1$"};
    char text[600];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(text, sizeof(text),
                 "connections { a { local_addrs = ::1\n local { auth = psk }\n"
                 "remote { auth = psk\n id = \"%s\" } } }",
                 wrong[i]);
        CHECK(!compile(text) && said(true, 4, "a regular expression"));
    }
    CHECK(!compile("connections { a { local { auth = psk\n id = fqdn:^a$ }\n"
                   "remote { auth = psk } } }\nsecrets { ike { secret = x\n id = fqdn:^a$ } }"));
    CHECK(said(true, 2, "stands for many") && said(true, 5, "id"));
}

TEST(limits_and_servers)
{
    CHECK(compile("shrike { block_threshold = 5\n ikesa_limit = 1000\n dns1 = 10.0.0.1\n"
                  "dns2 = fd01::1\n retransmit_base = 1.8\n make_before_break = yes\n"
                  "init_limit_job_load = 7 }\n"
                  "pools { a { addrs = 10.3.0.0/24\n dns = 10.0.0.9 } }"));
    CHECK(config->conf.half_open_prefix_max == 5 && config->conf.ike_sas_max == 1000);
    const struct lease_pool *a = config->settings.pools;
    CHECK(a->attribute_count == 3 && a->attributes[0].value.at[3] == 9);
    CHECK(a->attributes[1].type == 3 && a->attributes[1].value.at[3] == 1); /* RFC 7296 3.15.1 */
    CHECK(a->attributes[2].type == 10 && a->attributes[2].value.len == 16);
    CHECK(said(false, 5, "does nothing here") && said(false, 7, "there is no queue"));
    CHECK_EQ(report.warnings, 2);
    CHECK(compile("shrike { }") && config->conf.half_open_prefix_max == 0);
    CHECK(config->conf.ike_sas_max == 0);
    CHECK(!compile("shrike { dns1 = gw.example }\npools { a { addrs = 10.3.0.0/24 } }"));
    CHECK(said(true, 1, "an address is wanted"));
}

/* Shunts stand behind the children, whatever their order, and need no peer. */
TEST(shunts)
{
    CHECK(compile("connections {\n past { remote_addrs = gw.example\n children {\n"
                  " lan { local_ts = 10.0.0.0/8[udp/53]\n mode = pass\n start_action = trap }\n"
                  " never { remote_ts = 10.0.0.0/8\n mode = drop } } }\n" GOOD
                  "both { local_addrs = ::1\n local { auth = psk }\n remote { auth = psk }\n"
                  "children { a { mode = drop }\n b { }\n c { mode = pass\n"
                  "start_action = trap|start }\n d { } } } }"));
    const struct shrike_conn *past = &config->conf.conns[0], *both = &config->conf.conns[2];
    CHECK(past->child_count == 0 && past->shunt_count == 2 && past->children[0].reqid == 0);
    CHECK(past->children[0].mode == SHRIKE_PASS && past->children[1].mode == SHRIKE_DROP);
    CHECK(past->children[0].start == SHRIKE_START_TRAP && !past->children[1].start);
    CHECK(past->children[0].local_ts->protocol == 17 && past->children[0].proposal_count == 0);
    CHECK(past->remote_addr_count == 1 && past->remote_endpoint.family == 0);
    CHECK(past->remote_addrs->prefix_bits == 32 && past->remote_addrs->addr.octets[0] == 0);
    CHECK_EQ(config->beside[0].remote_name_count, 0); /* nobody is looked up */
    CHECK(both->child_count == 2 && both->shunt_count == 2);
    CHECK(strcmp(both->children[1].name, "d") == 0 && both->children[1].reqid);
    CHECK(strcmp(both->children[2].name, "a") == 0 && strcmp(both->children[3].name, "c") == 0);
    CHECK(both->children[3].start == SHRIKE_START_TRAP && said(false, 18, "taken as trap"));
    CHECK_EQ(report.warnings, 1);
    const struct config *parts[] = {config};
    struct config *merged = config_merge(parts, 1, &report);
    CHECK(strcmp(merged->conf.conns[2].children[3].name, "c") == 0);
    config_free(merged);
    CHECK(compile("shrike { install_routes = no }\nconnections { a { children {\n"
                  "x { mode = pass } } } }"));
    CHECK(config->conf.conn_count == 0 && said(false, 3, "install_routes"));
}

/* A child that cannot be used leaves the others. */
TEST(children_left_out)
{
    static const char *const texts[] = {"local_ts = 10.0.0.0/8[icmp/2048]\nmode = drop",
                                        "remote_ts = 10.0.0.0/8[tcp/1024-65535]\nmode = pass",
                                        "mode = beet",
                                        "mode = transport_proxy",
                                        "mode = iptfs",
                                        "ah_proposals = sha256",
                                        "label = x",
                                        "local_ts = 10.0.0.0/8[/53]",
                                        "esp_proposals = camellia128-sha1"};
    char text[600];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        snprintf(text, sizeof(text),
                 "connections { a { local_addrs = ::1\n local { auth = psk }\n"
                 "remote { auth = psk }\n children { x { \n%s\n }\n y { reqid = 9 } } } }",
                 texts[i]);
        CHECK(compile(text) && said(false, 5, "child x is left out"));
        CHECK(config->conf.conn_count == 1 && config->conf.conns->child_count == 1);
        CHECK(strcmp(config->conf.conns->children[0].name, "y") == 0);
        CHECK_EQ(config->conf.conns->children[0].reqid, 9);
        CHECK_EQ(config->conf.conns->children[0].mode, SHRIKE_TUNNEL);
    }
}

TEST(a_script_is_a_command)
{
    static char text[4096];
    CHECK(compile("connections { a { local_addrs = ::1\n local { auth = psk }\n"
                  "remote { auth = psk }\n children {\n"
                  "x { updown = \"/opt/my script 'a b' $HOME\"\n hostaccess = yes }\n"
                  "y { updown = }\n z { } } } }"));
    CHECK_EQ(report.warnings, 0);
    const struct shrike_child_conf *c = config->conf.conns->children;
    CHECK(c[0].updown && strcmp(c[0].updown, "/opt/my script 'a b' $HOME") == 0);
    CHECK(c[0].hostaccess && !c[1].updown && !c[2].updown && !c[2].hostaccess);
    snprintf(text, sizeof(text),
             "connections { a { local_addrs = ::1\n local { auth = psk }\n remote { auth = psk }\n"
             "children { x {\n updown = /%01023d\n } } } }",
             1);
    CHECK(!compile(text) && said(true, 5, "longer than 1023"));
}

/* Values that ask for nothing are not warned of; an algorithm fewer is no other proposal. */
TEST(calm_values_and_algorithms_left_out)
{
    CHECK(compile("connections { a { local_addrs = ::1\n aggressive = no\n ppk_required = false\n"
                  "mediation = 0\n local { auth = psk\n round = 0 }\n"
                  "remote { auth = psk\n revocation = relaxed }\n"
                  "children { x { ipcomp = no\n policies = yes\n mark_in = 0\n"
                  "hw_offload = no } } } }"));
    CHECK_EQ(report.warnings, 0);
    CHECK_EQ(config->conf.conn_count, 1);
    CHECK(compile("connections { a { local_addrs = ::1\n"
                  "proposals = aes256-camellia256-sha256-x25519-mlkem768, 3des-aes128-sha1-ecp256"
                  "\n local { auth = psk }\n remote { auth = psk }\n"
                  "children { x { esp_proposals = aes128gcm16-ecp256-none } } } }"));
    CHECK(said(false, 2, "camellia256 in proposal") && said(false, 2, "mlkem768 in proposal"));
    CHECK(said(false, 5, "none in proposal"));
    CHECK_EQ(config->conf.conns->proposal_count, 2);
    CHECK_EQ(config->conf.conns->proposals[0].transform_count, 4); /* ENCR, INTEG, PRF, KE */
}

/* An error is shown, however many warnings were there before it. */
TEST(errors_before_warnings)
{
    static char text[65536];
    size_t len = (size_t)snprintf(text, sizeof(text), "connections {\n");
    for (int i = 0; i < 2 * REPORT_LINES; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "c%d {\n dscp = 5\n }\n", i);
    snprintf(text + len, sizeof(text) - len, "last { local_addrs = nowhere! } }");
    CHECK(!compile(text));
    CHECK(said(true, 2 + 3 * 2 * REPORT_LINES, "nowhere!"));
    CHECK_EQ(report.errors, 1);
}

/* RFC 8784. That there are any is to be known to the engine, wherever it follows from. */
TEST(post_quantum_preshared_keys)
{
    CHECK(compile("connections { a { local_addrs = ::1\n ppk_id = tomorrow\n"
                  "ppk_required = yes\n local { auth = psk }\n remote { auth = psk } }\n"
                  "b { local_addrs = ::1\n ppk_required = yes\n local { auth = psk }\n"
                  "remote { auth = psk } } }\n"));
    const struct shrike_conn *a = &config->conf.conns[0], *b = &config->conf.conns[1];
    CHECK(a->ppk_required && a->ppk_id.len == 8 && memcmp(a->ppk_id.at, "tomorrow", 8) == 0);
    CHECK(b->ppk_required && b->ppk_id.len == 0);
    CHECK_EQ(a->ppk_origin.line, 2);
    CHECK_EQ(b->ppk_origin.line, 7);
    CHECK(!config->conf.ppks); /* of secrets; config_merge() looks at connections */
    CHECK(compile("secrets { ppk { id = x\n secret = y } }") && config->conf.ppks);
    CHECK_EQ(report.warnings, 0);
    CHECK(compile("secrets {\n ppk-z { secret = y } }") && said(false, 2, "has no id"));
    CHECK(compile("secrets { ike { id = x\n secret = y } }") && !config->conf.ppks);
    CHECK(!compile("connections { a { local_addrs = ::1\n ppk_id = *.x\n local { auth = psk }\n"
                   "remote { auth = psk } } }") &&
          said(true, 2, "stand for many"));
}

/* RFC 7619: only where it is written, and without what would need to know who it is. */
TEST(nobody)
{
    CHECK(compile("connections { a { local_addrs = ::1\n local { auth = null }\n"
                  "remote { auth = null } } }"));
    const struct shrike_conn *a = config->conf.conns;
    CHECK(a->local.kind == SHRIKE_AUTH_NULL && a->local.id.type == 13 && !a->local.id.data.len);
    CHECK(a->remote.kind == SHRIKE_AUTH_NULL && a->remote.id.type == 0);
    CHECK_EQ(report.warnings, 0);
    CHECK(!compile("connections { a { local_addrs = ::1\n local { auth = psk }\n"
                   "remote { auth = null\n id = b } } }") &&
          said(true, 3, "leave its id out"));
    CHECK(compile("pools { p { addrs = 10.0.0.0/24 } }\nconnections { a { local_addrs = ::1\n"
                  "pools = p\n local { auth = psk }\n remote { auth = null } } }") &&
          said(false, 3, "that nobody knows"));
    CHECK_EQ(config->conf.conn_count, 0);
    CHECK(compile("connections { a { local_addrs = ::1\n ppk_id = x\n local { auth = null }\n"
                  "remote { auth = psk } } }") &&
          said(false, 2, "ppk_required = yes"));
    CHECK_EQ(config->conf.conn_count, 0);
}

TEST(secrets_of_every_kind)
{
    CHECK(compile("secrets {\n eap-x { id = carol\n secret = a }\n xauth-y { id = *@x.org\n"
                  "secret = b }\n ntlm { id = HOME\\\\d\n secret = "
                  "0x000102030405060708090a0b0c0d0e0f }\n ppk1 { id = e\n"
                  "secret = 0sAQID }\n private-a { file = k.pem\n secret = p }\n"
                  "rsa { file = x }\n ecdsa { secret = y }\n pkcs8 { }\n pkcs12-z { file = z\n"
                  "secret = pass }\n token1 { handle = 01\n slot = 1\n module = m\n pin = 1 }\n"
                  "ike { secret = z } }"));
    CHECK_EQ(config->secret_count, 5);
    CHECK_EQ(config->token_count, 1);
    const struct config_token *token = config->tokens;
    const struct config_object *o = &token->object;
    CHECK(token && o->handle.len == 1 && o->handle.at[0] == 1 && o->has_slot);
    CHECK(o->slot == 1 && strcmp(o->module, "m") == 0 && strcmp(token->pin, "1") == 0);
    const struct config_secret *s = config->secrets;
    CHECK(s[0].kind == SECRET_EAP && s[1].kind == SECRET_EAP && s[2].kind == SECRET_NTLM);
    CHECK(s[3].kind == SECRET_PPK && s[3].secret.len == 3 && s[4].kind == SECRET_IKE);
    /* Inside EAP a name is any text. */
    CHECK(s[0].ids[0].type == ID_FQDN && s[1].ids[0].type == ID_RFC822_ADDR);
    CHECK(s[2].id_count == 1 && s[2].secret.len == 16 && !said(false, 8, "ppk1"));
    CHECK(!compile("secrets { ntlm { secret = 0x01 } }") && said(true, 1, "16 octets"));
    CHECK(!compile("secrets { eap { scret = x } }") && said(true, 1, "is secret meant?"));
    for (uint32_t i = 0; i < report.count; i++)
        CHECK(!strstr(report.lines[i].text, "pass "));
}

/* One connection, whose local side this is, with these settings. */
static const struct shrike_conn *by_eap(const char *settings, const char *local, const char *remote)
{
    char text[600];
    snprintf(text, sizeof(text),
             "shrike { plugins { %s } }\nconnections { a { local_addrs = ::1\nlocal { %s }\n"
             "remote { %s }\nchildren { b { } } } }",
             settings, local, remote);
    return compile(text) && config->conf.conn_count == 1 ? config->conf.conns : NULL;
}

TEST(eap_with_a_tunnel)
{
    const struct shrike_conn *a =
        by_eap("", "auth = eap-ttls\nid = x\naaa_id = aaa.example", "auth = pubkey\nid = y");
    CHECK(a && a->local.kind == SHRIKE_AUTH_EAP && a->local.eap.methods.len == 1);
    CHECK(a->local.eap.methods.at[0] == 21 && a->local.eap.inside.len == 0);
    CHECK(a->local.eap.server.type == ID_FQDN && a->local.eap.server.data.len == 11);
    CHECK_EQ(report.warnings, 0);
    uint64_t hash = a->hash; /* settings change the connection, too */
    a = by_eap("eap-ttls { phase2_method = pap }", "auth = eap-ttls\nid = x\naaa_id = aaa.example",
               "auth = pubkey\nid = y");
    CHECK(a && a->hash != hash);
    a = by_eap("eap-ttls { phase2_method = pap }\n eap-peap { phase2_method = mschapv2 }",
               "auth = eap-ttls\nid = x", "auth = eap-ttls\nid = y");
    CHECK(a && a->local.eap.inside.len == 1 && a->local.eap.inside.at[0] == SHRIKE_EAP_PAP);
    CHECK(a->remote.eap.inside.len == 1 && a->remote.eap.inside.at[0] == SHRIKE_EAP_PAP);
    CHECK_EQ(report.warnings, 0);
    a = by_eap("eap-ttls { phase2_method = pap }\n eap-peap { phase2_method = gtc }",
               "auth = pubkey\nid = x", "auth = eap-peap\nid = y");
    CHECK(a && a->remote.eap.inside.len == 1 && a->remote.eap.inside.at[0] == 6);
    a = by_eap("eap-peap { phase2_method = gtc }", "auth = eap-gtc\nid = x",
               "auth = pubkey\nid = y");
    CHECK(a && a->local.eap.inside.len == 0);
    CHECK(!by_eap("eap-peap {\n phase2_method = pap }", "auth = psk", "auth = psk") &&
          said(true, 2, "mschapv2, md5 or gtc"));
    CHECK(!by_eap("eap-ttls {\n phase2_method = tls }", "auth = psk", "auth = psk") &&
          said(true, 2, "gtc or pap"));
    CHECK(!by_eap("", "auth = eap-ttls\naaa_id = %any", "auth = pubkey") &&
          said(true, 4, "aaa_id"));
    CHECK(by_eap("eap-ttls { fragment_size = 1000 }", "auth = psk", "auth = psk"));
    CHECK(said(false, 1, "plugins.eap-ttls.fragment_size"));
}

TEST(authorities)
{
    CHECK(compile("authorities { ca {\n cacert = ca.pem\n crl_uris = http://x/, ldap://y/\n"
                  "ocsp_uris = http://z/\n } }"));
    CHECK(said(false, 2, "x509ca/ca.pem is not there") && said(false, 3, "ldap://y/"));
    CHECK(config->where_count == 2 && config->wheres[0].place == CONFIG_RESPONDER &&
          config->wheres[1].place == CONFIG_CRLS);
    CHECK(config->wheres[0].authority.path && !strcmp(config->wheres[0].url, "http://z/"));
    CHECK_EQ(config->authorities.count, 1);
    CHECK(compile("authorities { ca {\n cacert = ca.pem\n cert_uri_base = http://h/c/\n } }"));
    CHECK(config->where_count == 1 && config->wheres[0].place == CONFIG_BASE);
    CHECK(strcmp(config->wheres[0].url, "http://h/c/") == 0);
    CHECK(compile("authorities { ca {\n cacert = ca.pem\n cert_uri_base = http://h\n } }"));
    CHECK(config->where_count == 0 && said(false, 3, "http://host/path/ is wanted"));
    CHECK(compile("authorities { ca {\n cacert = ca.pem\n cert_uri_base = https://h/\n } }"));
    CHECK(config->where_count == 0 && said(false, 3, "http://host/path/ is wanted"));
    CHECK(compile("authorities { ca { } }") && said(false, 1, "names no certificate"));
    CHECK(!compile("authorities { ca {\n cacrt = ca.pem\n } }"));
    CHECK(said(true, 2, "is cacert meant?"));
}

/* Settings of another file, where this one says nothing; the rest of it is named. */
TEST(settings_of_a_second_file)
{
    struct config_files from = {
        .config =
            file(0, "swanctl.conf", "shrike { port = 600\n plugins { vici { socket = /a } } }"),
        .foreign =
            file(1, "strongswan.conf",
                 "charon {\n port = 700\n port_nat_t = 701\n threads = 16\n fragment_size = 0\n"
                 "make_before_break = yes\n retransmit_tries = 3\n interface = x\n"
                 "plugins {\n vici { socket = unix:///b\n load = yes }\n"
                 "socket-default { fwmark = 5 }\n eap-radius {\n close_all_on_timeout = yes\n} }\n"
                 "filelog {\n x { path = /var/log/x\n ike = 2 } }\n"
                 "host_resolver { max_threads = 2 } }\n"
                 "charon-systemd { retransmit_tries = 4 }\n pki { x = 1 }")};
    config_free(config);
    config = config_load(&from, &report);
    CHECK(config);
    CHECK(config->settings.port == 600 && config->settings.port_nat_t == 701);
    CHECK(strcmp(config->settings.control_socket, "/a") == 0 && config->settings.mark == 5);
    CHECK_EQ(config->base.retransmit_tries, 4);
    CHECK(said(false, 4, "threads is not read") && said(false, 8, "interface is not read"));
    CHECK(said(false, 14, "close_all_on_timeout (") && said(false, 19, "host_resolver"));
    CHECK_EQ(report.warnings, 4);
    CHECK(strcmp(config->settings.interface, "shrike0") == 0);
    bool logs = false;
    for (unsigned k = 0; k < config->settings.log_count; k++)
        logs |= strcmp(config->settings.logs[k].path, "/var/log/x") == 0;
    CHECK(logs);
    from.foreign = file(1, "strongswan.conf", "charon {\n port_nat_t = x\n }");
    CHECK(!config_load(&from, &report) && said(true, 2, "port_nat_t"));
    CHECK(strstr(report.lines[0].file, "strongswan.conf"));
    from.foreign = "/nowhere/strongswan.conf";
    CHECK(!config_load(&from, &report) && said(true, 0, "cannot be read"));
}

/* One connection with these keys in it, and these in its child. */
static const struct shrike_conn *timed(const char *conn, const char *child)
{
    char text[600];
    snprintf(text, sizeof(text),
             "connections { gw { local_addrs = 192.0.2.1\n %s\n local { auth = psk }\n"
             " remote { auth = psk }\n children { net { %s } } } }\n",
             conn, child);
    return compile(text) ? config->conf.conns : NULL;
}

TEST(lifetimes)
{
    const shrike_time minute = 60 * SHRIKE_SECOND;
    const struct shrike_conn *c = timed("", "");
    CHECK(c && c->rekey_time == 240 * minute && c->reauth_time == 0);
    CHECK(c && c->over_time == 24 * minute && c->rand_time == 24 * minute);
    CHECK(c && c->children->rekey_time == 60 * minute && c->children->life_time == 66 * minute);
    CHECK(c && c->children->rand_time == 6 * minute);
    c = timed("reauth_time = 100m", "life_time = 11m");
    CHECK(c && c->rekey_time == 0 && c->reauth_time == 100 * minute);
    CHECK(c && c->over_time == 10 * minute && c->children->rekey_time == 10 * minute);
    c = timed("rekey_time = 0", "rekey_time = 0");
    CHECK(c && c->rekey_time == 0 && c->over_time == 0 && c->children->life_time == 0);
    c = timed("rekey_time = 1h\n over_time = 5m\n rand_time = 1m",
              "rekey_time = 10m\n life_time = 9m\n rand_time = 2m");
    CHECK(c && c->over_time == 5 * minute && c->rand_time == minute);
    CHECK(c && c->children->rand_time == 2 * minute && report.warnings == 1);
}

/* RFC 5685: where clients are led, and whether we follow. */
TEST(other_gateways)
{
#define LED(lines)                                                                                 \
    "connections {\n a { local_addrs = 192.0.2.1\n " lines                                         \
    "\n local { auth = psk }\n remote { auth = psk } } }\n"
    CHECK(compile(LED("")));
    const struct shrike_conn *c = config->conf.conns;
    CHECK(c->redirect == SHRIKE_REDIRECT_NO && c->redirect_to.type == 0 && c->follow_redirects);
    CHECK_EQ(c->redirect_wait, 60 * SHRIKE_SECOND);
    CHECK(compile(
        "shrike { follow_redirects = no\n redirect_wait = 5m }\n" LED("redirect_to = 192.0.2.77")));
    c = config->conf.conns;
    CHECK(c->redirect == SHRIKE_REDIRECT_AUTH && c->redirect_to.type == ID_IPV4_ADDR);
    CHECK(c->redirect_to.data.len == 4 && c->redirect_to.data.at[3] == 77);
    CHECK(!c->follow_redirects && c->redirect_wait == 300 * SHRIKE_SECOND);
    CHECK(compile(LED("redirect_to = gw2.example\n redirect_at = init")));
    c = config->conf.conns;
    CHECK(c->redirect == SHRIKE_REDIRECT_INIT && c->redirect_to.type == ID_FQDN);
    CHECK_BYTES(c->redirect_to.data.at, "gw2.example", 11);
    CHECK(compile(LED("redirect_to = 2001:db8::7\n redirect_at = auth")));
    CHECK_EQ(config->conf.conns->redirect_to.type, ID_IPV6_ADDR);
    CHECK(!compile(LED("redirect_to = not a name")));
    CHECK(said(true, 3, "redirect_to = not a name: an address or a name is wanted"));
    CHECK(!compile(LED("redirect_at = later")));
    CHECK(said(true, 3, "init or auth is wanted"));
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    int bad = RUN(two_gateways) | RUN(lifetimes) | RUN(what_certificates_have_to_be_like) |
              RUN(what_cannot_be_used_is_left_out) | RUN(shunts) | RUN(limits_and_servers) |
              RUN(identities_by_expression) | RUN(children_left_out) | RUN(a_script_is_a_command) |
              RUN(calm_values_and_algorithms_left_out) | RUN(errors_before_warnings) |
              RUN(post_quantum_preshared_keys) | RUN(nobody) | RUN(secrets_of_every_kind) |
              RUN(eap_with_a_tunnel) | RUN(authorities) | RUN(several_rounds) |
              RUN(rounds_that_do_not_go_together) | RUN(public_keys) |
              RUN(settings_of_a_second_file) | RUN(names_and_defaults) |
              RUN(settings_of_the_daemon) | RUN(the_data_plane) | RUN(settings_that_cannot_be) |
              RUN(how_much_a_child_may_carry) | RUN(numbers_stay_when_others_come_and_go) |
              RUN(a_name_that_no_message_can_carry) | RUN(secrets_apart) |
              RUN(the_hash_follows_the_contents) | RUN(lost_and_double_connections) |
              RUN(each_complaint_has_its_line) | RUN(other_gateways);
    config_free(config);
    folder_remove();
    return bad;
}
