/* Header and chain of payloads: whatever the octets, parsing is harmless and says what a second,
 * simpler reading says; what was parsed and is built again gives the same octets, but for reserved
 * bits. */
#include "wire/expression.h"
#include "wire/gateway.h"
#include "wire/grammar.h"
#include "wire/ident.h"
#include "wire/notify.h"
#include "wire/print.h"
#include "wire/proposal.h"
#include "wire/ts.h"
#include <stdlib.h>

#define require(x) ((x) ? (void)0 : abort())

static u8 built[2 * MESSAGE_MAX], plain[MESSAGE_MAX];

/* Is body what was written, but for the reserved octets, which are zero in `plain`? */
static void require_same(const struct writer *w, size_t len)
{
    require(!w->full && bytes_equal(written_bytes(w), bytes_of(plain, len)));
}

static void keep_plain(struct bytes body)
{
    if (body.len)
        memcpy(plain, body.at, body.len);
}

/* RFC 7296 3.3.1, 3.3.2: the reserved octets of a proposal and its transforms; where it ends. */
static size_t clear_reserved(size_t at, const struct proposal *p)
{
    plain[at + 1] = 0;
    at += 8u + p->spi_len;
    for (unsigned i = 0; i < p->transform_count; i++) {
        plain[at + 1] = plain[at + 5] = 0;
        at += p->transforms[i].key_bits ? 12 : 8;
    }
    return at;
}

static void body_sa(struct bytes body)
{
    struct reader r = reader_of(body);
    static struct proposal p;
    struct writer w = writer_of(built, sizeof(built));
    size_t at = 0;
    keep_plain(body);
    while (proposal_read(&r, &p)) {
        for (unsigned i = 0; i < p.transform_count; i++)
            if (p.transforms[i].unknown_attribute)
                return; /* attributes we do not know are not kept */
        proposal_write(&w, &p, read_left(&r) == 0);
        at = clear_reserved(at, &p);
        require(at <= body.len);
    }
    if (!r.bad)
        require_same(&w, body.len);
}

/* Does the range end where it begins, or behind it? RFC 7296 3.13.1 but for OPAQUE ports. */
static void check_range(const struct shrike_ts *ts)
{
    require(ts->family == 4 || ts->family == 6);
    require(memcmp(ts->from, ts->to, ts->family == 4 ? 4 : 16) <= 0);
    require(ts->port_from <= ts->port_to || (ts->port_from == 65535 && ts->port_to == 0));
}

static void body_ts(struct bytes body)
{
    static struct ts_list list;
    if (!ts_read(body, &list))
        return;
    require(list.count <= SHRIKE_TS_MAX && list.count <= body.at[0]);
    for (unsigned i = 0; i < list.count; i++)
        check_range(&list.ts[i]);
    if (list.count == 0 || list.count != body.at[0])
        return; /* some were of unknown types, or too many to keep */
    keep_plain(body);
    memset(plain + 1, 0, 3);
    struct writer w = writer_of(built, sizeof(built));
    ts_write(&w, list.ts, list.count);
    require_same(&w, body.len);
}

static void body_cp(struct bytes body)
{
    struct config cp;
    struct config_attribute a;
    if (!cp_read(body, &cp))
        return;
    keep_plain(body);
    memset(plain + 1, 0, 3);
    struct writer w = writer_of(built, sizeof(built));
    struct reader r = reader_of(cp.attributes);
    config_write(&w, cp.type);
    while (config_next(&r, &a)) {
        plain[written(&w)] &= 0x7f; /* RFC 7296 3.15.1: the R bit */
        config_attribute_write(&w, &a);
    }
    require_same(&w, body.len);
}

static void gateway(struct bytes data)
{
    struct gateway g;
    if (!gateway_read(data, &g))
        return;
    struct shrike_id id = gateway_id(&g);
    struct gateway back = gateway_of_id(&id);
    require(back.type == g.type && back.name.at == g.name.at && back.name.len == g.name.len);
    keep_plain(data);
    struct writer w = writer_of(built, sizeof(built));
    gateway_write(&w, &g);
    require_same(&w, data.len);
}

/* What an administrator may have written, and what a peer may call itself. */
static void expression(struct bytes octets)
{
    static const char *const texts[] = {
        "aX9 f", "Abc \t!", "bcyy@two.example", "dxdyx@one.example", "ababccddeeeffg", ""};
    bool sound = expression_is_sound(octets);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        require(!expression_fits(octets, bytes_of(texts[i], strlen(texts[i]))) || sound);
    (void)expression_fits(bytes_of("^(a*|b)*[^c]{0,9}@.+$", 21), octets);
    require(expression_fits(bytes_of("^(.|[[:alpha:]])*$", 18), octets)); /* anything */
}

/* Nothing fits it better than itself. */
static void identity(const struct ident *id)
{
    static const u8 range[8] = {10, 0, 0, 0, 10, 255, 255, 255}, range6[32] = {[16] = 0xff};
    static const u8 dn[] = {0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 3, 0x55, 4, 3, 0x0c, 1, '*'};
    const struct shrike_id patterns[] = {
        {.type = ID_FQDN, .data = bytes_of("*.example", 9)},
        {.type = ID_RFC822_ADDR, .data = bytes_of("*@example.org", 13)},
        {.type = ID_IPV4_RANGE, .data = bytes_of(range, sizeof(range))},
        {.type = ID_IPV6_RANGE, .data = bytes_of(range6, sizeof(range6))},
        {.type = ID_DER_ASN1_DN, .data = bytes_of(dn, sizeof(dn))},
    };
    struct shrike_id one = {.type = id->type, .data = id->data};
    unsigned whole = id_score(&one, &one);
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
        require(id_score(&patterns[i], &one) <= whole);
    require(id_matches(&one, &one) == (whole > 0));
    (void)id_is_pattern(&one);
    expression(id->data);
}

static void body_notify(struct bytes body)
{
    struct notify n;
    if (!notify_read(body, &n))
        return;
    const char *name = code_name(CODE_NOTIFY, n.type);
    require(!name || code_number(CODE_NOTIFY, name) == n.type);
    require(code_number(CODE_PAYLOAD, name ? name : "") == -1);
    keep_plain(body);
    struct writer w = writer_of(built, sizeof(built));
    notify_write(&w, &n);
    require_same(&w, body.len);
    if (n.type == NOTIFY_REDIRECT || n.type == NOTIFY_REDIRECTED_FROM)
        gateway(n.data);
}

/* Those with a type octet and three reserved ones: from octet 1 on. KE: two, from octet 2 on. */
static bool rewrite_reserved(u8 type, struct bytes body, struct writer *w)
{
    struct ke ke;
    struct ident id;
    struct auth auth;
    if (type == PAYLOAD_KE && ke_read(body, &ke)) {
        memset(plain + 2, 0, 2);
        ke_write(w, &ke);
        return true;
    }
    if ((type == PAYLOAD_IDI || type == PAYLOAD_IDR) && ident_read(body, &id)) {
        identity(&id);
        ident_write(w, &id);
    } else if (type == PAYLOAD_AUTH && auth_read(body, &auth)) {
        auth_write(w, &auth);
    } else {
        return false;
    }
    memset(plain + 1, 0, 3);
    return true;
}

static bool rewrite(u8 type, struct bytes body, struct writer *w)
{
    struct cert cert;
    struct delete d;
    struct eap eap;
    struct skf skf;
    struct bytes nonce;
    if ((type == PAYLOAD_CERT || type == PAYLOAD_CERTREQ) && cert_read(body, &cert))
        cert_write(w, &cert);
    else if (type == PAYLOAD_DELETE && delete_read(body, &d))
        delete_write(w, &d);
    else if (type == PAYLOAD_EAP && eap_read(body, &eap))
        eap_write(w, &eap);
    else if (type == PAYLOAD_NONCE && nonce_read(body, &nonce))
        write_bytes(w, nonce);
    else if (type == PAYLOAD_SKF && skf_read(body, &skf)) {
        skf_write(w, skf.number, skf.total);
        write_bytes(w, skf.sealed);
    } else
        return rewrite_reserved(type, body, w);
    return true;
}

static void bodies(const struct message *m)
{
    for (unsigned i = 0; i < m->count; i++) {
        struct bytes body = bytes_at(m->base, m->payloads[i].body);
        u8 type = m->payloads[i].type;
        struct writer w = writer_of(built, sizeof(built));
        keep_plain(body);
        if (type == PAYLOAD_SA)
            body_sa(body);
        else if (type == PAYLOAD_TSI || type == PAYLOAD_TSR)
            body_ts(body);
        else if (type == PAYLOAD_CP)
            body_cp(body);
        else if (type == PAYLOAD_NOTIFY)
            body_notify(body);
        else if (rewrite(type, body, &w))
            require_same(&w, body.len);
    }
}

/* The chain read a second time, by hand. Clears the reserved bits of the headers in `plain`, and
 * says how many payloads a message would have; `kept` of them are of types we know. */
struct chain {
    enum message_verdict verdict;
    unsigned count, kept;
};

static bool known(u8 type)
{
    return (type >= 33 && type <= 48) || type == 53;
}

static struct chain walk(const u8 *data, size_t size)
{
    struct chain c = {.verdict = MESSAGE_OK};
    size_t at = HEADER_SIZE;
    for (u8 type = data[16]; type != 0; c.count++) {
        bool last = type == 46 || type == 53; /* RFC 7296 3.14, RFC 7383 2.5 */
        size_t len = at + 4 <= size ? (size_t)(data[at + 2] << 8 | data[at + 3]) : 0;
        c.verdict = MESSAGE_SYNTAX;
        if (len < 4 || len > size - at)
            return c;
        c.kept += known(type);
        c.verdict = MESSAGE_TOO_MANY;
        if (c.kept > PAYLOADS_MAX && known(type) && type != 43)
            return c;
        c.verdict = MESSAGE_CRITICAL;
        if (!known(type) && (data[at + 1] & 0x80))
            return c;
        plain[at + 1] &= 0x80;
        type = last ? 0 : data[at];
        at += len;
    }
    c.verdict = at == size ? MESSAGE_OK : MESSAGE_SYNTAX;
    return c;
}

static void round_trip(const struct message *m, const struct chain *c, size_t size)
{
    static struct message again;
    struct writer w = writer_of(built, sizeof(built));
    struct header h = m->header;
    u8 payload;
    h.next_payload = 0;
    struct builder b = builder_message(&w, &h);
    message_write(&b, m);
    builder_end(&b);
    struct bytes all = written_bytes(&w);
    require(!w.full && all.len <= size && header_read(all, &h) == HEADER_OK);
    if (c->count == m->count) { /* nothing was passed over */
        plain[19] &= 0x38;      /* RFC 7296 3.1: flags that mean something */
        require_same(&w, size);
    }
    struct bytes chain = bytes_of(all.at + HEADER_SIZE, all.len - HEADER_SIZE);
    require(message_read(&again, all.at, chain, h.next_payload, &payload) == MESSAGE_OK);
    require(again.count == m->count && again.inner == m->inner);
    for (unsigned i = 0; i < m->count; i++)
        require(again.payloads[i].type == m->payloads[i].type &&
                again.payloads[i].critical == m->payloads[i].critical &&
                bytes_equal(bytes_at(again.base, again.payloads[i].body),
                            bytes_at(m->base, m->payloads[i].body)));
}

/* What the grid lets through has a place in it. */
static void grid(const struct message *m)
{
    struct notify n;
    u8 payload;
    for (enum column c = 0; c < COLUMN_COUNT; c++) {
        if (grammar_check(m, c, &payload) != GRAMMAR_OK)
            continue;
        for (unsigned i = 0; i < m->count; i++)
            require(grammar_cell(m->payloads[i].type, c) != CELL_NEVER);
        if (grammar_cell(PAYLOAD_SA, c) == CELL_ONE && !message_find(m, PAYLOAD_SA))
            require(c % 2 == 1 && message_find(m, PAYLOAD_NOTIFY));
    }
    enum column own = grammar_column(m);
    require(own == COLUMN_COUNT || own % 2 == (m->header.flags & FLAG_RESPONSE ? 1 : 0));
    if (notify_check(m) && notify_error(m, &n))
        require(notify_is_error(n.type) && notify_find(m, n.type, &n));
}

/* Into buffers of their very size: all of it, or what fits. */
static void print(const struct message *m, size_t room)
{
    static char whole[1 << 19];
    struct text t = text_of(whole, sizeof(whole));
    print_message(&t, m);
    require(t.len < t.size && strlen(whole) == t.len);
    char *little = malloc(room);
    struct text cut = text_of(little, room);
    print_message(&cut, m);
    require(strlen(little) < room && memcmp(little, whole, MIN(strlen(little), 16)) == 0);
    free(little);
}

static void message(u8 *data, size_t size, const struct header *h)
{
    static struct message m;
    u8 payload;
    memcpy(plain, data, size);
    struct chain c = walk(data, size);
    struct bytes chain = bytes_of(data + HEADER_SIZE, size - HEADER_SIZE);
    enum message_verdict v = message_read(&m, data, chain, h->next_payload, &payload);
    require(v == c.verdict && (v != MESSAGE_CRITICAL || !known(payload)));
    if (v != MESSAGE_OK)
        return;
    m.header = *h;
    round_trip(&m, &c, size);
    grid(&m);
    print(&m, 32 + size % 512);
    bodies(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header h;
    if (size > MESSAGE_MAX)
        return 0;
    u8 *copy = malloc(size ? size : 1); /* of its very size: an overrun shows */
    if (size)
        memcpy(copy, data, size);
    /* Mostly the length that it has, or the fuzzer spends its life guessing it. */
    if (size >= HEADER_SIZE && data[24] != 0xff) {
        struct writer w = writer_of(copy, size);
        w.at = w.end;
        write_u32_at(&w, 24, (u32)size);
    }
    enum header_verdict v = header_read(bytes_of(copy, size), &h);
    require((v == HEADER_SHORT) == (size < HEADER_SIZE));
    if (v == HEADER_OK) {
        require(copy[17] >> 4 == 2 && h.length == size);
        message(copy, size, &h);
    }
    free(copy);
    return 0;
}
