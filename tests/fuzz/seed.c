/* Writes inputs for the fuzzers to begin with: messages of every exchange, with every payload type.
 * seed message|sealed|engine FOLDER. What they grew into is in tests/fuzz/corpus. */
#include "wire/message.h"
#include "wire/notify.h"
#include "wire/payload.h"
#include "wire/proposal.h"
#include "wire/ts.h"
#include <stdio.h>
#include <stdlib.h>

#define BODIES_MAX 12

/* A payload of a seed: its type and what writes its body. */
struct part {
    u8 type;
    void (*write)(struct writer *w);
};

static const u8 octets[64] = {0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x03,
                              0x0c, 0x02, 'm',  'o',  5,    6,    7,    8,    9,    10,   11};

static struct bytes some(size_t n)
{
    return bytes_of(octets, n);
}

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

static void proposal(struct writer *w, u8 protocol, u8 spi_len, bool last)
{
    static struct proposal p;
    const u16 ike[][3] = {{TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
                          {TRANSFORM_ENCR, ENCR_AES_CBC, 128},
                          {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
                          {TRANSFORM_KE, KE_CURVE25519, 0},
                          {TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128, 0},
                          {TRANSFORM_ADDKE1, 36, 0},
                          {TRANSFORM_KWA, 1, 0},
                          {TRANSFORM_GCAUTH, 1, 0}};
    const u16 esp[][3] = {{TRANSFORM_ENCR, ENCR_AES_GCM_16, 256}, {TRANSFORM_SN, 0, 0}};
    unsigned count = protocol == PROTOCOL_IKE ? (last ? 4 : 8) : 2;
    p = (struct proposal){.number = last ? 1 : 2, .protocol = protocol, .spi_len = spi_len};
    memset(p.spi, 7, spi_len);
    p.transform_count = (u8)count;
    for (unsigned i = 0; i < count; i++) {
        const u16 *t = protocol == PROTOCOL_IKE ? ike[i] : esp[i];
        p.transforms[i] = (struct transform){.type = (u8)t[0], .id = t[1], .key_bits = t[2]};
    }
    proposal_write(w, &p, last);
}

static void sa_ike(struct writer *w)
{
    proposal(w, PROTOCOL_IKE, 0, false);
    proposal(w, PROTOCOL_IKE, 0, true);
}

static void sa_rekey(struct writer *w)
{
    proposal(w, PROTOCOL_IKE, 8, true);
}

static void sa_esp(struct writer *w)
{
    proposal(w, PROTOCOL_ESP, 4, true);
}

static void sa_odd(struct writer *w) /* an attribute that nobody knows, as TLV */
{
    write_bytes(w, bytes_of("\0\0\0\32\1\3\4\1ABCD\0\0\0\16\1\0\0\24\0\22\0\2xy", 26));
}

static void key(struct writer *w)
{
    ke_write(w, &(struct ke){KE_CURVE25519, some(32)});
}

static void nonce(struct writer *w)
{
    write_bytes(w, some(32));
}

static void id_a(struct writer *w)
{
    ident_write(w, &(struct ident){ID_FQDN, text("a.test")});
}

static void id_b(struct writer *w)
{
    ident_write(w, &(struct ident){ID_FQDN, text("b.test")});
}

static void id_mail(struct writer *w)
{
    ident_write(w, &(struct ident){ID_RFC822_ADDR, text("road.Warrior@Example.org")});
}

static void id_dn(struct writer *w)
{
    ident_write(w, &(struct ident){ID_DER_ASN1_DN, some(15)});
}

static void id_ip4(struct writer *w)
{
    ident_write(w, &(struct ident){ID_IPV4_ADDR, some(4)});
}

static void id_ip6(struct writer *w)
{
    ident_write(w, &(struct ident){ID_IPV6_ADDR, some(16)});
}

static void id_null(struct writer *w)
{
    ident_write(w, &(struct ident){ID_NULL, some(0)});
}

static void id_key(struct writer *w)
{
    ident_write(w, &(struct ident){ID_KEY_ID, some(40)});
}

/* Regular expressions, for what scores identities. */
#define EXPRESSION(name, octets)                                                                   \
    static void name(struct writer *w)                                                             \
    {                                                                                              \
        ident_write(w, &(struct ident){ID_KEY_ID, text(octets)});                                  \
    }
EXPRESSION(id_sets, "^[^a-f.-]+[][:alnum:]]*[[:digit:][:punct:]]?[[:space:]x-z][[:xdigit:]]$")
EXPRESSION(id_classes, "^[[:upper:]][[:lower:]][[:alpha:]][[:blank:]][[:print:]][[:graph:]]$")
EXPRESSION(id_groups, "^(a|bc|(d.)*)(x?|y+)@(one|two)\\.example$")
EXPRESSION(id_counts, "^(ab){2,3}c{2}d{0,2}e{2,}f{0,}g**$")
EXPRESSION(id_unsound, "^[[:word:]](a||b)\\w{3,1}$")

static void cert(struct writer *w)
{
    cert_write(w, &(struct cert){CERT_X509_SIGNATURE, some(20)});
}

static void auth(struct writer *w)
{
    auth_write(w, &(struct auth){AUTH_PSK, some(32)});
}

static void ts_of(struct writer *w, u8 net)
{
    struct shrike_ts ts = {.port_to = 65535, .family = 4};
    const u8 from[4] = {10, net, 0, 0};
    memcpy(ts.from, from, 4);
    memcpy(ts.to, from, 4);
    ts.to[3] = 255;
    ts_write(w, &ts, 1);
}

static void ts_1(struct writer *w)
{
    ts_of(w, 1);
}

static void ts_2(struct writer *w)
{
    ts_of(w, 2);
}

static const u8 leased[4] = {10, 3, 0, 1};

static void ts_leased(struct writer *w)
{
    struct shrike_ts ts = {.port_to = 65535, .family = 4};
    memcpy(ts.from, leased, 4);
    memcpy(ts.to, leased, 4);
    ts_write(w, &ts, 1);
}

static void ts_all(struct writer *w)
{
    struct shrike_ts ts = {.to = {255, 255, 255, 255}, .port_to = 65535, .family = 4};
    ts_write(w, &ts, 1);
}

static void ts_odd(struct writer *w) /* ICMP, ports, OPAQUE, a range that is no block, IPv6 */
{
    struct shrike_ts ts[5] = {
        {.protocol = 1, .port_from = 8 << 8, .port_to = 8 << 8 | 255, .family = 4},
        {.protocol = 6, .port_from = 80, .port_to = 443, .family = 6, .to = {1, 2, 3}},
        {.protocol = 17, .port_from = 65535, .family = 4, .to = {255, 255, 255, 255}},
        {.protocol = 99, .port_to = 65535, .family = 6},
        {.protocol = 58, .port_from = 1, .port_to = 1, .family = 6},
    };
    ts_write(w, ts, ARRAY_LEN(ts));
}

static void ts_unknown(struct writer *w)
{
    write_bytes(w, bytes_of("\1\0\0\0\12\0\0\10abcd", 12));
}

static void notify(struct writer *w, u16 type, struct bytes data)
{
    notify_write(w, &(struct notify){.type = type, .data = data});
}

static void n_cookie(struct writer *w)
{
    notify(w, NOTIFY_COOKIE, some(17));
}

static void n_ke(struct writer *w)
{
    notify(w, NOTIFY_INVALID_KE_PAYLOAD, bytes_of("\0\37", 2));
}

static void n_hashes(struct writer *w)
{
    notify(w, NOTIFY_SIGNATURE_HASH_ALGORITHMS, bytes_of("\0\2\0\5", 4));
}

static void n_nat(struct writer *w)
{
    notify(w, NOTIFY_NAT_DETECTION_SOURCE_IP, some(20));
}

static void n_fragments(struct writer *w)
{
    notify(w, NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, some(0));
}

static void n_transport(struct writer *w)
{
    notify(w, NOTIFY_USE_TRANSPORT_MODE, some(0));
}

static void n_refused(struct writer *w)
{
    notify(w, NOTIFY_NO_PROPOSAL_CHOSEN, some(0));
}

static void n_later(struct writer *w)
{
    notify(w, NOTIFY_TEMPORARY_FAILURE, some(0));
}

static void n_contact(struct writer *w)
{
    notify(w, NOTIFY_INITIAL_CONTACT, some(0));
}

static void n_led_ip4(struct writer *w)
{
    notify(w, NOTIFY_REDIRECT, bytes_of("\1\4\300\0\2\1", 6));
}

static void n_led_ip6(struct writer *w)
{
    notify(w, NOTIFY_REDIRECTED_FROM, bytes_of("\2\20\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1", 18));
}

static void n_led_name(struct writer *w) /* and a nonce */
{
    notify(w, NOTIFY_REDIRECT, bytes_of("\3\5b-2.xnonce of sixteen octets", 29));
}

static void n_rekey(struct writer *w)
{
    notify_write(w, &(struct notify){PROTOCOL_ESP, NOTIFY_REKEY_SA, text("OUT#"), some(0)});
}

static void delete_child(struct writer *w)
{
    delete_write(w, &(struct delete){PROTOCOL_ESP, 4, 1, text("OUT#")});
}

static void delete_many(struct writer *w)
{
    delete_write(w, &(struct delete){PROTOCOL_ESP, 4, 12, some(48)});
}

static void delete_ike(struct writer *w)
{
    delete_write(w, &(struct delete){PROTOCOL_IKE, 0, 0, some(0)});
}

static void vendor(struct writer *w)
{
    write_bytes(w, text("a vendor of things"));
}

static void cp(struct writer *w)
{
    const struct config_attribute list[] = {{CFG_INTERNAL_IP4_ADDRESS, some(4)},
                                            {CFG_INTERNAL_IP4_SUBNET, some(8)},
                                            {CFG_INTERNAL_IP6_ADDRESS, some(17)},
                                            {CFG_INTERNAL_IP6_DNS, some(16)},
                                            {CFG_APPLICATION_VERSION, text("1.0")},
                                            {CFG_INTERNAL_IP4_DNS, some(0)},
                                            {CFG_INTERNAL_IP4_DHCP, some(3)},
                                            {CFG_UNITY_PFS, text("yes")},
                                            {999, some(40)}};
    config_write(w, CFG_TYPE_REQUEST);
    for (size_t i = 0; i < ARRAY_LEN(list); i++)
        config_attribute_write(w, &list[i]);
}

/* What a pair with internal addresses asks for and gives (tests/pair). */
static void cp_ask(struct writer *w)
{
    const struct config_attribute list[] = {{CFG_INTERNAL_IP4_ADDRESS, some(0)},
                                            {CFG_INTERNAL_IP6_ADDRESS, some(0)},
                                            {CFG_INTERNAL_IP4_DNS, some(0)}};
    config_write(w, CFG_TYPE_REQUEST);
    for (size_t i = 0; i < ARRAY_LEN(list); i++)
        config_attribute_write(w, &list[i]);
}

static void cp_give(struct writer *w)
{
    const struct config_attribute list[] = {
        {CFG_INTERNAL_IP4_ADDRESS, bytes_of(leased, sizeof(leased))},
        {CFG_INTERNAL_IP4_DNS, some(4)},
        {CFG_INTERNAL_IP6_DNS, some(16)}};
    config_write(w, CFG_TYPE_REPLY);
    for (size_t i = 0; i < ARRAY_LEN(list); i++)
        config_attribute_write(w, &list[i]);
}

static void eap(struct writer *w)
{
    eap_write(w, &(struct eap){EAP_RESPONSE, 3, EAP_TYPE_IDENTITY, text("moon")});
}

static void eap_done(struct writer *w)
{
    eap_write(w, &(struct eap){EAP_SUCCESS, 3, 0, some(0)});
}

static void eap_later(struct writer *w) /* RFC 6696: Initiate */
{
    eap_write(w, &(struct eap){5, 3, 0, some(6)});
}

static void sealed(struct writer *w)
{
    write_bytes(w, some(48));
}

static void fragment(struct writer *w)
{
    skf_write(w, 1, 2);
    write_bytes(w, some(40));
}

static void nothing(struct writer *w)
{
    (void)w;
}

/* In front: that payload alone, empty, more often than a message has room for. */
static void crowd(struct writer *w)
{
    (void)w;
}

#define SA(x)                                                                                      \
    {                                                                                              \
        PAYLOAD_SA, x                                                                              \
    }
#define N(x)                                                                                       \
    {                                                                                              \
        PAYLOAD_NOTIFY, x                                                                          \
    }
#define D(x)                                                                                       \
    {                                                                                              \
        PAYLOAD_DELETE, x                                                                          \
    }
#define IDI(x)                                                                                     \
    {                                                                                              \
        PAYLOAD_IDI, x                                                                             \
    }
#define IDR(x)                                                                                     \
    {                                                                                              \
        PAYLOAD_IDR, x                                                                             \
    }
#define TSI(x)                                                                                     \
    {                                                                                              \
        PAYLOAD_TSI, x                                                                             \
    }
#define TSR(x)                                                                                     \
    {                                                                                              \
        PAYLOAD_TSR, x                                                                             \
    }
#define EAP(x)                                                                                     \
    {                                                                                              \
        PAYLOAD_EAP, x                                                                             \
    }
#define KE                                                                                         \
    {                                                                                              \
        PAYLOAD_KE, key                                                                            \
    }
#define NONCE                                                                                      \
    {                                                                                              \
        PAYLOAD_NONCE, nonce                                                                       \
    }
#define AUTH                                                                                       \
    {                                                                                              \
        PAYLOAD_AUTH, auth                                                                         \
    }
#define CP(x)                                                                                      \
    {                                                                                              \
        PAYLOAD_CP, x                                                                              \
    }

static const struct seed {
    u8 exchange;
    struct part parts[BODIES_MAX]; /* type 0 ends them */
} seeds[] = {
    {EXCHANGE_IKE_SA_INIT,
     {SA(sa_ike), KE, NONCE, N(n_nat), N(n_fragments), N(n_hashes), {PAYLOAD_VENDOR, vendor}}},
    {EXCHANGE_IKE_SA_INIT, {N(n_cookie), SA(sa_ike), KE, NONCE, {PAYLOAD_CERTREQ, cert}}},
    {EXCHANGE_IKE_SA_INIT, {N(n_ke)}},
    {EXCHANGE_IKE_SA_INIT, {N(n_led_name)}},
    {EXCHANGE_IKE_SA_INIT, {SA(sa_ike), KE, NONCE, N(n_led_ip6)}},
    {EXCHANGE_IKE_AUTH, {IDR(id_mail), AUTH, N(n_led_ip4)}},
    {EXCHANGE_IKE_AUTH, {IDR(id_sets), AUTH}},
    {EXCHANGE_IKE_AUTH, {IDR(id_classes), AUTH}},
    {EXCHANGE_IKE_AUTH, {IDR(id_groups), AUTH}},
    {EXCHANGE_IKE_AUTH, {IDR(id_counts), AUTH}},
    {EXCHANGE_IKE_AUTH, {IDR(id_unsound), AUTH}},
    {EXCHANGE_IKE_SA_INIT, {{54, vendor}, {200, vendor}, {49, nothing}}},
    {EXCHANGE_IKE_INTERMEDIATE, {KE, {PAYLOAD_SK, sealed}}},
    {EXCHANGE_IKE_AUTH, {{PAYLOAD_SK, sealed}}},
    {EXCHANGE_IKE_AUTH, {{PAYLOAD_SKF, fragment}}},
    {EXCHANGE_IKE_AUTH,
     {IDI(id_a), IDR(id_b), AUTH, SA(sa_esp), TSI(ts_1), TSR(ts_2), N(n_contact)}},
    {EXCHANGE_IKE_AUTH, {IDR(id_b), AUTH, SA(sa_esp), TSI(ts_1), TSR(ts_2)}},
    {EXCHANGE_IKE_AUTH, {IDR(id_b), AUTH, N(n_refused)}},
    {EXCHANGE_IKE_AUTH,
     {IDI(id_a),
      {PAYLOAD_CERT, cert},
      {PAYLOAD_CERTREQ, cert},
      AUTH,
      CP(cp),
      N(n_transport),
      SA(sa_esp),
      TSI(ts_1),
      TSR(ts_odd)}},
    {EXCHANGE_IKE_AUTH, {IDI(id_dn), SA(sa_odd), TSI(ts_unknown), TSR(ts_odd), CP(cp)}},
    {EXCHANGE_IKE_AUTH, {IDI(id_ip4), IDR(id_ip6), EAP(eap_done), SA(sa_esp)}},
    {EXCHANGE_IKE_AUTH, {IDI(id_null), IDR(id_key), EAP(eap_later)}},
    {EXCHANGE_IKE_AUTH, {EAP(eap)}},
    {EXCHANGE_IKE_AUTH, {AUTH}},
    {EXCHANGE_IKE_AUTH, {IDI(id_a), AUTH, CP(cp_ask), SA(sa_esp), TSI(ts_all), TSR(ts_all)}},
    {EXCHANGE_IKE_AUTH, {IDR(id_b), AUTH, CP(cp_give), SA(sa_esp), TSI(ts_leased), TSR(ts_2)}},
    {EXCHANGE_CREATE_CHILD_SA, {SA(sa_esp), NONCE, TSI(ts_1), TSR(ts_2)}},
    {EXCHANGE_CREATE_CHILD_SA, {SA(sa_esp), NONCE, KE, TSI(ts_2), TSR(ts_1), N(n_transport)}},
    {EXCHANGE_CREATE_CHILD_SA, {N(n_rekey), SA(sa_esp), NONCE, TSI(ts_1), TSR(ts_2)}},
    {EXCHANGE_CREATE_CHILD_SA, {SA(sa_rekey), NONCE, KE}},
    {EXCHANGE_CREATE_CHILD_SA, {N(n_later)}},
    {EXCHANGE_INFORMATIONAL, {D(delete_child)}},
    {EXCHANGE_INFORMATIONAL, {D(delete_many), D(delete_ike), CP(cp)}},
    {EXCHANGE_INFORMATIONAL, {D(delete_ike)}},
    {EXCHANGE_INFORMATIONAL, {{0, NULL}}},
    {EXCHANGE_INFORMATIONAL, {{PAYLOAD_CERT, crowd}}},
    {EXCHANGE_INFORMATIONAL, {{PAYLOAD_VENDOR, crowd}}},
};

static unsigned kinds_of(const struct seed *s)
{
    unsigned n = 0;
    while (n < BODIES_MAX && s->parts[n].type)
        n++;
    return n;
}

static unsigned parts_of(const struct seed *s)
{
    return s->parts[0].write == crowd ? PAYLOADS_MAX + 2 : kinds_of(s);
}

static const struct part *part_at(const struct seed *s, unsigned n)
{
    return &s->parts[n % kinds_of(s)];
}

static void save(const char *folder, const char *name, const struct writer *w)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || w->full || fwrite(w->start, 1, written(w), f) != written(w) || fclose(f) != 0)
        abort();
}

static void seed_messages(const char *folder)
{
    static u8 out[8192];
    for (unsigned i = 0; i < 2 * ARRAY_LEN(seeds); i++) {
        const struct seed *s = &seeds[i / 2];
        char name[32];
        struct writer w = writer_of(out, sizeof(out));
        struct header h = {.spi_i = 1, .spi_r = 2, .version = VERSION_2_0, .exchange = s->exchange};
        h.flags = i % 2 ? FLAG_RESPONSE : FLAG_INITIATOR;
        struct builder b = builder_message(&w, &h);
        for (unsigned n = 0; n < parts_of(s); n++) {
            const struct part *part = part_at(s, n);
            size_t mark = payload_begin(&b, part->type, false);
            part->write(&w);
            payload_end(&b, mark);
        }
        builder_end(&b);
        snprintf(name, sizeof(name), "%02u", i);
        save(folder, name, &w);
    }
}

/* In the form of fuzz_sealed.c: how, then type, length and octets of each payload. */
static void forgery(struct writer *w, const struct seed *s, u8 how)
{
    static const u8 kinds[] = {EXCHANGE_INFORMATIONAL, EXCHANGE_CREATE_CHILD_SA, EXCHANGE_IKE_AUTH};
    for (u8 kind = 0; kind < ARRAY_LEN(kinds); kind++)
        how |= kinds[kind] == s->exchange ? kind : 0;
    write_u8(w, how);
    for (unsigned n = 0; n < parts_of(s); n++) {
        const struct part *part = part_at(s, n);
        write_u8(w, part->type);
        size_t mark = written(w);
        write_u8(w, 0);
        part->write(w);
        write_u8_at(w, mark, (u8)(written(w) - mark - 1));
    }
    write_u8(w, 0);
}

static bool has_config(const struct seed *s)
{
    bool found = false;
    for (unsigned n = 0; n < kinds_of(s); n++)
        found = found || s->parts[n].type == PAYLOAD_CP;
    return found;
}

/* Each message as a request and as a response in each of the twelve states; then one more. */
static void seed_sealed(const char *folder)
{
    static u8 out[4096];
    enum { STAGES = 12, RESPONSE = 4, HOLD = 0x20 };
    enum { BELIEVE = 1, INTERNAL = 0x20 };
    for (unsigned i = 0; i < STAGES * ARRAY_LEN(seeds); i++) {
        const struct seed *s = &seeds[i / STAGES], *next = &seeds[(i + 9) % ARRAY_LEN(seeds)];
        char name[32];
        struct writer w = writer_of(out, sizeof(out));
        if (s->exchange == EXCHANGE_IKE_SA_INIT)
            continue;
        write_u8(&w, (u8)(i % STAGES));
        write_u8(&w, has_config(s) ? BELIEVE | INTERNAL : BELIEVE);
        if (i % STAGES == 0) /* first of all it must be up */
            forgery(&w, &seeds[7], 0);
        forgery(&w, s, i % STAGES == 1 || i % STAGES > 3 ? RESPONSE : 0);
        forgery(&w, next, HOLD);
        forgery(&w, s, 0);
        snprintf(name, sizeof(name), "%03u", i);
        save(folder, name, &w);
    }
}

#define LIFE(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

/* In the form of fuzz_engine.c: which pair, then the inputs. High bit: side. Low digit: 0 command,
 * 2 made up, 3 lost, 4 doubled, 5 changed, 6 time, 7 ops fail, 8 moved, 9 delivered. */
static void seed_engine(const char *folder)
{
    static const struct {
        const char *octets;
        size_t size;
    } lives[] = {
        /* up, four datagrams; liveness; down */
        LIFE("\0\0\x89\x09\x89\x09\0\x02\x89\x09\0\x01\x89\x09"),
        /* both sides at once; a delete that crosses a new child */
        LIFE("\0\0\x80\0\x09\x89\x09\x89\x09\x89\x80\x11\0\x20\x09\x89\x09\x89\x09\x89"),
        /* lost, doubled, much time */
        LIFE("\0\0\x83\x06\x08\x84\x89\x89\x04\x09\x09\x06\xff\x89\x09\x06\xff\x06\xff"),
        /* ops that fail at either side */
        LIFE("\x07\0\0\x89\x09\x07\0\0\x89\x09\x87\x89\x09\x89\x09"),
        /* changed and moved on the way */
        LIFE("\0\0\x85\0\0\x20\x01\x89\x88\x05\x89\x08\x07\x09\x89\x09\x05\0\0\x10\x55\x09"),
        /* lists, unknown names, children one by one */
        LIFE("\0\x03\0\x40\0\x30\0\x10\x89\x09\x89\x09\0\x20\x89\x09\x80\x03\0\x11\x89\x09\x80\x21"
             "\x09"),
    };
    for (unsigned i = 0; i < 4 * ARRAY_LEN(lives); i++) {
        static u8 out[64];
        const u8 pairs[] = {0, 2, 8, 17}; /* plain; cookies; PFS; transport without AEAD */
        char name[32];
        struct writer w = writer_of(out, sizeof(out));
        write_u8(&w, pairs[i % 4]);
        write_bytes(&w, bytes_of(lives[i / 4].octets, lives[i / 4].size));
        snprintf(name, sizeof(name), "%02u", i);
        save(folder, name, &w);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "message") == 0)
        seed_messages(argv[2]);
    else if (argc == 3 && strcmp(argv[1], "sealed") == 0)
        seed_sealed(argv[2]);
    else if (argc == 3 && strcmp(argv[1], "engine") == 0)
        seed_engine(argv[2]);
    else
        return 2;
    return 0;
}
