/* A message for people. What does not parse is shown as hex; nothing here decides anything. */
#include "wire/print.h"
#include "wire/der.h"
#include "wire/ident.h"
#include "wire/payload.h"
#include "wire/proposal.h"
#include "wire/ts.h"

#define NAME_WIDTH 8  /* the longest payload name and a space */
#define HEX_MAX    32 /* octets of a value shown; of more only the size is told as well */
#define TEXT_MAX   64 /* a value of at most so many printable octets is shown as text */
#define SPIS_SHOWN 8  /* of one delete payload */

static const char nested[] = "\n          "; /* under the values of the payload, behind its name */

/* Name of a registry, in front of a number that it does not have. */
static const char *const registries[] = {
#define KIND(kind) #kind,
#include "wire/kinds.def"
#undef KIND
};

/* "AES_GCM_16", or "ENCR_1234" when nobody gave that number a name. */
static void print_code(struct text *t, enum code_kind kind, u16 number)
{
    const char *name = code_name(kind, number);

    if (name) {
        text_str(t, name);
        return;
    }
    text_str(t, registries[kind]);
    text_char(t, '_');
    text_u64(t, number);
}

static void print_size(struct text *t, size_t octets)
{
    text_u64(t, octets);
    text_str(t, octets == 1 ? " octet" : " octets");
}

/* "NAME, 20 octets" */
static void print_code_and_size(struct text *t, enum code_kind kind, u16 number, struct bytes b)
{
    print_code(t, kind, number);
    text_str(t, ", ");
    print_size(t, b.len);
}

static void print_hex(struct text *t, struct bytes b)
{
    text_bytes(t, bytes_of(b.at, MIN(b.len, (size_t)HEX_MAX)));
    if (b.len > HEX_MAX) {
        text_str(t, "... (");
        print_size(t, b.len);
        text_char(t, ')');
    }
}

static bool is_text(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        if (b.at[i] < ' ' || b.at[i] > '~' || b.at[i] == '"')
            return false;
    return b.len > 0 && b.len <= TEXT_MAX;
}

/* Octets of which we do not know what they mean. */
static void print_octets(struct text *t, struct bytes b)
{
    if (b.len == 0) {
        text_str(t, "(empty)");
    } else if (is_text(b)) {
        text_char(t, '"');
        text_safe(t, b);
        text_char(t, '"');
    } else {
        print_hex(t, b);
    }
}

/* Back to an earlier length: what was tried turned out to be something else. */
static void rewind_to(struct text *t, struct text earlier)
{
    *t = earlier;
    if (t->size > 0)
        t->start[t->len] = '\0';
}

/* Distinguished names. Only the plain form is read: anything odd is shown as hex. */

static const char *attribute_name(struct bytes oid)
{
    static const struct {
        const char *name;
        u8 oid[10];
        u8 len;
    } names[] = {
        {"CN", {0x55, 0x04, 0x03}, 3},
        {"C", {0x55, 0x04, 0x06}, 3},
        {"L", {0x55, 0x04, 0x07}, 3},
        {"ST", {0x55, 0x04, 0x08}, 3},
        {"O", {0x55, 0x04, 0x0a}, 3},
        {"OU", {0x55, 0x04, 0x0b}, 3},
        {"emailAddress", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01}, 9},
        {"DC", {0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19}, 10},
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (bytes_equal(oid, bytes_of(names[i].oid, names[i].len)))
            return names[i].name;
    return NULL;
}

/* RFC 4514 2.4: a comma in a value must not look like the end of it. */
static void print_escaped(struct text *t, struct bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] == ',' || value.at[i] == '+')
            text_char(t, '\\');
        text_safe(t, bytes_of(value.at + i, 1));
    }
}

/* In the order of the octets; false: not a name of the plain form. */
static bool print_dn(struct text *t, struct bytes data)
{
    struct dn_reader r = dn_reader_of(data);
    struct dn_attribute a;
    unsigned count = 0;

    for (; dn_next(&r, &a); count++) {
        const char *name = attribute_name(a.oid);
        if (!name || !der_is_string(a.tag))
            return false;
        text_str(t, count == 0 ? "" : a.first ? ", " : " + ");
        text_str(t, name);
        text_char(t, '=');
        print_escaped(t, a.value);
    }
    return count > 0 && dn_ended(&r);
}

void print_ident(struct text *t, u8 type, struct bytes data)
{
    struct text before = *t;

    if (type == ID_IPV4_ADDR && data.len == 4) {
        text_addr(t, data.at, 4);
    } else if (type == ID_IPV6_ADDR && data.len == 16) {
        text_addr(t, data.at, 6);
    } else if ((type == ID_IPV4_RANGE && data.len == 8) ||
               (type == ID_IPV6_RANGE && data.len == 32)) {
        text_addr(t, data.at, data.len == 8 ? 4 : 6);
        text_char(t, '-');
        text_addr(t, data.at + data.len / 2, data.len == 8 ? 4 : 6);
    } else if (type == ID_EXPRESSION && data.len > 1) {
        for (size_t i = 1; i < data.len; i++) /* as it is written, with its backslashes */
            if (data.at[i] == '\\')
                text_char(t, '\\');
            else
                text_safe(t, bytes_of(data.at + i, 1));
    } else if ((type == ID_FQDN || type == ID_RFC822_ADDR) && data.len > 0) {
        text_safe(t, data);
    } else if (type == ID_NULL) {
        text_str(t, "anonymous"); /* RFC 7619 2.2: whatever it holds is to be ignored */
    } else if (type != ID_DER_ASN1_DN || !print_dn(t, data)) {
        rewind_to(t, before);
        print_octets(t, data);
    }
}

/* Traffic selectors. */

static bool bit_at(const u8 *octets, unsigned n)
{
    return octets[n / 8] >> (7 - n % 8) & 1;
}

/* The length of the prefix when the range is a block, else -1. */
static int prefix_bits(const struct shrike_ts *ts)
{
    unsigned size = ts->family == 4 ? 32 : 128, common = 0;

    while (common < size && bit_at(ts->from, common) == bit_at(ts->to, common))
        common++;
    for (unsigned n = common; n < size; n++)
        if (bit_at(ts->from, n) || !bit_at(ts->to, n))
            return -1;
    return (int)common;
}

static void print_range(struct text *t, const struct shrike_ts *ts)
{
    if (ts->family == 0) {
        text_str(t, "dynamic");
        return;
    }
    int bits = prefix_bits(ts);
    text_addr(t, ts->from, ts->family);
    if (bits >= 0) {
        text_char(t, '/');
        text_u64(t, (u64)bits);
    } else {
        text_char(t, '-');
        text_addr(t, ts->to, ts->family);
    }
}

static void print_protocol(struct text *t, u8 protocol)
{
    static const struct {
        u8 number;
        const char *name;
    } names[] = {
        {0, "any"},  {1, "icmp"}, {6, "tcp"},        {17, "udp"},
        {47, "gre"}, {50, "esp"}, {58, "ipv6-icmp"}, {132, "sctp"},
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].number == protocol) {
            text_str(t, names[i].name);
            return;
        }
    }
    text_u64(t, protocol);
}

/* RFC 7296 3.13.1: a port of ICMP is a type and a code: 8(0). */
static void print_port(struct text *t, u8 protocol, u16 port)
{
    if (protocol != 1 && protocol != 58) {
        text_u64(t, port);
        return;
    }
    text_u64(t, port >> 8);
    text_char(t, '(');
    text_u64(t, port & 0xff);
    text_char(t, ')');
}

static void print_ports(struct text *t, const struct shrike_ts *ts)
{
    bool all_ports = ts->port_from == 0 && ts->port_to == 65535;

    if (ts->protocol == 0 && all_ports)
        return;
    text_char(t, '[');
    print_protocol(t, ts->protocol);
    if (!all_ports) {
        text_char(t, '/');
        if (ts->port_from > ts->port_to) {
            text_str(t, "OPAQUE");
        } else {
            print_port(t, ts->protocol, ts->port_from);
            if (ts->port_from != ts->port_to) {
                text_char(t, '-');
                print_port(t, ts->protocol, ts->port_to);
            }
        }
    }
    text_char(t, ']');
}

void print_ts(struct text *t, const struct shrike_ts *ts)
{
    print_range(t, ts);
    print_ports(t, ts);
}

/* Proposals. */

static bool is_additional_ke(u8 type)
{
    return type >= TRANSFORM_ADDKE1 && type <= TRANSFORM_ADDKE7;
}

/* The registry that a transform's ID belongs to; CODE_TRANSFORM for types we do not know. */
static enum code_kind transform_registry(u8 type)
{
    switch (type) {
    case TRANSFORM_ENCR:
        return CODE_ENCR;
    case TRANSFORM_PRF:
        return CODE_PRF;
    case TRANSFORM_INTEG:
        return CODE_INTEG;
    case TRANSFORM_SN:
        return CODE_SN;
    case TRANSFORM_KWA:
        return CODE_KWA;
    case TRANSFORM_GCAUTH:
        return CODE_GCAUTH;
    default: /* RFC 9370 2.2.1: the additional key exchanges have the registry of the first */
        return type == TRANSFORM_KE || is_additional_ke(type) ? CODE_KE : CODE_TRANSFORM;
    }
}

static void print_transform(struct text *t, const struct transform *tr)
{
    enum code_kind registry = transform_registry(tr->type);

    if (registry == CODE_TRANSFORM || is_additional_ke(tr->type)) {
        print_code(t, CODE_TRANSFORM, tr->type);
        text_char(t, '_');
    }
    if (registry == CODE_TRANSFORM)
        text_u64(t, tr->id);
    else
        print_code(t, registry, tr->id);
    if (tr->key_bits != 0) {
        text_char(t, '_');
        text_u64(t, tr->key_bits);
    }
    if (tr->unknown_attribute)
        text_str(t, "(?)");
}

void print_proposal(struct text *t, const struct proposal *p)
{
    for (unsigned i = 0; i < p->transform_count; i++) {
        if (i > 0) /* one of these, or: all of these */
            text_char(t, p->transforms[i].type == p->transforms[i - 1].type ? '|' : '/');
        print_transform(t, &p->transforms[i]);
    }
}

/* Payloads: each prints its body, or says false when it is malformed. */

static bool print_sa(struct text *t, struct bytes body)
{
    struct reader r = reader_of(body);
    struct proposal p;

    for (bool first = true; proposal_read(&r, &p); first = false) {
        if (!first)
            text_str(t, nested);
        text_u64(t, p.number);
        text_char(t, ' ');
        print_code(t, CODE_PROTOCOL, p.protocol);
        if (p.spi_len > 0) {
            text_char(t, ' ');
            text_bytes(t, bytes_of(p.spi, p.spi_len));
        }
        text_str(t, ": ");
        print_proposal(t, &p);
    }
    return body.len > 0 && !r.bad;
}

static bool print_ke(struct text *t, struct bytes body)
{
    struct ke ke;

    if (!ke_read(body, &ke))
        return false;
    print_code_and_size(t, CODE_KE, ke.group, ke.value);
    return true;
}

static bool print_id(struct text *t, struct bytes body)
{
    struct ident id;

    if (!ident_read(body, &id))
        return false;
    print_code(t, CODE_ID, id.type);
    text_char(t, ' ');
    print_ident(t, id.type, id.data);
    return true;
}

static bool print_cert(struct text *t, struct bytes body)
{
    struct cert cert;

    if (!cert_read(body, &cert))
        return false;
    print_code_and_size(t, CODE_CERT, cert.encoding, cert.data);
    return true;
}

static bool print_auth(struct text *t, struct bytes body)
{
    struct auth auth;

    if (!auth_read(body, &auth))
        return false;
    print_code_and_size(t, CODE_AUTH, auth.method, auth.data);
    return true;
}

static bool print_nonce(struct text *t, struct bytes body)
{
    struct bytes nonce;

    if (!nonce_read(body, &nonce))
        return false;
    print_size(t, nonce.len);
    return true;
}

/* RFC 7427 4: the list of hash algorithms. */
static void print_hashes(struct text *t, struct bytes data)
{
    struct reader r = reader_of(data);

    text_char(t, ':');
    while (read_left(&r) > 0) {
        text_char(t, ' ');
        print_code(t, CODE_HASH, read_u16(&r));
    }
}

static bool print_notify(struct text *t, struct bytes body)
{
    struct notify n;

    if (!notify_read(body, &n))
        return false;
    print_code(t, CODE_NOTIFY, n.type);
    if (n.spi.len > 0) {
        text_char(t, ' ');
        print_code(t, CODE_PROTOCOL, n.protocol);
        text_char(t, ' ');
        text_bytes(t, n.spi);
    }
    if (n.type == NOTIFY_INVALID_KE_PAYLOAD && n.data.len == 2) {
        struct reader r = reader_of(n.data);
        text_str(t, ", wanted: "); /* RFC 7296 1.3: the group that would do */
        print_code(t, CODE_KE, read_u16(&r));
    } else if (n.type == NOTIFY_SIGNATURE_HASH_ALGORITHMS && n.data.len % 2 == 0) {
        print_hashes(t, n.data);
    } else if (n.data.len > 0) {
        text_str(t, ", ");
        print_size(t, n.data.len);
    }
    return true;
}

static bool print_delete(struct text *t, struct bytes body)
{
    struct delete d;

    if (!delete_read(body, &d))
        return false;
    print_code(t, CODE_PROTOCOL, d.protocol);
    struct reader r = reader_of(d.spis);
    for (unsigned i = 0; read_left(&r) > 0 && i < SPIS_SHOWN; i++) {
        text_char(t, ' ');
        text_bytes(t, read_bytes(&r, d.spi_size));
    }
    if (read_left(&r) > 0) {
        text_str(t, " and ");
        text_u64(t, read_left(&r) / d.spi_size);
        text_str(t, " more");
    }
    return true;
}

static bool print_selectors(struct text *t, struct bytes body)
{
    struct ts_list list;

    if (!ts_read(body, &list))
        return false;
    if (list.count == 0)
        text_str(t, "of unknown types");
    for (unsigned i = 0; i < list.count; i++) {
        if (i > 0)
            text_str(t, nested);
        print_ts(t, &list.ts[i]);
    }
    return true;
}

/* What the value of a configuration attribute is made of (RFC 7296 3.15.1). */
enum shape { SHAPE_OCTETS, SHAPE_TEXT, SHAPE_IP4, SHAPE_IP4_MASK, SHAPE_IP6, SHAPE_IP6_PREFIX };

static enum shape attribute_shape(u16 type)
{
    switch (type) {
    case CFG_INTERNAL_IP4_ADDRESS:
    case CFG_INTERNAL_IP4_NETMASK:
    case CFG_INTERNAL_IP4_DNS:
    case CFG_INTERNAL_IP4_NBNS:
    case CFG_INTERNAL_IP4_DHCP:
    case CFG_P_CSCF_IP4_ADDRESS: /* RFC 7651 3 */
        return SHAPE_IP4;
    case CFG_INTERNAL_IP4_SUBNET:
        return SHAPE_IP4_MASK;
    case CFG_INTERNAL_IP6_DNS:
    case CFG_INTERNAL_IP6_DHCP:
    case CFG_P_CSCF_IP6_ADDRESS:
        return SHAPE_IP6;
    case CFG_INTERNAL_IP6_ADDRESS:
    case CFG_INTERNAL_IP6_SUBNET:
        return SHAPE_IP6_PREFIX;
    case CFG_APPLICATION_VERSION:
    case CFG_INTERNAL_DNS_DOMAIN: /* RFC 8598 4.1 */
        return SHAPE_TEXT;
    default:
        return SHAPE_OCTETS;
    }
}

static void print_attribute_value(struct text *t, const struct config_attribute *a)
{
    enum shape shape = attribute_shape(a->type);
    struct bytes v = a->value;

    if (shape == SHAPE_IP4 && v.len == 4) {
        text_addr(t, v.at, 4);
    } else if (shape == SHAPE_IP4_MASK && v.len == 8) {
        text_addr(t, v.at, 4);
        text_char(t, '/');
        text_addr(t, v.at + 4, 4);
    } else if (shape == SHAPE_IP6 && v.len == 16) {
        text_addr(t, v.at, 6);
    } else if (shape == SHAPE_IP6_PREFIX && v.len == 17) {
        text_addr(t, v.at, 6);
        text_char(t, '/');
        text_u64(t, v.at[16]);
    } else if (shape == SHAPE_TEXT) {
        text_safe(t, v);
    } else {
        print_octets(t, v);
    }
}

static bool print_config(struct text *t, struct bytes body)
{
    struct config config;
    struct config_attribute a;

    if (!cp_read(body, &config))
        return false;
    print_code(t, CODE_CFG_TYPE, config.type);
    struct reader r = reader_of(config.attributes);
    while (config_next(&r, &a)) {
        text_str(t, nested);
        print_code(t, CODE_CFG, a.type);
        if (a.value.len > 0) {
            text_char(t, ' ');
            print_attribute_value(t, &a);
        }
    }
    return true;
}

static bool print_eap(struct text *t, struct bytes body)
{
    struct eap eap;

    if (!eap_read(body, &eap))
        return false;
    print_code(t, CODE_EAP, eap.code);
    text_char(t, ' ');
    text_u64(t, eap.identifier);
    if (eap.code == EAP_REQUEST || eap.code == EAP_RESPONSE) {
        text_str(t, ", ");
        print_code(t, CODE_EAP_TYPE, eap.type);
    }
    if (eap.data.len > 0) {
        text_str(t, ", ");
        print_size(t, eap.data.len);
    }
    return true;
}

static bool print_skf(struct text *t, struct bytes body)
{
    struct skf skf;

    if (!skf_read(body, &skf))
        return false;
    text_u64(t, skf.number);
    text_str(t, " of ");
    text_u64(t, skf.total);
    text_str(t, ", ");
    print_size(t, skf.sealed.len);
    return true;
}

static bool print_body(struct text *t, u8 type, struct bytes body)
{
    switch (type) {
    case PAYLOAD_SA:
        return print_sa(t, body);
    case PAYLOAD_KE:
        return print_ke(t, body);
    case PAYLOAD_IDI:
    case PAYLOAD_IDR:
        return print_id(t, body);
    case PAYLOAD_CERT:
    case PAYLOAD_CERTREQ:
        return print_cert(t, body);
    case PAYLOAD_AUTH:
        return print_auth(t, body);
    case PAYLOAD_NONCE:
        return print_nonce(t, body);
    case PAYLOAD_NOTIFY:
        return print_notify(t, body);
    case PAYLOAD_DELETE:
        return print_delete(t, body);
    case PAYLOAD_TSI:
    case PAYLOAD_TSR:
        return print_selectors(t, body);
    case PAYLOAD_CP:
        return print_config(t, body);
    case PAYLOAD_EAP:
        return print_eap(t, body);
    case PAYLOAD_SKF:
        return print_skf(t, body);
    case PAYLOAD_SK:
        print_size(t, body.len);
        return true;
    default:
        print_octets(t, body);
        return true;
    }
}

void print_payload(struct text *t, u8 type, struct bytes body)
{
    size_t start = t->len;

    print_code(t, CODE_PAYLOAD, type);
    text_char(t, ' ');
    for (size_t width = t->len - start; width < NAME_WIDTH; width++)
        text_char(t, ' ');
    struct text before = *t;
    if (!print_body(t, type, body)) {
        rewind_to(t, before);
        text_str(t, "malformed: ");
        print_octets(t, body);
    }
}

static void print_header(struct text *t, const struct header *h)
{
    print_code(t, CODE_EXCHANGE, h->exchange);
    text_str(t, h->flags & FLAG_RESPONSE ? " response " : " request ");
    text_u64(t, h->message_id);
    if (h->version != VERSION_2_0) {
        text_str(t, ", version ");
        text_u64(t, h->version >> 4);
        text_char(t, '.');
        text_u64(t, h->version & 0x0f);
    }
    text_str(t, ", SPIi ");
    text_hex(t, h->spi_i, 16);
    text_str(t, " SPIr ");
    text_hex(t, h->spi_r, 16);
    text_str(t, ", ");
    print_size(t, h->length);
}

void print_message(struct text *t, const struct message *m)
{
    print_header(t, &m->header);
    for (unsigned i = 0; i < m->count; i++) {
        text_str(t, "\n  ");
        print_payload(t, m->payloads[i].type, bytes_at(m->base, m->payloads[i].body));
    }
}
