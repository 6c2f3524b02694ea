/* Addresses, blocks, ranges and traffic selectors of value.h. */
#include "config/value.h"

#include "wire/codes.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

bool value_addr(const char *text, struct shrike_addr *out)
{
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, text, out->octets) == 1)
        out->family = 4;
    else if (inet_pton(AF_INET6, text, out->octets) == 1)
        out->family = 6;
    return out->family != 0;
}

static unsigned bits_of(const struct shrike_addr *a)
{
    return a->family == 4 ? 32 : 128;
}

/* The host bits of a block set to all ones or all zeros. */
static struct shrike_addr edge(const struct shrike_addr *a, unsigned prefix, bool ones)
{
    struct shrike_addr e = *a;
    for (unsigned bit = prefix; bit < bits_of(a); bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);
        e.octets[bit / 8] = (uint8_t)(ones ? e.octets[bit / 8] | mask : e.octets[bit / 8] & ~mask);
    }
    return e;
}

static int compare(const struct shrike_addr *a, const struct shrike_addr *b)
{
    return memcmp(a->octets, b->octets, sizeof(a->octets));
}

static void increment(struct shrike_addr *a)
{
    for (unsigned i = bits_of(a) / 8; i-- > 0;)
        if (++a->octets[i])
            return;
}

/* First and last address of "a", "a/len" or "a-b". *prefix is 255 for a range. */
static bool span(const char *text, struct shrike_addr *from, struct shrike_addr *to,
                 unsigned *prefix)
{
    char head[64];
    size_t len = strcspn(text, "/-");
    if (len >= sizeof(head))
        return false;
    memcpy(head, text, len);
    head[len] = 0;
    if (!value_addr(head, from))
        return false;
    uint64_t bits = bits_of(from);
    if (text[len] == '-') {
        *prefix = 255;
        return value_addr(text + len + 1, to) && to->family == from->family &&
               compare(from, to) <= 0;
    }
    if (text[len] == '/' && !value_number(text + len + 1, bits, &bits))
        return false;
    *prefix = (unsigned)bits;
    *to = edge(from, *prefix, true);
    *from = edge(from, *prefix, false);
    return true;
}

bool value_span(const char *text, struct shrike_addr *first, struct shrike_addr *last)
{
    unsigned prefix;
    return span(text, first, last, &prefix);
}

bool value_nets(const char *text, struct shrike_net out[VALUE_NETS], uint32_t *count)
{
    struct shrike_addr from, to;
    unsigned prefix;
    *count = 0;
    if (strcmp(text, "%any") == 0 || strcmp(text, "%any4") == 0 || strcmp(text, "%any6") == 0) {
        uint8_t family = text[4] == '4' ? 4 : text[4] == '6' ? 6 : 0;
        out[(*count)++] = (struct shrike_net){.addr.family = family};
        return true;
    }
    if (!span(text, &from, &to, &prefix))
        return false;
    for (;;) { /* the widest block that begins here and does not go too far */
        unsigned wide = bits_of(&from);
        struct shrike_addr last = from;
        while (wide > 0) {
            struct shrike_addr low = edge(&from, wide - 1, false);
            struct shrike_addr high = edge(&from, wide - 1, true);
            if (compare(&low, &from) != 0 || compare(&high, &to) > 0)
                break;
            last = high;
            wide--;
        }
        if (*count == VALUE_NETS)
            return false;
        out[(*count)++] = (struct shrike_net){from, (uint8_t)wide};
        if (compare(&last, &to) >= 0)
            return true;
        from = last;
        increment(&from);
    }
}

bool value_is_host_name(const char *text)
{
    size_t len = strlen(text);
    bool letter = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i] | 0x20;
        bool alpha = (c >= 'a' && c <= 'z') || text[i] == '_';
        letter |= alpha;
        if (!alpha && !(text[i] >= '0' && text[i] <= '9') && text[i] != '-' && text[i] != '.')
            return false;
    }
    return letter && len <= 253 && text[0] != '-' && text[0] != '.';
}

static bool protocol_of(const char *text, uint8_t *out)
{
    static const struct {
        const char *name;
        uint8_t number;
    } known[] = {{"%any", 0},       {"any", 0},     {"icmp", 1},  {"tcp", 6},
                 {"udp", 17},       {"gre", 47},    {"esp", 50},  {"ah", 51},
                 {"ipv6-icmp", 58}, {"icmpv6", 58}, {"ospf", 89}, {"sctp", 132}};
    uint64_t n;
    if (value_number(text, 255, &n)) {
        *out = (uint8_t)n;
        return true;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(text, known[i].name) == 0) {
            *out = known[i].number;
            return true;
        }
    const struct protoent *p = getprotobyname(text);
    *out = p ? (uint8_t)p->p_proto : 0;
    return p != NULL;
}

static bool port_of(const char *text, uint16_t *out)
{
    uint64_t n;
    if (value_number(text, 65535, &n)) {
        *out = (uint16_t)n;
        return true;
    }
    const struct servent *s = getservbyname(text, NULL);
    *out = s ? ntohs((uint16_t)s->s_port) : 0;
    return s != NULL;
}

/* RFC 7296 3.13.1: OPAQUE is from 65535 to 0; of ICMP the port is type and code. */
static bool ports_of(char *text, struct shrike_ts *out)
{
    if (strcmp(text, "opaque") == 0) {
        out->port_from = 65535;
        out->port_to = 0;
        return true;
    }
    if (strcmp(text, "%any") == 0 || strcmp(text, "any") == 0)
        return true;
    if (!port_of(text, &out->port_from)) { /* a name may hold a dash, so the whole comes first */
        char *dash = strchr(text, '-');
        if (!dash)
            return false;
        *dash = 0;
        if (!port_of(text, &out->port_from) || !port_of(dash + 1, &out->port_to))
            return false;
    } else {
        out->port_to = out->port_from;
    }
    if ((out->protocol == 1 || out->protocol == 58) && out->port_to < 256) {
        out->port_from = (uint16_t)(out->port_from << 8);
        out->port_to = (uint16_t)(out->port_to << 8 | 0xff);
    }
    return out->port_from <= out->port_to;
}

bool value_ts(const char *text, struct shrike_ts *out)
{
    char copy[128];
    struct shrike_addr from, to;
    unsigned prefix;
    if (strlen(text) >= sizeof(copy))
        return false;
    strcpy(copy, text);
    memset(out, 0, sizeof(*out));
    out->port_to = 65535;
    char *inner = strchr(copy, '[');
    if (inner) {
        size_t len = strlen(inner);
        if (inner[len - 1] != ']')
            return false;
        inner[len - 1] = 0;
        *inner++ = 0;
        char *slash = strchr(inner, '/');
        if (slash)
            *slash++ = 0;
        if ((*inner && !protocol_of(inner, &out->protocol)) || (slash && !ports_of(slash, out)))
            return false;
    }
    if (strcmp(copy, "dynamic") == 0)
        return true;
    if (!span(copy, &from, &to, &prefix))
        return false;
    out->family = from.family;
    memcpy(out->from, from.octets, sizeof(out->from));
    memcpy(out->to, to.octets, sizeof(out->to));
    return true;
}

bool value_gateway(const char *text, struct shrike_addr *at, struct shrike_id *out)
{
    if (value_addr(text, at)) {
        bool four = at->family == 4;
        *out = (struct shrike_id){.type = four ? ID_IPV4_ADDR : ID_IPV6_ADDR,
                                  .data = {at->octets, four ? 4 : 16}};
        return true;
    }
    *out = (struct shrike_id){.type = ID_FQDN, .data = {(const uint8_t *)text, strlen(text)}};
    return value_is_host_name(text) && out->data.len <= 255;
}
