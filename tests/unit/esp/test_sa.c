/* One SA of the data plane: what makes it, what it takes, how long it lives. */
#include "esp/sa.h"
#include "sas.h"
#include "test.h"

static struct esp_sa *sa_of(struct shrike_ts local, struct shrike_ts remote, bool inbound)
{
    struct esp_sa_spec s = sa_spec(0x1000, &local, &remote);
    s.inbound = inbound;
    return esp_sa_new(&s);
}

/* Of an SA with these selectors and one packet from the remote side. */
static bool takes(struct shrike_ts local, struct shrike_ts remote, struct inner p)
{
    struct esp_sa *sa = sa_of(local, remote, true);
    bool took = sa && esp_sa_takes(sa, &p);
    if (sa)
        esp_sa_free(sa);
    return took;
}

TEST(addresses_are_looked_at_on_their_side)
{
    struct shrike_ts local = ts4(0x0a000000, 8), remote = ts4(0xc0a80100, 24);
    CHECK(takes(local, remote, inner4(0xc0a80100, 1, 0x0a000000, 2)));
    CHECK(takes(local, remote, inner4(0xc0a801ff, 1, 0x0affffff, 2)));
    CHECK(!takes(local, remote, inner4(0xc0a800ff, 1, 0x0a000000, 2)));
    CHECK(!takes(local, remote, inner4(0xc0a80200, 1, 0x0a000000, 2)));
    CHECK(!takes(local, remote, inner4(0xc0a80101, 1, 0x0b000000, 2)));
    CHECK(!takes(local, remote, inner4(0x0a000000, 1, 0xc0a80101, 2)));
    struct esp_sa *out = sa_of(local, remote, false);
    struct inner p = inner4(0x0a000001, 1, 0xc0a80101, 2), q = inner4(0xc0a80101, 1, 0x0a000001, 2);
    CHECK(out && esp_sa_takes(out, &p) && !esp_sa_takes(out, &q));
    p.family = 6;
    CHECK(!esp_sa_takes(out, &p));
    esp_sa_free(out);
}

TEST(protocol_and_ports_are_looked_at)
{
    struct shrike_ts any = ts4(0, 0), web = ts_ports(any, 17, 80, 90);
    struct shrike_ts opaque = ts_ports(any, 17, UINT16_MAX, 0);
    CHECK(takes(web, any, inner4(1, 5, 2, 80)));
    CHECK(takes(web, any, inner4(1, 5, 2, 90)));
    CHECK(!takes(web, any, inner4(1, 5, 2, 79)));
    CHECK(!takes(web, any, inner4(1, 5, 2, 91)));
    CHECK(!takes(web, any, inner4(1, 80, 2, 5))); /* the wrong side's */
    CHECK(takes(any, web, inner4(1, 80, 2, 5)));
    CHECK(!takes(opaque, any, inner4(1, 5, 2, 80)));
    struct inner p = inner4(1, 5, 2, 80);
    p.protocol = 6;
    CHECK(!takes(web, any, p));
    p = inner4(1, 0, 2, 0);
    p.ports = PORTS_OPAQUE;
    CHECK(!takes(ts_ports(any, 17, 0, 90), any, p)); /* 0 is no port of a fragment */
    CHECK(takes(any, any, p));
    CHECK(takes(opaque, any, p));
    p.ports = PORTS_NONE;
    CHECK(!takes(ts_ports(any, 0, 0, 90), any, p));
    CHECK(takes(any, any, p));
}

TEST(any_of_several_selectors_will_do)
{
    struct shrike_ts local[2] = {ts4(0x0a000000, 8), ts4(0xac100000, 12)}, remote = ts4(0, 0);
    struct esp_sa_spec s = sa_spec(0x1000, local, &remote);
    s.local_ts_count = 2;
    struct esp_sa *sa = esp_sa_new(&s);
    CHECK(sa != NULL);
    memset(local, 0, sizeof(local)); /* it has its own */
    struct inner a = inner4(1, 1, 0x0a010101, 2), b = inner4(1, 1, 0xac1f0101, 2),
                 c = inner4(1, 1, 0xac200101, 2);
    CHECK(esp_sa_takes(sa, &a) && esp_sa_takes(sa, &b) && !esp_sa_takes(sa, &c));
    esp_sa_free(sa);
}

TEST(wrong_specs_make_none)
{
    struct shrike_ts any = ts4(0, 0);
    struct esp_sa_spec s = sa_spec(255, &any, &any);
    CHECK(!esp_sa_new(&s));
    s = sa_spec(0x1000, &any, &any);
    s.local_ts_count = 0;
    CHECK(!esp_sa_new(&s));
    s.local_ts_count = SHRIKE_TS_MAX + 1;
    CHECK(!esp_sa_new(&s));
    s = sa_spec(0x1000, &any, &any);
    s.cipher.encr_key.len--;
    CHECK(!esp_sa_new(&s));
    s.trap = true; /* needs no key, but comes from inside */
    CHECK(!esp_sa_new(&s));
    s.inbound = false;
    s.spi = 0;
    struct esp_sa *trap = esp_sa_new(&s);
    CHECK(trap && !trap->cipher);
    esp_sa_free(trap);
}

TEST(what_goes_out_comes_in)
{
    struct esp_sa *out = sa_of(ts4(0, 0), ts4(0, 0), false),
                  *in = sa_of(ts4(0, 0), ts4(0, 0), true);
    u8 packet[64] = {0, 0, 0x10, 0, 0, 0, 0, 1}, plain[64];
    memcpy(plain, packet, sizeof(plain));
    CHECK(out && in);
    CHECK(cipher_seal(out->cipher, &(struct cipher_job){packet, 32, 1}));
    CHECK(memcmp(packet + 16, plain + 16, 32) != 0);
    CHECK(cipher_open(in->cipher, &(struct cipher_job){packet, 32, 1}));
    CHECK_BYTES(packet + 16, plain + 16, 32);
    esp_sa_free(out);
    esp_sa_free(in);
}

TEST(numbers_are_given_once)
{
    struct esp_sa *sa = sa_of(ts4(0, 0), ts4(0, 0), false);
    CHECK(sa != NULL);
    CHECK_EQ(esp_sa_next_seq(sa), 1);
    CHECK_EQ(esp_sa_next_seq(sa), 2);
    sa->seq = UINT32_MAX - 1;
    CHECK_EQ(esp_sa_next_seq(sa), UINT32_MAX);
    CHECK_EQ(esp_sa_next_seq(sa), 0);
    CHECK_EQ(esp_sa_next_seq(sa), 0);
    sa->esn = true;
    CHECK_EQ(esp_sa_next_seq(sa), (u64)UINT32_MAX + 1);
    sa->seq = UINT64_MAX;
    CHECK_EQ(esp_sa_next_seq(sa), 0);
    esp_sa_free(sa);
}

TEST(limits_are_told_once_and_kept)
{
    struct esp_sa *sa = sa_of(ts4(0, 0), ts4(0, 0), true);
    CHECK(sa != NULL);
    CHECK_EQ(esp_sa_account(sa, 1000000), LIFE_GOES_ON); /* without limits */
    sa->bytes = sa->packets = 0;
    sa->limits = (struct esp_limits){.bytes_soft = 200, .bytes_hard = 400};
    CHECK_EQ(esp_sa_account(sa, 200), LIFE_GOES_ON);
    CHECK_EQ(esp_sa_account(sa, 100), LIFE_SOFT);
    CHECK_EQ(esp_sa_account(sa, 50), LIFE_GOES_ON);
    CHECK_EQ(esp_sa_account(sa, 51), LIFE_HARD);
    CHECK_EQ(sa->bytes, 350); /* what did not pass is not counted */
    CHECK_EQ(sa->packets, 3);
    CHECK_EQ(esp_sa_account(sa, 50), LIFE_GOES_ON);
    CHECK_EQ(esp_sa_account(sa, 1), LIFE_HARD);
    sa->limits = (struct esp_limits){.packets_soft = 5, .packets_hard = 6};
    sa->soft_told = false;
    CHECK_EQ(esp_sa_account(sa, 1), LIFE_GOES_ON);
    CHECK_EQ(esp_sa_account(sa, 1), LIFE_SOFT);
    CHECK_EQ(esp_sa_account(sa, 1), LIFE_HARD);
    esp_sa_free(sa);
}

int main(void)
{
    return RUN(addresses_are_looked_at_on_their_side) | RUN(protocol_and_ports_are_looked_at) |
           RUN(any_of_several_selectors_will_do) | RUN(wrong_specs_make_none) |
           RUN(what_goes_out_comes_in) | RUN(numbers_are_given_once) |
           RUN(limits_are_told_once_and_kept);
}
