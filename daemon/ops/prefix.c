/* Address prefixes: see prefix.h. */
#include "ops/prefix.h"
#include <arpa/inet.h>
#include <stdio.h>

/* Set the last n bits of an address of so many octets to ones. */
static void fill(u8 *octets, u32 size, u32 n)
{
    for (u32 i = size; n > 0 && i > 0; i--) {
        u32 bits = MIN(n, 8);
        octets[i - 1] |= (u8)((1u << bits) - 1);
        n -= bits;
    }
}

/* The next address; false: there is none. */
static bool step(u8 *octets, u32 size)
{
    for (u32 i = size; i > 0; i--)
        if (++octets[i - 1] != 0)
            return true;
    return false;
}

/* Is the n-th bit from the end zero? */
static bool is_clear(const u8 *octets, u32 size, u32 n)
{
    return !(octets[size - 1 - n / 8] >> (n % 8) & 1);
}

/* How many last bits the largest block has that begins at `from` and does not go beyond `to`. */
static u32 widest(const u8 *from, const u8 *to, u32 size)
{
    u32 host = 0;
    while (host < size * 8 && is_clear(from, size, host)) {
        u8 last[16];
        memcpy(last, from, sizeof last);
        fill(last, size, host + 1);
        if (memcmp(last, to, size) > 0)
            break;
        host++;
    }
    return host;
}

u32 prefix_split(const struct shrike_ts *range, struct prefix out[PREFIXES_MAX])
{
    u32 size = range->family == 4 ? 4 : 16, n = 0;
    u8 at[16] = {0}, last[16];
    if ((range->family != 4 && range->family != 6) || memcmp(range->from, range->to, size) > 0)
        return 0;
    memcpy(at, range->from, size);
    do {
        u32 host = widest(at, range->to, size);
        ensure(n < PREFIXES_MAX);
        out[n] = (struct prefix){.family = range->family, .bits = (u8)(size * 8 - host)};
        memcpy(out[n++].octets, at, size);
        memcpy(last, at, sizeof last);
        fill(last, size, host);
        memcpy(at, last, sizeof at);
    } while (memcmp(last, range->to, size) < 0 && step(at, size));
    return n;
}

bool prefix_covers(const struct prefix *p, u8 family, const u8 *octets)
{
    u32 whole = p->bits / 8, rest = p->bits % 8;
    if (p->family != family || memcmp(p->octets, octets, whole) != 0)
        return false;
    return rest == 0 || (p->octets[whole] ^ octets[whole]) >> (8 - rest) == 0;
}

const char *prefix_text(const struct prefix *p, char out[PREFIX_TEXT])
{
    char address[INET6_ADDRSTRLEN];
    inet_ntop(p->family == 4 ? AF_INET : AF_INET6, p->octets, address, sizeof address);
    snprintf(out, PREFIX_TEXT, "%s/%u", address, p->bits);
    return out;
}
