/* Bounded text: see text.h. */
#include "base/text.h"

bool text_same(const char *a, const char *b)
{
    size_t n = strlen(a);
    return n == strlen(b) && memcmp(a, b, n) == 0;
}

struct text text_of(char *buffer, size_t size)
{
    struct text t = {.start = buffer, .size = size};
    if (size)
        buffer[0] = '\0';
    return t;
}

void text_char(struct text *t, char c)
{
    if (t->len + 1 >= t->size) {
        t->cut = true;
        return;
    }
    t->start[t->len++] = c;
    t->start[t->len] = '\0';
}

void text_str(struct text *t, const char *s)
{
    for (; *s; s++)
        text_char(t, *s);
}

void text_u64(struct text *t, u64 v)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    while (n)
        text_char(t, digits[--n]);
}

void text_hex(struct text *t, u64 v, unsigned digits)
{
    ensure(digits <= 16);
    while (digits-- > 0)
        text_char(t, "0123456789abcdef"[v >> (4 * digits) & 15]);
}

void text_bytes(struct text *t, struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        text_hex(t, b.at[i], 2);
}

void text_safe(struct text *t, struct bytes b)
{
    for (size_t i = 0; i < b.len; i++) {
        u8 c = b.at[i];
        if (c >= 0x20 && c < 0x7f && c != '\\') {
            text_char(t, (char)c);
        } else {
            text_str(t, "\\x");
            text_hex(t, c, 2);
        }
    }
}

/* RFC 5952 4: lower case, no leading zeros, the longest run of two or more zero groups is "::". */
static void text_ip6(struct text *t, const u8 *octets)
{
    unsigned group[8], best = 8, best_len = 1;
    for (unsigned i = 0; i < 8; i++)
        group[i] = (unsigned)octets[2 * i] << 8 | octets[2 * i + 1];
    for (unsigned i = 0; i < 8; i++) {
        unsigned n = 0;
        while (i + n < 8 && group[i + n] == 0)
            n++;
        if (n > best_len) {
            best = i;
            best_len = n;
        }
    }
    for (unsigned i = 0; i < 8; i++) {
        if (i == best) {
            text_str(t, "::");
            i += best_len - 1;
            continue;
        }
        if (i > 0 && i != best + best_len)
            text_char(t, ':');
        unsigned digits = group[i] > 0xfff ? 4 : group[i] > 0xff ? 3 : group[i] > 0xf ? 2 : 1;
        text_hex(t, group[i], digits);
    }
}

static void text_ip4(struct text *t, const u8 *octets)
{
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            text_char(t, '.');
        text_u64(t, octets[i]);
    }
}

void text_addr(struct text *t, const u8 *octets, u8 family)
{
    /* RFC 4291 2.5.5.2: an IPv4 address in IPv6 clothes, as a dual-stack socket gives it. */
    static const u8 mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (family == 4) {
        text_ip4(t, octets);
    } else if (family == 6 && memcmp(octets, mapped, sizeof(mapped)) == 0) {
        text_str(t, "::ffff:"); /* RFC 5952 5 */
        text_ip4(t, octets + sizeof(mapped));
    } else if (family == 6) {
        text_ip6(t, octets);
    } else {
        text_str(t, "none");
    }
}
