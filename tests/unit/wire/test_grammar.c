/* The grid against the text of RFC 7296 appendix C, and messages against the grid. */
#include "generate.h"
#include "test.h"
#include "wire/grammar.h"

#define LIST_MAX 16

/* A message with these payloads, without bodies. */
static void make(struct message *m, const u8 *types, unsigned count)
{
    static const u8 nothing[1];
    *m = (struct message){.base = nothing};
    for (unsigned i = 0; i < count; i++)
        m->payloads[m->count++] = (struct payload){.type = types[i]};
}

struct demand {
    enum column column;
    u8 demanded[LIST_MAX]; /* up to the first zero */
    u8 allowed[LIST_MAX];  /* besides those, and besides Notify and Vendor ID */
};

/* Written down a second time, from the figures of RFC 7296 appendix C; of IKE_AUTH nothing is
 * demanded. IKE_INTERMEDIATE: RFC 9242 3.1, RFC 9370 2.2.2. */
static const struct demand demands[COLUMN_COUNT] = {
    {COLUMN_INIT_REQUEST, {PAYLOAD_SA, PAYLOAD_KE, PAYLOAD_NONCE}, {0}},
    {COLUMN_INIT_RESPONSE, {PAYLOAD_SA, PAYLOAD_KE, PAYLOAD_NONCE}, {PAYLOAD_CERTREQ}},
    {COLUMN_INTER_REQUEST, {0}, {PAYLOAD_KE}},
    {COLUMN_INTER_RESPONSE, {0}, {PAYLOAD_KE}},
    {COLUMN_AUTH_REQUEST,
     {0},
     {PAYLOAD_IDI, PAYLOAD_CERT, PAYLOAD_CERTREQ, PAYLOAD_IDR, PAYLOAD_AUTH, PAYLOAD_CP, PAYLOAD_SA,
      PAYLOAD_TSI, PAYLOAD_TSR, PAYLOAD_EAP}},
    {COLUMN_AUTH_RESPONSE,
     {0},
     {PAYLOAD_IDR, PAYLOAD_CERT, PAYLOAD_AUTH, PAYLOAD_CP, PAYLOAD_SA, PAYLOAD_TSI, PAYLOAD_TSR,
      PAYLOAD_EAP}},
    {COLUMN_CHILD_REQUEST,
     {PAYLOAD_SA, PAYLOAD_NONCE, PAYLOAD_TSI, PAYLOAD_TSR},
     {PAYLOAD_KE, PAYLOAD_CP}},
    {COLUMN_CHILD_RESPONSE,
     {PAYLOAD_SA, PAYLOAD_NONCE, PAYLOAD_TSI, PAYLOAD_TSR},
     {PAYLOAD_KE, PAYLOAD_CP}},
    {COLUMN_REKEY_CHILD_REQUEST,
     {PAYLOAD_SA, PAYLOAD_NONCE, PAYLOAD_TSI, PAYLOAD_TSR},
     {PAYLOAD_KE, PAYLOAD_CP}},
    {COLUMN_REKEY_CHILD_RESPONSE,
     {PAYLOAD_SA, PAYLOAD_NONCE, PAYLOAD_TSI, PAYLOAD_TSR},
     {PAYLOAD_KE, PAYLOAD_CP}},
    {COLUMN_REKEY_IKE_REQUEST, {PAYLOAD_SA, PAYLOAD_NONCE, PAYLOAD_KE}, {0}},
    {COLUMN_REKEY_IKE_RESPONSE, {PAYLOAD_SA, PAYLOAD_NONCE, PAYLOAD_KE}, {0}},
    {COLUMN_INFO_REQUEST, {0}, {PAYLOAD_DELETE, PAYLOAD_CP}},
    {COLUMN_INFO_RESPONSE, {0}, {PAYLOAD_DELETE, PAYLOAD_CP}},
};

static bool listed(const u8 list[LIST_MAX], u8 type)
{
    return type != PAYLOAD_NONE && memchr(list, type, LIST_MAX) != NULL;
}

static unsigned length(const u8 list[LIST_MAX])
{
    return (unsigned)((const u8 *)memchr(list, 0, LIST_MAX) - list);
}

static bool repeats(u8 type)
{
    return type == PAYLOAD_CERT || type == PAYLOAD_CERTREQ || type == PAYLOAD_NOTIFY ||
           type == PAYLOAD_DELETE || type == PAYLOAD_VENDOR;
}

TEST(the_grid_is_that_of_the_rfc)
{
    for (unsigned i = 0; i < COLUMN_COUNT; i++) {
        const struct demand *d = &demands[i];
        CHECK_EQ(d->column, i);
        for (unsigned type = 0; type < 256; type++) {
            enum cell want = CELL_NEVER;
            if (type == PAYLOAD_NOTIFY || type == PAYLOAD_VENDOR)
                want = CELL_MANY;
            else if (listed(d->demanded, (u8)type))
                want = CELL_ONE;
            else if (listed(d->allowed, (u8)type))
                want = repeats((u8)type) ? CELL_MANY : CELL_MAYBE;
            CHECK_EQ(grammar_cell((u8)type, d->column), want);
        }
    }
}

TEST(the_grid_has_no_other_column)
{
    CHECK_EQ(grammar_cell(PAYLOAD_NOTIFY, COLUMN_COUNT), CELL_NEVER);
}

TEST(only_what_repeats_has_a_limit_above_one)
{
    for (unsigned type = 0; type < 256; type++) {
        unsigned most = grammar_most((u8)type);
        bool in_grid = type >= PAYLOAD_SA && type <= PAYLOAD_EAP && type != PAYLOAD_SK;
        if (!in_grid)
            CHECK_EQ(most, 0);
        else if (repeats((u8)type))
            CHECK(most > 1);
        else
            CHECK_EQ(most, 1);
    }
    CHECK(grammar_most(PAYLOAD_VENDOR) >= PAYLOADS_MAX); /* never worth a refusal */
}

TEST(what_is_demanded_suffices_and_is_needed)
{
    for (unsigned i = 0; i < COLUMN_COUNT; i++) {
        const struct demand *d = &demands[i];
        unsigned n = length(d->demanded);
        struct message m;
        u8 payload;
        make(&m, d->demanded, n);
        CHECK_EQ(grammar_check(&m, d->column, &payload), GRAMMAR_OK);
        for (unsigned j = 0; j < n; j++) {
            make(&m, d->demanded, n);
            m.payloads[j].type = PAYLOAD_VENDOR;
            CHECK_EQ(grammar_check(&m, d->column, &payload), GRAMMAR_MISSING);
            CHECK_EQ(payload, d->demanded[j]);
        }
    }
}

/* The demanded payloads and n more of one type. */
static enum grammar_verdict with(const struct demand *d, u8 type, unsigned n, u8 *payload)
{
    struct message m;
    make(&m, d->demanded, length(d->demanded));
    while (n-- > 0)
        m.payloads[m.count++] = (struct payload){.type = type};
    return grammar_check(&m, d->column, payload);
}

TEST(each_type_is_counted_and_placed)
{
    for (unsigned i = 0; i < COLUMN_COUNT; i++) {
        const struct demand *d = &demands[i];
        for (unsigned type = PAYLOAD_SA; type <= PAYLOAD_SKF; type++) {
            u8 payload, t = (u8)type;
            unsigned most = grammar_most(t);
            bool fixed = listed(d->demanded, t);
            bool fits = fixed || listed(d->allowed, t) || t == PAYLOAD_NOTIFY;
            if (t == PAYLOAD_VENDOR)
                continue;
            CHECK_EQ(with(d, t, fixed ? 0 : 1, &payload), fits ? GRAMMAR_OK : GRAMMAR_UNEXPECTED);
            CHECK_EQ(payload, fits ? PAYLOAD_NONE : t);
            if (!fits)
                continue;
            CHECK_EQ(with(d, t, fixed ? 0 : most, &payload), GRAMMAR_OK);
            CHECK_EQ(with(d, t, fixed ? 1 : most + 1, &payload), GRAMMAR_TOO_MANY);
            CHECK_EQ(payload, t);
        }
    }
}

/* A response of a column with one notify and nothing else. */
static enum grammar_verdict alone(enum column column, u16 type)
{
    u8 octets[64], first, payload;
    struct message m;
    struct writer w = writer_of(octets, sizeof octets);
    struct builder b = builder_chain(&w, &first);
    notify_add(&b, type, bytes_of(NULL, 0));
    if (message_read(&m, octets, written_bytes(&w), first, &payload) != MESSAGE_OK)
        return GRAMMAR_TOO_MANY;
    return grammar_check(&m, column, &payload);
}

TEST(a_refusal_lacks_the_rest)
{
    for (unsigned i = 0; i < COLUMN_COUNT; i++) {
        enum column column = demands[i].column;
        bool demands_some = demands[i].demanded[0] != 0;
        bool response = i % 2 == 1;
        CHECK_EQ(alone(column, NOTIFY_NO_PROPOSAL_CHOSEN),
                 demands_some && !response ? GRAMMAR_MISSING : GRAMMAR_OK);
        CHECK_EQ(alone(column, NOTIFY_USE_TRANSPORT_MODE),
                 demands_some ? GRAMMAR_MISSING : GRAMMAR_OK);
        bool excused = column == COLUMN_INIT_RESPONSE || !demands_some;
        CHECK_EQ(alone(column, NOTIFY_COOKIE), excused ? GRAMMAR_OK : GRAMMAR_MISSING);
        CHECK_EQ(alone(column, NOTIFY_REDIRECT), excused ? GRAMMAR_OK : GRAMMAR_MISSING);
    }
}

TEST(a_refusal_has_no_foreign_payloads)
{
    u8 octets[64], first, payload;
    struct message m;
    struct writer w = writer_of(octets, sizeof octets);
    struct builder b = builder_chain(&w, &first);
    notify_add(&b, NOTIFY_NO_PROPOSAL_CHOSEN, bytes_of(NULL, 0));
    payload_end(&b, payload_begin(&b, PAYLOAD_EAP, false));
    CHECK_EQ(message_read(&m, octets, written_bytes(&w), first, &payload), MESSAGE_OK);
    CHECK_EQ(grammar_check(&m, COLUMN_CHILD_RESPONSE, &payload), GRAMMAR_UNEXPECTED);
    CHECK_EQ(payload, PAYLOAD_EAP);
}

TEST(the_column_follows_from_the_message)
{
    for (unsigned i = 0; i < 50 * COLUMN_COUNT; i++) {
        enum column column = (enum column)(i % COLUMN_COUNT), want = column;
        struct message m;
        u8 pool[POOL_SIZE], payload;
        generate(&m, column, pool);
        if (column == COLUMN_REKEY_CHILD_RESPONSE)
            want = COLUMN_CHILD_RESPONSE; /* its request had the N(REKEY_SA) */
        CHECK_EQ(grammar_column(&m), want);
        CHECK_EQ(grammar_check(&m, want, &payload), GRAMMAR_OK);
    }
}

TEST(other_exchanges_have_no_column)
{
    for (unsigned exchange = 0; exchange < 256; exchange++) {
        struct message m = {.header = {.exchange = (u8)exchange}};
        bool known = (exchange >= EXCHANGE_IKE_SA_INIT && exchange <= EXCHANGE_INFORMATIONAL) ||
                     exchange == EXCHANGE_IKE_INTERMEDIATE;
        CHECK_EQ(grammar_column(&m) != COLUMN_COUNT, known);
        m.header.flags = FLAG_RESPONSE | FLAG_INITIATOR;
        CHECK_EQ(grammar_column(&m) != COLUMN_COUNT, known);
        CHECK(!known || grammar_column(&m) % 2 == 1);
    }
}

TEST(a_short_proposal_is_none_for_ike)
{
    u8 octets[6] = {0, 0, 0, 0, 0, PROTOCOL_IKE};
    struct message m = {.base = octets, .count = 1};
    m.header.exchange = EXCHANGE_CREATE_CHILD_SA;
    m.payloads[0] = (struct payload){.type = PAYLOAD_SA, .body = {0, 6}};
    CHECK_EQ(grammar_column(&m), COLUMN_REKEY_IKE_REQUEST);
    m.payloads[0].body.len = 5;
    CHECK_EQ(grammar_column(&m), COLUMN_CHILD_REQUEST);
    octets[4] = PROTOCOL_IKE;
    octets[5] = PROTOCOL_ESP;
    m.payloads[0].body.len = 6;
    CHECK_EQ(grammar_column(&m), COLUMN_CHILD_REQUEST);
    m.count = 0;
    CHECK_EQ(grammar_column(&m), COLUMN_CHILD_REQUEST);
}

int main(void)
{
    return RUN(the_grid_is_that_of_the_rfc) | RUN(the_grid_has_no_other_column) |
           RUN(only_what_repeats_has_a_limit_above_one) |
           RUN(what_is_demanded_suffices_and_is_needed) | RUN(each_type_is_counted_and_placed) |
           RUN(a_refusal_lacks_the_rest) | RUN(a_refusal_has_no_foreign_payloads) |
           RUN(the_column_follows_from_the_message) | RUN(other_exchanges_have_no_column) |
           RUN(a_short_proposal_is_none_for_ike);
}
