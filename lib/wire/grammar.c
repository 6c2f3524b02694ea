/* The grid, and a message held against it. */
#include "wire/grammar.h"
#include "wire/message.h"
#include "wire/notify.h"

/* The letters of the grid. */
enum {
    LETTER__ = CELL_NEVER,
    LETTER_1 = CELL_ONE,
    LETTER_o = CELL_MAYBE,
    LETTER_m = CELL_MANY,
};

static const struct row {
    u8 payload;
    u8 most;
    u8 cells[COLUMN_COUNT];
} grid[] = {
#define ROW(payload, most, a, b, c, d, e, f, g, h, i, j, k, l, m, n)                               \
    {payload,                                                                                      \
     most,                                                                                         \
     {LETTER_##a, LETTER_##b, LETTER_##c, LETTER_##d, LETTER_##e, LETTER_##f, LETTER_##g,          \
      LETTER_##h, LETTER_##i, LETTER_##j, LETTER_##k, LETTER_##l, LETTER_##m, LETTER_##n}},
#include "wire/grammar.def"
#undef ROW
};

static const struct row *row_of(u8 payload)
{
    for (size_t i = 0; i < ARRAY_LEN(grid); i++)
        if (grid[i].payload == payload)
            return &grid[i];
    return NULL;
}

enum cell grammar_cell(u8 payload, enum column column)
{
    const struct row *row = row_of(payload);
    return row && column < COLUMN_COUNT ? (enum cell)row->cells[column] : CELL_NEVER;
}

unsigned grammar_most(u8 payload)
{
    const struct row *row = row_of(payload);
    return row ? row->most : 0;
}

/* Is the first proposal one for an IKE SA? RFC 7296 3.3.1: its sixth octet is the protocol. */
static bool offers_ike(const struct message *m)
{
    enum { PROTOCOL_AT = 5 };
    struct bytes body = message_body(m, PAYLOAD_SA);
    return body.len > PROTOCOL_AT && body.at[PROTOCOL_AT] == PROTOCOL_IKE;
}

/* RFC 7296 1.3: the three uses of CREATE_CHILD_SA. */
static enum column create_child_column(const struct message *m)
{
    struct notify n;
    if (notify_find(m, NOTIFY_REKEY_SA, &n))
        return COLUMN_REKEY_CHILD_REQUEST;
    return offers_ike(m) ? COLUMN_REKEY_IKE_REQUEST : COLUMN_CHILD_REQUEST;
}

static enum column request_column(const struct message *m)
{
    switch (m->header.exchange) {
    case EXCHANGE_IKE_SA_INIT:
        return COLUMN_INIT_REQUEST;
    case EXCHANGE_IKE_INTERMEDIATE:
        return COLUMN_INTER_REQUEST;
    case EXCHANGE_IKE_AUTH:
        return COLUMN_AUTH_REQUEST;
    case EXCHANGE_CREATE_CHILD_SA:
        return create_child_column(m);
    case EXCHANGE_INFORMATIONAL:
        return COLUMN_INFO_REQUEST;
    }
    return COLUMN_COUNT;
}

/* Columns come in pairs: a request, then its response. */
static bool is_response(enum column column)
{
    return column % 2 == COLUMN_INIT_RESPONSE % 2;
}

enum column grammar_column(const struct message *m)
{
    enum column column = request_column(m);
    if (column == COLUMN_COUNT || !(m->header.flags & FLAG_RESPONSE))
        return column;
    return (enum column)(column + 1);
}

/* May the message lack what its column demands? RFC 7296 C.1, C.4: a response that refuses has
 * notifies only; so has one that asks for a cookie, or leads to another gateway (RFC 5685 3). */
static bool is_excused(const struct message *m, enum column column)
{
    struct notify n;
    if (!is_response(column))
        return false;
    return notify_error(m, &n) ||
           (column == COLUMN_INIT_RESPONSE &&
            (notify_find(m, NOTIFY_COOKIE, &n) || notify_find(m, NOTIFY_REDIRECT, &n)));
}

/* The first payload type that the column demands and the message lacks; PAYLOAD_NONE when all are
 * there. */
static u8 lacking(const struct message *m, enum column column)
{
    for (size_t i = 0; i < ARRAY_LEN(grid); i++)
        if (grid[i].cells[column] == CELL_ONE && !message_find(m, grid[i].payload))
            return grid[i].payload;
    return PAYLOAD_NONE;
}

enum grammar_verdict grammar_check(const struct message *m, enum column column, u8 *payload)
{
    u8 seen[UINT8_MAX + 1] = {0};
    ensure(column < COLUMN_COUNT);
    for (unsigned i = 0; i < m->count; i++) {
        *payload = m->payloads[i].type;
        enum cell cell = grammar_cell(*payload, column);
        if (fault(7) && cell == CELL_NEVER)
            continue;
        if (cell == CELL_NEVER)
            return GRAMMAR_UNEXPECTED;
        if (++seen[*payload] > grammar_most(*payload))
            return GRAMMAR_TOO_MANY;
    }
    *payload = is_excused(m, column) ? PAYLOAD_NONE : lacking(m, column);
    return *payload == PAYLOAD_NONE ? GRAMMAR_OK : GRAMMAR_MISSING;
}
