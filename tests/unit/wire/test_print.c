/* The printer: whole messages against the text that people should see; nothing odd harms it. */
#include "random.h"
#include "wire/payload.h"
#include "wire/print.h"
#include "wire/proposal.h"
#include "wire/ts.h"

static uint8_t buffer[65536];
static char line[8192];

static struct bytes hex_bytes(const char *text)
{
    return bytes_of(buffer, hex(text, buffer, sizeof buffer));
}

/* Is this what is printed? Shows both when not. */
static bool is(const char *got, const char *wanted)
{
    if (strcmp(got, wanted) == 0)
        return true;
    printf("# got:    %s\n# wanted: %s\n", got, wanted);
    return false;
}

static const char *payload(u8 type, const char *body)
{
    struct text t = text_of(line, sizeof line);

    print_payload(&t, type, hex_bytes(body));
    return line;
}

static const char *ident(u8 type, struct bytes data)
{
    struct text t = text_of(line, sizeof line);

    print_ident(&t, type, data);
    return line;
}

static const char *hex_ident(u8 type, const char *text)
{
    return ident(type, hex_bytes(text));
}

static const char *text_ident(u8 type, const char *text)
{
    return ident(type, bytes_of(text, strlen(text)));
}

#define OFFER                                                                                      \
    "02000030 01010004 0300000c 01000014 800e0100 0300000c 01000014 800e0080"                      \
    "03000008 02000005 00000008 0400001f"                                                          \
    "0000002c 02010004 0300000c 0100000c 800e0100 03000008 0300000c 03000008 02000005"             \
    "00000008 0400000e"

static void add(struct builder *b, u8 type, const char *body)
{
    static uint8_t octets[4096];
    size_t mark = payload_begin(b, type, false);

    write_bytes(b->w, bytes_of(octets, hex(body, octets, sizeof octets)));
    payload_end(b, mark);
}

static bool print_built(struct writer *w, struct header *h)
{
    struct message m;
    u8 bad;
    struct bytes all = written_bytes(w);
    struct text t = text_of(line, sizeof line);

    if (header_read(all, h) != HEADER_OK)
        return false;
    struct bytes chain = bytes_of(all.at + HEADER_SIZE, all.len - HEADER_SIZE);
    if (message_read(&m, all.at, chain, h->next_payload, &bad) != MESSAGE_OK)
        return false;
    m.header = *h;
    print_message(&t, &m);
    return !t.cut;
}

TEST(an_init_request)
{
    static uint8_t octets[2048];
    struct writer w = writer_of(octets, sizeof octets);
    struct header h = {.spi_i = 0x0123456789abcdef,
                       .version = VERSION_2_0,
                       .exchange = EXCHANGE_IKE_SA_INIT,
                       .flags = FLAG_INITIATOR};
    struct builder b = builder_message(&w, &h);

    add(&b, PAYLOAD_SA, OFFER);
    add(&b, PAYLOAD_KE,
        "001f0000 000102030405060708090a0b0c0d0e0f 000102030405060708090a0b0c0d0e0f");
    add(&b, PAYLOAD_NONCE, "000102030405060708090a0b0c0d0e0f");
    add(&b, PAYLOAD_NOTIFY, "00004004 000102030405060708090a0b0c0d0e0f00010203");
    add(&b, PAYLOAD_NOTIFY, "0000402e");
    add(&b, PAYLOAD_NOTIFY, "0000402f 000200030004 0005");
    add(&b, PAYLOAD_VENDOR, "0011223344556677");
    builder_end(&b);
    CHECK(print_built(&w, &h));
    CHECK(is(line,
             "IKE_SA_INIT request 0, SPIi 0123456789abcdef SPIr 0000000000000000, 248 octets\n"
             "  SA      1 IKE: AES_GCM_16_256|AES_GCM_16_128/PRF_HMAC_SHA2_256/CURVE25519\n"
             "          2 IKE: AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP2048\n"
             "  KE      CURVE25519, 32 octets\n"
             "  Nonce   16 octets\n"
             "  N       NAT_DETECTION_SOURCE_IP, 20 octets\n"
             "  N       IKEV2_FRAGMENTATION_SUPPORTED\n"
             "  N       SIGNATURE_HASH_ALGORITHMS: SHA2_256 SHA2_384 SHA2_512 IDENTITY\n"
             "  V       0011223344556677"));
}

TEST(an_auth_response)
{
    static uint8_t octets[2048];
    struct writer w = writer_of(octets, sizeof octets);
    struct header h = {.spi_i = 0x0123456789abcdef,
                       .spi_r = 0xfedcba9876543210,
                       .message_id = 1,
                       .version = VERSION_2_0,
                       .exchange = EXCHANGE_IKE_AUTH,
                       .flags = FLAG_RESPONSE};
    struct builder b = builder_message(&w, &h);

    add(&b, PAYLOAD_IDR, "02000000 73756e2e6578616d706c652e6f7267");
    add(&b, PAYLOAD_CERT, "04 3082");
    add(&b, PAYLOAD_AUTH, "02000000 000102030405060708090a0b0c0d0e0f");
    add(&b, PAYLOAD_CP,
        "02000000 00010004 0a030001 00190007 6c6f632e6e6574 00030000"
        "00080011 20010db800000000000000000000000140 000d0008 0a000000 ffff0000");
    add(&b, PAYLOAD_SA, "00000020 01030402 c0ffee01 0300000c 01000014 800e0100 00000008 05000000");
    add(&b, PAYLOAD_TSI, "01000000 07000010 0000ffff 0a030001 0a030001");
    add(&b, PAYLOAD_TSR,
        "03000000 07060010 01bb01bb 0a000000 0affffff 07000010 0000ffff c0000201"
        "c0000209 08000028 0000ffff 20010db8000000000000000000000000"
        "20010db80000ffffffffffffffffffff");
    builder_end(&b);
    CHECK(print_built(&w, &h));
    CHECK(is(line, "IKE_AUTH response 1, SPIi 0123456789abcdef SPIr fedcba9876543210, 286 octets\n"
                   "  IDr     FQDN sun.example.org\n"
                   "  CERT    X509_SIGNATURE, 2 octets\n"
                   "  AUTH    PSK, 16 octets\n"
                   "  CP      CFG_REPLY\n"
                   "          INTERNAL_IP4_ADDRESS 10.3.0.1\n"
                   "          INTERNAL_DNS_DOMAIN loc.net\n"
                   "          INTERNAL_IP4_DNS\n"
                   "          INTERNAL_IP6_ADDRESS 2001:db8::1/64\n"
                   "          INTERNAL_IP4_SUBNET 10.0.0.0/255.255.0.0\n"
                   "  SA      1 ESP c0ffee01: AES_GCM_16_256/32_BIT\n"
                   "  TSi     10.3.0.1/32\n"
                   "  TSr     10.0.0.0/8[tcp/443]\n"
                   "          192.0.2.1-192.0.2.9\n"
                   "          2001:db8::/48"));
}

TEST(single_payloads)
{
    CHECK(
        is(payload(PAYLOAD_NOTIFY, "00000011 0013"), "N       INVALID_KE_PAYLOAD, wanted: ECP256"));
    CHECK(is(payload(PAYLOAD_NOTIFY, "03044009 c0ffee01"), "N       REKEY_SA ESP c0ffee01"));
    CHECK(is(payload(PAYLOAD_NOTIFY, "00000011 001300"), "N       INVALID_KE_PAYLOAD, 3 octets"));
    CHECK(is(payload(PAYLOAD_NOTIFY, "00004006 0013"), "N       COOKIE, 2 octets"));
    CHECK(is(payload(PAYLOAD_NOTIFY, "0000a028 01"), "N       NOTIFY_41000, 1 octet"));
    CHECK(is(payload(PAYLOAD_DELETE, "01000000"), "D       IKE"));
    CHECK(
        is(payload(PAYLOAD_DELETE, "03040002 c0000001c0000002"), "D       ESP c0000001 c0000002"));
    CHECK(is(payload(PAYLOAD_DELETE,
                     "0304000a 00000000000000010000000200000003000000040000000500000006"
                     "000000070000000800000009"),
             "D       ESP 00000000 00000001 00000002 00000003 00000004 00000005 00000006 00000007"
             " and 2 more"));
    CHECK(is(payload(PAYLOAD_EAP, "02070007 1aabcd"), "EAP     Response 7, MSCHAPv2, 2 octets"));
    CHECK(is(payload(PAYLOAD_EAP, "03080004"), "EAP     Success 8"));
    CHECK(is(payload(PAYLOAD_SKF, "00020005 aabbcc"), "SKF     2 of 5, 3 octets"));
    CHECK(is(payload(PAYLOAD_SK, "aabbcc"), "SK      3 octets"));
    CHECK(is(payload(PAYLOAD_CERTREQ, "04"), "CERTREQ X509_SIGNATURE, 0 octets"));
    CHECK(is(payload(PAYLOAD_VENDOR, "6672656e6368"), "V       \"french\""));
    CHECK(is(payload(200, "00"), "PAYLOAD_200 00"));
    CHECK(is(payload(PAYLOAD_VENDOR, ""), "V       (empty)"));
    CHECK(is(payload(PAYLOAD_TSI, "01000000 0a000004"), "TSi     of unknown types"));
    CHECK(is(payload(PAYLOAD_IDI, "0d000000"), "IDi     NULL anonymous"));
    CHECK(is(payload(PAYLOAD_SA, "00000018 01010002 03000008 06000025 00000008 0f000007"),
             "SA      1 IKE: ADDKE1_ML_KEM_1024/TRANSFORM_15_7"));
    CHECK(is(payload(PAYLOAD_SA, "00000018 01010002 03000008 0c000024 00000008 0d000001"),
             "SA      1 IKE: ADDKE7_ML_KEM_768/KW_5649_128"));
    CHECK(is(payload(PAYLOAD_SA, "00000014 01010001 0000000c 0100ffff 80630080"),
             "SA      1 IKE: ENCR_65535(?)"));
}

/* An attribute of a configuration request. */
static const char *attribute(const char *body)
{
    static char whole[256] = "01000000";

    strcpy(whole + 8, body);
    return payload(PAYLOAD_CP, whole) + strlen("CP      CFG_REQUEST\n          ");
}

TEST(configuration_attributes)
{
    CHECK(
        is(attribute("000a0010 20010db8000000000000000000000001"), "INTERNAL_IP6_DNS 2001:db8::1"));
    CHECK(is(attribute("00140004 c0000201"), "P_CSCF_IP4_ADDRESS 192.0.2.1"));
    CHECK(is(attribute("00070001 33"), "APPLICATION_VERSION 3"));
    CHECK(is(attribute("70000002 6869"), "UNITY_BANNER \"hi\""));
    /* Of another length than the type has. */
    CHECK(is(attribute("00010003 c00002"), "INTERNAL_IP4_ADDRESS c00002"));
    CHECK(is(attribute("00010008 c0000201 ffffffff"), "INTERNAL_IP4_ADDRESS c0000201ffffffff"));
    CHECK(is(attribute("000d0004 c0000201"), "INTERNAL_IP4_SUBNET c0000201"));
    CHECK(is(attribute("000a0004 c0000201"), "INTERNAL_IP6_DNS c0000201"));
    CHECK(is(attribute("00080010 20010db8000000000000000000000001"),
             "INTERNAL_IP6_ADDRESS 20010db8000000000000000000000001"));
    CHECK(is(attribute("00630010 20010db8000000000000000000000001"),
             "CFG_99 20010db8000000000000000000000001"));
}

TEST(sizes_of_values)
{
    char text[65];

    CHECK(is(
        payload(PAYLOAD_VENDOR, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
        "V       000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
    CHECK(is(payload(PAYLOAD_VENDOR, "207e"), "V       \" ~\""));
    CHECK(is(payload(PAYLOAD_VENDOR, "207f"), "V       207f"));
    memset(text, 'x', sizeof text);
    CHECK_EQ(ident(ID_KEY_ID, bytes_of(text, 64))[0], '"');
    CHECK_EQ(ident(ID_KEY_ID, bytes_of(text, 65))[0], '7');
    CHECK(is(ident(ID_FQDN, bytes_of(text, 0)), "(empty)"));
}

TEST(other_versions)
{
    struct message m = {.header = {.version = 0x31, .exchange = 77, .length = 28}};
    struct text t = text_of(line, sizeof line);

    print_message(&t, &m);
    CHECK(is(line, "EXCHANGE_77 request 0, version 3.1, SPIi 0000000000000000"
                   " SPIr 0000000000000000, 28 octets"));
}

TEST(malformed_bodies_are_hex)
{
    CHECK(is(payload(PAYLOAD_KE, "001f00"), "KE      malformed: 001f00"));
    CHECK(is(payload(PAYLOAD_SA, ""), "SA      malformed: (empty)"));
    /* The first proposal is sound, the second one is not: neither is shown as if it were. */
    CHECK(is(payload(PAYLOAD_SA, "02000008 01010000 00000009 02010000"),
             "SA      malformed: 02000008010100000000000902010000"));
    CHECK(is(payload(PAYLOAD_NONCE, "000102"), "Nonce   malformed: 000102"));
    CHECK(is(payload(PAYLOAD_TSR, "01000000 07000010 0000ffff 0a000002 0a000001"),
             "TSr     malformed: 01000000070000100000ffff0a0000020a000001"));
    CHECK(
        is(payload(PAYLOAD_NOTIFY,
                   "0001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000"),
           "N       malformed: "
           "0001000000000000000000000000000000000000000000000000000000000000... (34 octets)"));
}

/* SEQUENCE { SET { SEQUENCE { OID, string } } ... } */
#define RDN_C  "310b 3009 0603550406 1302 4348"                   /* C=CH */
#define RDN_O  "310d 300b 060355040a 0c04 41636d65"               /* O=Acme */
#define RDN_CN "310d 300b 0603550403 0c04 6d6f6f6e"               /* CN=moon */
#define RDN_DC "3113 3011 060a0992268993f22c640119 1603 6f7267"   /* DC=org */
#define RDN_E  "3114 3012 06092a864886f70d010901 1605 6140622e63" /* emailAddress=a@b.c */

TEST(distinguished_names)
{
    u8 dn = ID_DER_ASN1_DN;

    CHECK(is(hex_ident(dn, "302b" RDN_C RDN_O RDN_CN), "C=CH, O=Acme, CN=moon"));
    CHECK(is(hex_ident(dn, "302b" RDN_DC RDN_E), "DC=org, emailAddress=a@b.c"));
    CHECK(is(hex_ident(dn, "3081 0f" RDN_CN), "CN=moon"));
    CHECK(is(hex_ident(dn, "3082 000f" RDN_CN), "CN=moon"));
    CHECK(is(hex_ident(dn, "300d 310b 3009 0603550408 1302 5a48"), "ST=ZH"));
    CHECK(is(hex_ident(dn, "300d 310b 3009 0603550407 1302 5a48"), "L=ZH"));
    CHECK(is(hex_ident(dn, "300d 310b 3009 060355040b 1302 5a48"), "OU=ZH"));
    /* Two attributes in one set. */
    CHECK(is(hex_ident(dn, "3018 3116 3009 0603550406 1302 4348 3009 060355040b 1302 5a48"),
             "C=CH + OU=ZH"));
    /* A value must not look like the next one. */
    CHECK(is(hex_ident(dn, "3014 3112 3010 060355040a 0c09 412c20434e3d6d6f6e"), "O=A\\, CN=mon"));
    CHECK(is(hex_ident(dn, "300f 310d 300b 0603550403 0c04 0a5c2be9"), "CN=\\x0a\\x5c\\+\\xe9"));
}

TEST(odd_names_are_hex)
{
    u8 dn = ID_DER_ASN1_DN;

    CHECK(is(hex_ident(dn, "3000"), "3000"));
    CHECK(is(hex_ident(dn, "300f" RDN_CN "00"), "300f310d300b06035504030c046d6f6f6e00"));
    CHECK(is(hex_ident(dn, "3010" RDN_CN), "3010310d300b06035504030c046d6f6f6e"));
    CHECK(is(hex_ident(dn, "3080" RDN_CN), "3080310d300b06035504030c046d6f6f6e"));
    CHECK(is(hex_ident(dn, "310f" RDN_CN), "310f310d300b06035504030c046d6f6f6e"));
    /* An attribute that we do not name; a string of another type; something behind the value. */
    CHECK(
        is(hex_ident(dn, "300d 310b 3009 06035504ff 1302 5a48"), "300d310b300906035504ff13025a48"));
    CHECK(
        is(hex_ident(dn, "300d 310b 3009 0603550403 1e02 5a48"), "300d310b300906035504031e025a48"));
    CHECK(is(hex_ident(dn, "300e 310c 300a 0603550403 1302 5a48 00"),
             "300e310c300a060355040313025a4800"));
    /* One octet too many, in the name and in the set. */
    CHECK(is(hex_ident(dn, "3010" RDN_CN "00"), "3010310d300b06035504030c046d6f6f6e00"));
    CHECK(is(hex_ident(dn, "300e 310c 3009 0603550403 1302 5a48 00"),
             "300e310c3009060355040313025a4800"));
    /* The second name is odd: nothing of the first one stays. */
    CHECK(is(hex_ident(dn, "3018" RDN_C "3109 3007 0603550403 1e00"),
             "3018310b300906035504061302434831093007060355040"
             "31e00"));
}

TEST(identities)
{
    CHECK(is(hex_ident(ID_IPV4_ADDR, "c0000201"), "192.0.2.1"));
    CHECK(is(hex_ident(ID_IPV4_ADDR, "c00002"), "c00002"));
    CHECK(is(hex_ident(ID_IPV6_ADDR, "20010db8000000000000000000000001"), "2001:db8::1"));
    CHECK(is(hex_ident(ID_IPV6_ADDR, "20010db8"), "20010db8"));
    CHECK(is(text_ident(ID_FQDN, "moon.example.org"), "moon.example.org"));
    CHECK(is(text_ident(ID_RFC822_ADDR, "moon@example.org"), "moon@example.org"));
    CHECK(is(text_ident(ID_FQDN, "a\nb"), "a\\x0ab")); /* no new lines in a log */
    CHECK(is(text_ident(ID_KEY_ID, "office 3"), "\"office 3\""));
    CHECK(is(text_ident(ID_KEY_ID, "a\"b"), "612262"));
    CHECK(is(hex_ident(ID_KEY_ID, "00ff"), "00ff"));
    CHECK(is(text_ident(ID_KEY_ID, ""), "(empty)"));
    CHECK(is(hex_ident(77, "00ff"), "00ff"));
}

static const char *selector(const char *body)
{
    struct ts_list list;
    struct text t = text_of(line, sizeof line);

    if (!ts_read(hex_bytes(body), &list) || list.count != 1)
        return "refused";
    print_ts(&t, &list.ts[0]);
    return line;
}

#define V4  "01000000 07"
#define TEN "0a000000 0affffff"

TEST(selectors)
{
    struct shrike_ts dynamic = {.protocol = 17, .port_from = 1701, .port_to = 1701};
    struct text t = text_of(line, sizeof line);

    print_ts(&t, &dynamic);
    CHECK(is(line, "dynamic[udp/1701]"));
    CHECK(is(selector(V4 "000010 0000ffff 00000000 ffffffff"), "0.0.0.0/0"));
    CHECK(is(selector(V4 "000010 0000ffff 0a000000 0a00007f"), "10.0.0.0/25"));
    CHECK(is(selector(V4 "000010 0000ffff 0a000001 0a00007f"), "10.0.0.1-10.0.0.127"));
    CHECK(is(selector(V4 "000010 0000ffff 0a000000 0a00007e"), "10.0.0.0-10.0.0.126"));
    CHECK(is(selector(V4 "000010 0000ffff 0a000000 0a000080"), "10.0.0.0-10.0.0.128"));
    CHECK(is(selector(V4 "110010 00000000" TEN), "10.0.0.0/8[udp/0]"));
    CHECK(is(selector(V4 "110010 0000ffff" TEN), "10.0.0.0/8[udp]"));
    CHECK(is(selector(V4 "060010 00500058" TEN), "10.0.0.0/8[tcp/80-88]"));
    CHECK(is(selector(V4 "060010 ffff0000" TEN), "10.0.0.0/8[tcp/OPAQUE]"));
    CHECK(is(selector(V4 "000010 00500050" TEN), "10.0.0.0/8[any/80]"));
    CHECK(is(selector(V4 "fd0010 0000ffff" TEN), "10.0.0.0/8[253]"));
    CHECK(is(selector(V4 "010010 08000800" TEN), "10.0.0.0/8[icmp/8(0)]"));
    CHECK(is(selector(V4 "010010 030003ff" TEN), "10.0.0.0/8[icmp/3(0)-3(255)]"));
    CHECK(is(selector("01000000 08000028 0000ffff 00000000000000000000000000000000"
                      "ffffffffffffffffffffffffffffffff"),
             "::/0"));
}

/* Whatever the size of the buffer: within it, ended, the beginning of the whole. */
TEST(small_buffers_are_kept_to)
{
    static char whole[sizeof line];

    (void)payload(PAYLOAD_SA, OFFER);
    memcpy(whole, line, sizeof whole);
    for (size_t size = 1; size < strlen(whole) + 2; size++) {
        char *small = malloc(size);
        CHECK(small);
        struct text t = text_of(small, size);
        print_payload(&t, PAYLOAD_SA, hex_bytes(OFFER));
        CHECK_EQ(strlen(small), MIN(size - 1, strlen(whole)));
        CHECK(strncmp(small, whole, strlen(small)) == 0);
        CHECK(t.cut == (size <= strlen(whole)));
        free(small);
    }
}

static uint8_t printed_type;

static bool print_it(struct bytes body)
{
    struct text t = text_of(line, sizeof line);

    print_payload(&t, printed_type, body);
    ensure(t.len == strlen(line));
    for (size_t i = 0; i < t.len; i++)
        ensure((line[i] >= ' ' && line[i] <= '~') || line[i] == '\n');
    t = text_of(line, sizeof line);
    print_ident(&t, printed_type, body);
    return false;
}

TEST(broken_bodies_do_no_harm)
{
    static const char *const samples[] = {
        OFFER,
        "09000000 302b" RDN_C RDN_O RDN_CN,
        "02000000 00010004 0a030001 00190007 6c6f632e6e6574 00030000",
        "02000000 07000010 0000ffff 0a030001 0a030001 07060010 0000ffff 0a030001 0a030001",
        "03040002 c0000001c0000002",
        "0000402f 0002000300040005",
        "02070007 1aabcd",
    };
    static uint8_t sample[512];

    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        struct bytes b = bytes_of(sample, hex(samples[i], sample, sizeof sample));
        for (unsigned type = PAYLOAD_SA; type <= PAYLOAD_PS; type++) {
            printed_type = (uint8_t)type;
            (void)torment(b, print_it);
        }
    }
    printed_type = ID_DER_ASN1_DN;
    (void)torment(bytes_of(sample, hex("302b" RDN_C RDN_O RDN_CN, sample, sizeof sample)),
                  print_it);
}

int main(void)
{
    return RUN(an_init_request) | RUN(an_auth_response) | RUN(single_payloads) |
           RUN(configuration_attributes) | RUN(sizes_of_values) | RUN(other_versions) |
           RUN(malformed_bodies_are_hex) | RUN(distinguished_names) | RUN(odd_names_are_hex) |
           RUN(identities) | RUN(selectors) | RUN(small_buffers_are_kept_to) |
           RUN(broken_bodies_do_no_harm);
}
