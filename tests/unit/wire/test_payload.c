/* Bodies of payloads: round trips of random values, what each reader refuses. */
#include "random.h"
#include "wire/codes.h"
#include "wire/payload.h"

static uint8_t buffer[4096], again[4096], data[1024];

static struct bytes hex_bytes(const char *text)
{
    return bytes_of(buffer, hex(text, buffer, sizeof buffer));
}

/* Up to `most` random octets. */
static struct bytes random_bytes(size_t most)
{
    size_t n = random_below(4) == 0 ? 0 : random_below((uint32_t)most + 1);

    random_fill(data, n);
    return bytes_of(data, n);
}

/* Each kind of body read, written again, and given out as octets. false: refused. */

static bool echo_ke(struct bytes body, struct writer *w)
{
    struct ke ke;

    if (!ke_read(body, &ke))
        return false;
    ke_write(w, &ke);
    return true;
}

static bool echo_ident(struct bytes body, struct writer *w)
{
    struct ident id;

    if (!ident_read(body, &id))
        return false;
    ident_write(w, &id);
    return true;
}

static bool echo_cert(struct bytes body, struct writer *w)
{
    struct cert cert;

    if (!cert_read(body, &cert))
        return false;
    cert_write(w, &cert);
    return true;
}

static bool echo_auth(struct bytes body, struct writer *w)
{
    struct auth auth;

    if (!auth_read(body, &auth))
        return false;
    auth_write(w, &auth);
    return true;
}

static bool echo_nonce(struct bytes body, struct writer *w)
{
    struct bytes nonce;

    if (!nonce_read(body, &nonce))
        return false;
    write_bytes(w, nonce);
    return true;
}

static bool echo_notify(struct bytes body, struct writer *w)
{
    struct notify n;

    if (!notify_read(body, &n))
        return false;
    notify_write(w, &n);
    return true;
}

static bool echo_delete(struct bytes body, struct writer *w)
{
    struct delete d;

    if (!delete_read(body, &d))
        return false;
    delete_write(w, &d);
    return true;
}

static bool echo_config(struct bytes body, struct writer *w)
{
    struct config config;
    struct config_attribute a;

    if (!cp_read(body, &config))
        return false;
    config_write(w, config.type);
    struct reader r = reader_of(config.attributes);
    while (config_next(&r, &a))
        config_attribute_write(w, &a);
    ensure(read_ended(&r));
    return true;
}

static bool echo_eap(struct bytes body, struct writer *w)
{
    struct eap eap;

    if (!eap_read(body, &eap))
        return false;
    eap_write(w, &eap);
    return true;
}

static bool echo_skf(struct bytes body, struct writer *w)
{
    struct skf skf;

    if (!skf_read(body, &skf))
        return false;
    skf_write(w, skf.number, skf.total);
    write_bytes(w, skf.sealed);
    return true;
}

typedef bool echo(struct bytes, struct writer *);

/* build(parse(b)) = b; `reserved` is the offset of the three octets that may differ, or of none. */
static bool comes_back(echo *what, struct bytes body, size_t reserved)
{
    struct writer w = writer_of(again, sizeof again);

    if (!what(body, &w) || w.full || written(&w) != body.len)
        return false;
    for (size_t i = 0; i < body.len; i++)
        if (again[i] != body.at[i] && (i < reserved || i >= reserved + 3))
            return false;
    return true;
}
#define NOWHERE 100000

TEST(ke_bodies)
{
    struct ke ke;

    CHECK(ke_read(hex_bytes("001fbeef 0102030405"), &ke)); /* reserved: ignored */
    CHECK_EQ(ke.group, KE_CURVE25519);
    CHECK_EQ(ke.value.len, 5);
    CHECK_EQ(ke.value.at[4], 5);
    CHECK(!ke_read(hex_bytes("001f00"), &ke));
    CHECK(!ke_read(bytes_of(NULL, 0), &ke));
    for (unsigned i = 0; i < 1000; i++) {
        struct ke got, sent = {.group = (u16)random_u32(), .value = random_bytes(600)};
        struct writer w = writer_of(buffer, sizeof buffer);
        ke_write(&w, &sent);
        CHECK(ke_read(written_bytes(&w), &got));
        CHECK(got.group == sent.group && bytes_equal(got.value, sent.value));
        CHECK(comes_back(echo_ke, written_bytes(&w), NOWHERE));
    }
}

/* RFC 7296 2.5 (6) */
TEST(identities)
{
    struct ident id;

    CHECK(ident_read(hex_bytes("02ffffff 6d6f6f6e"), &id));
    CHECK_EQ(id.type, ID_FQDN);
    CHECK(bytes_equal(id.data, bytes_of("moon", 4)));
    CHECK(!ident_read(hex_bytes("020000"), &id));
    for (unsigned i = 0; i < 1000; i++) {
        struct ident got, sent = {.type = (u8)random_u32(), .data = random_bytes(SHRIKE_ID_MAX)};
        struct writer w = writer_of(buffer, sizeof buffer);
        ident_write(&w, &sent);
        CHECK(ident_read(written_bytes(&w), &got));
        CHECK(got.type == sent.type && bytes_equal(got.data, sent.data));
        CHECK(comes_back(echo_ident, written_bytes(&w), NOWHERE));
    }
    memset(buffer, 0, sizeof buffer);
    CHECK(ident_read(bytes_of(buffer, 4 + SHRIKE_ID_MAX), &id));
    CHECK(!ident_read(bytes_of(buffer, 4 + SHRIKE_ID_MAX + 1), &id));
}

TEST(certificates)
{
    struct cert cert;

    CHECK(cert_read(hex_bytes("04"), &cert)); /* a request without authorities */
    CHECK(cert.encoding == CERT_X509_SIGNATURE && cert.data.len == 0);
    CHECK(!cert_read(bytes_of(buffer, 0), &cert));
    for (unsigned i = 0; i < 1000; i++) {
        struct cert got, sent = {.encoding = (u8)random_u32(), .data = random_bytes(900)};
        struct writer w = writer_of(buffer, sizeof buffer);
        cert_write(&w, &sent);
        CHECK(cert_read(written_bytes(&w), &got));
        CHECK(got.encoding == sent.encoding && bytes_equal(got.data, sent.data));
        CHECK(comes_back(echo_cert, written_bytes(&w), NOWHERE));
    }
}

TEST(auth_bodies)
{
    struct auth auth;

    CHECK(auth_read(hex_bytes("02ffffff 0a0b"), &auth));
    CHECK(auth.method == AUTH_PSK && auth.data.len == 2 && auth.data.at[0] == 0x0a);
    CHECK(!auth_read(hex_bytes("020000"), &auth));
    for (unsigned i = 0; i < 1000; i++) {
        struct auth got, sent = {.method = (u8)random_u32(), .data = random_bytes(600)};
        struct writer w = writer_of(buffer, sizeof buffer);
        auth_write(&w, &sent);
        CHECK(auth_read(written_bytes(&w), &got));
        CHECK(got.method == sent.method && bytes_equal(got.data, sent.data));
        CHECK(comes_back(echo_auth, written_bytes(&w), NOWHERE));
    }
}

/* RFC 7296 3.9 (1) */
TEST(nonces)
{
    struct bytes nonce;

    CHECK(!nonce_read(bytes_of(data, 0), &nonce));
    CHECK(!nonce_read(bytes_of(data, 15), &nonce));
    CHECK(nonce_read(bytes_of(data, 16), &nonce));
    CHECK(nonce.at == data && nonce.len == 16);
    CHECK(nonce_read(bytes_of(data, 256), &nonce));
    CHECK_EQ(nonce.len, 256);
    CHECK(!nonce_read(bytes_of(data, 257), &nonce));
}

TEST(notifies)
{
    struct notify n;

    CHECK(notify_read(hex_bytes("03044009 c0ffee01"), &n));
    CHECK(n.protocol == PROTOCOL_ESP && n.type == NOTIFY_REKEY_SA);
    CHECK(n.spi.len == 4 && n.spi.at[0] == 0xc0 && n.data.len == 0);
    CHECK(notify_read(hex_bytes("00000011 001f"), &n));
    CHECK(n.type == NOTIFY_INVALID_KE_PAYLOAD && n.spi.len == 0 && n.data.len == 2);
    CHECK(notify_read(hex_bytes("01084009 0102030405060708 99"), &n));
    CHECK(n.spi.len == 8 && n.data.len == 1 && n.data.at[0] == 0x99);
    CHECK(!notify_read(hex_bytes("030440"), &n));
    CHECK(!notify_read(hex_bytes("03044009 c0ffee"), &n));
    CHECK(!notify_read(hex_bytes("03014009 c0ffee01"), &n));
    CHECK(!notify_read(hex_bytes("03054009 c0ffee0102"), &n));
    CHECK(!notify_read(hex_bytes("03104009 000102030405060708090a0b0c0d0e0f"), &n));
    for (unsigned i = 0; i < 1000; i++) {
        static const u8 sizes[] = {0, 4, 8};
        uint8_t spi[8];
        struct notify got, sent = {.protocol = (u8)random_u32(), .type = (u16)random_u32()};
        random_fill(spi, sizeof spi);
        sent.spi = bytes_of(spi, sizes[random_below(3)]);
        sent.data = random_bytes(200);
        struct writer w = writer_of(buffer, sizeof buffer);
        notify_write(&w, &sent);
        CHECK(notify_read(written_bytes(&w), &got));
        CHECK(got.protocol == sent.protocol && got.type == sent.type);
        CHECK(bytes_equal(got.spi, sent.spi) && bytes_equal(got.data, sent.data));
        CHECK(comes_back(echo_notify, written_bytes(&w), NOWHERE));
    }
}

/* RFC 7296 3.11 (1, 3) */
TEST(deletes)
{
    struct delete d;

    CHECK(delete_read(hex_bytes("01000000"), &d));
    CHECK(d.protocol == PROTOCOL_IKE && d.count == 0 && d.spis.len == 0);
    CHECK(delete_read(hex_bytes("03040002 c0000001 c0000002"), &d));
    CHECK(d.protocol == PROTOCOL_ESP && d.spi_size == 4 && d.count == 2 && d.spis.len == 8);
    CHECK(delete_read(hex_bytes("03040000"), &d));
    CHECK(!delete_read(hex_bytes("030400"), &d));
    CHECK(!delete_read(hex_bytes("03040002 c0000001"), &d));
    CHECK(!delete_read(hex_bytes("03040001 c0000001 c0000002"), &d));
    CHECK(!delete_read(hex_bytes("0304ffff c0000001"), &d));
    CHECK(!delete_read(hex_bytes("01080001 0102030405060708"), &d)); /* the header has its SPIs */
    CHECK(!delete_read(hex_bytes("02000001"), &d));
    CHECK(!delete_read(hex_bytes("03080001 0102030405060708"), &d));
    CHECK(delete_read(hex_bytes("06080001 0102030405060708"), &d)); /* not ours to judge */
    for (unsigned i = 0; i < 1000; i++) {
        struct delete got, sent = {.protocol = (u8)(2 + random_below(2)), .spi_size = 4};
        sent.count = (u16)random_below(DELETE_SPIS_MAX);
        random_fill(data, sizeof data);
        sent.spis = bytes_of(data, (size_t)sent.count * 4);
        struct writer w = writer_of(buffer, sizeof buffer);
        delete_write(&w, &sent);
        CHECK(delete_read(written_bytes(&w), &got));
        CHECK(got.protocol == sent.protocol && got.count == sent.count && got.spi_size == 4);
        CHECK(bytes_equal(got.spis, sent.spis));
        CHECK(comes_back(echo_delete, written_bytes(&w), NOWHERE));
    }
}

/* RFC 7296 3.15.1 (1) */
TEST(configurations)
{
    struct config config;
    struct config_attribute a;

    CHECK(cp_read(hex_bytes("02ffffff 00010004 0a000001 80030000"), &config));
    CHECK_EQ(config.type, CFG_TYPE_REPLY);
    struct reader r = reader_of(config.attributes);
    CHECK(config_next(&r, &a));
    CHECK(a.type == CFG_INTERNAL_IP4_ADDRESS && a.value.len == 4 && a.value.at[0] == 10);
    CHECK(config_next(&r, &a));
    CHECK(a.type == CFG_INTERNAL_IP4_DNS && a.value.len == 0); /* the R bit is ignored */
    CHECK(!config_next(&r, &a) && !r.bad);
    CHECK(cp_read(hex_bytes("01000000"), &config));
    CHECK(!cp_read(hex_bytes("010000"), &config));
    CHECK(!cp_read(hex_bytes("01000000 00"), &config));
    CHECK(!cp_read(hex_bytes("01000000 000100"), &config));
    CHECK(!cp_read(hex_bytes("01000000 00010004 0a0000"), &config));
    CHECK(!cp_read(hex_bytes("01000000 00010003 0a000001"), &config));
    CHECK(!cp_read(hex_bytes("01000000 00010004 0a000001 0003ffff"), &config));
    for (unsigned round = 0; round < 1000; round++) {
        unsigned count = random_below(10);
        struct config_attribute sent[10];
        struct writer w = writer_of(buffer, sizeof buffer);
        random_fill(data, sizeof data);
        config_write(&w, (u8)round);
        for (unsigned i = 0; i < count; i++) {
            sent[i] = (struct config_attribute){.type = random_u32() & 0x7fff,
                                                .value = bytes_of(data + i, random_below(50))};
            config_attribute_write(&w, &sent[i]);
        }
        CHECK(cp_read(written_bytes(&w), &config));
        CHECK_EQ(config.type, (u8)round);
        r = reader_of(config.attributes);
        for (unsigned i = 0; i < count; i++) {
            CHECK(config_next(&r, &a));
            CHECK(a.type == sent[i].type && bytes_equal(a.value, sent[i].value));
        }
        CHECK(!config_next(&r, &a) && read_ended(&r));
        CHECK(comes_back(echo_config, written_bytes(&w), NOWHERE));
    }
}

/* RFC 7296 3.16 (2, 3) */
TEST(eap_packets)
{
    struct eap eap;

    CHECK(eap_read(hex_bytes("01070005 01"), &eap));
    CHECK(eap.code == EAP_REQUEST && eap.identifier == 7 && eap.type == EAP_TYPE_IDENTITY);
    CHECK_EQ(eap.data.len, 0);
    CHECK(eap_read(hex_bytes("02070007 04abcd"), &eap));
    CHECK(eap.type == EAP_TYPE_MD5 && eap.data.len == 2 && eap.data.at[0] == 0xab);
    CHECK(eap_read(hex_bytes("03070004"), &eap));
    CHECK(eap.code == EAP_SUCCESS && eap.type == 0 && eap.data.len == 0);
    CHECK(eap_read(hex_bytes("04070004"), &eap));
    CHECK(eap_read(hex_bytes("05070006 0200"), &eap)); /* RFC 6696 */
    CHECK(eap.type == 0 && eap.data.len == 2);
    CHECK(!eap_read(hex_bytes("01070004"), &eap)); /* a request has a type */
    CHECK(!eap_read(hex_bytes("02070004"), &eap));
    CHECK(!eap_read(hex_bytes("03070005 01"), &eap));
    CHECK(!eap_read(hex_bytes("04070005 01"), &eap));
    CHECK(!eap_read(hex_bytes("01070006 01"), &eap));
    CHECK(!eap_read(hex_bytes("01070005 0102"), &eap));
    CHECK(!eap_read(hex_bytes("030700"), &eap));
    for (unsigned i = 0; i < 1000; i++) {
        struct eap got, sent = {.code = (u8)(1 + random_below(6)), .identifier = (u8)random_u32()};
        if (sent.code <= 2)
            sent.type = (u8)random_u32();
        if (sent.code != EAP_SUCCESS && sent.code != EAP_FAILURE)
            sent.data = random_bytes(900);
        struct writer w = writer_of(buffer, sizeof buffer);
        eap_write(&w, &sent);
        CHECK(eap_read(written_bytes(&w), &got));
        CHECK(got.code == sent.code && got.identifier == sent.identifier && got.type == sent.type);
        CHECK(bytes_equal(got.data, sent.data));
        CHECK(comes_back(echo_eap, written_bytes(&w), NOWHERE));
    }
}

TEST(fragments)
{
    struct skf skf;

    CHECK(skf_read(hex_bytes("00020003 aabbcc"), &skf));
    CHECK(skf.number == 2 && skf.total == 3 && skf.sealed.len == 3 && skf.sealed.at[0] == 0xaa);
    CHECK(skf_read(hex_bytes("00010001"), &skf));
    CHECK(skf_read(hex_bytes("ffffffff"), &skf));
    CHECK(!skf_read(hex_bytes("00000001"), &skf));
    CHECK(!skf_read(hex_bytes("00000000"), &skf));
    CHECK(!skf_read(hex_bytes("00020001"), &skf));
    CHECK(!skf_read(hex_bytes("00010000"), &skf));
    CHECK(!skf_read(hex_bytes("000100"), &skf));
    CHECK(comes_back(echo_skf, hex_bytes("00070009 0102030405"), NOWHERE));
}

/* RFC 7296 2.5 (6) */
TEST(reserved_octets_go_out_as_zero)
{
    CHECK(comes_back(echo_ident, hex_bytes("02aabbcc 6d6f6f6e"), 1));
    CHECK_BYTES(again, "\x02\0\0\0moon", 8);
    CHECK(comes_back(echo_auth, hex_bytes("02aabbcc 0102"), 1));
    CHECK_BYTES(again, "\x02\0\0\0\x01\x02", 6);
    CHECK(comes_back(echo_config, hex_bytes("01aabbcc"), 1));
    CHECK_BYTES(again, "\x01\0\0\0", 4);
    CHECK(comes_back(echo_ke, hex_bytes("0013aabb 01"), 2));
    CHECK_BYTES(again, "\0\x13\0\0\x01", 5);
}

/* Every kind of body at once: whatever is taken must come back with the same length. */
static bool read_as_all(struct bytes body)
{
    static echo *const all[] = {echo_ke,     echo_ident,  echo_cert,   echo_auth, echo_nonce,
                                echo_notify, echo_delete, echo_config, echo_eap,  echo_skf};

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct writer w = writer_of(again, sizeof again);
        if (all[i](body, &w))
            ensure(!w.full && written(&w) == body.len);
    }
    return false;
}

static bool read_config(struct bytes body)
{
    struct writer w = writer_of(again, sizeof again);
    return body.len > 4 && echo_config(body, &w);
}

static bool read_eap(struct bytes body)
{
    struct writer w = writer_of(again, sizeof again);
    return echo_eap(body, &w);
}

static bool read_delete(struct bytes body)
{
    struct writer w = writer_of(again, sizeof again);
    return echo_delete(body, &w);
}

TEST(broken_bodies_do_no_harm)
{
    static const char *const samples[] = {
        "03040003 c0000001 c0000002 c0000003",
        "01000000 00010004 0a000001 00030000 00080002 abcd",
        "02070010 1a0102030405060708090a0b",
        "01084009 0102030405060708 99",
        "00020003 aabbccddeeff",
    };

    for (size_t i = 0; i < ARRAY_LEN(samples); i++)
        (void)torment(hex_bytes(samples[i]), read_as_all);
    CHECK_EQ(torment(hex_bytes(samples[0]), read_delete), 0);
    CHECK_EQ(torment(hex_bytes("01000000 0001000c 00000000 00000000 00000000"), read_config), 0);
    CHECK_EQ(torment(hex_bytes(samples[2]), read_eap), 0);
    for (unsigned round = 0; round < 5000; round++) {
        struct bytes noise = random_bytes(40);
        uint8_t *copy = exact_copy(noise);
        (void)read_as_all(bytes_of(copy, noise.len));
        free(copy);
    }
}

TEST(writers_keep_to_their_buffer)
{
    struct eap eap = {.code = EAP_REQUEST, .type = 1, .data = bytes_of(data, 100)};
    struct notify n = {.type = 1, .spi = bytes_of(data, 8), .data = bytes_of(data, 100)};

    for (size_t size = 0; size < 100; size++) {
        uint8_t *room = exact_copy(bytes_of(data, size));
        struct writer w = writer_of(room, size);
        eap_write(&w, &eap);
        CHECK(w.full);
        w = writer_of(room, size);
        notify_write(&w, &n);
        CHECK(w.full);
        free(room);
    }
}

int main(void)
{
    return RUN(ke_bodies) | RUN(identities) | RUN(certificates) | RUN(auth_bodies) | RUN(nonces) |
           RUN(notifies) | RUN(deletes) | RUN(configurations) | RUN(eap_packets) | RUN(fragments) |
           RUN(reserved_octets_go_out_as_zero) | RUN(broken_bodies_do_no_harm) |
           RUN(writers_keep_to_their_buffer);
}
