/* The chain of payloads: what is built is read, what does not fit is refused. */
#include "generate.h"
#include "test.h"
#include "wire/grammar.h"
#include "wire/message.h"
#include "wire/notify.h"

#define SIZE 20000 /* octets of a generated message */

/* Read a chain given in hex from a block of exactly its size. */
static enum message_verdict read_hex(const char *text, u8 first, struct message *m, u8 *payload)
{
    u8 octets[256];
    size_t len = hex(text, octets, sizeof octets);
    u8 *exact = exact_copy(bytes_of(octets, len));
    enum message_verdict v = message_read(m, exact, bytes_of(exact, len), first, payload);
    free(exact);
    return v;
}

static enum message_verdict verdict_of(const char *text, u8 first)
{
    struct message m;
    u8 payload;
    return read_hex(text, first, &m, &payload);
}

TEST(a_chain_is_walked)
{
    struct message m;
    u8 payload;
    /* KE with 2 octets, an empty Nonce, a Notify with 1 octet */
    CHECK_EQ(read_hex("28000006 aabb 29800004 00000005 cc", PAYLOAD_KE, &m, &payload), MESSAGE_OK);
    CHECK_EQ(m.count, 3);
    CHECK_EQ(payload, PAYLOAD_NONE);
    CHECK_EQ(m.inner, PAYLOAD_NONE);
    CHECK_EQ(m.payloads[0].type, PAYLOAD_KE);
    CHECK(m.payloads[0].body.off == 4 && m.payloads[0].body.len == 2);
    CHECK_EQ(m.payloads[1].type, PAYLOAD_NONCE);
    CHECK(m.payloads[1].body.off == 10 && m.payloads[1].body.len == 0);
    CHECK_EQ(m.payloads[2].type, PAYLOAD_NOTIFY);
    CHECK(m.payloads[2].body.off == 14 && m.payloads[2].body.len == 1);
    CHECK(!m.payloads[0].critical && m.payloads[1].critical && !m.payloads[2].critical);
}

TEST(lengths_must_fit)
{
    CHECK_EQ(verdict_of("00000006 aabb", PAYLOAD_KE), MESSAGE_OK);
    CHECK_EQ(verdict_of("00000006 aa", PAYLOAD_KE), MESSAGE_SYNTAX);
    CHECK_EQ(verdict_of("00000005 aabb", PAYLOAD_KE), MESSAGE_SYNTAX);
    CHECK_EQ(verdict_of("00000007 aabb", PAYLOAD_KE), MESSAGE_SYNTAX);
    CHECK_EQ(verdict_of("0000ffff aabb", PAYLOAD_KE), MESSAGE_SYNTAX);
    CHECK_EQ(verdict_of("00000003", PAYLOAD_KE), MESSAGE_SYNTAX);
    CHECK_EQ(verdict_of("00000000", PAYLOAD_KE), MESSAGE_SYNTAX);
    CHECK_EQ(verdict_of("00000004", PAYLOAD_KE), MESSAGE_OK);
    CHECK_EQ(verdict_of("00000005", PAYLOAD_KE), MESSAGE_SYNTAX);
    CHECK_EQ(verdict_of("0000", PAYLOAD_KE), MESSAGE_SYNTAX);
    CHECK_EQ(verdict_of("", PAYLOAD_KE), MESSAGE_SYNTAX);
}

TEST(a_chain_ends_where_it_says)
{
    CHECK_EQ(verdict_of("", PAYLOAD_NONE), MESSAGE_OK);
    CHECK_EQ(verdict_of("00", PAYLOAD_NONE), MESSAGE_SYNTAX);
    CHECK_EQ(verdict_of("28000004", PAYLOAD_KE), MESSAGE_SYNTAX);
    CHECK_EQ(verdict_of("00000004 00000004", PAYLOAD_KE), MESSAGE_SYNTAX);
    CHECK_EQ(verdict_of("00000004 00", PAYLOAD_KE), MESSAGE_SYNTAX);
}

TEST(nothing_at_all_is_an_empty_chain)
{
    struct message m;
    u8 payload;
    CHECK_EQ(message_read(&m, NULL, bytes_of(NULL, 0), PAYLOAD_NONE, &payload), MESSAGE_OK);
    CHECK_EQ(m.count, 0);
    CHECK(message_body(&m, PAYLOAD_SA).at == NULL);
}

TEST(the_refused_payload_is_named)
{
    struct message m;
    u8 payload;
    CHECK_EQ(read_hex("28000004 00000003", PAYLOAD_KE, &m, &payload), MESSAGE_SYNTAX);
    CHECK_EQ(payload, PAYLOAD_NONCE);
}

/* RFC 7296 2.5 (7, 8) */
TEST(unknown_payloads_are_passed_over)
{
    static const u8 unknown[] = {1, 32, 49, 50, 51, 52, 54, 55, 128, 255};
    for (size_t i = 0; i < sizeof unknown; i++) {
        u8 octets[] = {unknown[i], 0, 0, 4, PAYLOAD_NONCE, 0, 0, 5, 7, 0, 0, 0, 4};
        struct message m;
        u8 payload;
        struct bytes all = bytes_of(octets, sizeof octets);
        CHECK_EQ(message_read(&m, octets, all, PAYLOAD_KE, &payload), MESSAGE_OK);
        CHECK_EQ(m.count, 2);
        CHECK_EQ(m.payloads[1].type, PAYLOAD_NONCE);
        octets[5] = 0x7f; /* reserved bits are not the critical bit */
        CHECK_EQ(message_read(&m, octets, all, PAYLOAD_KE, &payload), MESSAGE_OK);
        octets[5] = 0x80; /* RFC 7296 2.5 */
        CHECK_EQ(message_read(&m, octets, all, PAYLOAD_KE, &payload), MESSAGE_CRITICAL);
        CHECK_EQ(payload, unknown[i]);
    }
}

/* RFC 7296 3.2 (3, 5) */
TEST(known_payloads_may_be_critical)
{
    for (unsigned type = PAYLOAD_SA; type <= PAYLOAD_SKF; type++) {
        struct message m;
        u8 payload, octets[] = {0, 0x80, 0, 4};
        bool known = type <= PAYLOAD_EAP || type == PAYLOAD_SKF;
        CHECK_EQ(message_read(&m, octets, bytes_of(octets, 4), (u8)type, &payload),
                 known ? MESSAGE_OK : MESSAGE_CRITICAL);
        CHECK(!known || (m.count == 1 && m.payloads[0].critical));
    }
}

/* RFC 7296 3.1 (1) */
TEST(sealed_payloads_end_the_chain)
{
    static const u8 sealed[] = {PAYLOAD_SK, PAYLOAD_SKF};
    for (size_t i = 0; i < sizeof sealed; i++) {
        u8 octets[] = {sealed[i], 0, 0, 5, 9, PAYLOAD_IDI, 0, 0, 6, 1, 2, 0};
        struct message m;
        u8 payload;
        CHECK_EQ(message_read(&m, octets, bytes_of(octets, 11), PAYLOAD_VENDOR, &payload),
                 MESSAGE_OK);
        CHECK_EQ(m.count, 2);
        CHECK_EQ(m.inner, PAYLOAD_IDI);
        CHECK(m.payloads[1].body.off == 9 && m.payloads[1].body.len == 2);
        CHECK_EQ(message_read(&m, octets, bytes_of(octets, 12), PAYLOAD_VENDOR, &payload),
                 MESSAGE_SYNTAX);
    }
}

/* A chain of n payloads of a type without bodies. */
static enum message_verdict read_row(unsigned n, u8 type, struct message *m)
{
    u8 octets[4 * 300], payload;
    for (unsigned i = 0; i < n; i++)
        memcpy(octets + 4 * i, (u8[]){i + 1 < n ? type : 0, 0, 0, 4}, 4);
    return message_read(m, octets, bytes_of(octets, 4 * n), type, &payload);
}

TEST(payloads_have_a_cap)
{
    struct message m;
    CHECK_EQ(read_row(PAYLOADS_MAX, PAYLOAD_NOTIFY, &m), MESSAGE_OK);
    CHECK_EQ(m.count, PAYLOADS_MAX);
    CHECK_EQ(read_row(PAYLOADS_MAX + 1, PAYLOAD_NOTIFY, &m), MESSAGE_TOO_MANY);
    CHECK_EQ(read_row(300, PAYLOAD_VENDOR, &m), MESSAGE_OK);
    CHECK_EQ(m.count, PAYLOADS_MAX);
    CHECK_EQ(read_row(300, 200, &m), MESSAGE_OK);
    CHECK_EQ(m.count, 0);
}

TEST(spans_reach_the_largest_message)
{
    enum { FIRST = 40000, REST = MESSAGE_MAX - HEADER_SIZE - FIRST };
    u8 *octets = calloc(1, MESSAGE_MAX + 1);
    struct message m;
    u8 payload;
    struct writer w = writer_of(octets, MESSAGE_MAX + 1);
    struct builder b = builder_message(&w, &(struct header){.version = VERSION_2_0});
    size_t mark = payload_begin(&b, PAYLOAD_VENDOR, false);
    write_zero(&w, FIRST - 4);
    payload_end(&b, mark);
    mark = payload_begin(&b, PAYLOAD_VENDOR, false);
    write_zero(&w, REST - 4);
    payload_end(&b, mark);
    builder_end(&b);
    CHECK(!w.full && written(&w) == MESSAGE_MAX);
    struct bytes chain = bytes_of(octets + HEADER_SIZE, MESSAGE_MAX - HEADER_SIZE);
    CHECK_EQ(message_read(&m, octets, chain, PAYLOAD_VENDOR, &payload), MESSAGE_OK);
    CHECK_EQ(m.payloads[1].body.off, HEADER_SIZE + FIRST + 4);
    CHECK_EQ(m.payloads[1].body.len, REST - 4);
    /* the same chain, one octet too far from its base */
    memmove(octets + HEADER_SIZE + 1, octets + HEADER_SIZE, chain.len);
    chain.at++;
    CHECK_EQ(message_read(&m, octets, chain, PAYLOAD_VENDOR, &payload), MESSAGE_SYNTAX);
    CHECK_EQ(message_read(&m, chain.at, chain, PAYLOAD_VENDOR, &payload), MESSAGE_OK);
    free(octets);
}

TEST(payloads_are_found_in_order)
{
    struct message m;
    u8 octets[] = {40, 0, 0, 5, 1, 41, 0, 0, 4, 40, 0, 0, 5, 2, 0, 0, 0, 4};
    u8 payload;
    struct bytes all = bytes_of(octets, sizeof octets);
    CHECK_EQ(message_read(&m, octets, all, PAYLOAD_NOTIFY, &payload), MESSAGE_OK);
    const struct payload *p = message_find(&m, PAYLOAD_NOTIFY);
    CHECK(p == &m.payloads[0]);
    p = message_find_after(&m, p);
    CHECK(p == &m.payloads[2]);
    CHECK(message_find_after(&m, p) == NULL);
    CHECK(message_find(&m, PAYLOAD_SA) == NULL);
    p = message_find(&m, PAYLOAD_NONCE);
    CHECK(p == &m.payloads[1]);
    CHECK(message_find_after(&m, p) == &m.payloads[3]);
    struct bytes body = message_body(&m, PAYLOAD_NOTIFY);
    CHECK(body.len == 1 && body.at == octets + 4);
    m.base = octets + 1; /* spans are from base, wherever it is */
    CHECK(message_body(&m, PAYLOAD_NOTIFY).at == octets + 5);
}

TEST(a_message_is_built_octet_by_octet)
{
    u8 out[64], want[64];
    struct writer w = writer_of(out, sizeof out);
    struct header h = {.spi_i = 1,
                       .version = VERSION_2_0,
                       .exchange = EXCHANGE_IKE_SA_INIT,
                       .flags = FLAG_INITIATOR,
                       .next_payload = 99,
                       .length = 99};
    struct builder b = builder_message(&w, &h);
    size_t mark = payload_begin(&b, PAYLOAD_NONCE, false);
    write_u16(&w, 0xabcd);
    payload_end(&b, mark);
    mark = payload_begin(&b, PAYLOAD_VENDOR, true);
    payload_end(&b, mark);
    builder_end(&b);
    size_t len = hex("0000000000000001 0000000000000000 28202208 00000000 00000026"
                     "2b000006abcd 00800004",
                     want, sizeof want);
    CHECK_EQ(written(&w), len);
    CHECK_BYTES(out, want, len);
}

TEST(a_message_behind_other_octets)
{
    u8 out[64];
    struct writer w = writer_of(out, sizeof out);
    write_u32(&w, 0x55555555);
    struct builder b = builder_message(&w, &(struct header){.version = VERSION_2_0});
    payload_end(&b, payload_begin(&b, PAYLOAD_NONCE, false));
    builder_end(&b);
    struct header h;
    CHECK_EQ(header_read(bytes_of(out + 4, written(&w) - 4), &h), HEADER_OK);
    CHECK_EQ(h.next_payload, PAYLOAD_NONCE);
    CHECK_EQ(out[3], 0x55);
}

TEST(a_bare_chain_names_its_first)
{
    u8 out[64], first = 99;
    struct writer w = writer_of(out, sizeof out);
    struct builder b = builder_chain(&w, &first);
    CHECK_EQ(first, PAYLOAD_NONE);
    payload_end(&b, payload_begin(&b, PAYLOAD_IDI, false));
    CHECK_EQ(first, PAYLOAD_IDI);
    payload_end(&b, payload_begin(&b, PAYLOAD_AUTH, false));
    CHECK_EQ(first, PAYLOAD_IDI);
    CHECK_EQ(written(&w), 8);
    CHECK_BYTES(out, ((u8[]){PAYLOAD_AUTH, 0, 0, 4, 0, 0, 0, 4}), 8);
}

TEST(what_does_not_fit_leaves_the_writer_full)
{
    struct message m;
    u8 pool[POOL_SIZE], octets[SIZE];
    generate(&m, COLUMN_AUTH_REQUEST, pool);
    size_t size = generate_octets(&m, octets, sizeof octets);
    for (size_t room = 0; room <= size; room++) {
        u8 *small = malloc(room ? room : 1);
        struct writer w = writer_of(small, room);
        struct builder b = builder_message(&w, &m.header);
        message_write(&b, &m);
        builder_end(&b);
        CHECK_EQ(w.full, room < size);
        free(small);
    }
}

TEST(too_long_a_payload_leaves_the_writer_full)
{
    u8 *out = malloc(70000), first;
    for (size_t len = 65535; len <= 65536; len++) {
        struct writer w = writer_of(out, 70000);
        struct builder b = builder_chain(&w, &first);
        size_t mark = payload_begin(&b, PAYLOAD_CERT, false);
        write_zero(&w, len - 4);
        payload_end(&b, mark);
        CHECK_EQ(w.full, len > 65535);
    }
    for (size_t len = MESSAGE_MAX; len <= MESSAGE_MAX + 1; len++) {
        struct writer w = writer_of(out, 70000);
        struct builder b = builder_message(&w, &(struct header){.version = VERSION_2_0});
        size_t mark = payload_begin(&b, PAYLOAD_CERT, false);
        write_zero(&w, len - HEADER_SIZE - 4);
        payload_end(&b, mark);
        CHECK(!w.full);
        builder_end(&b);
        CHECK_EQ(w.full, len > MESSAGE_MAX);
    }
    free(out);
}

static bool same_payloads(const struct message *a, const struct message *b)
{
    bool same = a->count == b->count && a->inner == b->inner;
    for (unsigned i = 0; same && i < a->count; i++) {
        const struct payload *p = &a->payloads[i], *q = &b->payloads[i];
        same = p->type == q->type && p->critical == q->critical &&
               bytes_equal(bytes_at(a->base, p->body), bytes_at(b->base, q->body));
    }
    return same;
}

/* Read a whole datagram. */
static bool read_datagram(struct bytes datagram, struct message *m)
{
    u8 payload;
    struct header h;
    if (header_read(datagram, &h) != HEADER_OK)
        return false;
    struct bytes chain = bytes_of(datagram.at + HEADER_SIZE, datagram.len - HEADER_SIZE);
    bool ok = message_read(m, datagram.at, chain, h.next_payload, &payload) == MESSAGE_OK;
    m->header = h;
    return ok;
}

TEST(every_allowed_message_comes_back)
{
    for (unsigned i = 0; i < 100 * COLUMN_COUNT; i++) {
        enum column column = (enum column)(i % COLUMN_COUNT);
        struct message m, n;
        u8 pool[POOL_SIZE], octets[SIZE], again[SIZE], payload;
        generate(&m, column, pool);
        size_t size = generate_octets(&m, octets, sizeof octets);
        CHECK(read_datagram(bytes_of(octets, size), &n));
        CHECK(same_payloads(&m, &n)); /* parse(build(m)) = m */
        CHECK_EQ(n.header.message_id, m.header.message_id);
        CHECK_EQ(n.header.flags, m.header.flags);
        CHECK_EQ(grammar_check(&n, column, &payload), GRAMMAR_OK);
        CHECK_EQ(payload, PAYLOAD_NONE);
        CHECK_EQ(generate_octets(&n, again, sizeof again), size);
        CHECK_BYTES(octets, again, size); /* build(parse(b)) = b */
    }
}

/* The flags octet of each generic header. */
static void dirty(u8 *octets, const struct message *m)
{
    octets[19] |= 0xc7; /* RFC 7296 3.1: X bits */
    for (unsigned i = 0; i < m->count; i++)
        octets[m->payloads[i].body.off - 3] |= (u8)random_below(0x80);
}

/* RFC 7296 2.5 (6) */
TEST(reserved_bits_do_not_come_back)
{
    for (unsigned i = 0; i < 20 * COLUMN_COUNT; i++) {
        struct message m, n;
        u8 pool[POOL_SIZE], octets[SIZE], dirtied[SIZE], again[SIZE];
        generate(&m, (enum column)(i % COLUMN_COUNT), pool);
        size_t size = generate_octets(&m, octets, sizeof octets);
        CHECK(read_datagram(bytes_of(octets, size), &n));
        memcpy(dirtied, octets, size);
        dirty(dirtied, &n);
        CHECK(read_datagram(bytes_of(dirtied, size), &n));
        CHECK(same_payloads(&m, &n));
        CHECK_EQ(generate_octets(&n, again, sizeof again), size);
        CHECK_BYTES(octets, again, size);
    }
}

TEST(sealed_messages_come_back)
{
    static const u8 sealed[] = {PAYLOAD_SK, PAYLOAD_SKF};
    for (size_t i = 0; i < sizeof sealed; i++) {
        u8 octets[128], again[128];
        struct message n, m = {.base = octets, .inner = PAYLOAD_IDI, .count = 2};
        random_fill(octets, sizeof octets);
        m.header = (struct header){.version = VERSION_2_0, .exchange = EXCHANGE_IKE_AUTH};
        m.payloads[0] = (struct payload){PAYLOAD_VENDOR, false, {0, 9}};
        m.payloads[1] = (struct payload){sealed[i], false, {9, 50}};
        size_t size = generate_octets(&m, again, sizeof again);
        CHECK(read_datagram(bytes_of(again, size), &n));
        CHECK(same_payloads(&m, &n));
    }
}

/* Whatever is accepted lies inside of the datagram, passes the whole layer, and is built and read
 * as the same again. */
static bool survives(struct bytes datagram)
{
    struct message m, n;
    struct notify notify;
    u8 out[2048], payload;
    if (!read_datagram(datagram, &m))
        return true;
    for (unsigned i = 0; i < m.count; i++)
        if ((size_t)m.payloads[i].body.off + m.payloads[i].body.len > datagram.len)
            return false;
    enum column column = grammar_column(&m);
    if (notify_check(&m) && column != COLUMN_COUNT &&
        grammar_check(&m, column, &payload) == GRAMMAR_OK && notify_error(&m, &notify) &&
        !notify_is_error(notify.type))
        return false;
    size_t size = generate_octets(&m, out, sizeof out);
    return read_datagram(bytes_of(out, size), &n) && same_payloads(&m, &n);
}

static bool survives_changes(struct bytes datagram)
{
    u8 *copy = exact_copy(datagram);
    bool ok = true;
    for (size_t i = 0; i < datagram.len; i++) {
        for (unsigned v = 0; ok && v < 256; v++) {
            copy[i] = (u8)v;
            ok = survives(bytes_of(copy, datagram.len));
        }
        copy[i] = datagram.at[i];
    }
    free(copy);
    return ok;
}

/* The message cut short, with a header that knows it. */
static bool survives_cuts(struct bytes datagram)
{
    bool ok = true;
    for (size_t n = HEADER_SIZE; ok && n < datagram.len; n++) {
        u8 *copy = exact_copy(bytes_of(datagram.at, n));
        struct writer w = {copy, copy + n, copy + n, false};
        struct message m;
        write_u32_at(&w, 24, (u32)n);
        ok = !read_datagram(bytes_of(copy, n), &m);
        free(copy);
    }
    return ok;
}

TEST(damaged_messages_do_no_harm)
{
    unsigned done = 0;
    while (done < COLUMN_COUNT) {
        struct message m;
        u8 pool[POOL_SIZE], octets[SIZE];
        generate(&m, (enum column)(done % COLUMN_COUNT), pool);
        size_t size = generate_octets(&m, octets, sizeof octets);
        if (size > 160 || m.count == 0)
            continue;
        CHECK(survives_changes(bytes_of(octets, size)));
        CHECK(survives_cuts(bytes_of(octets, size)));
        done++;
    }
}

int main(void)
{
    return RUN(a_chain_is_walked) | RUN(lengths_must_fit) | RUN(a_chain_ends_where_it_says) |
           RUN(nothing_at_all_is_an_empty_chain) | RUN(the_refused_payload_is_named) |
           RUN(unknown_payloads_are_passed_over) | RUN(known_payloads_may_be_critical) |
           RUN(sealed_payloads_end_the_chain) | RUN(payloads_have_a_cap) |
           RUN(spans_reach_the_largest_message) | RUN(payloads_are_found_in_order) |
           RUN(a_message_is_built_octet_by_octet) | RUN(a_message_behind_other_octets) |
           RUN(a_bare_chain_names_its_first) | RUN(what_does_not_fit_leaves_the_writer_full) |
           RUN(too_long_a_payload_leaves_the_writer_full) | RUN(every_allowed_message_comes_back) |
           RUN(reserved_bits_do_not_come_back) | RUN(sealed_messages_come_back) |
           RUN(damaged_messages_do_no_harm);
}
