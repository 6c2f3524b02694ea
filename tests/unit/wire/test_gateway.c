/* Gateways that others are led to: what is read, what is malformed, and back. */
#include "test.h"
#include "wire/codes.h"
#include "wire/gateway.h"

static uint8_t octets[1024];

static bool reads(const char *text, struct gateway *out)
{
    return gateway_read(bytes_of(octets, hex(text, octets, sizeof octets)), out);
}

/* What was read gives the same octets. */
static bool comes_back(const struct gateway *g, const char *text)
{
    uint8_t again[1024];
    struct writer w = writer_of(again, sizeof again);
    size_t len = hex(text, octets, sizeof octets);
    gateway_write(&w, g);
    return !w.full && written(&w) == len && memcmp(again, octets, len) == 0;
}

/* RFC 5685 9.2, 9.3 */
TEST(each_type)
{
    static const struct {
        const char *text;
        uint8_t type, id;
        size_t name, rest;
    } cases[] = {
        {"0104 c0000201", GATEWAY_IPV4, ID_IPV4_ADDR, 4, 0},
        {"0210 20010db8000000000000000000000001 aabb", GATEWAY_IPV6, ID_IPV6_ADDR, 16, 2},
        {"0306 67772e612d62 01", GATEWAY_FQDN, ID_FQDN, 6, 1},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct gateway g;
        CHECK(reads(cases[i].text, &g));
        CHECK(g.type == cases[i].type && g.name.len == cases[i].name &&
              g.rest.len == cases[i].rest);
        CHECK(comes_back(&g, cases[i].text));
        struct shrike_id id = gateway_id(&g);
        CHECK(id.type == cases[i].id && id.data.len == g.name.len);
        struct gateway back = gateway_of_id(&id);
        CHECK(back.type == g.type && back.name.at == g.name.at && back.rest.len == 0);
    }
}

TEST(malformed_ones)
{
    static const char *const bad[] = {
        "",
        "01",
        "0104 c00002",
        "0105 c000020101",
        "0103 c00002",
        "0204 c0000201",
        "0300",
        "0004 c0000201",
        "0404 c0000201",
        "0303 670077",   /* a zero */
        "0303 672077",   /* a blank */
        "0303 2e6777",   /* a dot in front */
        "0304 672e2e77", /* two */
        "0303 2d6777",   /* what looks like an option */
        "0303 672f77",   /* a path */
        "0303 67c377",   /* not of ASCII */
    };
    struct gateway g;
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!reads(bad[i], &g));
}

TEST(addresses_and_other_identities)
{
    struct shrike_addr four = {{192, 0, 2, 1}, 4}, six = {{0x20, 1, [15] = 9}, 6};
    struct gateway g = gateway_of_address(&four);
    CHECK(g.type == GATEWAY_IPV4 && g.name.len == 4 && g.name.at == four.octets);
    g = gateway_of_address(&six);
    CHECK(g.type == GATEWAY_IPV6 && g.name.len == 16);
    struct shrike_id user = {ID_RFC822_ADDR, {(const uint8_t *)"a@b", 3}};
    g = gateway_of_id(&user);
    CHECK(g.type == 0 && g.name.len == 0);
    CHECK_EQ(gateway_id(&g).type, 0);
}

int main(void)
{
    return RUN(each_type) | RUN(malformed_ones) | RUN(addresses_and_other_identities);
}
