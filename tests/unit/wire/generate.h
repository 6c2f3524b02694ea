/* Random messages that the grid allows, for the tests of messages and of the grid. */
#ifndef UNIT_WIRE_GENERATE_H
#define UNIT_WIRE_GENERATE_H

#include "random.h"
#include "wire/grammar.h"
#include "wire/notify.h"

#define POOL_SIZE 16384 /* octets of all bodies of one message */

static const u8 exchange_of_pair[COLUMN_COUNT / 2] = {
    EXCHANGE_IKE_SA_INIT,     EXCHANGE_IKE_INTERMEDIATE, EXCHANGE_IKE_AUTH,
    EXCHANGE_CREATE_CHILD_SA, EXCHANGE_CREATE_CHILD_SA,  EXCHANGE_CREATE_CHILD_SA,
    EXCHANGE_INFORMATIONAL,
};

/* Append a body of the type, well-formed as far as the grid looks into it. */
static inline void generate_body(struct writer *w, u8 type, enum column column)
{
    u8 octets[64];
    random_fill(octets, sizeof octets);
    struct bytes some = bytes_of(octets, random_below(sizeof octets));
    if (type == PAYLOAD_NOTIFY) {
        u16 status = (u16)(NOTIFY_INITIAL_CONTACT + random_below(1000));
        if (status == NOTIFY_REKEY_SA || status == NOTIFY_COOKIE || status == NOTIFY_REDIRECT)
            status++;
        notify_write(w, &(struct notify){.type = status, .data = some});
    } else if (type == PAYLOAD_SA) {
        bool ike = column == COLUMN_REKEY_IKE_REQUEST || column == COLUMN_REKEY_IKE_RESPONSE;
        octets[5] = ike ? PROTOCOL_IKE : PROTOCOL_ESP;
        write_bytes(w, bytes_of(octets, 8 + random_below(32)));
    } else {
        write_bytes(w, some);
    }
}

static inline void generate_add(struct message *m, struct writer *w, u8 type, enum column column)
{
    size_t off = written(w);
    if (m->count == PAYLOADS_MAX)
        return;
    generate_body(w, type, column);
    m->payloads[m->count++] = (struct payload){
        .type = type,
        .critical = random_below(4) == 0,
        .body = {(u16)off, (u16)(written(w) - off)},
    };
}

static inline unsigned generate_count(u8 type, enum column column)
{
    unsigned many = MIN(grammar_most(type), 12);
    switch (grammar_cell(type, column)) {
    case CELL_NEVER:
        return 0;
    case CELL_ONE:
        return 1;
    case CELL_MAYBE:
        return random_below(2);
    case CELL_MANY:
        return random_below(2) ? random_below(many + 1) : random_below(2);
    }
    return 0;
}

static inline void generate_shuffle(struct message *m)
{
    for (unsigned i = m->count; i > 1; i--) {
        unsigned j = random_below(i);
        struct payload p = m->payloads[i - 1];
        m->payloads[i - 1] = m->payloads[j];
        m->payloads[j] = p;
    }
}

/* A message of the column with its header; its bodies lie in pool. */
static inline void generate(struct message *m, enum column column, u8 pool[POOL_SIZE])
{
    struct writer w = writer_of(pool, POOL_SIZE);
    *m = (struct message){.base = pool};
    m->header.spi_i = (u64)random_u32() << 32 | random_u32();
    m->header.spi_r = (u64)random_u32() << 32 | random_u32();
    m->header.message_id = random_u32();
    m->header.version = VERSION_2_0;
    m->header.exchange = exchange_of_pair[column / 2];
    m->header.flags = (u8)(random_below(2) * FLAG_INITIATOR | column % 2 * FLAG_RESPONSE);
    if (column == COLUMN_REKEY_CHILD_REQUEST) {
        u8 spi[4] = {1, 2, 3, 4};
        struct notify n = {PROTOCOL_ESP, NOTIFY_REKEY_SA, bytes_of(spi, sizeof spi), {NULL, 0}};
        notify_write(&w, &n);
        m->payloads[m->count++] =
            (struct payload){.type = PAYLOAD_NOTIFY, .body = {0, (u16)written(&w)}};
    }
    for (unsigned type = PAYLOAD_SA; type <= PAYLOAD_EAP; type++)
        for (unsigned n = generate_count((u8)type, column); n > 0; n--)
            generate_add(m, &w, (u8)type, column);
    generate_shuffle(m);
    ensure(!w.full);
}

/* The datagram of m; returns its size. */
static inline size_t generate_octets(const struct message *m, u8 *out, size_t size)
{
    struct writer w = writer_of(out, size);
    struct builder b = builder_message(&w, &m->header);
    message_write(&b, m);
    builder_end(&b);
    ensure(!w.full);
    return written(&w);
}

#endif
