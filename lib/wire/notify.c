/* Notify payloads of a message, found by type. */
#include "wire/notify.h"

static bool read_one(const struct message *m, const struct payload *p, struct notify *out)
{
    return notify_read(bytes_at(m->base, p->body), out);
}

bool notify_find(const struct message *m, u16 type, struct notify *out)
{
    const struct payload *p = message_find(m, PAYLOAD_NOTIFY);
    for (; p; p = message_find_after(m, p))
        /* RFC 7296 3.10.1 (2, 3), 2.4 (3): all the others are passed over. */
        if (read_one(m, p, out) && out->type == type)
            return true;
    return false;
}

bool notify_error(const struct message *m, struct notify *out)
{
    const struct payload *p = message_find(m, PAYLOAD_NOTIFY);
    for (; p; p = message_find_after(m, p))
        /* RFC 7296 3.10.1 (1): also those that we do not know. */
        if (read_one(m, p, out) && notify_is_error(out->type))
            return true;
    return false;
}

bool notify_check(const struct message *m)
{
    struct notify n;
    const struct payload *p = message_find(m, PAYLOAD_NOTIFY);
    for (; p; p = message_find_after(m, p))
        if (!read_one(m, p, &n))
            return false;
    return true;
}

void notify_add(struct builder *b, u16 type, struct bytes data)
{
    size_t mark = payload_begin(b, PAYLOAD_NOTIFY, false);
    /* RFC 7296 3.10 (2, 3): without an SPI, of no protocol. */
    notify_write(b->w, &(struct notify){.type = type, .data = data});
    payload_end(b, mark);
}

void notify_add_spi(struct builder *b, u16 type, u8 protocol, struct bytes spi)
{
    size_t mark = payload_begin(b, PAYLOAD_NOTIFY, false);
    notify_write(b->w, &(struct notify){.protocol = protocol, .type = type, .spi = spi});
    payload_end(b, mark);
}
