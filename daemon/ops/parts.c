/* What bodies of mail are made of: see parts.h. */
#include "ops/parts.h"

CARRIES(struct shrike_addr, 17);
CARRIES(struct shrike_endpoint, 20);
CARRIES(struct shrike_net, 18);
CARRIES(struct shrike_ts, 40);
CARRIES(struct shrike_id, 24);

void write_flag(struct writer *w, bool v)
{
    write_u8(w, v);
}

bool read_flag(struct reader *r)
{
    u8 v = read_u8(r);
    r->bad |= v > 1;
    return !r->bad && v;
}

void write_choice(struct writer *w, unsigned v, unsigned limit)
{
    w->full |= v >= limit || v > UINT16_MAX;
    write_u16(w, (u16)v);
}

u16 read_choice(struct reader *r, unsigned limit)
{
    u16 v = read_u16(r);
    r->bad |= v >= limit;
    return r->bad ? 0 : v;
}

/* A text is its length with the NUL (0: there is none), its characters and the NUL. */
static void write_characters(struct writer *w, const char *text, size_t len)
{
    write_u16(w, (u16)(len + 1));
    write_bytes(w, bytes_of(text, len));
    write_u8(w, 0);
}

void write_text(struct writer *w, const char *text, size_t size)
{
    size_t len = text ? strlen(text) : 0;
    w->full |= len >= size || len >= UINT16_MAX;
    if (text)
        write_characters(w, text, len);
    else
        write_u16(w, 0);
}

void write_file(struct writer *w, const char *name, size_t size)
{
    size_t len = name ? strlen(name) : 0;
    write_text(w, len >= size ? name + (len - size + 1) : name, size);
}

const char *read_text_here(struct reader *r, size_t size)
{
    size_t len = read_u16(r);
    struct bytes b = read_bytes(r, len);
    if (r->bad || len == 0)
        return NULL;
    r->bad |= len > size || memchr(b.at, 0, len) != b.at + len - 1;
    return r->bad ? NULL : (const char *)b.at;
}

char *read_text(struct reader *r, char *out, size_t size)
{
    const char *text = read_text_here(r, size);
    return text ? memcpy(out, text, strlen(text) + 1) : NULL;
}

void write_slice(struct writer *w, struct bytes b)
{
    w->full |= b.len > UINT32_MAX;
    write_u32(w, (u32)b.len);
    write_bytes(w, b);
}

struct bytes read_slice(struct reader *r)
{
    u32 len = read_u32(r);
    return read_bytes(r, len);
}

/* Octets of an address of this family; no other octets of it are carried, so that they are zero. */
static size_t octets_of(u8 family)
{
    return family == 4 ? 4 : family == 6 ? 16 : 0;
}

static void write_family(struct writer *w, u8 family)
{
    w->full |= family != 0 && family != 4 && family != 6;
    write_u8(w, family);
}

static u8 read_family(struct reader *r)
{
    u8 family = read_u8(r);
    r->bad |= family != 0 && family != 4 && family != 6;
    return r->bad ? 0 : family;
}

void write_endpoint(struct writer *w, const struct shrike_endpoint *e)
{
    write_family(w, e->family);
    write_bytes(w, bytes_of(e->octets, octets_of(e->family)));
    write_u16(w, e->port);
}

struct shrike_endpoint read_endpoint(struct reader *r)
{
    struct shrike_endpoint e = {.family = read_family(r)};
    read_copy(r, e.octets, octets_of(e.family));
    e.port = read_u16(r);
    return e;
}

void write_net(struct writer *w, const struct shrike_net *n)
{
    write_family(w, n->addr.family);
    write_bytes(w, bytes_of(n->addr.octets, octets_of(n->addr.family)));
    write_u8(w, n->prefix_bits);
}

struct shrike_net read_net(struct reader *r)
{
    struct shrike_net n = {.addr.family = read_family(r)};
    read_copy(r, n.addr.octets, octets_of(n.addr.family));
    n.prefix_bits = read_u8(r);
    r->bad |= n.prefix_bits > 8 * octets_of(n.addr.family);
    return n;
}

void write_addr(struct writer *w, const struct shrike_addr *a)
{
    write_family(w, a->family);
    write_bytes(w, bytes_of(a->octets, octets_of(a->family)));
}

struct shrike_addr read_addr(struct reader *r)
{
    struct shrike_addr a = {.family = read_family(r)};
    read_copy(r, a.octets, octets_of(a.family));
    return a;
}

void write_addrs(struct writer *w, const struct shrike_addr *list, u16 count)
{
    write_choice(w, count, SHRIKE_ADDRESSES_MAX + 1);
    for (u16 i = 0; i < count && !w->full; i++)
        write_addr(w, &list[i]);
}

u16 read_addrs(struct reader *r, struct shrike_addr out[SHRIKE_ADDRESSES_MAX])
{
    u16 count = read_choice(r, SHRIKE_ADDRESSES_MAX + 1);
    for (u16 i = 0; i < count; i++)
        out[i] = read_addr(r);
    return count;
}

void write_selector(struct writer *w, const struct shrike_ts *ts)
{
    write_family(w, ts->family);
    write_bytes(w, bytes_of(ts->from, octets_of(ts->family)));
    write_bytes(w, bytes_of(ts->to, octets_of(ts->family)));
    write_u8(w, ts->protocol);
    write_u16(w, ts->port_from);
    write_u16(w, ts->port_to);
}

struct shrike_ts read_selector(struct reader *r)
{
    struct shrike_ts ts = {.family = read_family(r)};
    read_copy(r, ts.from, octets_of(ts.family));
    read_copy(r, ts.to, octets_of(ts.family));
    ts.protocol = read_u8(r);
    ts.port_from = read_u16(r);
    ts.port_to = read_u16(r);
    return ts;
}

void write_selectors(struct writer *w, const struct shrike_ts *ts, u16 count)
{
    write_choice(w, count, SHRIKE_TS_MAX + 1);
    for (u16 i = 0; i < count && !w->full; i++)
        write_selector(w, &ts[i]);
}

u16 read_selectors(struct reader *r, struct shrike_ts out[SHRIKE_TS_MAX])
{
    u16 count = read_choice(r, SHRIKE_TS_MAX + 1);
    for (u16 i = 0; i < count; i++)
        out[i] = read_selector(r);
    return count;
}

void write_id(struct writer *w, const struct shrike_id *id)
{
    write_u8(w, id->type);
    write_choice(w, (unsigned)MIN(id->data.len, UINT16_MAX), SHRIKE_ID_MAX + 1);
    write_bytes(w, id->data);
}

struct shrike_id read_id(struct reader *r)
{
    struct shrike_id id = {.type = read_u8(r)};
    id.data = read_bytes(r, read_choice(r, SHRIKE_ID_MAX + 1));
    return id;
}

CARRIES(struct shrike_eap_rule, 104);

/* Names with a NUL behind each. */
static bool are_groups(struct bytes groups)
{
    return groups.len == 0 || (groups.len <= SHRIKE_GROUPS_MAX && groups.at[groups.len - 1] == 0);
}

void write_eap_rule(struct writer *w, const struct shrike_eap_rule *rule)
{
    w->full |= rule->methods.len > SHRIKE_EAP_METHODS || !are_groups(rule->groups);
    write_slice(w, rule->methods);
    write_id(w, &rule->id);
    write_flag(w, rule->asks);
    write_slice(w, rule->groups);
    w->full |= rule->inside.len > SHRIKE_EAP_METHODS;
    write_slice(w, rule->inside);
    write_id(w, &rule->server);
}

struct shrike_eap_rule read_eap_rule(struct reader *r)
{
    struct shrike_eap_rule rule = {.methods = read_slice(r)};
    r->bad |= rule.methods.len > SHRIKE_EAP_METHODS;
    rule.id = read_id(r);
    rule.asks = read_flag(r);
    rule.groups = read_slice(r);
    r->bad |= !are_groups(rule.groups);
    rule.inside = read_slice(r);
    r->bad |= rule.inside.len > SHRIKE_EAP_METHODS;
    rule.server = read_id(r);
    return rule;
}
