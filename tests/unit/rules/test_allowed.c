/* What a Child SA is held against. */
#include "asked.h"
#include "rules/allowed.h"

static struct asked a;
static struct lease_pool pools[2];
static const struct allowed_before *before;

static enum refusal asked(void)
{
    struct allowed_by by = {
        .conn = &a.conn, .child = &a.child, .pools = pools, .pool_count = ARRAY_LEN(pools)};
    return allowed_install(&by, before, &a.op);
}

static void begin(void)
{
    asked_make(&a);
    before = NULL;
    pools[0] = (struct lease_pool){.name = "clients", .size = 16};
    pools[1] = (struct lease_pool){.name = "others", .size = 16};
    pools[0].base = net4(0x0a090001, 32).addr;
    pools[1].base = net4(0x0a0a0001, 32).addr;
}

TEST(what_is_configured_is_allowed)
{
    begin();
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.op.encap = false;
    a.op.tfc_padding = 0; /* the peer takes none */
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.local[0] = a.local_conf[0]; /* all of it */
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.remote[0].protocol = 6; /* less than that */
    a.remote[0].port_from = a.remote[0].port_to = 443;
    CHECK_EQ(asked(), REFUSAL_NONE);
    for (enum refusal why = REFUSAL_NONE; why < REFUSAL_COUNT; why++)
        CHECK(refusal_words(why));
}

TEST(mode_and_reqid_are_the_childs)
{
    begin();
    a.op.mode = SHRIKE_TRANSPORT;
    CHECK_EQ(asked(), REFUSAL_MODE);
    a.child.mode = SHRIKE_TRANSPORT;
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.op.mode = SHRIKE_BEET;
    CHECK_EQ(asked(), REFUSAL_MODE);
    a.child.mode = SHRIKE_BEET;
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.op.mode = SHRIKE_IPTFS;
    CHECK_EQ(asked(), REFUSAL_MODE);
    a.child.mode = SHRIKE_IPTFS;
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.op.mode = a.child.mode = SHRIKE_PASS; /* shunts are nobody's to ask for */
    CHECK_EQ(asked(), REFUSAL_MODE);
    begin();
    a.op.reqid++;
    CHECK_EQ(asked(), REFUSAL_REQID);
    a.op.reqid = a.child.reqid = 0; /* which would be everybody's */
    CHECK_EQ(asked(), REFUSAL_REQID);
}

TEST(selectors_lie_within_those_of_the_child)
{
    begin();
    a.local[0] = ts4(0x0a010000, 0x0a020000); /* one address too many */
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    a.local[0] = ts4(0x0a00ffff, 0x0a0100ff);
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    a.local[0] = ts4(0, 0xffffffff);
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    begin();
    a.remote[0] = ts4(0x0a030000, 0x0a0300ff);
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    begin();
    a.op.remote_ts_count = 2; /* each of them */
    a.remote[1] = ts4(0x08080808, 0x08080808);
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    a.remote_conf[1] = a.remote[1];
    a.child.remote_ts_count = 2;
    CHECK_EQ(asked(), REFUSAL_NONE);
    begin();
    a.op.local_ts_count = 0; /* there must be one */
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    begin();
    a.remote[0].family = 6; /* 0a02:: */
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
}

TEST(protocols_and_ports_are_part_of_selectors)
{
    begin();
    a.remote_conf[0].protocol = 6;
    a.remote_conf[0].port_from = 80;
    a.remote_conf[0].port_to = 90;
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS); /* any */
    a.remote[0].protocol = 17;
    a.remote[0].port_from = a.remote[0].port_to = 85;
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    a.remote[0].protocol = 6;
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.remote[0].port_to = 91;
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    a.remote[0].port_from = UINT16_MAX; /* OPAQUE */
    a.remote[0].port_to = 0;
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
}

TEST(ranges_that_are_none_are_refused)
{
    begin();
    a.local[0] = ts4(0x0a0101ff, 0x0a010100); /* its end is before its beginning */
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    begin();
    a.local[0].to[9] = 1; /* octets that an IPv4 address has not */
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    begin();
    a.local[0].family = 0; /* "dynamic" is a word of the configuration */
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    a.local_conf[0] = ts_dynamic_conf();
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
}

TEST(dynamic_is_the_end_of_the_sa)
{
    begin();
    a.local_conf[0] = a.remote_conf[0] = ts_dynamic_conf();
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    a.local[0] = ts4(0xc0000201, 0xc0000201);
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    a.remote[0] = ts4(0xc6336401, 0xc6336401);
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.remote[0] = ts4(0xc6336401, 0xc6336402);
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    a.remote[0] = ts4(0xc6336402, 0xc6336402);
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    a.remote[0] = ts4(0, 0xffffffff); /* which is not what it stands for */
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    a.remote[0] = ts4(0xc6336401, 0xc6336401);
    a.remote_conf[0].protocol = 6;
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    a.remote[0].protocol = 6;
    CHECK_EQ(asked(), REFUSAL_NONE);
}

/* RFC 7296 2.19, as the gateway. */
TEST(clients_have_addresses_of_the_pools_of_their_connection)
{
    const char *names[2] = {"clients", NULL};
    begin();
    a.remote_conf[0] = ts_dynamic_conf();
    a.remote[0] = ts4(0x0a090005, 0x0a090005);
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    a.conn.pools = names;
    a.conn.pool_count = 1;
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.remote[0] = ts4(0x0a090011, 0x0a090011); /* the one behind the last */
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    a.remote[0] = ts4(0x0a0a0005, 0x0a0a0005); /* of a pool of others */
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    a.remote[0] = ts4(0x0a090001, 0x0a090010); /* a whole pool */
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    names[0] = "gone";
    a.remote[0] = ts4(0x0a090005, 0x0a090005);
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    names[0] = LEASE_GIFT_POOL; /* the server decides */
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.remote[0] = ts4(0x7f000001, 0x7f000001);
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
}

/* RFC 7296 2.19, as the client. */
TEST(a_gateway_gives_us_one_address_of_a_family_that_we_wish)
{
    struct shrike_addr vip = {.family = 6};
    begin();
    a.local_conf[0] = ts_dynamic_conf();
    a.local[0] = ts4(0x0a090005, 0x0a090005);
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    a.conn.vips = &vip;
    a.conn.vip_count = 1;
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    vip.family = 4;
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.local[0] = ts4(0x0a090005, 0x0a090006);
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    a.local[0] = ts4(0xe0000001, 0xe0000001); /* a group */
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    a.local[0] = ts4(0xc0000201, 0xc0000201); /* who was called has none */
    CHECK_EQ(asked(), REFUSAL_NONE);
}

TEST(ends_are_where_the_configuration_puts_them)
{
    begin();
    a.op.local = end4(0xc0000202, 4500);
    CHECK_EQ(asked(), REFUSAL_LOCAL_END);
    a.conn.local_addr_count = 0;
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.op.remote = end4(0xcb007101, 4500);
    CHECK_EQ(asked(), REFUSAL_REMOTE_END);
    a.conn.mobike = true; /* the peer goes where it likes */
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.conn.mobike = false;
    a.conn.follow_redirects = true; /* its gateway leads us on */
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.conn.follow_redirects = false;
    a.remote_net = net4(0, 0);
    a.remote_net.addr.family = 0; /* %any */
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.remote_net = net4(0, 32); /* a name that is not resolved */
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.op.remote.family = 6;
    CHECK_EQ(asked(), REFUSAL_ENDS);
    a.op.remote.family = a.op.local.family = 0;
    CHECK_EQ(asked(), REFUSAL_ENDS);
}

TEST(algorithms_are_of_one_proposal)
{
    begin();
    a.op.esn = false; /* that one is of the other proposal */
    CHECK_EQ(asked(), REFUSAL_SUITE);
    a.op.encr = ENCR_AES_CBC;
    a.op.encr_key_bits = 256;
    a.op.integ = INTEG_HMAC_SHA2_256_128;
    a.op.in.encr_key.len = a.op.out.encr_key.len = 32;
    a.op.in.integ_key = a.op.out.integ_key = bytes_of(a.key, 32);
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.op.encr_key_bits = 128;
    CHECK_EQ(asked(), REFUSAL_SUITE);
    a.op.encr_key_bits = 256;
    a.op.integ = INTEG_HMAC_SHA2_512_256;
    CHECK_EQ(asked(), REFUSAL_SUITE);
    a.op.integ = INTEG_NONE;
    CHECK_EQ(asked(), REFUSAL_SUITE);
    begin();
    a.op.encr = ENCR_NULL;
    a.op.encr_key_bits = 0;
    CHECK_EQ(asked(), REFUSAL_SUITE);
    begin();
    a.gcm[1] = a.gcm[2]; /* no SN: 32 bits */
    CHECK_EQ(asked(), REFUSAL_SUITE);
    a.op.esn = false;
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.op.protocol = PROTOCOL_AH;
    a.op.encap = false;
    CHECK_EQ(asked(), REFUSAL_SUITE);
}

TEST(keys_and_spis_have_to_be_such)
{
    begin();
    a.op.in.encr_key.len = 19;
    CHECK_EQ(asked(), REFUSAL_KEYS);
    begin();
    a.op.out.encr_key.len = 36;
    CHECK_EQ(asked(), REFUSAL_KEYS);
    begin();
    a.op.out.integ_key = bytes_of(a.key, 32);
    CHECK_EQ(asked(), REFUSAL_KEYS);
    begin();
    a.op.in.spi = 255;
    CHECK_EQ(asked(), REFUSAL_SPI);
    a.op.in.spi = 256;
    a.op.out.spi = 0;
    CHECK_EQ(asked(), REFUSAL_SPI);
}

TEST(ah_takes_no_key_of_a_cipher_and_no_udp)
{
    begin();
    a.proposals[1].protocol = PROTOCOL_AH;
    a.cbc[0] = a.cbc[1];
    a.op.protocol = PROTOCOL_AH;
    a.op.encr = a.op.encr_key_bits = 0;
    a.op.integ = INTEG_HMAC_SHA2_256_128;
    a.op.esn = false;
    a.op.in.encr_key.len = a.op.out.encr_key.len = 0;
    a.op.in.integ_key = a.op.out.integ_key = bytes_of(a.key, 32);
    CHECK_EQ(asked(), REFUSAL_ENCAP);
    a.op.encap = false;
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.op.in.encr_key.len = 16;
    CHECK_EQ(asked(), REFUSAL_KEYS);
}

TEST(the_rest_is_of_the_configuration_alone)
{
    begin();
    a.op.cpi_in = a.op.cpi_out = 256;
    CHECK_EQ(asked(), REFUSAL_IPCOMP);
    a.child.ipcomp = true;
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.op.cpi_out = 0;
    CHECK_EQ(asked(), REFUSAL_IPCOMP);
    a.op.cpi_out = 2; /* DEFLATE itself: no number of an SA */
    CHECK_EQ(asked(), REFUSAL_IPCOMP);
    begin();
    a.op.tfc_padding = 501;
    CHECK_EQ(asked(), REFUSAL_PADDING);
    begin();
    a.op.replay_window = 0;
    CHECK_EQ(asked(), REFUSAL_WINDOW);
    begin();
    a.op.life.bytes_hard = 0; /* for ever */
    CHECK_EQ(asked(), REFUSAL_LIMITS);
}

/* Who takes the place of another one may be as that is: it was allowed when it came. */
TEST(what_goes_on_may_be_as_it_was)
{
    const struct shrike_ts local = ts4(0xac100000, 0xac10ffff),
                           remote = ts4(0xac110001, 0xac110001);
    const struct allowed_before was = {.local = end4(0xc0000209, 500),
                                       .remote = end4(0xcb007101, 500),
                                       .local_ts = &local,
                                       .remote_ts = &remote,
                                       .local_ts_count = 1,
                                       .remote_ts_count = 1};
    begin();
    a.op.local = was.local;
    a.op.remote = was.remote;
    a.local[0] = local;
    a.remote[0] = remote;
    CHECK_EQ(asked(), REFUSAL_LOCAL_END);
    before = &was;
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.op.remote.port = 4500; /* behind a NAT that has chosen another one */
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.local[0] = ts4(0xac0f0000, 0xac10ffff); /* more */
    CHECK_EQ(asked(), REFUSAL_LOCAL_TS);
    a.local[0] = a.local_conf[0];
    CHECK_EQ(asked(), REFUSAL_NONE);
    a.remote[0] = local; /* of the other side */
    CHECK_EQ(asked(), REFUSAL_REMOTE_TS);
    a.remote[0] = remote;
    a.op.remote = end4(0xcb007102, 4500); /* not both ends as they were */
    CHECK_EQ(asked(), REFUSAL_LOCAL_END);
    a.op.remote = was.remote;
    a.op.esn = false; /* of algorithms there is no such thing */
    CHECK_EQ(asked(), REFUSAL_SUITE);
}

TEST(a_host_is_one_of_this_world)
{
    static const struct {
        u8 family, octets[16];
        bool host;
    } all[] = {{4, {10, 0, 0, 1}, true},
               {4, {0, 0, 0, 0}, false},
               {4, {127, 0, 0, 1}, false},
               {4, {224, 0, 0, 1}, false},
               {4, {255, 255, 255, 255}, false},
               {6, {0x20, 1}, true},
               {6, {0xfd, 1}, true},
               {6, {0}, false},
               {6, {0xfe, 0x80}, false},
               {6, {0xff, 2}, false},
               {0, {10, 0, 0, 1}, false}};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct shrike_addr at = {.family = all[i].family};
        memcpy(at.octets, all[i].octets, sizeof(at.octets));
        CHECK(allowed_host(&at) == all[i].host);
    }
}

int main(void)
{
    return RUN(what_is_configured_is_allowed) | RUN(mode_and_reqid_are_the_childs) |
           RUN(selectors_lie_within_those_of_the_child) |
           RUN(protocols_and_ports_are_part_of_selectors) | RUN(ranges_that_are_none_are_refused) |
           RUN(dynamic_is_the_end_of_the_sa) |
           RUN(clients_have_addresses_of_the_pools_of_their_connection) |
           RUN(a_gateway_gives_us_one_address_of_a_family_that_we_wish) |
           RUN(ends_are_where_the_configuration_puts_them) | RUN(algorithms_are_of_one_proposal) |
           RUN(keys_and_spis_have_to_be_such) | RUN(ah_takes_no_key_of_a_cipher_and_no_udp) |
           RUN(the_rest_is_of_the_configuration_alone) | RUN(what_goes_on_may_be_as_it_was) |
           RUN(a_host_is_one_of_this_world);
}
