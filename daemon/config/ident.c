/* Identities of value.h. */
#include "wire/ident.h"
#include "config/dn.h"
#include "config/value.h"
#include "wire/codes.h"
#include <string.h>
#include <strings.h>

static struct shrike_bytes text_octets(struct pool *p, const char *text)
{
    return (struct shrike_bytes){(uint8_t *)pool_text(p, text, strlen(text)), strlen(text)};
}

static size_t len_of(const struct shrike_addr *a)
{
    return a->family == 4 ? 4 : 16;
}

/* An address, or all those of a subnet or a range: the first one and the last. */
static bool address_id(struct pool *p, const char *text, struct shrike_id *out)
{
    struct shrike_addr first, last;
    bool one = value_addr(text, &first);
    if (!one && !value_span(text, &first, &last))
        return false;
    size_t len = len_of(&first);
    uint8_t *octets = pool_take(p, 2 * len);
    memcpy(octets, first.octets, len);
    if (!one)
        memcpy(octets + len, last.octets, len);
    out->data = (struct shrike_bytes){octets, one ? len : 2 * len};
    out->type = one                 ? first.family == 4 ? ID_IPV4_ADDR : ID_IPV6_ADDR
                : first.family == 4 ? ID_IPV4_RANGE
                                    : ID_IPV6_RANGE;
    return true;
}

static const struct prefix {
    const char *prefix;
    uint8_t type;
} prefixes[] = {
    {"ipv4:", ID_IPV4_ADDR},
    {"ipv6:", ID_IPV6_ADDR},
    {"ipv4net:", ID_IPV4_RANGE},
    {"ipv6net:", ID_IPV6_RANGE},
    {"ipv4range:", ID_IPV4_RANGE},
    {"ipv6range:", ID_IPV6_RANGE},
    {"fqdn:", ID_FQDN},
    {"dns:", ID_FQDN},
    {"email:", ID_RFC822_ADDR},
    {"rfc822:", ID_RFC822_ADDR},
    {"userfqdn:", ID_RFC822_ADDR},
    {"asn1dn:", ID_DER_ASN1_DN},
    {"keyid:", ID_KEY_ID},
    {"asn1gn:", ID_DER_ASN1_GN},
};

/* A type that has a text. */
static enum value_verdict expression_id(struct pool *p, const char *text, uint8_t type,
                                        struct shrike_id *out)
{
    size_t len = strlen(text);
    uint8_t *octets = pool_take(p, len + 1);
    octets[0] = type;
    memcpy(octets + 1, text, len);
    out->type = ID_EXPRESSION;
    out->data = (struct shrike_bytes){octets, len + 1};
    return len < SHRIKE_ID_MAX && id_is_sound(out) ? VALUE_EXPRESSION : VALUE_NO_EXPRESSION;
}

static bool is_expression(const char *text)
{
    size_t len = strlen(text);
    return len > 1 && text[0] == '^' && text[len - 1] == '$';
}

/* A name with a * that stands for nothing: it would fit nobody. */
static bool has_lost_star(const struct shrike_id *id)
{
    return (id->type == ID_FQDN || id->type == ID_RFC822_ADDR) && id->data.len > 0 &&
           id->data.at[0] == '*' && !id_is_pattern(id);
}

/* What stands behind a prefix. A # begins octets in hex. */
static enum value_verdict typed_id(struct pool *p, const char *text, uint8_t type,
                                   struct shrike_id *out)
{
    out->type = type;
    if (*text == '#')
        return value_hex(p, text + 1, &out->data) && out->data.len ? VALUE_GOOD : VALUE_BAD;
    if (type == ID_IPV4_ADDR || type == ID_IPV6_ADDR || type == ID_IPV4_RANGE ||
        type == ID_IPV6_RANGE)
        return address_id(p, text, out) && out->type == type ? VALUE_GOOD : VALUE_BAD;
    if (type == ID_DER_ASN1_GN)
        return VALUE_LATER;
    if (is_expression(text) &&
        (type == ID_FQDN || type == ID_RFC822_ADDR || type == ID_DER_ASN1_DN))
        return expression_id(p, text, type, out);
    if (type == ID_DER_ASN1_DN)
        return dn_read(p, text, &out->data) ? VALUE_GOOD : VALUE_BAD;
    out->data = text_octets(p, text); /* RFC 7296 3.5 (2, 3, 4): without a zero behind it */
    return *text && !has_lost_star(out) ? VALUE_GOOD : VALUE_BAD;
}

/* "{11}:text": a type by its number. *rest: what stands behind it. */
static bool numbered_type(const char *text, const char **rest, uint8_t *type)
{
    char digits[8];
    uint64_t number;
    size_t len = strcspn(text, "}");
    if (text[0] != '{' || strncmp(text + len, "}:", 2) != 0 || len > sizeof(digits))
        return false;
    memcpy(digits, text + 1, len - 1);
    digits[len - 1] = 0;
    if (!value_number(digits, UINT8_MAX, &number) || number == 0)
        return false;
    *type = (uint8_t)number;
    *rest = text + len + 2;
    return true;
}

static enum value_verdict guessed_id(struct pool *p, const char *text, struct shrike_id *out)
{
    if (is_expression(text)) /* which type is meant, is not to be guessed of it */
        return VALUE_NO_EXPRESSION;
    if (address_id(p, text, out))
        return VALUE_GOOD;
    if (strchr(text, '=')) {
        out->type = ID_DER_ASN1_DN;
        if (dn_read(p, text, &out->data))
            return VALUE_GOOD;
        return typed_id(p, text, ID_KEY_ID, out);
    }
    if (text[0] == '@' && text[1] == '#')
        return typed_id(p, text + 1, ID_KEY_ID, out);
    if (text[0] == '@' && text[1] == '@')
        return typed_id(p, text + 2, ID_RFC822_ADDR, out);
    if (text[0] == '@')
        return typed_id(p, text + 1, ID_FQDN, out);
    return typed_id(p, text,
                    strchr(text, '@')   ? ID_RFC822_ADDR
                    : strchr(text, ':') ? ID_KEY_ID
                                        : ID_FQDN,
                    out);
}

enum value_verdict value_id(struct pool *p, const char *text, struct shrike_id *out)
{
    static const char *const any[] = {"%any", "%any6", "*", "0.0.0.0", "::", "0::0"};
    const struct prefix *prefix = NULL;
    const char *rest;
    uint8_t type;
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
        if (strcmp(text, any[i]) == 0)
            return VALUE_GOOD;
    if (!*text)
        return VALUE_BAD;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]) && !prefix; i++)
        if (strncasecmp(text, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0)
            prefix = &prefixes[i];
    enum value_verdict verdict = prefix
                                     ? typed_id(p, text + strlen(prefix->prefix), prefix->type, out)
                                 : numbered_type(text, &rest, &type) ? typed_id(p, rest, type, out)
                                                                     : guessed_id(p, text, out);
    return verdict == VALUE_GOOD && out->data.len > SHRIKE_ID_MAX ? VALUE_BAD : verdict;
}
