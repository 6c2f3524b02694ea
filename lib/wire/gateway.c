/* Gateways that others are led to: see gateway.h. */
#include "wire/gateway.h"
#include "wire/codes.h"

enum { IPV4_LEN = 4, IPV6_LEN = 16 };

/* Letters, digits, hyphens and underscores between dots: nothing that could mean something else
 * elsewhere. */
static bool is_name(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        u8 c = name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bool dot = c == '.' && i > 0 && name.at[i - 1] != '.';
        if (!letter && !dot && c != '_' && (c != '-' || i == 0))
            return false;
    }
    return name.len > 0 && name.len <= GATEWAY_NAME_MAX;
}

bool gateway_read(struct bytes data, struct gateway *out)
{
    struct reader r = reader_of(data);
    out->type = read_u8(&r);
    out->name = read_bytes(&r, read_u8(&r));
    out->rest = read_rest(&r);
    if (r.bad)
        return false;
    switch (out->type) {
    case GATEWAY_IPV4:
        return out->name.len == IPV4_LEN;
    case GATEWAY_IPV6:
        return out->name.len == IPV6_LEN;
    case GATEWAY_FQDN:
        return is_name(out->name);
    default:
        return false;
    }
}

void gateway_write(struct writer *w, const struct gateway *g)
{
    w->full |= g->name.len > GATEWAY_NAME_MAX;
    write_u8(w, g->type);
    write_u8(w, (u8)g->name.len);
    write_bytes(w, g->name);
    write_bytes(w, g->rest);
}

static const struct {
    u8 gateway, id;
} types[] = {
    {GATEWAY_IPV4, ID_IPV4_ADDR},
    {GATEWAY_IPV6, ID_IPV6_ADDR},
    {GATEWAY_FQDN, ID_FQDN},
};

struct shrike_id gateway_id(const struct gateway *g)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].gateway == g->type)
            return (struct shrike_id){.type = types[i].id, .data = g->name};
    }
    return (struct shrike_id){0};
}

struct gateway gateway_of_id(const struct shrike_id *id)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].id == id->type)
            return (struct gateway){.type = types[i].gateway, .name = id->data};
    }
    return (struct gateway){0};
}

struct gateway gateway_of_address(const struct shrike_addr *a)
{
    bool four = a->family == 4;
    return (struct gateway){.type = four ? GATEWAY_IPV4 : GATEWAY_IPV6,
                            .name = bytes_of(a->octets, four ? IPV4_LEN : IPV6_LEN)};
}
