/* Where a certificate may send us: see target.h. */
#include "certs/target.h"
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { PORT_HTTP = 80 };

struct block {
    u8 octets[16];
    u8 bits;
};

static bool is_in(const u8 *octets, const struct block *blocks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct block *b = &blocks[i];
        size_t whole = b->bits / 8, rest = b->bits % 8;
        u8 mask = (u8)(0xff00 >> rest);
        if (memcmp(octets, b->octets, whole) == 0 &&
            (rest == 0 || (octets[whole] & mask) == (b->octets[whole] & mask)))
            return true;
    }
    return false;
}

/* RFC 6890 2.2.2 and the multicast and reserved blocks. */
static bool is_public_4(const u8 *octets)
{
    static const struct block others[] = {{{0}, 8},
                                          {{10}, 8},
                                          {{100, 64}, 10},
                                          {{127}, 8},
                                          {{169, 254}, 16},
                                          {{172, 16}, 12},
                                          {{192, 0, 0}, 24},
                                          {{192, 0, 2}, 24},
                                          {{192, 88, 99}, 24},
                                          {{192, 168}, 16},
                                          {{198, 18}, 15},
                                          {{198, 51, 100}, 24},
                                          {{203, 0, 113}, 24},
                                          {{224}, 4},
                                          {{240}, 4}};
    return !is_in(octets, others, ARRAY_LEN(others));
}

/* RFC 6890 2.2.3; global unicast is 2000::/3 (RFC 4291 2.4), less what is not for hosts. */
static bool is_public_6(const u8 *octets)
{
    static const struct block global = {{0x20}, 3};
    static const struct block others[] = {
        {{0x20, 0x01, 0, 0}, 23},       /* protocol assignments, Teredo among them */
        {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
        {{0x3f, 0xff}, 20},             /* the same (RFC 9637) */
    };
    static const struct block nat64 = {{0, 0x64, 0xff, 0x9b}, 96}, six_to_four = {{0x20, 0x02}, 16};
    if (is_in(octets, &nat64, 1)) /* RFC 6052 2.1 */
        return is_public_4(octets + 12);
    if (is_in(octets, &six_to_four, 1)) /* RFC 3056 2 */
        return is_public_4(octets + 2);
    return is_in(octets, &global, 1) && !is_in(octets, others, ARRAY_LEN(others));
}

bool target_is_public(const struct shrike_addr *a)
{
    return a->family == 4   ? is_public_4(a->octets)
           : a->family == 6 ? is_public_6(a->octets)
                            : false;
}

static bool read_host(const char *host, struct target *out)
{
    size_t len = strlen(host);
    bool brackets = len > 2 && host[0] == '[' && host[len - 1] == ']';
    if (brackets) {
        host++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof(out->host))
        return false;
    for (size_t i = 0; i < len; i++)
        out->host[i] = host[i] >= 'A' && host[i] <= 'Z' ? (char)(host[i] + 32) : host[i];
    out->host[len] = '\0';
    bool v6 = inet_pton(AF_INET6, out->host, out->addr.octets) == 1;
    bool v4 = !v6 && inet_pton(AF_INET, out->host, out->addr.octets) == 1;
    out->is_addr = v4 || v6;
    out->addr.family = v6 ? 6 : v4 ? 4 : 0;
    return v6 == brackets;
}

static bool is_plain(const char *url)
{
    size_t len = strlen(url);
    for (size_t i = 0; i < len; i++)
        if (url[i] <= ' ' || url[i] > '~')
            return false;
    return len > 0 && len < TARGET_URL_MAX;
}

static bool read_port(const char *text, u16 *port)
{
    u32 value = 0;
    size_t digits = strspn(text, "0123456789");
    *port = PORT_HTTP;
    if (digits == 0)
        return text[0] == '\0'; /* RFC 3986 3.2.3: empty is as if it were not there */
    for (size_t i = 0; i < digits && value <= UINT16_MAX; i++)
        value = 10 * value + (u32)(text[i] - '0');
    *port = (u16)value;
    return text[digits] == '\0' && value > 0 && value <= UINT16_MAX;
}

/* RFC 3986 3.2: without user information. */
static bool read_authority(char *text, struct target *out)
{
    char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    char *colon = strchr(end ? end : text, ':');
    if ((strchr(text, '@') && !fault(160)) ||
        (text[0] == '[' && (!end || (end[1] != ':' && end[1] != '\0'))))
        return false;
    out->port = PORT_HTTP;
    if (colon)
        *colon = '\0';
    return (!colon || read_port(colon + 1, &out->port)) && read_host(text, out);
}

bool target_read(const char *url, struct target *out)
{
    static const char scheme[] = "http://";
    char authority[TARGET_HOST_MAX + 16];
    *out = (struct target){.port = 0};
    /* RFC 7296 3.6 (5): nothing but "http:". */
    if (!is_plain(url) || strncasecmp(url, scheme, sizeof(scheme) - 1) != 0)
        return false;
    url += sizeof(scheme) - 1;
    size_t len = strcspn(url, "/?#");
    if (len == 0 || len >= sizeof(authority))
        return false;
    memcpy(authority, url, len);
    authority[len] = '\0';
    return read_authority(authority, out);
}
