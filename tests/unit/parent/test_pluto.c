/* The variables of updown scripts. */
#include "parent/pluto.h"
#include "test.h"
#include "wire/codes.h"

static struct pluto p;
static struct shrike_ike_view ike;
static struct shrike_child_view child;
static struct shrike_ts local, remote;
static struct pluto_of of;

static struct shrike_ts ts4(u8 first, u8 from, u8 to)
{
    return (struct shrike_ts){
        .from = {10, first, 0, from}, .to = {10, first, 0, to}, .port_to = UINT16_MAX, .family = 4};
}

static void begin(void)
{
    ike = (struct shrike_ike_view){
        .serial = 4,
        .local = {.octets = {192, 0, 2, 1}, .port = 4500, .family = 4},
        .remote = {.octets = {198, 51, 100, 7}, .port = 32000, .family = 4},
        .local_id = {.type = ID_FQDN, .data = {(const u8 *)"moon", 4}},
        .remote_id = {.type = ID_FQDN, .data = {(const u8 *)"sun", 3}}};
    child = (struct shrike_child_view){.serial = 9, .reqid = 77, .child = "lan", .protocol = 3};
    local = ts4(1, 0, 255);
    remote = ts4(2, 0, 255);
    of = (struct pluto_of){.up = true,
                           .interface = "shrike0",
                           .ike = &ike,
                           .child = &child,
                           .local = &local,
                           .remote = &remote};
}

/* What it is; NULL: there is no such variable. */
static const char *value(const char *name)
{
    size_t len = strlen(name);
    for (size_t at = 0; at < p.len; at += strlen(p.room + at) + 1)
        if (strncmp(p.room + at, name, len) == 0 && p.room[at + len] == '=')
            return p.room + at + len + 1;
    return NULL;
}

static bool is(const char *name, const char *wanted)
{
    const char *v = value(name);
    if (!v || strcmp(v, wanted) != 0)
        printf("# %s is %s\n", name, v ? v : "not there");
    return v && strcmp(v, wanted) == 0;
}

TEST(a_tunnel_between_two_networks)
{
    begin();
    CHECK(pluto_write(&p, &of));
    CHECK(is("PLUTO_VERSION", "1.1") && is("PLUTO_VERB", "up-client"));
    CHECK(is("PLUTO_CONNECTION", "lan") && is("PLUTO_INTERFACE", "shrike0"));
    CHECK(is("PLUTO_REQID", "77") && is("PLUTO_UNIQUEID", "4") && is("PLUTO_PROTO", "esp"));
    CHECK(is("PLUTO_ME", "192.0.2.1") && is("PLUTO_PEER", "198.51.100.7"));
    CHECK(is("PLUTO_MY_ID", "moon") && is("PLUTO_PEER_ID", "sun"));
    CHECK(is("PLUTO_MY_CLIENT", "10.1.0.0/24") && is("PLUTO_PEER_CLIENT", "10.2.0.0/24"));
    CHECK(is("PLUTO_MY_PORT", "0") && is("PLUTO_PEER_PORT", "0"));
    CHECK(is("PLUTO_MY_PROTOCOL", "0") && is("PLUTO_PEER_PROTOCOL", "0"));
    CHECK(!value("PLUTO_MY_SOURCEIP") && !value("PLUTO_PEER_SOURCEIP"));
    CHECK(!value("PLUTO_UDP_ENC") && !value("PLUTO_IPCOMP") && !value("PLUTO_HOST_ACCESS"));
    CHECK(!value("PLUTO_DNS4_1") && !value("PLUTO_MARK_IN") && !value("PLUTO_IF_ID_OUT"));
}

TEST(marks_and_interfaces)
{
    const struct mail_numbers n = {
        .mark_in = 42, .mask_in = 0xff, .mask_out = UINT32_MAX, .if_out = 7};
    begin();
    of.numbers = &n;
    CHECK(pluto_write(&p, &of));
    CHECK(is("PLUTO_MARK_IN", "42/0x000000ff") && is("PLUTO_IF_ID_OUT", "7"));
    CHECK(!value("PLUTO_MARK_OUT") && !value("PLUTO_IF_ID_IN"));
}

TEST(the_verb_says_what_is_at_this_end)
{
    begin();
    of.up = false;
    CHECK(pluto_write(&p, &of) && is("PLUTO_VERB", "down-client"));
    memcpy(local.from, ike.local.octets, 16);
    memcpy(local.to, ike.local.octets, 16);
    CHECK(pluto_write(&p, &of) && is("PLUTO_VERB", "down-host"));
    CHECK(is("PLUTO_MY_CLIENT", "192.0.2.1/32"));
    local.to[3] = 2;
    CHECK(pluto_write(&p, &of) && is("PLUTO_VERB", "down-client"));
    local = remote =
        (struct shrike_ts){.family = 6,
                           .from = {0xfd, 1},
                           .to = {0xfd, 1, [8] = 255, 255, 255, 255, 255, 255, 255, 255}};
    CHECK(pluto_write(&p, &of) && is("PLUTO_VERB", "down-client-v6"));
    CHECK(is("PLUTO_PEER_CLIENT", "fd01::/64"));
}

TEST(what_is_no_subnet_is_the_next_larger_one)
{
    begin();
    local = ts4(1, 10, 21);
    CHECK(pluto_write(&p, &of) && is("PLUTO_MY_CLIENT", "10.1.0.0/27"));
    local = ts4(1, 128, 255);
    CHECK(pluto_write(&p, &of) && is("PLUTO_MY_CLIENT", "10.1.0.128/25"));
    memset(local.from, 0, 4);
    memset(local.to, 255, 4);
    CHECK(pluto_write(&p, &of) && is("PLUTO_MY_CLIENT", "0.0.0.0/0"));
}

TEST(ports_are_as_firewalls_write_them)
{
    begin();
    local.protocol = remote.protocol = 6;
    remote.port_from = remote.port_to = 443;
    local.port_from = 1024;
    CHECK(pluto_write(&p, &of));
    CHECK(is("PLUTO_MY_PORT", "1024:65535") && is("PLUTO_PEER_PORT", "443"));
    CHECK(is("PLUTO_MY_PROTOCOL", "6"));
    local.protocol = 1; /* 8, code 3 */
    remote.protocol = 0;
    local.port_from = local.port_to = 0x0803;
    remote.port_from = 0;
    CHECK(pluto_write(&p, &of));
    CHECK(is("PLUTO_MY_PORT", "8") && is("PLUTO_PEER_PORT", "3"));
}

TEST(addresses_that_were_given)
{
    const struct shrike_addr mine[] = {{{10, 9, 0, 1}, 4}, {{0xfd, 9, [15] = 1}, 6}},
                             theirs[] = {{{0xfd, 8, [15] = 1}, 6}, {{0xfd, 8, [15] = 2}, 6}},
                             dns[] = {{{10, 0, 0, 53}, 4}};
    begin();
    ike.local_vips = mine;
    ike.remote_vips = theirs;
    ike.local_vip_count = ike.remote_vip_count = 2;
    of.dns = dns;
    of.dns_count = 1;
    CHECK(pluto_write(&p, &of));
    CHECK(is("PLUTO_MY_SOURCEIP", "10.9.0.1") && is("PLUTO_MY_SOURCEIP4_1", "10.9.0.1"));
    CHECK(is("PLUTO_MY_SOURCEIP6_1", "fd09::1") && !value("PLUTO_MY_SOURCEIP4_2"));
    CHECK(is("PLUTO_PEER_SOURCEIP", "fd08::1") && is("PLUTO_PEER_SOURCEIP6_2", "fd08::2"));
    CHECK(is("PLUTO_DNS4_1", "10.0.0.53"));
}

TEST(what_the_child_has)
{
    begin();
    child.protocol = PROTOCOL_AH;
    child.cpi_out = 300;
    child.encap = true;
    of.hostaccess = true;
    CHECK(pluto_write(&p, &of));
    CHECK(is("PLUTO_PROTO", "ah") && is("PLUTO_IPCOMP", "1") && is("PLUTO_UDP_ENC", "32000"));
    CHECK(is("PLUTO_HOST_ACCESS", "1"));
}

/* Not every script puts quotes around what it is given. */
TEST(nothing_of_a_peer_means_something_to_a_shell)
{
    static const char evil[] = "a`reboot`$(x);'\"\\|&<>*?!{}[]\n\x1b#~^@b.example";
    begin();
    ike.remote_id.data = bytes_of(evil, sizeof(evil) - 1);
    child.child = "l an;$x";
    CHECK(pluto_write(&p, &of));
    const char *id = value("PLUTO_PEER_ID");
    CHECK(id && !strpbrk(id, "`$();'\"\\|&<>*?!{}[]\n\x1b#~^") && strstr(id, "@b.example"));
    CHECK(is("PLUTO_CONNECTION", "l an__x"));
}

TEST(what_has_no_room_is_refused)
{
    static u8 name[SHRIKE_ID_MAX];
    struct shrike_addr many[SHRIKE_ADDRESSES_MAX] = {{{10, 9, 0, 1}, 4}};
    begin();
    memset(name, 'a', sizeof(name));
    ike.remote_id.data = ike.local_id.data = bytes_of(name, sizeof(name));
    for (u32 i = 0; i < ARRAY_LEN(many); i++)
        many[i] = (struct shrike_addr){{0xfd, 9, [14] = 0xff, 0xf0}, 6};
    ike.local_vips = ike.remote_vips = of.dns = many;
    ike.local_vip_count = ike.remote_vip_count = of.dns_count = ARRAY_LEN(many);
    CHECK(pluto_write(&p, &of)); /* all that there can be has */
    local.family = 0;
    CHECK(!pluto_write(&p, &of));
}

int main(void)
{
    return RUN(a_tunnel_between_two_networks) | RUN(marks_and_interfaces) |
           RUN(the_verb_says_what_is_at_this_end) | RUN(what_is_no_subnet_is_the_next_larger_one) |
           RUN(ports_are_as_firewalls_write_them) | RUN(addresses_that_were_given) |
           RUN(what_the_child_has) | RUN(nothing_of_a_peer_means_something_to_a_shell) |
           RUN(what_has_no_room_is_refused);
}
