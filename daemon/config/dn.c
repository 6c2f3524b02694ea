#include "config/dn.h"

#include "base/cursor.h"
#include <string.h>
#include <strings.h>

#define DN_MAX    2048 /* octets while it is made; an identity has at most SHRIKE_ID_MAX */
#define VALUE_MAX 256  /* octets of one value */

enum { SEQUENCE = 0x30, SET = 0x31, OID = 0x06, UTF8 = 0x0c, PRINTABLE = 0x13, IA5 = 0x16 };

/* Names of attributes and their object identifiers in DER (X.520; RFC 4519; RFC 2798; RFC 2985). */
static const struct attribute {
    const char *name;
    uint8_t oid[12];
    uint8_t len;
    bool ia5; /* its values are IA5Strings */
} attributes[] = {
    {"CN", {0x55, 4, 3}, 3, false},
    {"SN", {0x55, 4, 4}, 3, false},
    {"serialNumber", {0x55, 4, 5}, 3, false},
    {"C", {0x55, 4, 6}, 3, false},
    {"L", {0x55, 4, 7}, 3, false},
    {"ST", {0x55, 4, 8}, 3, false},
    {"street", {0x55, 4, 9}, 3, false},
    {"O", {0x55, 4, 10}, 3, false},
    {"OU", {0x55, 4, 11}, 3, false},
    {"T", {0x55, 4, 12}, 3, false},
    {"D", {0x55, 4, 13}, 3, false},
    {"postalAddress", {0x55, 4, 16}, 3, false},
    {"postalCode", {0x55, 4, 17}, 3, false},
    {"N", {0x55, 4, 41}, 3, false},
    {"G", {0x55, 4, 42}, 3, false},
    {"I", {0x55, 4, 43}, 3, false},
    {"ID", {0x55, 4, 45}, 3, false},
    {"dnQualifier", {0x55, 4, 46}, 3, false},
    {"dmdName", {0x55, 4, 54}, 3, false},
    {"pseudonym", {0x55, 4, 65}, 3, false},
    {"UID", {0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1}, 10, false},
    {"DC", {0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25}, 10, true},
    {"EN", {0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 3, 1, 3}, 10, false},
    {"employeeNumber", {0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 3, 1, 3}, 10, false},
    {"E", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1}, 9, true},
    {"email", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1}, 9, true},
    {"emailAddress", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1}, 9, true},
    {"UN", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2}, 9, false},
    {"unstructuredName", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2}, 9, false},
    {"UA", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 8}, 9, false},
    {"unstructuredAddress", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 8}, 9, false},
    {"ND", {2, 0x82, 6, 1, 10, 7, 20}, 7, false},
    {"TCGID", {0x2b, 6, 1, 4, 1, 0x89, 0x31, 1, 1, 2, 2, 75}, 12, false},
};

static const struct attribute *attribute_named(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
        if (strlen(attributes[i].name) == len && strncasecmp(attributes[i].name, name, len) == 0)
            return &attributes[i];
    return NULL;
}

/* X.680 41.4 */
static bool is_printable(const char *text, size_t len)
{
    static const char others[] = " '()+,-./:=?";
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && !memchr(others, c, sizeof(others) - 1))
            return false;
    }
    return true;
}

static size_t header_len(size_t len)
{
    return len < 0x80 ? 2 : len < 0x100 ? 3 : 4;
}

static void write_header(struct writer *w, uint8_t tag, size_t len)
{
    write_u8(w, tag);
    if (len >= 0x100)
        write_u8(w, 0x82);
    else if (len >= 0x80)
        write_u8(w, 0x81);
    if (len >= 0x100)
        write_u16(w, (uint16_t)len);
    else
        write_u8(w, (uint8_t)len);
}

static void write_attribute(struct writer *w, const struct attribute *a, const char *value,
                            size_t len)
{
    size_t pair = header_len(a->len) + a->len + header_len(len) + len;
    write_header(w, SET, header_len(pair) + pair);
    write_header(w, SEQUENCE, pair);
    write_header(w, OID, a->len);
    write_bytes(w, bytes_of(a->oid, a->len));
    write_header(w, a->ia5 ? IA5 : is_printable(value, len) ? PRINTABLE : UTF8, len);
    write_bytes(w, bytes_of(value, len));
}

/* The value up to the separator; a backslash takes what follows as it is. */
static size_t read_value(const char **at, char separator, char out[VALUE_MAX])
{
    size_t len = 0, kept = 0;
    const char *text = *at + strspn(*at, " \t");
    for (; *text && *text != separator && len < VALUE_MAX; text++) {
        bool escaped = *text == '\\' && text[1];
        text += escaped;
        out[len++] = *text;
        if (escaped || (*text != ' ' && *text != '\t'))
            kept = len; /* blanks at the end are not of it */
    }
    *at = text;
    return len == VALUE_MAX ? 0 : kept;
}

/* One "name=value" with its separator. */
static bool read_attribute(struct writer *w, const char **at, char separator)
{
    char value[VALUE_MAX];
    *at += strspn(*at, " \t");
    size_t len = strcspn(*at, "= \t");
    const struct attribute *a = attribute_named(*at, len);
    *at += len;
    *at += strspn(*at, " \t");
    if (!a || **at != '=')
        return false;
    ++*at;
    len = read_value(at, separator, value);
    if (len == 0 || (**at && **at != separator))
        return false;
    *at += **at == separator;
    write_attribute(w, a, value, len);
    return !w->full;
}

bool dn_read(struct pool *p, const char *text, struct shrike_bytes *out)
{
    uint8_t octets[DN_MAX];
    struct writer w = writer_of(octets, sizeof(octets));
    char separator = *text == '/' ? '/' : ',';
    text += *text == '/';
    do {
        if (!read_attribute(&w, &text, separator))
            return false;
    } while (text[strspn(text, " \t")]);
    size_t len = written(&w);
    uint8_t *whole = pool_take(p, len + 4);
    struct writer all = writer_of(whole, len + 4);
    write_header(&all, SEQUENCE, len);
    write_bytes(&all, bytes_of(octets, len));
    *out = (struct shrike_bytes){whole, written(&all)};
    return !all.full;
}
