/* radius/grant: keys, addresses, groups and times of an Access-Accept. */
#include "radius/grant.h"
#include "radius/radius.h"

/* The authenticator of the request is 00 01 ... 0f. Made by another program after RFC 2548 2.4.2.
 */
static const u8 request[MD5_LEN] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const char *const recv_32 =
    "8001d146b70ccc551778e2cc8c2fae76a234d5f1eda9ead664e20ab532737cd7"
    "9eb809cba18113899ca464a33938e878228b"; /* a0 a1 ... bf */
static const char *const send_32 =
    "8002b17b99aaf2d1627c734a69c2cf8c58c6494ffcdf3252276a5129faee2aee"
    "b9ab90e472095b2ea322b35baa3959f9c684"; /* 10 11 ... 2f */
static const char *const recv_16 =
    "80034d37cd668326a2b6716149f7fb566aab37880d696af55e24be2c29cfc2f5"
    "383a"; /* 30 31 ... 3f */
static const char *const send_16 =
    "80040e7e2e80a4ff7cf3d4bf8e9f0f37e70018c0e5e74d8816695ea4d9772384"
    "07fa"; /* 50 51 ... 5f */
static const char *const beyond = "8005ef54cccd907d831f2f7b99e46060b9ae0f4055d1f36365ee6fdda6b4c83e"
                                  "4e13"; /* says 40 octets, and has 31 */

static u8 octets[RADIUS_MAX];

static void put_vendor(struct writer *w, u8 type, struct bytes value)
{
    u8 inside[RADIUS_VALUE_MAX];
    struct writer v = writer_of(inside, sizeof(inside));
    write_u32(&v, RADIUS_VENDOR_MICROSOFT);
    radius_put(&v, type, value);
    radius_put(w, RADIUS_VENDOR_SPECIFIC, written_bytes(&v));
}

static void put_key(struct writer *w, u8 type, const char *text)
{
    u8 value[100];
    size_t n = hex(text, value, sizeof(value));
    put_vendor(w, type, bytes_of(value, n));
}

static struct writer begin(void)
{
    struct writer w = writer_of(octets, sizeof(octets));
    radius_begin(&w, RADIUS_ACCESS_ACCEPT, 1, false);
    return w;
}

static bool read_grant(struct writer *w, struct radius_grant *g)
{
    struct md5 *m = md5_new();
    struct radius_secret s = secret_of(m);
    struct radius_packet p;
    bool done = radius_seal(w, &s, RADIUS_ANSWER, request) &&
                radius_packet_read(written_bytes(w), &p) && radius_grant_read(g, &p, &s, request);
    md5_free(m);
    return done;
}

TEST(what_the_server_receives_with_comes_first)
{
    struct radius_grant g;
    struct writer w = begin();
    put_key(&w, RADIUS_MS_MPPE_SEND_KEY, send_32);
    put_key(&w, RADIUS_MS_MPPE_RECV_KEY, recv_32);
    CHECK(read_grant(&w, &g));
    CHECK_EQ(g.msk_len, 64);
    for (u8 i = 0; i < 32; i++)
        CHECK(g.msk[i] == 0xa0 + i && g.msk[32 + i] == 0x10 + i);
    radius_grant_wipe(&g);
    CHECK(g.msk_len == 0 && g.msk[0] == 0);
}

TEST(short_keys_are_filled_up)
{
    struct radius_grant g;
    struct writer w = begin();
    put_key(&w, RADIUS_MS_MPPE_RECV_KEY, recv_16);
    put_key(&w, RADIUS_MS_MPPE_SEND_KEY, send_16);
    CHECK(read_grant(&w, &g));
    CHECK_EQ(g.msk_len, 64);
    for (u8 i = 0; i < 16; i++)
        CHECK(g.msk[i] == 0x30 + i && g.msk[16 + i] == 0x50 + i && g.msk[32 + i] == 0 &&
              g.msk[48 + i] == 0);
}

TEST(one_key_is_none)
{
    struct radius_grant g;
    struct writer w = begin();
    put_key(&w, RADIUS_MS_MPPE_RECV_KEY, recv_32);
    CHECK(read_grant(&w, &g));
    CHECK_EQ(g.msk_len, 0);
}

TEST(keys_that_cannot_be_read_are_refused)
{
    struct radius_grant g;
    struct writer w = begin();
    put_key(&w, RADIUS_MS_MPPE_RECV_KEY, beyond);
    CHECK(!read_grant(&w, &g));
    w = begin();
    put_key(&w, RADIUS_MS_MPPE_RECV_KEY, "8001aabbcc"); /* no whole block */
    CHECK(!read_grant(&w, &g));
    w = begin();
    put_key(&w, RADIUS_MS_MPPE_SEND_KEY, "8001"); /* none at all */
    CHECK(!read_grant(&w, &g));
}

static bool is_addr(const struct shrike_addr *a, u8 family, const char *text)
{
    u8 want[16];
    size_t n = hex(text, want, sizeof(want));
    return a->family == family && memcmp(a->octets, want, n) == 0;
}

TEST(addresses)
{
    struct radius_grant g;
    struct writer w = begin();
    u8 six[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 5};
    u8 prefix[18] = {0, 128, 0xfd, [17] = 9};
    radius_put_u32(&w, RADIUS_FRAMED_IP_ADDRESS, 0xfffffffe); /* RFC 2865 5.8: as we like */
    radius_put_u32(&w, RADIUS_FRAMED_IP_ADDRESS, 0xffffffff); /* as the client likes */
    radius_put_u32(&w, RADIUS_FRAMED_IP_ADDRESS, 0x0a030001);
    radius_put_u32(&w, RADIUS_FRAMED_IP_NETMASK, 0xffffff00);
    radius_put(&w, RADIUS_FRAMED_IPV6_ADDRESS, bytes_of(six, 16));
    radius_put(&w, RADIUS_FRAMED_IPV6_ADDRESS, bytes_of(six, 15)); /* none */
    radius_put(&w, RADIUS_FRAMED_IPV6_PREFIX, bytes_of(prefix, 18));
    radius_put(&w, RADIUS_DNS_SERVER_IPV6_ADDRESS, bytes_of(six, 16));
    put_vendor(&w, RADIUS_MS_PRIMARY_DNS_SERVER, bytes_of("\12\0\0\1", 4));
    CHECK(read_grant(&w, &g));
    CHECK_EQ(g.address_count, 3);
    CHECK(is_addr(&g.addresses[0], 4, "0a030001"));
    CHECK(is_addr(&g.addresses[1], 6, "20010db8000000000000000000000005"));
    CHECK(is_addr(&g.addresses[2], 6, "fd000000000000000000000000000009"));
    CHECK(is_addr(&g.netmask, 4, "ffffff00"));
    CHECK_EQ(g.dns_count, 2);
    CHECK(is_addr(&g.dns[0], 6, "20010db8") && is_addr(&g.dns[1], 4, "0a000001"));
    CHECK_EQ(g.msk_len, 0);
}

TEST(a_prefix_and_an_interface_make_an_address)
{
    struct radius_grant g;
    const u8 prefix[] = {0, 64, 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2};
    const u8 wrong[] = {0, 64, 0x20, 0x01}, longer[] = {0, 129};
    struct writer w = begin();
    radius_put(&w, RADIUS_FRAMED_IPV6_PREFIX, bytes_of(prefix, sizeof(prefix)));
    CHECK(read_grant(&w, &g) && g.address_count == 0);
    w = begin();
    radius_put(&w, RADIUS_FRAMED_IPV6_PREFIX, bytes_of(wrong, sizeof(wrong)));
    radius_put(&w, RADIUS_FRAMED_IPV6_PREFIX, bytes_of(longer, sizeof(longer)));
    radius_put(&w, RADIUS_FRAMED_IPV6_PREFIX, bytes_of(prefix, sizeof(prefix)));
    radius_put(&w, RADIUS_FRAMED_INTERFACE_ID, bytes_of("\1\2\3\4\5\6\7\10", 8));
    CHECK(read_grant(&w, &g));
    CHECK_EQ(g.address_count, 1);
    CHECK(is_addr(&g.addresses[0], 6, "20010db8000100020102030405060708"));
}

TEST(groups)
{
    struct radius_grant g;
    struct writer w = begin();
    radius_put_text(&w, RADIUS_CLASS, "staff");
    radius_put_text(&w, RADIUS_FILTER_ID, "guests");
    CHECK(read_grant(&w, &g));
    CHECK(radius_grant_is_in(&g, true, true, "staff"));
    CHECK(!radius_grant_is_in(&g, false, true, "staff"));
    CHECK(!radius_grant_is_in(&g, true, true, "staf"));
    CHECK(!radius_grant_is_in(&g, true, true, "guests")); /* of no ESP tunnel */
    radius_put_u32(&w, RADIUS_TUNNEL_TYPE, 0x01000009);   /* RFC 2868 3.1: with a tag */
    CHECK(read_grant(&w, &g));
    CHECK(radius_grant_is_in(&g, false, true, "guests"));
    CHECK(!radius_grant_is_in(&g, true, false, "guests"));
}

TEST(times_and_the_name)
{
    struct radius_grant g;
    struct writer w = begin();
    radius_put_text(&w, RADIUS_USER_NAME, "Anna");
    radius_put_u32(&w, RADIUS_SESSION_TIMEOUT, 3600);
    radius_put_u32(&w, RADIUS_IDLE_TIMEOUT, 300);
    radius_put_u32(&w, RADIUS_ACCT_INTERIM_INTERVAL, 5);
    CHECK(read_grant(&w, &g));
    CHECK(g.session_s == 3600 && g.idle_s == 300);
    CHECK_EQ(g.interim_s, RADIUS_INTERIM_MIN);
    CHECK(bytes_equal(g.user_name, bytes_of("Anna", 4)));
}

TEST(there_are_caps)
{
    struct radius_grant g;
    struct writer w = begin();
    for (u32 i = 0; i < 100; i++) {
        radius_put_u32(&w, RADIUS_FRAMED_IP_ADDRESS, 0x0a000000 + i);
        radius_put_u32(&w, RADIUS_CLASS, i);
        radius_put_u32(&w, RADIUS_FILTER_ID, i);
        put_vendor(&w, RADIUS_MS_SECONDARY_DNS_SERVER, bytes_of("\12\0\0\1", 4));
    }
    CHECK(read_grant(&w, &g));
    CHECK(g.address_count == RADIUS_ADDRESSES_MAX && g.dns_count == RADIUS_DNS_MAX &&
          g.class_count == RADIUS_GROUPS_MAX && g.filter_count == RADIUS_GROUPS_MAX);
}

int main(void)
{
    return RUN(what_the_server_receives_with_comes_first) | RUN(short_keys_are_filled_up) |
           RUN(one_key_is_none) | RUN(keys_that_cannot_be_read_are_refused) | RUN(addresses) |
           RUN(a_prefix_and_an_interface_make_an_address) | RUN(groups) | RUN(times_and_the_name) |
           RUN(there_are_caps);
}
