/* The chain of payloads: walked into slices, and built. */
#include "wire/message.h"

#define GENERIC_SIZE 4 /* RFC 7296 3.2: next payload, critical bit, length */
#define CRITICAL     0x80

/* Where a builder of a bare chain has no octet to patch yet. */
#define NOWHERE SIZE_MAX

/* RFC 7296 2.5: what we understand; the rest is passed over, unless it is marked critical. */
static bool is_known(u8 type)
{
    return (type >= PAYLOAD_SA && type <= PAYLOAD_EAP) || type == PAYLOAD_SKF;
}

static bool is_sealed(u8 type)
{
    return type == PAYLOAD_SK || type == PAYLOAD_SKF;
}

/* One payload of the chain at r; *next is its next-payload octet. false: the lengths do not fit. */
static bool read_payload(struct reader *r, const u8 *base, struct payload *p, u8 *next)
{
    *next = read_u8(r);
    p->critical = (read_u8(r) & CRITICAL) != 0;
    size_t len = read_u16(r);
    if (len < GENERIC_SIZE)
        return false;
    size_t size = len - GENERIC_SIZE;
    p->body.len = (u16)size;
    if (fault(5) && size == read_left(r) + 1)
        size--;
    p->body.off = (u16)(r->at - base);
    (void)read_bytes(r, size);
    return !r->bad;
}

/* Keep p; false when there is no room for it. Vendor IDs are never worth a refusal. */
static bool keep(struct message *m, const struct payload *p)
{
    if (m->count == PAYLOADS_MAX)
        return p->type == PAYLOAD_VENDOR;
    m->payloads[m->count++] = *p;
    return true;
}

enum message_verdict message_read(struct message *m, const u8 *base, struct bytes octets, u8 first,
                                  u8 *payload)
{
    struct reader r = reader_of(octets);
    m->base = base;
    m->inner = PAYLOAD_NONE;
    m->count = 0;
    *payload = first;
    if (octets.len > MESSAGE_MAX || (size_t)(octets.at - base) > MESSAGE_MAX - octets.len)
        return MESSAGE_SYNTAX; /* spans could not name it */
    /* RFC 7296 2.5 (11), 3.10.1 (3): in whatever order they come. */
    for (u8 next; *payload != PAYLOAD_NONE; *payload = next) {
        struct payload p = {.type = *payload};
        if (!read_payload(&r, base, &p, &next))
            return MESSAGE_SYNTAX;
        /* RFC 7296 3.2 (3, 5): of those that we know the critical bit says nothing. */
        if (is_known(p.type) && !keep(m, &p))
            return MESSAGE_TOO_MANY;
        /* RFC 7296 2.5 (7, 8), 3.12 (4): the others are passed over, but for critical ones. */
        if (!is_known(p.type) && p.critical && !fault(6))
            return MESSAGE_CRITICAL;
        if (is_sealed(p.type)) { /* RFC 7296 3.1 (1): the last, its next payload stands inside */
            m->inner = next;
            next = PAYLOAD_NONE;
        }
    }
    return read_ended(&r) ? MESSAGE_OK : MESSAGE_SYNTAX;
}

static const struct payload *find_from(const struct message *m, unsigned from, u8 type)
{
    for (unsigned i = from; i < m->count; i++)
        if (m->payloads[i].type == type)
            return &m->payloads[i];
    return NULL;
}

void message_again(struct message *m, struct bytes datagram)
{
    u8 bad;
    enum header_verdict h = header_read(datagram, &m->header);
    ensure(h == HEADER_OK);
    struct bytes chain = bytes_of(datagram.at + HEADER_SIZE, datagram.len - HEADER_SIZE);
    enum message_verdict v = message_read(m, datagram.at, chain, m->header.next_payload, &bad);
    ensure(v == MESSAGE_OK);
}

size_t message_end(const struct message *m)
{
    size_t end = 0;
    for (unsigned i = 0; i < m->count; i++)
        end = MAX(end, (size_t)m->payloads[i].body.off + m->payloads[i].body.len);
    return end;
}

const struct payload *message_find(const struct message *m, u8 type)
{
    return find_from(m, 0, type);
}

const struct payload *message_find_after(const struct message *m, const struct payload *p)
{
    return find_from(m, (unsigned)(p - m->payloads) + 1, p->type);
}

struct bytes message_body(const struct message *m, u8 type)
{
    const struct payload *p = message_find(m, type);
    return p ? bytes_at(m->base, p->body) : (struct bytes){NULL, 0};
}

struct builder builder_message(struct writer *w, const struct header *h)
{
    enum { NEXT_AT = 16 }; /* of the header: RFC 7296 3.1 */
    size_t at = written(w);
    struct header blank = *h;
    blank.next_payload = PAYLOAD_NONE;
    header_write(w, &blank);
    return (struct builder){.w = w, .header_at = at, .next_at = at + NEXT_AT};
}

struct builder builder_chain(struct writer *w, u8 *first)
{
    *first = PAYLOAD_NONE;
    return (struct builder){.w = w, .next_at = NOWHERE, .first = first};
}

/* The payload written last is followed by one of this type. */
static void set_next(struct builder *b, u8 type)
{
    if (b->next_at == NOWHERE)
        *b->first = type;
    else
        write_u8_at(b->w, b->next_at, type);
}

size_t payload_begin(struct builder *b, u8 type, bool critical)
{
    set_next(b, type);
    size_t mark = written(b->w);
    b->next_at = mark;
    write_u8(b->w, PAYLOAD_NONE);
    /* RFC 7296 2.5 (6, 10), 3.2 (4): the bits beside it are zero. */
    write_u8(b->w, critical ? CRITICAL : 0);
    write_u16(b->w, 0);
    return mark;
}

void payload_end(struct builder *b, size_t mark)
{
    size_t len = written(b->w) - mark;
    if (len > UINT16_MAX)
        b->w->full = true;
    write_u16_at(b->w, mark + 2, (u16)len);
}

void builder_end(struct builder *b)
{
    enum { LENGTH_AT = 24 }; /* of the header: RFC 7296 3.1 */
    ensure(!b->first);       /* a bare chain has no length of its own */
    size_t len = written(b->w) - b->header_at;
    if (len > MESSAGE_MAX)
        b->w->full = true;
    write_u32_at(b->w, b->header_at + LENGTH_AT, (u32)len);
}

void message_write(struct builder *b, const struct message *m)
{
    for (unsigned i = 0; i < m->count; i++) {
        const struct payload *p = &m->payloads[i];
        size_t mark = payload_begin(b, p->type, p->critical);
        write_bytes(b->w, bytes_at(m->base, p->body));
        payload_end(b, mark);
        if (is_sealed(p->type))
            set_next(b, m->inner);
    }
}
