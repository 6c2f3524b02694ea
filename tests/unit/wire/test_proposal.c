/* SA payloads: round trips, what is refused, what is kept but marked. */
#include "random.h"
#include "wire/codes.h"
#include "wire/proposal.h"

static uint8_t buffer[8192];

/* The offsets of the fields that tests change are those of this sample. */
static const char offer[] = "02000024 01010003"          /* 0: 1 IKE, 3 transforms, more */
                            "0300000c 01000014 800e0100" /* 8: AES_GCM_16, 256 bits */
                            "03000008 02000005"          /* 20: PRF_HMAC_SHA2_256 */
                            "00000008 0400001f"          /* 28: CURVE25519, the last */
                            "00000028 02030402 c0ffee01" /* 36: 2 ESP with an SPI, the last */
                            "0300000c 0100000c 800e0080" /* 48: AES_CBC, 128 bits */
                            "00000010 0300000c 00630004 01020304"; /* 60: an unknown attribute */

static size_t sample(void)
{
    return hex(offer, buffer, sizeof buffer);
}

TEST(sample_is_read)
{
    struct reader r = reader_of(bytes_of(buffer, sample()));
    struct proposal p;

    CHECK(proposal_read(&r, &p));
    CHECK_EQ(p.number, 1);
    CHECK_EQ(p.protocol, PROTOCOL_IKE);
    CHECK_EQ(p.spi_len, 0);
    CHECK_EQ(p.transform_count, 3);
    CHECK_EQ(p.transforms[0].type, TRANSFORM_ENCR);
    CHECK_EQ(p.transforms[0].id, ENCR_AES_GCM_16);
    CHECK_EQ(p.transforms[0].key_bits, 256);
    CHECK_EQ(p.transforms[2].id, KE_CURVE25519);
    CHECK_EQ(p.transforms[2].key_bits, 0);
    CHECK(proposal_read(&r, &p));
    CHECK_EQ(p.number, 2);
    CHECK_EQ(p.spi_len, 4);
    CHECK_BYTES(p.spi, "\xc0\xff\xee\x01\0\0\0\0", 8);
    CHECK(!p.transforms[0].unknown_attribute);
    CHECK_EQ(p.transforms[1].id, INTEG_HMAC_SHA2_256_128);
    CHECK_EQ(p.transforms[1].key_bits, 0);
    CHECK(p.transforms[1].unknown_attribute);
    CHECK(!proposal_read(&r, &p));
    CHECK(!r.bad && read_ended(&r));
}

static struct proposal random_proposal(void)
{
    struct proposal p = {
        .number = (u8)random_u32(),
        .protocol = (u8)random_u32(),
        .spi_len = (u8)random_below(SPI_MAX + 1),
        .transform_count = (u8)random_below(random_below(8) ? 12 : TRANSFORMS_MAX + 1),
    };

    random_fill(p.spi, p.spi_len);
    for (unsigned i = 0; i < p.transform_count; i++) {
        p.transforms[i] = (struct transform){
            .type = (u8)random_u32(),
            .id = (u16)random_u32(),
            .key_bits = random_below(2) ? (u16)random_u32() : 0,
        };
    }
    return p;
}

static bool same(const struct proposal *a, const struct proposal *b)
{
    if (a->number != b->number || a->protocol != b->protocol || a->spi_len != b->spi_len ||
        a->transform_count != b->transform_count || memcmp(a->spi, b->spi, SPI_MAX) != 0)
        return false;
    for (unsigned i = 0; i < a->transform_count; i++) {
        const struct transform *x = &a->transforms[i], *y = &b->transforms[i];
        if (x->type != y->type || x->id != y->id || x->key_bits != y->key_bits ||
            x->unknown_attribute != y->unknown_attribute)
            return false;
    }
    return true;
}

/* RFC 7296 3.3.5 (1, 3): What is written is the sample, but for the attribute that nobody knows. */
TEST(octets_on_the_wire)
{
    static uint8_t wanted[256];
    static struct proposal p;
    size_t n = hex("02000024 01010003 0300000c 01000014 800e0100 03000008 02000005"
                   "00000008 0400001f 00000020 02030402 c0ffee01 0300000c 0100000c 800e0080"
                   "00000008 0300000c",
                   wanted, sizeof wanted);
    struct writer w = writer_of(wanted + n, sizeof wanted - n);
    struct reader r = reader_of(bytes_of(buffer, sample()));

    while (proposal_read(&r, &p))
        proposal_write(&w, &p, read_left(&r) == 0);
    CHECK_EQ(written(&w), n);
    CHECK_BYTES(wanted, wanted + n, n);
}

/* parse(build(x)) = x, build(parse(b)) = b */
TEST(random_proposals_come_back)
{
    static struct proposal sent[4], got;
    static uint8_t again[sizeof buffer * 2], first[sizeof buffer * 2];

    for (unsigned round = 0; round < 2000; round++) {
        unsigned count = 1 + random_below(4);
        struct writer w = writer_of(first, sizeof first), copy = writer_of(again, sizeof again);
        for (unsigned i = 0; i < count; i++) {
            sent[i] = random_proposal();
            proposal_write(&w, &sent[i], i + 1 == count);
        }
        CHECK(!w.full);
        struct reader r = reader_of(written_bytes(&w));
        for (unsigned i = 0; i < count; i++) {
            memset(&got, 0xaa, sizeof got);
            CHECK(proposal_read(&r, &got));
            CHECK(same(&got, &sent[i]));
            proposal_write(&copy, &got, i + 1 == count);
        }
        CHECK(!proposal_read(&r, &got) && read_ended(&r));
        CHECK(bytes_equal(written_bytes(&w), written_bytes(&copy)));
    }
}

/* Reads the whole body; builds what was read and reads that again. */
static bool read_all(struct bytes body)
{
    static struct proposal p;
    struct reader r = reader_of(body);
    unsigned touched = 0;

    while (proposal_read(&r, &p)) {
        for (unsigned i = 0; i < p.transform_count; i++)
            touched += p.transforms[i].id;
        ensure(p.spi_len <= SPI_MAX);
        struct writer w = writer_of(buffer, sizeof buffer);
        proposal_write(&w, &p, true);
        ensure(!w.full);
    }
    ensure(touched <= TRANSFORMS_MAX * 65535u * 10);
    return body.len > 0 && !r.bad;
}

TEST(truncations_are_refused)
{
    static uint8_t body[256];
    size_t n = sample();
    ensure(n <= sizeof(body));

    memcpy(body, buffer, n);
    CHECK_EQ(torment(bytes_of(body, n), read_all), 0);
}

/* One octet of the sample replaced. */
static bool with(size_t at, uint8_t value)
{
    static uint8_t body[256];
    size_t n = sample();
    ensure(n <= sizeof(body));

    memcpy(body, buffer, n);
    body[at] = value;
    return read_all(bytes_of(body, n));
}

TEST(fields_are_checked)
{
    CHECK(with(1, 0xff)); /* reserved: ignored */
    CHECK(with(9, 0xff));
    CHECK(with(13, 0xff));
    CHECK(!with(0, 0)); /* says last, but another one follows */
    CHECK(!with(0, 3));
    CHECK(!with(36, 2)); /* says more, but is the last */
    CHECK(!with(3, 0x23));
    CHECK(!with(3, 0x25));
    CHECK(!with(3, 7));
    CHECK(!with(6, 1)); /* an SPI where a transform begins */
    CHECK(!with(7, 2)); /* fewer transforms than there are */
    CHECK(!with(7, 4));
    CHECK(!with(8, 0)); /* the first transform is not the last */
    CHECK(!with(8, 2));
    CHECK(!with(28, 3)); /* the last one is */
    CHECK(!with(42, SPI_MAX + 1));
    CHECK(with(16, 0x80) && with(17, 0x0f)); /* another attribute: kept */
    CHECK(!with(16, 0x00));                  /* a key length as TLV */
}

static bool reads(const char *text, struct proposal *p)
{
    struct reader r = reader_of(bytes_of(buffer, hex(text, buffer, sizeof buffer)));
    return proposal_read(&r, p) && read_ended(&r);
}

/* RFC 7296 3.3 (4) */
TEST(lengths_of_transforms_are_exact)
{
    static struct proposal p;

    CHECK(reads("00000010 01010001 00000008 0100000c", &p));
    CHECK(!reads("00000010 01010001 00000007 0100000c", &p));
    CHECK(!reads("00000010 01010001 00000009 0100000c", &p));
    CHECK(!reads("00000011 01010001 00000009 0100000c 00", &p));
    CHECK(!reads("00000010 01010001 00000000 0100000c", &p));
    CHECK(!reads("00000010 01010001 0000000c 0100000c", &p));
    CHECK(!reads("00000012 01010001 0000000a 0100000c 800e", &p));
    CHECK(!reads("00000011 01010001 00000008 0100000c 00", &p)); /* an octet left over */
    CHECK(!reads("00000008 01010001", &p));
    CHECK(reads("00000008 01010000", &p)); /* none: not to be chosen, but well-formed */
    CHECK_EQ(p.transform_count, 0);
}

/* RFC 7296 3.3 (9), 3.3.5 (1), 3.3.6 (7) */
TEST(attributes)
{
    static struct proposal p;

    CHECK(reads("00000014 01010001 0000000c 0100000c 800e0080", &p));
    CHECK(p.transforms[0].key_bits == 128 && !p.transforms[0].unknown_attribute);
    CHECK(reads("00000014 01010001 0000000c 0100000c 80630080", &p)); /* TV, unknown */
    CHECK(p.transforms[0].key_bits == 0 && p.transforms[0].unknown_attribute);
    CHECK(reads("00000014 01010001 0000000c 0100000c 00630000", &p)); /* TLV of no octets */
    CHECK(p.transforms[0].unknown_attribute);
    CHECK(reads("0000001a 01010001 00000012 0100000c 00630002beef 800e0100", &p));
    CHECK(p.transforms[0].key_bits == 256 && p.transforms[0].unknown_attribute);
    CHECK(reads("0000001a 01010001 00000012 0100000c 800e0100 00630002beef", &p));
    CHECK(p.transforms[0].key_bits == 256 && p.transforms[0].unknown_attribute);
    CHECK(reads("00000014 01010001 0000000c 0100000c 800e0000", &p)); /* a key of no bits */
    CHECK(p.transforms[0].key_bits == 0 && p.transforms[0].unknown_attribute);
    /* Another transform of the same proposal is not marked by it. */
    CHECK(reads("0000001c 01010002 0300000c 0100000c 80630080 00000008 0100000c", &p));
    CHECK(p.transforms[0].unknown_attribute && !p.transforms[1].unknown_attribute);

    CHECK(!reads("00000018 01010001 00000010 0100000c 800e0080 800e0100", &p)); /* two lengths */
    CHECK(!reads("00000016 01010001 0000000e 0100000c 000e00020080", &p));      /* as TLV */
    CHECK(!reads("00000014 01010001 0000000c 0100000c 00630001", &p));          /* behind the end */
}

TEST(limits)
{
    static struct proposal p = {.number = 1, .protocol = PROTOCOL_IKE}, got;

    p.transform_count = TRANSFORMS_MAX;
    p.spi_len = SPI_MAX;
    for (unsigned i = 0; i < TRANSFORMS_MAX; i++)
        p.transforms[i] = (struct transform){.type = 1, .id = (u16)i, .key_bits = 256};
    struct writer w = writer_of(buffer, sizeof buffer);
    proposal_write(&w, &p, true);
    CHECK_EQ(written(&w), 8 + 8 + 255 * 12);
    struct reader r = reader_of(written_bytes(&w));
    CHECK(proposal_read(&r, &got) && same(&p, &got));

    w = writer_of(buffer, 100); /* too small: full, nothing behind it */
    buffer[100] = 0x5a;
    proposal_write(&w, &p, true);
    CHECK(w.full && buffer[100] == 0x5a);

    r = reader_of(bytes_of(buffer, 0));
    CHECK(!proposal_read(&r, &got) && !r.bad); /* nothing: an end, not a fault */
}

TEST(random_octets_do_no_harm)
{
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t noise[64];
        size_t n = random_below(sizeof noise);
        random_fill(noise, n);
        if (n > 16) { /* so that it gets further than the first length */
            noise[0] = noise[2] = 0;
            noise[3] = (uint8_t)n;
            noise[6] = (uint8_t)random_below(10);
            noise[7] = 1;
        }
        uint8_t *copy = exact_copy(bytes_of(noise, n));
        (void)read_all(bytes_of(copy, n));
        free(copy);
    }
}

int main(void)
{
    return RUN(sample_is_read) | RUN(octets_on_the_wire) | RUN(random_proposals_come_back) |
           RUN(truncations_are_refused) | RUN(fields_are_checked) |
           RUN(lengths_of_transforms_are_exact) | RUN(attributes) | RUN(limits) |
           RUN(random_octets_do_no_harm);
}
