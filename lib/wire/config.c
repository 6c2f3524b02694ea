/* Attributes of configuration payloads: see config.h. */
#include "wire/config.h"
#include "wire/codes.h"

enum { IP4_LEN = 4, IP6_LEN = 16, IP6_PREFIX_LEN = 17, IP6_PREFIX_BITS = 128 };

/* One more address of this family, unless there is no room. */
static void append(struct shrike_addr *list, u8 *count, u8 family, struct bytes value)
{
    if (*count == SHRIKE_ADDRESSES_MAX)
        return;
    struct shrike_addr *a = &list[(*count)++];
    *a = (struct shrike_addr){.family = family};
    if (value.len)
        memcpy(a->octets, value.at, family == 4 ? IP4_LEN : IP6_LEN);
}

/* RFC 7296 3.15.1: INTERNAL_IP6_ADDRESS has a prefix length behind the address; it may be left out
 * by peers, and is of no use to us. */
static bool length_fits(u16 type, size_t len)
{
    if (type == CFG_INTERNAL_IP6_ADDRESS)
        return len == 0 || len == IP6_LEN || len == IP6_PREFIX_LEN;
    return len == 0 || len == (type == CFG_INTERNAL_IP6_DNS ? IP6_LEN : IP4_LEN);
}

static bool take(const struct config_attribute *a, struct config_list *out)
{
    switch (a->type) {
    case CFG_INTERNAL_IP4_ADDRESS:
    case CFG_INTERNAL_IP6_ADDRESS:
        if (!length_fits(a->type, a->value.len))
            return false;
        append(out->addrs, &out->addr_count, a->type == CFG_INTERNAL_IP4_ADDRESS ? 4 : 6, a->value);
        break;
    case CFG_INTERNAL_IP4_DNS:
    case CFG_INTERNAL_IP6_DNS:
        if (!length_fits(a->type, a->value.len))
            return false;
        if (a->value.len)
            /* RFC 7296 3.15.1 (9): each of them. */
            append(out->dns, &out->dns_count, a->type == CFG_INTERNAL_IP4_DNS ? 4 : 6, a->value);
        break;
    case CFG_APPLICATION_VERSION:
        out->version = true;
        break;
    case CFG_SUPPORTED_ATTRIBUTES:
        out->supported = true;
        break;
    default: /* RFC 7296 3.15.1 (21): unknown ones are ignored */
        break;
    }
    return true;
}

bool config_read(struct bytes attributes, struct config_list *out)
{
    struct reader r = reader_of(attributes);
    struct config_attribute a;
    *out = (struct config_list){0};
    while (config_next(&r, &a)) {
        if (!take(&a, out))
            return false;
    }
    return !r.bad;
}

bool config_is_any(const struct shrike_addr *a)
{
    static const u8 zero[IP6_LEN];
    return memcmp(a->octets, zero, sizeof(zero)) == 0;
}

static void write_addr(struct writer *w, const struct shrike_addr *a)
{
    u8 octets[IP6_PREFIX_LEN];
    struct config_attribute out = {.type = CFG_INTERNAL_IP4_ADDRESS};
    memcpy(octets, a->octets, IP6_LEN);
    octets[IP6_LEN] = IP6_PREFIX_BITS;
    if (a->family == 6)
        out.type = CFG_INTERNAL_IP6_ADDRESS;
    if (!config_is_any(a))
        out.value = bytes_of(octets, a->family == 6 ? IP6_PREFIX_LEN : IP4_LEN);
    config_attribute_write(w, &out);
}

void config_write_addrs(struct writer *w, const struct shrike_addr *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        write_addr(w, &list[i]);
}

static void write_empty(struct writer *w, u16 type)
{
    config_attribute_write(w, &(struct config_attribute){.type = type});
}

void config_write_ask_dns(struct writer *w, const struct shrike_addr *list, unsigned count)
{
    bool ip4 = false, ip6 = false;
    for (unsigned i = 0; i < count; i++) {
        ip4 |= list[i].family == 4;
        ip6 |= list[i].family == 6;
    }
    if (ip4)
        /* RFC 7296 3.15.1 (8): as many as there are. */
        write_empty(w, CFG_INTERNAL_IP4_DNS);
    if (ip6)
        write_empty(w, CFG_INTERNAL_IP6_DNS);
}

void config_write_version(struct writer *w)
{
    /* RFC 7296 2.20 (3): which one it is, is nobody's business. */
    write_empty(w, CFG_APPLICATION_VERSION);
}

void config_write_supported(struct writer *w)
{
    static const u16 types[] = {
        CFG_INTERNAL_IP4_ADDRESS, CFG_INTERNAL_IP4_NETMASK, CFG_INTERNAL_IP4_DNS,
        CFG_INTERNAL_IP4_NBNS,    CFG_INTERNAL_IP4_DHCP,    CFG_APPLICATION_VERSION,
        CFG_INTERNAL_IP6_ADDRESS, CFG_INTERNAL_IP6_DNS,     CFG_INTERNAL_IP6_DHCP,
        CFG_INTERNAL_IP4_SUBNET,  CFG_SUPPORTED_ATTRIBUTES, CFG_INTERNAL_IP6_SUBNET,
    };
    u8 octets[2 * ARRAY_LEN(types)];
    struct writer value = writer_of(octets, sizeof(octets));
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        write_u16(&value, types[i]);
    config_attribute_write(
        w, &(struct config_attribute){CFG_SUPPORTED_ATTRIBUTES, written_bytes(&value)});
}
