/* Single values: each form that is taken, and the nearest that is not. */
#include "config/value.h"
#include "tools.h"
#include "wire/codes.h"
#include "wire/ident.h"

static struct pool pool;

TEST(numbers_and_times)
{
    uint64_t n;
    bool b;
    CHECK(value_number("0x1F", 31, &n) && n == 31);
    CHECK(!value_number("32", 31, &n) && !value_number("", 9, &n) && !value_number("1a", 99, &n));
    CHECK(!value_number("-1", 99, &n) && !value_number("0x", 99, &n));
    CHECK(value_number("18446744073709551615", UINT64_MAX, &n) && n == UINT64_MAX);
    CHECK(!value_number("18446744073709551616", UINT64_MAX, &n));
    CHECK(value_time("4h", &n) && n == 14400 * SHRIKE_SECOND);
    CHECK(value_time("30", &n) && n == 30 * SHRIKE_SECOND);
    CHECK(value_time("2d", &n) && n == 172800 * SHRIKE_SECOND);
    CHECK(value_time("3m", &n) && n == 180 * SHRIKE_SECOND);
    CHECK(!value_time("3w", &n) && !value_time("3ms", &n) && !value_time("s", &n));
    CHECK(value_seconds("1.25", &n) && n == 1250 * SHRIKE_MS);
    CHECK(!value_seconds("1,25", &n));
    CHECK(value_bytes("2k", &n) && n == 2048 && value_bytes("1g", &n) && n == 1 << 30);
    CHECK(!value_bytes("1x", &n));
    CHECK(value_bool("YES", &b) && b && value_bool("no", &b) && !b && !value_bool("maybe", &b));
}

TEST(lists)
{
    const char *rest = " a , b c,,\td ";
    CHECK(strcmp(list_next(&pool, &rest), "a") == 0);
    CHECK(strcmp(list_next(&pool, &rest), "b c") == 0);
    CHECK(strcmp(list_next(&pool, &rest), "d") == 0);
    CHECK(!list_next(&pool, &rest));
}

TEST(address_blocks)
{
    struct shrike_net n[VALUE_NETS];
    uint32_t count;
    CHECK(value_nets("192.0.2.77/24", n, &count) && count == 1 && n[0].prefix_bits == 24);
    CHECK_BYTES(n[0].addr.octets, "\xc0\0\2\0", 4);
    CHECK(value_nets("%any", n, &count) && count == 1 && n[0].addr.family == 0);
    CHECK(value_nets("10.0.0.1-10.0.0.4", n, &count) && count == 3);
    CHECK(n[0].prefix_bits == 32 && n[1].prefix_bits == 31 && n[2].prefix_bits == 32);
    CHECK(n[1].addr.octets[3] == 2 && n[2].addr.octets[3] == 4);
    CHECK(value_nets("0.0.0.0-255.255.255.255", n, &count) && count == 1 && !n[0].prefix_bits);
    CHECK(value_nets("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", n, &count) && count == 254);
    CHECK(value_nets("2001:db8::/32", n, &count) && n[0].addr.family == 6);
    CHECK(!value_nets("10.0.0.2-10.0.0.1", n, &count) && !value_nets("10.0.0.0/33", n, &count));
    CHECK(!value_nets("10.0.0.1-::2", n, &count) && !value_nets("10.0.0", n, &count));
    CHECK(value_is_host_name("gw-1.example.org") && !value_is_host_name("10.0.0.256"));
    CHECK(!value_is_host_name("a b") && !value_is_host_name("") && !value_is_host_name("fe80::1"));
}

TEST(selectors)
{
    struct shrike_ts t;
    CHECK(value_ts("10.0.0.9/24[tcp/443]", &t));
    CHECK(t.family == 4 && t.protocol == 6 && t.port_from == 443 && t.port_to == 443);
    CHECK_BYTES(t.from, "\x0a\0\0\0", 4);
    CHECK_BYTES(t.to, "\x0a\0\0\xff", 4);
    CHECK(value_ts("dynamic[udp/1000-2000]", &t) && t.family == 0 && t.protocol == 17);
    CHECK(t.port_from == 1000 && t.port_to == 2000);
    CHECK(value_ts("::/0", &t) && t.family == 6 && t.protocol == 0 && t.port_to == 65535);
    CHECK(t.to[15] == 255 && t.from[0] == 0);
    CHECK(value_ts("10.0.0.1-10.0.0.7[17]", &t) && t.to[3] == 7 && t.protocol == 17);
    CHECK(value_ts("10.0.0.1[icmp/8]", &t) && t.port_from == 0x800 && t.port_to == 0x8ff);
    CHECK(value_ts("10.0.0.1[tcp/opaque]", &t) && t.port_from == 65535 && t.port_to == 0);
    CHECK(value_ts("10.0.0.1[/53]", &t) && t.protocol == 0 && t.port_from == 53);
    CHECK(!value_ts("10.0.0.1[tcp/9-8]", &t) && !value_ts("10.0.0.1[tcp", &t));
    CHECK(!value_ts("10.0.0.1[nonsense]", &t) && !value_ts("example.org", &t));
    CHECK(!value_ts("10.0.0.1[tcp/70000]", &t) && !value_ts("", &t) && !value_ts("[", &t));
}

static bool is_id(const char *text, uint8_t type, const char *data, size_t len)
{
    struct shrike_id id;
    return value_id(&pool, text, &id) == VALUE_GOOD && id.type == type && id.data.len == len &&
           (len == 0 || memcmp(id.data.at, data, len) == 0);
}

/* RFC 7296 3.5 (2, 3, 4) */
TEST(identities)
{
    struct shrike_id id;
    CHECK(is_id("%any", 0, "", 0) && is_id("0.0.0.0", 0, "", 0));
    CHECK(is_id("192.0.2.1", ID_IPV4_ADDR, "\xc0\0\2\1", 4));
    CHECK(is_id("::1", ID_IPV6_ADDR, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16));
    CHECK(is_id("gw.example.org", ID_FQDN, "gw.example.org", 14));
    CHECK(is_id("@gw", ID_FQDN, "gw", 2) && is_id("a@b.c", ID_RFC822_ADDR, "a@b.c", 5));
    CHECK(is_id("@@a@b", ID_RFC822_ADDR, "a@b", 3) && is_id("@#0aFf", ID_KEY_ID, "\x0a\xff", 2));
    CHECK(is_id("keyid:me", ID_KEY_ID, "me", 2) && is_id("email:x", ID_RFC822_ADDR, "x", 1));
    CHECK(is_id("fqdn:1.2.3.4", ID_FQDN, "1.2.3.4", 7) && is_id("*.x.org", ID_FQDN, "*.x.org", 7));
    CHECK(is_id("10.1.0.0/16", ID_IPV4_RANGE, "\x0a\1\0\0\x0a\1\xff\xff", 8));
    CHECK(is_id("10.1.0.3-10.1.0.9", ID_IPV4_RANGE, "\x0a\1\0\3\x0a\1\0\x09", 8));
    CHECK(is_id("ipv4net:10.1.0.0/16", ID_IPV4_RANGE, "\x0a\1\0\0\x0a\1\xff\xff", 8));
    CHECK(value_id(&pool, "ipv4:10.1.0.0/16", &id) == VALUE_BAD);
    CHECK(is_id("{11}:me", ID_KEY_ID, "me", 2) && is_id("{12}:#0102", 12, "\1\2", 2));
    CHECK(value_id(&pool, "{0}:x", &id) == VALUE_BAD || id.type == ID_KEY_ID);
    CHECK(is_id("name=", ID_KEY_ID, "name=", 5)); /* looks like a distinguished name, and is none */
    CHECK(is_id("*@x.org", ID_RFC822_ADDR, "*@x.org", 7));
    CHECK(value_id(&pool, "*x.org", &id) == VALUE_BAD);
    CHECK(value_id(&pool, "fqdn:^a$", &id) == VALUE_EXPRESSION);
    CHECK(value_id(&pool, "keyid:^a$", &id) == VALUE_GOOD && id.type == ID_KEY_ID);
    CHECK(value_id(&pool, "^a$", &id) == VALUE_NO_EXPRESSION);
    CHECK(value_id(&pool, "email:^a|b$", &id) == VALUE_NO_EXPRESSION);
    CHECK(value_id(&pool, "asn1gn:x", &id) == VALUE_LATER);
    CHECK(value_id(&pool, "", &id) == VALUE_BAD &&
          value_id(&pool, "ipv6:1.2.3.4", &id) == VALUE_BAD);
    CHECK(value_id(&pool, "keyid:#0g", &id) == VALUE_BAD && value_id(&pool, "@", &id) == VALUE_BAD);
}

/* RFC 7296 2.15 (2, 3) */
TEST(secrets)
{
    struct shrike_bytes s;
    CHECK(value_secret(&pool, "plain", &s) && s.len == 5 && memcmp(s.at, "plain", 5) == 0);
    static const char many[] =
        "0123456789 ~!@#$%^&*()_+{}|:<>?-=[];',./`'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";
    CHECK(sizeof(many) > 65); /* 64 and more are a secret, without the zero behind them */
    CHECK(value_secret(&pool, many, &s) && s.len == sizeof(many) - 1);
    CHECK(memcmp(s.at, many, s.len) == 0);
    CHECK(value_secret(&pool, "0x00fF10", &s) && s.len == 3 && memcmp(s.at, "\0\xff\x10", 3) == 0);
    CHECK(value_secret(&pool, "0sZm9vYmE=", &s) && s.len == 5 && memcmp(s.at, "fooba", 5) == 0);
    CHECK(value_secret(&pool, "0sZm9vYmFy", &s) && s.len == 6 && memcmp(s.at, "foobar", 6) == 0);
    CHECK(!value_secret(&pool, "0xabc", &s) && !value_secret(&pool, "0s!", &s));
    CHECK(!value_secret(&pool, "", &s) && !value_secret(&pool, "0sZm9vY", &s));
}

int main(void)
{
    int bad = RUN(numbers_and_times) | RUN(lists) | RUN(address_blocks) | RUN(selectors) |
              RUN(identities) | RUN(secrets);
    pool_free(&pool);
    return bad;
}
