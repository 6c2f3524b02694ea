#include "config/value.h"

#include "wire/codes.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\n"

const char *list_next(struct pool *p, const char **rest)
{
    const char *at = *rest ? *rest : "";
    at += strspn(at, BLANKS ",");
    size_t len = strcspn(at, ",");
    *rest = at + len;
    while (len && strchr(BLANKS, at[len - 1]))
        len--;
    return len ? pool_text(p, at, len) : NULL;
}

bool value_bool(const char *text, bool *out)
{
    static const char *const words[2][5] = {{"no", "false", "disabled", "0", "off"},
                                            {"yes", "true", "enabled", "1", "on"}};
    for (int truth = 0; truth < 2; truth++)
        for (int i = 0; i < 5; i++)
            if (strcasecmp(text, words[truth][i]) == 0) {
                *out = truth;
                return true;
            }
    return false;
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return !at ? -1 : (int)(at - digits) < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* Digits from the front of the text; *text is moved behind them. */
static bool leading_number(const char **text, uint64_t max, uint64_t *out)
{
    unsigned base = 10;
    const char *at = *text;
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
        base = 16;
        at += 2;
    }
    const char *first = at;
    uint64_t n = 0;
    for (int d; (d = digit(*at)) >= 0 && (unsigned)d < base; at++) {
        if (n > (max - (unsigned)d) / base || max < (unsigned)d)
            return false;
        n = n * base + (unsigned)d;
    }
    *text = at;
    *out = n;
    return at > first;
}

bool value_number(const char *text, uint64_t max, uint64_t *out)
{
    return leading_number(&text, max, out) && *text == 0;
}

bool value_time(const char *text, shrike_time *out)
{
    static const char units[] = "smhd";
    static const uint64_t seconds[] = {1, 60, 3600, 86400};
    uint64_t n;
    if (!leading_number(&text, UINT32_MAX, &n))
        return false;
    const char *unit = *text ? strchr(units, *text) : units;
    if (!unit || (*text && text[1]))
        return false;
    *out = n * seconds[unit - units] * SHRIKE_SECOND;
    return true;
}

bool value_seconds(const char *text, shrike_time *out)
{
    uint64_t whole, fraction = 0, scale = SHRIKE_SECOND;
    if (!leading_number(&text, UINT32_MAX, &whole))
        return false;
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++) {
            scale /= 10; /* digits behind the microsecond count nothing */
            fraction += scale * (uint64_t)(*text - '0');
        }
    *out = whole * SHRIKE_SECOND + fraction;
    return *text == 0;
}

bool value_bytes(const char *text, uint64_t *out)
{
    unsigned shift = 0;
    if (!leading_number(&text, UINT64_MAX >> 30, out))
        return false;
    if (*text) {
        shift = *text == 'k' || *text == 'K'   ? 10
                : *text == 'm' || *text == 'M' ? 20
                : *text == 'g' || *text == 'G' ? 30
                                               : 0;
        if (!shift || text[1])
            return false;
    }
    *out <<= shift;
    return true;
}

bool value_hex(struct pool *p, const char *text, struct shrike_bytes *out)
{
    uint8_t *data = pool_take(p, strlen(text) / 2 + 1);
    size_t n = 0;
    while (*text) {
        if (*text == ':') {
            text++;
            continue;
        }
        int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);
        if (low < 0)
            return false;
        data[n++] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    *out = (struct shrike_bytes){data, n};
    return true;
}

/* RFC 4648 4. */
static bool base64_octets(struct pool *p, const char *text, struct shrike_bytes *out)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strlen(text), n = 0;
    while (len && text[len - 1] == '=')
        len--;
    uint8_t *data = pool_take(p, len + 1);
    uint32_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        const char *at = strchr(letters, text[i]);
        if (!at)
            return false;
        bits = bits << 6 | (uint32_t)(at - letters);
        if (i % 4)
            data[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    *out = (struct shrike_bytes){data, n};
    return len % 4 != 1;
}

static struct shrike_bytes text_octets(struct pool *p, const char *text)
{
    return (struct shrike_bytes){(uint8_t *)pool_text(p, text, strlen(text)), strlen(text)};
}

bool value_secret(struct pool *p, const char *text, struct shrike_bytes *out)
{
    if (strncasecmp(text, "0x", 2) == 0) /* RFC 7296 2.15 (3) */
        return value_hex(p, text + 2, out) && out->len;
    if (strncasecmp(text, "0s", 2) == 0)
        return base64_octets(p, text + 2, out) && out->len;
    *out = text_octets(p, text); /* RFC 7296 2.15 (2): of any length, no zero behind it */
    return out->len > 0;
}
