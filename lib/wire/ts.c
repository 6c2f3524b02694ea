/* Traffic selector payloads (RFC 7296 3.13): lists of address, protocol and port ranges. */
#include "wire/ts.h"
#include "wire/codes.h"

#define SELECTOR_HEAD 4   /* type, protocol, length: the same for every type */
#define TS_COUNT_MAX  255 /* the count field has one octet */

static size_t address_size(u8 family)
{
    return family == 4 ? 4 : 16;
}

/* Octets of a selector with this kind of address, its head included. */
static size_t selector_size(u8 family)
{
    return SELECTOR_HEAD + 4 + 2 * address_size(family);
}

/* RFC 7296 3.13.1 (4): does the range end before it begins? OPAQUE ports are written as 65535 to 0.
 */
static bool backwards(const struct shrike_ts *ts)
{
    bool opaque = ts->port_from == 65535 && ts->port_to == 0;

    if (fault(9))
        return false;
    return memcmp(ts->from, ts->to, sizeof ts->from) > 0 ||
           (ts->port_from > ts->port_to && !opaque);
}

static struct shrike_ts read_range(struct reader *r, u8 protocol, u8 family)
{
    struct shrike_ts ts = {.protocol = protocol, .family = family};

    if (read_left(r) != selector_size(family) - SELECTOR_HEAD)
        r->bad = true;
    ts.port_from = read_u16(r);
    ts.port_to = read_u16(r);
    read_copy(r, ts.from, address_size(family));
    read_copy(r, ts.to, address_size(family));
    if (backwards(&ts))
        r->bad = true;
    return ts;
}

/* One selector; it is kept when its type is known and there is room. */
static void read_selector(struct reader *r, struct ts_list *out)
{
    u8 type = read_u8(r);
    u8 protocol = read_u8(r);
    u16 length = read_u16(r);
    if (length < SELECTOR_HEAD)
        r->bad = true;
    struct reader body = read_sub(r, (size_t)length - SELECTOR_HEAD);
    if (body.bad || (type != TS_IPV4_ADDR_RANGE && type != TS_IPV6_ADDR_RANGE)) {
        r->bad |= body.bad;
        return;
    }

    struct shrike_ts ts = read_range(&body, protocol, type == TS_IPV4_ADDR_RANGE ? 4 : 6);
    if (body.bad)
        r->bad = true;
    else if (out->count < SHRIKE_TS_MAX)
        out->ts[out->count++] = ts;
}

bool ts_read(struct bytes body, struct ts_list *out)
{
    struct reader r = reader_of(body);
    unsigned announced = read_u8(&r);

    out->count = 0;
    (void)read_bytes(&r, 3);
    for (unsigned i = 0; i < announced && !r.bad; i++)
        read_selector(&r, out);
    return announced > 0 && read_ended(&r);
}

void ts_write(struct writer *w, const struct shrike_ts *ts, unsigned count)
{
    ensure(count > 0 && count <= TS_COUNT_MAX);
    write_u8(w, (u8)count);
    write_zero(w, 3);
    for (unsigned i = 0; i < count; i++) {
        u8 family = ts[i].family;
        ensure(family == 4 || family == 6);
        write_u8(w, family == 4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE);
        write_u8(w, ts[i].protocol);
        write_u16(w, (u16)selector_size(family));
        write_u16(w, ts[i].port_from);
        write_u16(w, ts[i].port_to);
        write_bytes(w, bytes_of(ts[i].from, address_size(family)));
        write_bytes(w, bytes_of(ts[i].to, address_size(family)));
    }
}
