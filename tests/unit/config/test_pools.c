/* Tests of config/pools.c: the section `pools`. */
#include "config/pools.h"
#include "tools.h"
#include "wire/codes.h"
#include <stdio.h>

static struct config *config;

static bool compile(const char *text)
{
    config_free(config);
    config = load_file(file(0, "swanctl.conf", text));
    return config != NULL;
}

static bool holds(const struct lease_pool *p, u16 n, u16 type, const char *octets, size_t len)
{
    const struct lease_attribute *a = &p->attributes[n];
    return n < p->attribute_count && a->type == type &&
           bytes_equal(a->value, bytes_of(octets, len));
}

TEST(pools_with_attributes)
{
    CHECK(compile("pools {\n"
                  " four { addrs = 10.3.0.0/24\n dns = 10.3.0.254, fd00::fe\n nbns = 10.3.0.253\n"
                  "  netmask = 255.255.255.0\n subnet = 10.0.0.0/8, fd00::/16, 10.9.9.9\n }\n"
                  " six { addrs = fd00:3::10-fd00:3::1f\n dhcp = fd00::1, 10.3.0.1\n"
                  "  server = 10.3.0.2, fd00::2\n"
                  "  25 = example.org\n 20 = 10.3.0.3\n 16000 = 10.0.0.0/12, a/b\n}\n}"));
    CHECK(report.warnings == 0 && config->settings.pool_count == 2);
    const struct lease_pool *four = config->settings.pools, *six = four + 1;
    CHECK(strcmp(four->name, "four") == 0 && four->origin.line == 2);
    CHECK(four->size == 254 && four->base.octets[3] == 1 && four->attribute_count == 7);
    CHECK(holds(four, 0, CFG_INTERNAL_IP4_DNS, "\12\3\0\376", 4));
    CHECK(holds(four, 1, CFG_INTERNAL_IP6_DNS, "\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\376", 16));
    CHECK(holds(four, 2, CFG_INTERNAL_IP4_NBNS, "\12\3\0\375", 4));
    CHECK(holds(four, 3, CFG_INTERNAL_IP4_NETMASK, "\377\377\377\0", 4));
    CHECK(holds(four, 4, CFG_INTERNAL_IP4_SUBNET, "\12\0\0\0\377\0\0\0", 8));
    CHECK(holds(four, 5, CFG_INTERNAL_IP6_SUBNET, "\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\20", 17));
    CHECK(holds(four, 6, CFG_INTERNAL_IP4_SUBNET, "\12\11\11\11\377\377\377\377", 8));
    CHECK(six->size == 16 && six->attribute_count == 8);
    CHECK(six->attributes[0].type == CFG_INTERNAL_IP6_DHCP);
    CHECK(six->attributes[1].type == CFG_INTERNAL_IP4_DHCP);
    CHECK(six->attributes[2].type == CFG_INTERNAL_IP4_SERVER);
    CHECK(six->attributes[3].type == CFG_INTERNAL_IP6_SERVER);
    CHECK(holds(six, 4, CFG_INTERNAL_DNS_DOMAIN, "example.org", 11));
    CHECK(holds(six, 5, CFG_P_CSCF_IP4_ADDRESS, "\12\3\0\3", 4));
    CHECK(holds(six, 6, 16000, "\12\0\0\0\377\360\0\0", 8) && holds(six, 7, 16000, "a/b", 3));
}

TEST(subnets_of_any_size)
{
    CHECK(compile("pools { p { addrs = 10.3.0.1\n subnet = 0.0.0.0/0, ::/0, 10.128.0.0/9 } }"));
    CHECK(holds(config->settings.pools, 0, CFG_INTERNAL_IP4_SUBNET, "\0\0\0\0\0\0\0\0", 8));
    CHECK(holds(config->settings.pools, 1, CFG_INTERNAL_IP6_SUBNET,
                "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 17));
    CHECK(holds(config->settings.pools, 2, CFG_INTERNAL_IP4_SUBNET, "\12\200\0\0\377\200\0\0", 8));
    CHECK(config->settings.pools->size == 1);
    CHECK(compile("pools { p { addrs = ::/0 } }") &&
          config->settings.pools->size == LEASE_SIZE_MAX);
    CHECK(compile("") && config->settings.pool_count == 0);
}

TEST(what_cannot_be)
{
    CHECK(!compile("pools {\n a { dns = 10.0.0.1\n}\n b { addrs = gw.example.org\n}\n"
                   " c { addrs = 10.0.0.0/24, 10.0.1.0/24\n}\n d { addrs = dynamic\n}\n"
                   " e { addrs = 10.0.0.0/24[tcp]\n}\n}"));
    CHECK(said(true, 2, "pool a: addrs = (none)") && said(true, 4, "gw.example.org"));
    CHECK(said(true, 6, "one subnet") && said(true, 8, "dynamic") && said(true, 10, "[tcp]"));
    CHECK(!compile("pools {\n a { addrs = 10.0.0.0/24\n dns = ns.example.org\n"
                   " netmask = fd00::1\n subnet = 10.0.0.1-10.0.0.2\n addr = 1\n 0 = 7\n"
                   " split_include = 10.0.0.0/8\n sub { }\n}\n loose = 1\n}"));
    CHECK(said(true, 3, "an address is wanted") && said(true, 4, "an IPv4 address"));
    CHECK(said(true, 5, "10.0.0.0/8") && said(true, 6, "is addrs meant"));
    CHECK(said(true, 7, "no key 0") && said(false, 8, "version 1") && said(true, 9, "section sub"));
    CHECK(said(true, 11, "between pools"));
    CHECK(!compile("pool { a { } }") && said(true, 1, "is pools meant"));
}

TEST(an_address_is_of_one_pool)
{
    CHECK(!compile("pools {\n a { addrs = 10.0.0.0/24\n}\n b {\n addrs = 10.0.0.9-10.0.1.0\n}\n}"));
    CHECK(said(true, 5, "pool b has addresses of pool a"));
    CHECK(compile("pools { a { addrs = 10.0.0.0/24 }\n b { addrs = 10.0.1.0/24 } }"));
}

#define PSK "local_addrs = 10.0.0.1\nlocal { auth = psk }\nremote { auth = psk }\n"

TEST(what_a_connection_says)
{
    CHECK(compile("pools { p { addrs = 10.3.0.0/24 } }\nconnections {\n client { " PSK
                  "vips = 0.0.0.0, ::, fd00::7\n }\n"
                  " gateway { " PSK "pools = p, dhcp\n } }"));
    const struct shrike_conn *client = config->conf.conns, *gateway = client + 1;
    CHECK(client->vip_count == 3 && client->pool_count == 0 && client->vips_origin.line == 6);
    CHECK(client->vips[0].family == 4 && client->vips[0].octets[0] == 0);
    CHECK(client->vips[1].family == 6 && client->vips[2].octets[15] == 7);
    CHECK(gateway->pool_count == 2 && strcmp(gateway->pools[0], "p") == 0);
    CHECK(gateway->pools_origin.line == 11 && gateway->vip_count == 0);
    CHECK(report.warnings == 1 && said(false, 11, "no pool dhcp"));
    CHECK(!compile("connections { a { " PSK "vips = %any\n"
                   "pools = 1, 2, 3, 4, 5, 6, 7, 8, 9 } }"));
    CHECK(said(true, 4, "%any in vips") && said(true, 5, "more than 8 names"));
    CHECK(!compile("connections { a { " PSK "vips = ::,::,::,::,::,::,::,::,:: } }"));
    CHECK(said(true, 4, "more than 8 addresses"));
}

TEST(too_much)
{
    static char text[200000];
    size_t len = 0;
    len += (size_t)sprintf(text, "pools { p { addrs = 10.0.0.0/24\n 25 = ");
    for (int i = 0; i < 300; i++)
        text[len++] = 'x';
    len += (size_t)sprintf(text + len, "\n dns = ");
    for (int i = 0; i < LEASE_ATTRIBUTES_MAX + 1; i++)
        len += (size_t)sprintf(text + len, "%s10.0.0.1", i ? "," : "");
    sprintf(text + len, " } }");
    CHECK(!compile(text) && said(true, 2, "longer than 255") && said(true, 3, "more than 64"));
    len = (size_t)sprintf(text, "pools {\n");
    for (int i = 0; i < LEASE_POOLS_MAX + 1; i++)
        len += (size_t)sprintf(text + len, "p%d { addrs = 10.0.%d.%d }\n", i, i / 256, i % 256);
    sprintf(text + len, "}");
    CHECK(!compile(text) && said(true, 1, "more than 1024 pools"));
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    int bad = RUN(pools_with_attributes) | RUN(subnets_of_any_size) | RUN(what_cannot_be) |
              RUN(an_address_is_of_one_pool) | RUN(what_a_connection_says) | RUN(too_much);
    config_free(config);
    folder_remove();
    return bad;
}
