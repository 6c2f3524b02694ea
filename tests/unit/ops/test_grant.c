/* ops/grant: what a server of RADIUS has granted comes back, and what is none is refused. */
#include "ops/grant.h"
#include "test.h"

static const struct mail_grant sample = {
    .account = 0x0102030405060708,
    .gift = {.address_count = 2,
             .dns_count = 1,
             .addresses = {{{10, 3, 0, 77}, 4}, {{0xfd, [15] = 7}, 6}},
             .netmask = {{255, 255}, 4},
             .dns = {{{10, 3, 0, 1}, 4}}},
    .attributes = {(const u8 *)"\1\3a", 3}};
static u8 octets[SHRIKE_GRANT_MAX];

static size_t write_sample(const struct mail_grant *g)
{
    struct writer w = writer_of(octets, sizeof(octets));
    grant_write(&w, g);
    return w.full ? 0 : written(&w);
}

TEST(every_field_comes_back)
{
    struct mail_grant g;
    size_t len = write_sample(&sample);
    CHECK(len && grant_read(bytes_of(octets, len), &g));
    CHECK_EQ(g.account, sample.account);
    CHECK_BYTES(&g.gift, &sample.gift, sizeof(g.gift));
    CHECK(bytes_equal(g.attributes, sample.attributes));
    for (size_t n = 0; n < len; n++)
        CHECK(!grant_read(bytes_of(octets, n), &g));
    CHECK(!grant_read(bytes_of(octets, len + 1), &g));
}

TEST(what_is_none)
{
    struct mail_grant g, other = sample;
    size_t len = write_sample(&sample);
    octets[0]++; /* of another version */
    CHECK(!grant_read(bytes_of(octets, len), &g));
    other.account = 0;
    len = write_sample(&other);
    CHECK(!grant_read(bytes_of(octets, len), &g));
    other = sample;
    other.gift.addresses[0].family = 0;
    len = write_sample(&other);
    CHECK(!grant_read(bytes_of(octets, len), &g));
    other = sample;
    other.gift.address_count = LEASE_GIFT_ADDRESSES + 1;
    CHECK_EQ(write_sample(&other), 0);
}

int main(void)
{
    return RUN(every_field_comes_back) | RUN(what_is_none);
}
